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

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;
use crate::block::{Block, Header, State};
use crate::change;
use crate::classes::class_for;
use crate::failure::{Failure, Result};
use crate::fork::SharedBirthplace;
use crate::fork::mutex::PrivateMutex;
use crate::layout::{PAGE, Space};
use crate::memory::Memory;
use crate::tally::{self, Counter, Counts};
use crate::units::{self, Backing, Claim, Kind, Run};

mod stock;
#[cfg(test)]
mod tests;
mod trim;

use stock::Stock;

/// In an extent of so many units, the rest of the last one hardly counts.
const LARGE_UNITS: u64 = 16;

/// An attached process's way to the arena's memory. Threads share it.
pub struct Heap<M> {
    pub(crate) space: Space<M>,
    operations: Counter,
    stock: PrivateMutex<Stock>,
    birthplace: SharedBirthplace,
    /// 1 + the slot of a child that is about to be forked; 0 for none. What is held from now on, it holds too.
    pub(crate) forking: AtomicU64,
}

impl<M: Memory> Heap<M> {
    /// The heap of the process that owns `slot`.
    pub(crate) fn new(space: Space<M>, slot: u64) -> Self {
        // Relaxed: the heap is handed to other threads later.
        space.slot.store(slot, Ordering::Relaxed);
        Self {
            operations: Counter::of(&space, slot),
            space,
            stock: PrivateMutex::default(),
            birthplace: SharedBirthplace::here(),
            forking: AtomicU64::new(0),
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
        self.forking.store(0, Ordering::Relaxed);
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
        loop {
            if let Some(block) = self.take_from_shelf(class)? {
                return Ok(block);
            }
            self.restock(class)?;
        }
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

    /// After leaving the lock: gives the units back if the block at `at`, just freed, was an extent. If somebody has the
    /// allocator for long, whoever cleans up does it.
    pub(crate) fn settle(&self, at: u64) -> Result<()> {
        if is_extent(&self.space, at)? { units::reclaim(&self.space, at) } else { Ok(()) }
    }
}

/// Whether the block at `at` is an extent. Slabs hold nothing at the same offset that could be one.
pub(crate) fn is_extent<M: Memory>(space: &Space<M>, at: u64) -> Result<bool> {
    let unit = space.map.unit_of(at)?;
    Ok(at == space.map.unit_at(unit) && units::run_at(space, unit)?.kind == Kind::Extent)
}
