//! Blocks: allocating and freeing memory of the arena, for one attached process.
//!
//! # Theory of operation
//!
//! Blocks up to 32 KiB live in slabs: units that one process allocates from and anyone frees into. Larger ones
//! are extents: runs of units of their own. A block is allocated *pending*: it belongs to the process, which
//! fills it in peace. The change that links it somewhere makes it live; if the process dies before, the sweeper
//! frees it. A block is freed by one store in its header, as part of the change that unlinks it.
//!
//! An extent's units are given back after the lock was left (`Heap::settle`): the allocator has a lock of its
//! own, and a thread holds one at a time. If the process dies between, the sweeper does it.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::block::{Block, Header, State};
use crate::change;
use crate::classes::{OBJECTS, SIZES, class_for};
use crate::failure::{Failure, Result, corrupt};
use crate::fork::SharedBirthplace;
use crate::layout::{PAGE, SLOT_BYTES, SLOTS_AT, Space, lockable};
use crate::memory::Memory;
use crate::slab::Shelf;
use crate::tally::{self, Counter, Counts};
use crate::units::{self, Backing, Claim, Kind, Run};

#[cfg(test)]
mod tests;

/// In an extent of so many units, the rest of the last one hardly counts.
const LARGE_UNITS: u64 = 16;

/// Shelves per heap: one for each class.
type Shelves = [Shelf; SIZES.len()];

/// An attached process's way to the arena's memory. Threads share it.
pub struct Heap<M> {
    pub(crate) space: Space<M>,
    operations: Counter,
    shelves: Mutex<(Shelves, u64)>,
    birthplace: SharedBirthplace,
}

impl<M: Memory> Heap<M> {
    /// The heap of the process that owns `slot`.
    pub(crate) fn new(space: Space<M>, slot: u64) -> Self {
        // Relaxed: the heap is handed to other threads later.
        space.slot.store(slot, Ordering::Relaxed);
        Self {
            operations: Counter::of(&space, slot),
            space,
            shelves: Mutex::default(),
            birthplace: SharedBirthplace::here(),
        }
    }

    /// A forked child has the mapping, but its slot is its parent's until [`Heap::become_child`].
    #[inline]
    pub(crate) fn check_not_forked(&self) -> Result<()> {
        if self.birthplace.is_here() { Ok(()) } else { Err(Error::Forked.into()) }
    }

    /// Goes on with another slot, in this process, which has just been forked.
    pub(crate) fn move_to(&self, slot: u64) {
        // Relaxed: the child has one thread.
        self.space.slot.store(slot, Ordering::Relaxed);
        self.operations.move_to(&self.space, slot);
        *self.shelves() = Default::default();
        self.birthplace.move_here();
    }

    /// Counts an operation of this process, for [`Heap::counts`]. Its threads must not do so at the same time.
    #[inline]
    pub fn count_operation(&self) {
        self.operations.advance();
    }

    /// What all processes did.
    pub fn counts(&self) -> Result<Counts> {
        tally::total(&self.space)
    }

