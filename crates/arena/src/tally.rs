//! Counting what the attached processes do.
//!
//! # Theory of operation
//!
//! Every slot has a line of its own, which nobody but its process writes while that lives:
//!
//! | offset | word |
//! | ---: | --- |
//! | 192 | operations |
//! | 200 | waits for locks, counted where a thread goes to sleep |
//! | 208 | the slot's generation when its last death was counted |
//!
//! An operation is counted by a load and a store, without a bus lock: the caller serializes the threads of its
//! process (Python's do so by the GIL). Waits may overlap, and are exchanged.
//!
//! Who sweeps a slot folds its counts into totals of the arena, in one change under the allocator's lock. If the
//! sweeper dies, the next one finds either nothing folded, or counts of 0 and the death counted.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::change::{self, Change};
use crate::failure::{Failure, Result};
use crate::layout::{ALLOCATOR, SLOTS, Space, lockable};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::slots::{self, slot_at};

const OPERATIONS: u64 = 192;
const WAITS: u64 = 200;
const COUNTED: u64 = 208;

/// The totals of slots that were swept: words of the arena's header.
const OPERATIONS_BEFORE: u64 = 128;
const WAITS_BEFORE: u64 = 136;
const SWEEPS: u64 = 144;

/// Looks at the counts without the lock: after so many that were disturbed, with it.
const TRIES: usize = 8;

/// Takes the counts of a process that has no slot.
static UNCOUNTED: AtomicU64 = AtomicU64::new(0);

/// How often something happened, since the arena was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations of all processes.
    pub operations: u64,
    /// Waits for an internal lock that were long enough to sleep.
    pub contended_waits: u64,
    /// Processes that ended and were cleaned up behind.
    pub sweeps: u64,
}

/// A process's way to its own count of operations.
pub(crate) struct Counter(AtomicPtr<AtomicU64>);

impl Counter {
    /// That of a slot, in memory that outlives the counter.
    pub fn of<M: Memory>(space: &Space<M>, slot: u64) -> Self {
        let counter = Self(AtomicPtr::new((&raw const UNCOUNTED).cast_mut()));
        counter.move_to(space, slot);
        counter
    }

    /// From here on that of another slot.
    pub fn move_to<M: Memory>(&self, space: &Space<M>, slot: u64) {
        let own = if slot < SLOTS { space.memory.word(slot_at(slot) + OPERATIONS) } else { None };
        // Relaxed: changes only in a forked child, which has one thread then.
        self.0.store(own.unwrap_or(&raw const UNCOUNTED).cast_mut(), Ordering::Relaxed);
    }

