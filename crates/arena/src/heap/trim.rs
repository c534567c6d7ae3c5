//! Giving memory back: empty slabs to the arena, and pages to the system.

use super::Heap;
use crate::block::{Header, State};
use crate::classes::{OBJECTS, SIZES};
use crate::failure::{Failure, Result};
use crate::layout::{ALLOCATOR, Space};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::units::{self, Backing, Kind, Run};

impl<M: Memory> Heap<M> {
    /// Makes the slabs of ours free units in which nothing is allocated, but for one of each class, unless somebody has
    /// the allocator for long.
    pub(crate) fn retire_slabs(&self) -> Result<()> {
        self.retire_slabs_by(Guard::acquire_soon)
    }

    fn retire_slabs_by<'s>(
        &'s self,
        enter: fn(&'s Space<M>, u64) -> Result<Guard<'s, M>>,
    ) -> Result<()> {
        let mut is_busy = false;
        for class in 0..SIZES.len() {
            // Memory of lock words stays lock words.
            let keep = if class == OBJECTS || is_busy { usize::MAX } else { 1 };
            for unit in self.take_empty_slabs(class, keep)? {
                let newest = self.newest_in(class, unit)?;
                let busy = Err(Failure::Busy { at: ALLOCATOR });
                match if is_busy { busy } else { enter(&self.space, ALLOCATOR) } {
                    Ok(guard) => units::retire(&self.space, guard, unit, newest)?,
                    Err(Failure::Busy { .. }) => {
                        is_busy = true;
                        self.put_on_shelf(class, unit)?; // It will be empty the next time, too.
                    }
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }

    /// Takes the empty slabs of a class from their shelf, but for `keep` of them: what is not there, no thread of ours
    /// allocates from, and no other process does.
    fn take_empty_slabs(&self, class: usize, keep: usize) -> Result<Vec<u64>> {
        let shelf = &mut self.stock().shelves[class];
        shelf.follow_hints(&self.space, class)?;
        Ok(shelf.retire(&self.space, class, keep))
    }

    /// The newest generation of the blocks in a slab.
    fn newest_in(&self, class: usize, unit: u64) -> Result<u64> {
        let (base, mut newest) = (self.space.map.unit_at(unit), 0);
        for block in 0..self.space.map.blocks_per_slab(class) {
            let header = Header(self.space.memory.load(base + block * SIZES[class])?);
            newest = newest.max(header.generation());
        }
        Ok(newest)
    }

    /// Returns the pages of free units to the system; `keep` units of them stay for reuse. Returns how many
    /// units were returned. For a background thread: it takes a millisecond for every few megabytes.
    pub fn trim(&self, keep: u64) -> Result<u64> {
        self.retire_slabs_by(Guard::acquire)?;
        let (mut unit, mut kept, mut returned) = (0, 0, 0);
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
            let run = if run.kind == Kind::Extent { self.late(head)? } else { run };
            if run.kind != Kind::Free || run.backing == Backing::None {
                continue;
            }
            if kept + run.length <= keep {
                kept += run.length;
            } else if let Some(claim) = units::claim_free(&self.space, head, self.slot())? {
                let bytes = claim.length * self.space.map.unit_bytes();
                self.space.memory.punch(self.space.map.unit_at(head), bytes)?;
                units::unclaim(&self.space, claim, Backing::None)?;
                returned += claim.length;
            }
        }
        Ok(returned)
    }

    /// What an extent is, after reclaiming it if its block is free: whoever freed that could not wait for the allocator.
    fn late(&self, unit: u64) -> Result<Run> {
        let at = self.space.map.unit_at(unit);
        if Header(self.space.memory.load(at)?).is(State::Free) {
            units::reclaim_now(&self.space, at)?;
        }
        units::run_at(&self.space, unit)
    }
}