    /// Finds the slabs of our slot again, as the process would know them that made them.
    #[cfg(test)]
    pub(crate) fn rediscover(&self) -> Result<()> {
        let (mut shelves, mut unit) = (self.shelves(), 0);
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
            if run.kind == Kind::Slab && run.slot == self.slot() {
                shelves.0[run.class].add(&self.space, run.class, head)?;
            }
        }
        Ok(())
    }

    fn shelves(&self) -> MutexGuard<'_, (Shelves, u64)> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Allocates a pending block for `payload` bytes behind its header; the bytes hold anything.
    pub(crate) fn allocate(&self, payload: u64) -> Result<Block> {
        self.check_not_forked()?;
        let bytes = payload.saturating_add(8);
        match class_for(bytes, self.space.map.unit_bytes()) {
            Some(class) => self.allocate_small(class),
            None => self.allocate_extent(bytes),
        }
    }

    /// Allocates a pending block of a class.
    pub(crate) fn allocate_small(&self, class: usize) -> Result<Block> {
        let mut shelves = self.shelves();
        loop {
            if let Some(at) = shelves.0[class].take(&self.space, class) {
                let found = Header(self.space.memory.load(at)?);
                if !found.is(State::Free) {
                    return corrupt("a block on the shelf is not free");
                }
                let header = found.allocated(self.slot());
                self.space.memory.store(at, header.0)?;
                return Ok(Block { at, header });
            }
            self.restock(&mut shelves, class)?;
        }
    }

    /// Finds free blocks: freed ones of ours, then slabs that lost their owner, then a new slab.
    #[cold]
    fn restock(&self, shelves: &mut (Shelves, u64), class: usize) -> Result<()> {
        let flags_at = SLOTS_AT + self.slot() * SLOT_BYTES + units::SLOT_FREED;
        if self.space.memory.load(flags_at)? != 0 {
            // Acquire pairs with `units::hint`.
            let flags = self.space.memory.swap(flags_at, 0)?;
            for (class, shelf) in shelves.0.iter_mut().enumerate() {
                if flags >> class & 1 != 0 {
                    shelf.follow_hints(&self.space, class)?;
                }
            }
        }
        if shelves.0[class].is_stocked() {
            return Ok(());
        }
        let orphaned = self.space.memory.load(units::ORPHANED)?;
        if orphaned != shelves.1 {
            crate::sweep::adopt(self, |class, unit| {
                shelves.0[class].add(&self.space, class, unit)
            })?;
            shelves.1 = orphaned;
            if shelves.0[class].is_stocked() {
                return Ok(());
            }
        }
        let unit = self.new_slab(class)?;
        shelves.0[class].add(&self.space, class, unit)
    }

    fn new_slab(&self, class: usize) -> Result<u64> {
        let claim = self.claim_backed(1, self.space.map.unit_bytes())?;
        let base = self.space.map.unit_at(claim.unit);
        let header = Header::new(claim.generation, State::Free, 0);
        for block in 0..self.space.map.blocks_per_slab(class) {
            let at = base + block * SIZES[class];
            if class == OBJECTS {
                // Whatever was here must not pass for a lock, or for an intent to be completed.
                for word in (lockable::LOCK..lockable::BODY).step_by(8) {
                    self.space.memory.store(at + word, 0)?;
                }
            }
            self.space.memory.store(at, header.0)?;
        }
        let run =
            Run { kind: Kind::Slab, slot: self.slot(), class, backing: Backing::All, length: 1 };
        self.space.memory.store(self.space.map.word_at(claim.unit), run.word())?;
        Ok(claim.unit)
    }

    fn allocate_extent(&self, bytes: u64) -> Result<Block> {
        let units = bytes.div_ceil(self.space.map.unit_bytes());
        // A large one gets all of its pages, so that whoever has it next need not ask for them.
        let backed = if units >= LARGE_UNITS { units * self.space.map.unit_bytes() } else { bytes };
        let claim = self.claim_backed(units, backed)?;
        let at = self.space.map.unit_at(claim.unit);
        let header = Header::new(claim.generation, State::Pending, self.slot());
        self.space.memory.store(at, header.0)?;
        let all = claim.backing == Backing::All
            || backed.next_multiple_of(PAGE) == claim.length * self.space.map.unit_bytes();
        let backing = if all { Backing::All } else { Backing::Some };
        let run =
            Run { kind: Kind::Extent, slot: self.slot(), class: 0, backing, length: claim.length };
        self.space.memory.store(self.space.map.word_at(claim.unit), run.word())?;
        Ok(Block { at, header })
    }

    /// Claims units and makes sure that the pages for `bytes` of them exist.
    fn claim_backed(&self, length: u64, bytes: u64) -> Result<Claim> {
        let full = Failure::ArenaFull { bytes };
        let claimed = match units::claim(&self.space, length, self.slot()) {
            Err(Failure::Shared(Error::Os { call: "madvise", .. })) => return Err(full),
            other => other?,
        };
        let Some(claim) = claimed else { return Err(full) };
        if claim.backing != Backing::All {
            let pages = bytes.next_multiple_of(PAGE);
            let at = self.space.map.unit_at(claim.unit);
            if self.space.memory.populate(at, pages).is_err() {
                units::unclaim(&self.space, claim, Backing::Some)?;
                return Err(full);
            }
        }
        Ok(claim)
    }

    /// Frees a block that is still pending: nobody but us knows of it.
    pub(crate) fn give_back(&self, block: Block) -> Result<()> {
        if block.header.slot() != self.slot() {
            return Ok(()); // Our parent's, which was in the middle of an operation when it forked us.
        }
        change::turn(&self.space, block, State::Free)?;
        self.settle(block.at)
    }

    /// After leaving the lock: gives the units back if the block at `at`, just freed, was an extent.
    pub(crate) fn settle(&self, at: u64) -> Result<()> {
        if is_extent(&self.space, at)? { units::reclaim(&self.space, at) } else { Ok(()) }
    }

    /// Makes the slabs of ours free units in which nothing is allocated, but for one of each class.
    pub(crate) fn retire_slabs(&self) -> Result<()> {
        let mut shelves = self.shelves();
        for (class, shelf) in shelves.0.iter_mut().enumerate() {
            shelf.follow_hints(&self.space, class)?;
            // Memory of lock words stays lock words.
            let keep = if class == OBJECTS { usize::MAX } else { 1 };
            for unit in shelf.retire(&self.space, class, keep) {
                let (base, mut newest) = (self.space.map.unit_at(unit), 0);
                for block in 0..self.space.map.blocks_per_slab(class) {
                    let header = Header(self.space.memory.load(base + block * SIZES[class])?);
                    newest = newest.max(header.generation());
                }
                units::retire(&self.space, unit, newest)?;
            }
        }
        Ok(())
    }

    /// Returns the pages of free units to the system; `keep` units of them stay for reuse. Returns how many
    /// units were returned. For a background thread: it takes a millisecond for every few megabytes.
    pub fn trim(&self, keep: u64) -> Result<u64> {
        self.retire_slabs()?;
        let (mut unit, mut kept, mut returned) = (0, 0, 0);
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
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
}

/// Whether the block at `at` is an extent. Slabs hold nothing at the same offset that could be one.
pub(crate) fn is_extent<M: Memory>(space: &Space<M>, at: u64) -> Result<bool> {
    let unit = space.map.unit_of(at)?;
    Ok(at == space.map.unit_at(unit) && units::run_at(space, unit)?.kind == Kind::Extent)
}
