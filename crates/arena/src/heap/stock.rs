//! What a process allocates small blocks from: its slabs, and where new ones come from.
//!
//! # Theory of operation
//!
//! The shelves are this process's own, under a mutex of its own. To claim or adopt a slab takes the allocator's lock,
//! which a process that was stopped may have for long; who waits for it may let other threads run. So nobody does that
//! with the shelves in hand: a slab is made ours first and put on its shelf then. Threads that do so at the same time
//! get a slab each, which is no loss: all of them take from both.

use std::sync::MutexGuard;

use super::Heap;
use crate::block::{Block, Header, State};
use crate::classes::{OBJECTS, SIZES};
use crate::failure::{Result, corrupt};
use crate::layout::{SLOT_BYTES, SLOTS_AT, lockable};
use crate::memory::Memory;
use crate::slab::Shelf;
use crate::units::{self, Backing, Kind, Run};

/// The slabs of a process.
#[derive(Default)]
pub(super) struct Stock {
    /// One for each class.
    pub shelves: [Shelf; SIZES.len()],
    /// How often slabs had been orphaned when we last looked for them.
    orphaned: u64,
}

impl<M: Memory> Heap<M> {
    pub(super) fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock()
    }

    /// A block of ours that was free, pending now.
    #[inline]
    pub(super) fn take_from_shelf(&self, class: usize) -> Result<Option<Block>> {
        // Until the block is pending, nobody else may read the headers.
        let mut stock = self.stock();
        let Some(at) = stock.shelves[class].take(&self.space, class) else { return Ok(None) };
        let found = Header(self.space.memory.load(at)?);
        if !found.is(State::Free) {
            return corrupt("a block on the shelf is not free");
        }
        let header = found.allocated(self.slot());
        self.space.memory.store(at, header.0)?;
        Ok(Some(Block { at, header }))
    }

    /// Finds free blocks: freed ones of ours, then slabs that lost their owner, then a new slab.
    #[cold]
    pub(super) fn restock(&self, class: usize) -> Result<()> {
        if self.follow_hints(class)? {
            return Ok(());
        }
        let orphaned = self.space.memory.load(units::ORPHANED)?;
        if orphaned != self.stock().orphaned {
            crate::sweep::adopt(self, |class, unit| self.put_on_shelf(class, unit))?;
            let mut stock = self.stock();
            stock.orphaned = orphaned;
            if stock.shelves[class].is_stocked() {
                return Ok(());
            }
        }
        let unit = self.new_slab(class)?;
        self.put_on_shelf(class, unit)
    }

    /// Looks where something of ours was freed; returns whether there is something on the shelf of the class.
    fn follow_hints(&self, class: usize) -> Result<bool> {
        let mut stock = self.stock();
        let flags_at = SLOTS_AT + self.slot() * SLOT_BYTES + units::SLOT_FREED;
        if self.space.memory.load(flags_at)? != 0 {
            // Acquire pairs with `units::hint`.
            let flags = self.space.memory.swap(flags_at, 0)?;
            for (class, shelf) in stock.shelves.iter_mut().enumerate() {
                if flags >> class & 1 != 0 {
                    shelf.follow_hints(&self.space, class)?;
                }
            }
        }
        Ok(stock.shelves[class].is_stocked())
    }

    pub(super) fn put_on_shelf(&self, class: usize, unit: u64) -> Result<()> {
        self.stock().shelves[class].add(&self.space, class, unit)
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

    /// Finds the slabs of our slot again, as the process would know them that made them.
    #[cfg(test)]
    pub(crate) fn rediscover(&self) -> Result<()> {
        let mut unit = 0;
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
            if run.kind == Kind::Slab && run.slot == self.slot() {
                self.put_on_shelf(run.class, head)?;
            }
        }
        Ok(())
    }
}
