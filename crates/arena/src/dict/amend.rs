//! Reading and writing as one step.

use super::{Dict, Key, VALUE};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::memory::Memory;
use crate::value::{Cell, Loaded, Value};

impl Dict {
    /// Adds to the int of a key, as one step, and returns the sum. A missing key counts as `default`.
    pub fn add<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        amount: i64,
        default: i64,
    ) -> Result<i64> {
        loop {
            if let Some(sum) = self.add_in_place(heap, key, amount)? {
                return Ok(sum);
            }
            let (old, witness) = match self.get_witnessed(heap, key)? {
                Some((Loaded::Int(int), witness)) => (int, Some(witness)),
                Some(_) => return Err(Failure::WrongType),
                None => (default, None),
            };
            let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
            if self.replace_if(heap, key, witness, &Value::Int(sum))? {
                return Ok(sum);
            }
        }
    }

    /// The short way of [`Self::add`]: one word becomes another.
    fn add_in_place<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        amount: i64,
    ) -> Result<Option<i64>> {
        let guard = heap.begin(self.object)?;
        let space = &heap.space;
        let spot = self.find(space, key, self.most(space)?)?;
        if !spot.hit {
            return Ok(None);
        }
        let Some(old) = Cell(space.memory.load(spot.next + VALUE)?).as_int() else {
            return Ok(None);
        };
        let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
        let Some(cell) = Cell::int(sum) else { return Ok(None) };
        guard.publish(spot.next + VALUE, cell.0)?;
        Ok(Some(sum))
    }
}
