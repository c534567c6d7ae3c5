//! Inserting one value, or a few at the end.

use super::path::{Aim, Path};
use super::spares::{Room, Spares};
use super::{Index, List};
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
        let outcome = self.insert_staged(heap, index.into(), staged, &mut spares);
        if outcome.is_err() {
            heap.unstage(staged)?;
        }
        spares.give_back(heap)?;
        outcome
    }

    fn insert_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: Index,
        staged: Staged,
        spares: &mut Spares,
    ) -> Result<u64> {
        self.with_room(heap, index, 1, spares, |space, guard, path| {
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

    /// Runs `job` under the lock, with the way to a place where the leaf has room for `count` values.
    #[inline]
    pub(super) fn with_room<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        index: Index,
        count: u64,
        spares: &mut Spares,
        mut job: impl FnMut(&Space<M>, &Guard<'_, M>, &mut Path) -> Result<T>,
    ) -> Result<T> {
        let space = &heap.space;
        let mut path = Path::new();
        loop {
            let guard = heap.begin(self.object)?;
            let need = loop {
                let place = index.of_place(self.length(space)?);
                self.descend(space, place, Aim::Place, &mut path)?;
                match self.room_in_leaf(space, &guard, &path, count, spares)? {
                    Room::Enough => return job(space, &guard, &mut path),
                    Room::More => {}
                    Room::Needs(need) => break need,
                }
            };
            drop(guard);
            spares.allocate(heap, need)?;
        }
    }

    /// Appends the first of `staged`, as many as fit the last leaf and one change, at one moment. Returns how many,
    /// and how many items there are then; if `least` do not fit, none.
    pub(super) fn append_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        staged: &[Staged],
        least: u64,
        spares: &mut Spares,
    ) -> Result<(usize, u64)> {
        self.with_room(heap, Index::END, least, spares, |space, guard, path| {
            let end = path.leaf.ring.count;
            Self::settle_gap(space, guard, &mut path.leaf, end)?;
            let node = &path.leaf;
            let (mut change, mut count) = (Change::new(), 0);
            let (first, _) = node.ring.filled(1, true);
            for value in staged.iter().take(node.ring.width() as usize) {
                // Beside the blocks, the ring and the sizes.
                if value.block.is_some() && !change.has_room(path.height as usize + 2) {
                    break;
                }
                let slot = node.ring.wrap(first + count);
                space.memory.store(node.slot_at(slot), value.cell.0)?;
                count += 1;
                if let Some(block) = value.block {
                    change.turn(block, State::Live);
                }
            }
            if count < least {
                return Ok((0, self.length(space)?));
            }
            let (_, ring) = node.ring.filled(count, true);
            change.write(node.ring_at, ring.word());
            path.count(space, &mut change, 1, count)?;
            guard.commit(&change)?;
            Ok((count as usize, self.length(space)?))
        })
    }
}
