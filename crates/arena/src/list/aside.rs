//! Contents that are built aside and swapped in: for what is too long for one change.
//!
//! A second list, which only this process holds and nobody else knows, is filled in peace, by as many changes as it
//! takes. Then **one** change under the first list's lock swaps what the two bodies hold, if the first one still is at
//! the expected version. Dropping the second list frees the old contents in short steps, without the first one's
//! lock.
//!
//! The change writes words of both objects, although only one lock is held. Nobody else works on the second one: its
//! only holder is this process, so until that is dead nothing drops it. If the process dies, the change is completed
//! by whoever takes the first list's lock next; the sweeper takes all such locks *before* it lets go of what the dead
//! one held (step 2 before step 5 in [`crate::sweep`]), so the second list is dropped as it is after the change.
//!
//! To bring items into another order, no value is copied: the second list gets the first one's *cells*. Such a list is
//! a **shell**: its nodes are its own, but the values are not, neither before the swap (they are the first list's) nor
//! after it (then its nodes are the old ones, and the values belong to the new ones).

use super::node::LINK;
use super::spares::Spares;
use super::{HEIGHT, List, ROOT, limits};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::value::{Cell, Staged, Value};

/// Words of the body in which the contents are.
pub(super) const CONTENTS: [u64; 3] = [ROOT, ROOT + LINK, HEIGHT];

impl List {
    /// Replaces all items, at one moment, if the list still is at the version `expected`. Returns whether it was.
    pub fn rebuild<M: Memory>(
        &self,
        heap: &Heap<M>,
        expected: u64,
        values: &[Value<'_>],
    ) -> Result<bool> {
        if self.version(heap)? != expected {
            return Ok(false);
        }
        Self::with_aside(heap, |aside| {
            aside.fill(heap, values.iter().map(|value| heap.stage(value)))?;
            self.swap(heap, aside, expected)
        })
    }

    /// Brings the items into another order, at one moment, if the list still is at the version `expected`: the item
    /// `order[i]` becomes the item `i`. Returns whether it was. `order` must have every index once.
    pub fn permute<M: Memory>(&self, heap: &Heap<M>, expected: u64, order: &[u64]) -> Result<bool> {
        let Some(cells) = self.cells(heap, expected)? else { return Ok(false) };
        let Some(cells) = permuted(&cells, order) else {
            return corrupt("an order of items does not have every index once");
        };
        Self::with_aside(heap, |aside| {
            aside.fill_shell(heap, cells.iter().copied())?;
            self.swap(heap, aside, expected)
        })
    }

    /// Runs `job` with a new list, and drops that.
    pub(super) fn with_aside<M: Memory, T>(
        heap: &Heap<M>,
        job: impl FnOnce(Self) -> Result<T>,
    ) -> Result<T> {
        let aside = Self::create(heap)?;
        let outcome = job(aside);
        heap.let_go(aside.handle())?;
        outcome
    }

    /// Appends values, a leaf at a time; others would see every step.
    pub(super) fn fill<M: Memory>(
        &self,
        heap: &Heap<M>,
        values: impl Iterator<Item = Result<Staged>>,
    ) -> Result<()> {
        let mut spares = Spares::default();
        let mut waiting = Vec::new();
        let outcome = self.fill_from(heap, values, &mut waiting, &mut spares);
        for staged in waiting {
            heap.unstage(staged)?;
        }
        spares.give_back(heap)?;
        outcome
    }

    fn fill_from<M: Memory>(
        &self,
        heap: &Heap<M>,
        mut values: impl Iterator<Item = Result<Staged>>,
        waiting: &mut Vec<Staged>,
        spares: &mut Spares,
    ) -> Result<()> {
        loop {
            while (waiting.len() as u64) < limits::leaf()
                && let Some(staged) = values.next()
            {
                waiting.push(staged?);
            }
            if waiting.is_empty() {
                return Ok(());
            }
            let (taken, _) = self.append_staged(heap, waiting, 1, spares, &())?;
            waiting.drain(..taken);
        }
    }

    pub(super) fn swap<M: Memory>(
        &self,
        heap: &Heap<M>,
        aside: Self,
        expected: u64,
    ) -> Result<bool> {
        let space = &heap.space;
        let guard = heap.begin(self.object)?;
        if self.locked_version(space)? != expected {
            return Ok(false);
        }
        let (mut change, mut theirs) = (Change::new(), Change::new());
        for word in CONTENTS {
            let (here, there) = (self.object.body(word), aside.object.body(word));
            change.write(here, space.memory.load(there)?);
            let other = if is_planted(Bug::AsideApart) { &mut theirs } else { &mut change };
            other.write(there, space.memory.load(here)?);
        }
        guard.commit(&change)?;
        if is_planted(Bug::AsideApart) {
            guard.commit(&theirs)?;
        }
        Ok(true)
    }

    /// All cells, if the list is at the version `expected` all the while.
    pub(super) fn cells<M: Memory>(
        &self,
        heap: &Heap<M>,
        expected: u64,
    ) -> Result<Option<Vec<Cell>>> {
        let mut cells = Vec::new();
        loop {
            let before = cells.len();
            let mut version = 0;
            self.look(heap, &mut version, |space| {
                cells.truncate(before);
                self.each_cell(space, before as u64, usize::MAX, |cell| {
                    cells.push(cell);
                    Ok(true)
                })
            })?;
            if version != expected {
                return Ok(None);
            }
            if cells.len() == before {
                return Ok(Some(cells));
            }
        }
    }
}

/// The cells in another order; `None` if that does not have every index once.
fn permuted(cells: &[Cell], order: &[u64]) -> Option<Vec<Cell>> {
    let mut rest: Vec<Option<Cell>> = cells.iter().copied().map(Some).collect();
    let place = |&index| rest.get_mut(usize::try_from(index).ok()?)?.take();
    let permuted = order.iter().map(place).collect::<Option<Vec<Cell>>>()?;
    (permuted.len() == cells.len()).then_some(permuted)
}
