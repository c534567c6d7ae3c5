//! Inserting one value, and making room for some.

use super::ends::Owner;
use super::path::{Aim, Path};
use super::spares::{Room, Spares};
use super::{Index, List, limits};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::value::{Staged, Value};

impl List {
    /// Adds a value at the end. Returns how many items there are then.
    #[inline]
    pub fn append<M: Memory>(&self, heap: &Heap<M>, value: &Value<'_>) -> Result<u64> {
        self.insert(heap, Index::END, value)
    }

    /// Inserts a value before the item `index`, or at the nearest end if there is none. Returns how many items
    /// there are then.
    pub fn insert<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
        value: &Value<'_>,
    ) -> Result<u64> {
        let staged = heap.stage(value)?;
        let mut spares = Spares::default();
        let outcome = self.insert_staged(heap, index.into(), staged, &mut spares, &());
        if outcome.is_err() {
            heap.unstage(staged)?;
        }
        spares.give_back(heap)?;
        outcome.map(|length| length.unwrap_or(0))
    }

    /// Inserts a prepared value, and returns how many items there are then; `None` if the owner does not admit it.
    #[inline]
    pub(crate) fn insert_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: Index,
        staged: Staged,
        spares: &mut Spares,
        owner: &impl Owner<M>,
    ) -> Result<Option<u64>> {
        let admit = |space: &Space<M>, length| Ok(owner.admit(space, length, 1)? > 0);
        self.with_room(heap, index, (1, 1), spares, admit, |space, guard, path| {
            let place = path.index(0);
            // Slots that are still in use change with everything else; free ones are written before.
            let moved = Self::open_gap(space, guard, &mut path.leaf, place)?;
            let node = &path.leaf;
            let (slot, ring) = node.ring.filled(1, place > 0);
            let mut change = Change::new();
            if moved {
                change.write(node.slot_at(slot), staged.cell.0);
            } else if !is_planted(Bug::CellAfterCount) {
                space.memory.store(node.slot_at(slot), staged.cell.0)?;
            }
            change.write(node.ring_at, ring.word());
            path.count(space, &mut change, 1, 1)?;
            owner.note(space, &mut change, 1)?;
            if let Some(block) = staged.block {
                change.turn(block, State::Live);
            }
            guard.commit(&change)?;
            if is_planted(Bug::CellAfterCount) {
                space.memory.store(node.slot_at(slot), staged.cell.0)?;
            }
            self.length(space)
        })
    }

    /// Runs `job` under the lock, with the way to a place where the leaf has room for at least the lesser of two
    /// numbers of values; a leaf that has to grow grows for the greater. `None` if `admit`, asked first under the same
    /// lock, and told how many items there are, says no.
    #[inline]
    pub(super) fn with_room<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        index: Index,
        (least, most): (u64, u64),
        spares: &mut Spares,
        mut admit: impl FnMut(&Space<M>, u64) -> Result<bool>,
        mut job: impl FnMut(&Space<M>, &Guard<'_, M>, &mut Path) -> Result<T>,
    ) -> Result<Option<T>> {
        let space = &heap.space;
        let mut path = Path::new();
        loop {
            let guard = heap.begin_apart(self.object)?;
            if !admit(space, self.length(space)?)? {
                return Ok(None);
            }
            let need = loop {
                let place = index.of_place(self.length(space)?);
                self.descend(space, place, Aim::Place, &mut path)?;
                let ring = path.leaf.ring;
                let count = if ring.capacity < limits::leaf() {
                    most.min(limits::leaf() - ring.count).max(least)
                } else {
                    least
                };
                match self.room_in_leaf(space, &guard, &path, count, spares)? {
                    Room::Enough => return job(space, &guard, &mut path).map(Some),
                    Room::More => {}
                    Room::Needs(need) => break need,
                }
            };
            drop(guard);
            spares.allocate(heap, need)?;
        }
    }
}
