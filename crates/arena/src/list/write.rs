//! Replacing items.
//!
//! Also the replacement of one word by another is announced in the intent word. A bare store, with the version
//! raised before it, would leave a moment in which the new version is there and the old value: who rebuilds the list
//! from what was read then would undo the store without noticing.

use super::{Index, List};
use crate::block::State;
use crate::change::Change;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::object::{Step, discard_value};
use crate::value::{Cell, Loaded, Staged, Value, Witness};

impl List {
    /// Replaces the item `index`. Returns whether there are so many.
    #[inline]
    pub fn set<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
        value: &Value<'_>,
    ) -> Result<bool> {
        self.replace(heap, index.into(), None, value)
    }

    /// Replaces the item `index` if it still is the one that `witness` saw. Returns whether it was.
    pub fn replace_if<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
        witness: Witness,
        value: &Value<'_>,
    ) -> Result<bool> {
        self.replace(heap, index.into(), Some(witness), value)
    }

    /// Adds to an int, as one step, and returns the sum; `None` if there are not so many items.
    pub fn add<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
        amount: i64,
    ) -> Result<Option<i64>> {
        let index = index.into();
        loop {
            if let Some(sum) = self.add_in_place(heap, index, amount)? {
                return Ok(Some(sum));
            }
            let (old, witness) = match self.get_witnessed(heap, index)? {
                Some((Loaded::Int(int), witness)) => (int, witness),
                Some(_) => return Err(Failure::WrongType),
                None => return Ok(None),
            };
            let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
            if self.replace_if(heap, index, witness, &Value::Int(sum))? {
                return Ok(Some(sum));
            }
        }
    }

    /// The short way of [`Self::add`]: one word becomes another.
    fn add_in_place<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: Index,
        amount: i64,
    ) -> Result<Option<i64>> {
        let guard = heap.begin(self.object)?;
        let space = &heap.space;
        let Some(at) = self.place_of(space, index)? else { return Ok(None) };
        let Some(old) = Cell(space.memory.load(at)?).as_int() else { return Ok(None) };
        let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
        let Some(cell) = Cell::int(sum) else { return Ok(None) };
        let mut change = Change::new();
        change.write(at, cell.0);
        guard.commit(&change)?;
        Ok(Some(sum))
    }

    #[inline]
    fn replace<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: Index,
        witness: Option<Witness>,
        value: &Value<'_>,
    ) -> Result<bool> {
        let staged = heap.stage(value)?;
        let mut step = Step::default();
        let guard = heap.begin(self.object);
        let outcome = guard.and_then(|guard| {
            self.replace_staged(&heap.space, &guard, index, witness, staged, &mut step)
        });
        if !matches!(outcome, Ok(true)) {
            heap.unstage(staged)?;
        }
        heap.follow_up(step)?;
        outcome
    }

    #[inline]
    fn replace_staged<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        index: Index,
        witness: Option<Witness>,
        staged: Staged,
        step: &mut Step,
    ) -> Result<bool> {
        let Some(at) = self.place_of(space, index)? else { return Ok(false) };
        let old = Cell(space.memory.load(at)?);
        if let Some(witness) = witness
            && Witness::take(space, old)? != witness
        {
            return Ok(false);
        }
        let mut change = Change::new();
        change.write(at, staged.cell.0);
        if let Some(block) = staged.block {
            change.turn(block, State::Live);
        }
        discard_value(space, old, &mut change, step)?;
        guard.commit(&change)?;
        Ok(true)
    }

    /// Where the cell of an item is; `None` if there are not so many. The caller holds the lock.
    #[inline]
    fn place_of<M: Memory>(&self, space: &Space<M>, index: Index) -> Result<Option<u64>> {
        let Some(index) = index.of_item(self.length(space)?) else { return Ok(None) };
        let (leaf, inside) = self.find(space, index)?;
        Ok(Some(leaf.item_at(inside)))
    }
}