    /// Counts one. Threads of one process must not do so at the same time.
    #[inline]
    pub fn advance(&self) {
        // SAFETY: `Memory::word` gives places that live as long as the memory, which its owner drops after this.
        let word = unsafe { &*self.0.load(Ordering::Relaxed) };
        // Relaxed: a count orders nothing.
        word.store(word.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// A thread of this process goes to sleep for a lock.
pub(crate) fn count_wait<M: Memory>(space: &Space<M>) -> Result<()> {
    let slot = space.slot.load(Ordering::Relaxed); // As in `Counter`.
    if slot >= SLOTS {
        return Ok(());
    }
    let at = slot_at(slot) + WAITS;
    let mut seen = space.memory.load(at)?;
    loop {
        match space.memory.exchange(at, seen, seen.wrapping_add(1))? {
            now if now == seen => return Ok(()),
            now => seen = now,
        }
    }
}

/// Adds the counts of a slot that is being swept to the totals, and counts the death unless its owner lives.
pub(crate) fn fold<M: Memory>(space: &Space<M>, slot: u64, is_death: bool) -> Result<()> {
    let guard = Guard::acquire(space, ALLOCATOR)?;
    let mut change = Change::new();
    for (own, total) in [(OPERATIONS, OPERATIONS_BEFORE), (WAITS, WAITS_BEFORE)] {
        let (own, counted) = (slot_at(slot) + own, space.memory.load(total)?);
        let sum = counted.wrapping_add(space.memory.load(own)?);
        if is_planted(Bug::CountsApart) {
            space.memory.store(total, sum)?;
        } else {
            change.write(total, sum);
        }
        change.write(own, 0);
    }
    let (counted, generation) = (slot_at(slot) + COUNTED, slots::state(space, slot)?.generation);
    let is_counted =
        space.memory.load(counted)? == generation && !is_planted(Bug::DeathCountedAgain);
    if is_death && !is_counted {
        change.write(SWEEPS, space.memory.load(SWEEPS)?.wrapping_add(1));
        change.write(counted, generation);
    }
    guard.commit(&change)
}

/// The counts of all processes, those that ended among them. While somebody is stopped in the middle of a change of the
/// allocator's, what is being folded may count twice.
pub(crate) fn total<M: Memory>(space: &Space<M>) -> Result<Counts> {
    for _ in 0..TRIES {
        // Acquire (in `load`) pairs with the Release stores of `change::commit`.
        let before = space.memory.load(ALLOCATOR + lockable::INTENT)?;
        if !change::is_quiet(before) {
            break;
        }
        let counts = sum(space)?;
        if space.memory.load(ALLOCATOR + lockable::INTENT)? == before {
            return Ok(counts); // Nothing was folded meanwhile.
        }
    }
    let _guard = match Guard::acquire_soon(space, ALLOCATOR) {
        Err(Failure::Busy { .. }) => None,
        guard => Some(guard?),
    };
    sum(space)
}

fn sum<M: Memory>(space: &Space<M>) -> Result<Counts> {
    let word = |at| space.memory.load(at);
    let mut counts = Counts {
        operations: word(OPERATIONS_BEFORE)?,
        contended_waits: word(WAITS_BEFORE)?,
        sweeps: word(SWEEPS)?,
    };
    for slot in 0..SLOTS {
        let (operations, waits) = (word(slot_at(slot) + OPERATIONS)?, word(slot_at(slot) + WAITS)?);
        counts.operations = counts.operations.wrapping_add(operations);
        counts.contended_waits = counts.contended_waits.wrapping_add(waits);
    }
    Ok(counts)
}

#[cfg(test)]
pub(crate) mod kills {
    use super::*;
    use crate::harness::{Report, Scenario, Stage, exhaust};
    use crate::identity::Identity;
    use crate::layout::SLOT_BYTES;

    const FOURTH: u64 = 3;

    /// Counts, with those that are attached beside the deaths: neither sum may ever change by sweeping.
    fn look(heap: &Stage, _: &()) -> Result<[u64; 3]> {
        let (counts, slots) = (total(&heap.space)?, heap.attached()?.len() as u64);
        Ok([counts.operations, counts.contended_waits, counts.sweeps + slots])
    }

    fn prepare(heap: &Stage) {
        let identity = Identity { pid: 4, started: 1, namespace: 1 };
        assert_eq!(slots::attach(&heap.space, identity, "victim"), Ok(FOURTH));
        for slot in [0, FOURTH] {
            heap.space.memory.store(slot_at(slot) + OPERATIONS, 10 + slot).unwrap();
            heap.space.memory.store(slot_at(slot) + WAITS, 5 + slot).unwrap();
        }
    }

    pub(crate) fn sweep_one_that_counted() -> std::result::Result<Report, String> {
        exhaust(&Scenario {
            prepare: &prepare,
            act: &|heap, ()| assert_eq!(heap.sweep(FOURTH), Ok(true)),
            look: &look,
            meanwhile: None,
            shared: true,
        })
    }

    #[test]
    fn no_kill_loses_a_count_or_counts_a_death_twice() {
        assert!(sweep_one_that_counted().unwrap().cuts > 10);
    }

    #[test]
    fn the_words_of_a_slots_counts_do_not_move() {
        assert_eq!([OPERATIONS, WAITS, COUNTED, SLOT_BYTES], [192, 200, 208, 256]);
        assert_eq!([OPERATIONS_BEFORE, WAITS_BEFORE, SWEEPS], [128, 136, 144]);
    }
}
