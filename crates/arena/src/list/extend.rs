//! Appending many values at one moment.

use super::spares::Spares;
use super::{List, limits};
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::value::{Staged, Value};

/// A leaf's part that is appended by one change, at most.
const DIRECT_PART: usize = 6;

impl List {
    /// Adds values at the end, all of them at one moment. Returns how many items there are then.
    ///
    /// A few are one change; more are built aside, and their tree becomes a part of this one. So it costs time for the
    /// new items, however many there are already.
    pub fn extend<M: Memory>(&self, heap: &Heap<M>, values: &[Value<'_>]) -> Result<u64> {
        if values.is_empty() {
            return self.len(heap);
        }
        if values.len() <= limits::leaf() as usize / DIRECT_PART
            && let Some(length) = self.extend_directly(heap, values)?
        {
            return Ok(length);
        }
        Self::with_aside(heap, |aside| {
            aside.fill(heap, values.iter().map(|value| heap.stage(value)))?;
            self.take_over(heap, aside)
        })
    }

    /// Appends a few values by one change; `None` if that has no room.
    fn extend_directly<M: Memory>(
        &self,
        heap: &Heap<M>,
        values: &[Value<'_>],
    ) -> Result<Option<u64>> {
        let (mut staged, mut spares) = (Vec::new(), Spares::default());
        let outcome = stage_all(heap, values, &mut staged).and_then(|()| {
            self.append_staged(heap, &staged, staged.len() as u64, &mut spares, &())
        });
        let is_done = matches!(outcome, Ok((taken, _)) if taken == values.len());
        if !is_done {
            for staged in staged {
                heap.unstage(staged)?;
            }
        }
        spares.give_back(heap)?;
        let (_, length) = outcome?;
        Ok(is_done.then_some(length))
    }
}

fn stage_all<M: Memory>(
    heap: &Heap<M>,
    values: &[Value<'_>],
    staged: &mut Vec<Staged>,
) -> Result<()> {
    for value in values {
        staged.push(heap.stage(value)?);
    }
    Ok(())
}
