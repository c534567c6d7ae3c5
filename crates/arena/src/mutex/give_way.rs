//! Giving way to one that looks out for a lock.
//!
//! A thread that leaves a lock and takes it again soon is faster, again and again, than one on another processor: that
//! one sees the lock free when the line of the cache has come over to it, and by then it is taken. Where a line takes
//! 200 ns from one processor to the other, the lock changed hands once in 50 times; and since each look makes the holder
//! wait for its line, looks and holder fall into step, so that looking more often does not help.
//!
//! So one that has looked in vain says so, in the lock's word. Whoever leaves the lock then waits until it is taken, for
//! as long as a line takes to go there and back. Nothing depends on that: the mark is gone with the holder, and whoever
//! gives way to nobody goes on a moment later.

use super::{Mutex, OWNER, SOUGHT, STATE};
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};

/// After so many looks in vain a lock is sought. With fewer it changes hands more often, and less is done in all.
const LOOKS_IN_VAIN: u32 = 12;
/// So many pauses of the processor, of some 16 to 40 ns each, is given way at most.
const PAUSES_MAX: u32 = 32;

impl Mutex {
    /// Somebody looks out for the lock, whose state is `seen`, and has looked so many times. Those who stand in line come
    /// first.
    #[inline]
    pub(super) fn seek<M: Memory>(&self, space: &Space<M>, seen: u64, looks: u32) -> Result<()> {
        if looks >= LOOKS_IN_VAIN && seen & !OWNER == 0 {
            space.memory.exchange(self.object.body(STATE), seen, seen | SOUGHT)?;
        }
        Ok(())
    }

    /// Leaves the lock to whoever looks out for it, if somebody does and nobody stands in line. Otherwise nothing changes.
    #[cold]
    pub(super) fn give_way<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        seen: u64,
    ) -> Result<bool> {
        let (memory, at) = (&heap.space.memory, self.object.body(STATE));
        if is_planted(Bug::LeftToOne) && seen & SOUGHT != 0 {
            memory.store(at, 0)?;
            return Ok(true);
        }
        if seen != me.word() | SOUGHT || memory.exchange(at, seen, 0)? != seen {
            return Ok(false);
        }
        let mut pauses = if memory.is_parallel() { PAUSES_MAX } else { 0 };
        while pauses > 0 && memory.load(at)? == 0 {
            std::hint::spin_loop();
            pauses -= 1;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life;
    use crate::memory::Shared;
    use crate::mutex::{Freed, Glimpse, Taken, WAITERS};

    fn held(is_reentrant: bool) -> (Heap<Shared>, Mutex, [LifeId; 3]) {
        let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
        let lock = Mutex::create(&heap, is_reentrant).unwrap();
        let lives = [1, 2, 3].map(|thread| life::play(&heap, thread));
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
        (heap, lock, lives)
    }

    #[test]
    fn who_has_looked_in_vain_is_given_way_to() {
        for is_reentrant in [false, true] {
            let (heap, lock, [ours, theirs, _]) = held(is_reentrant);
            for looks in 0..LOOKS_IN_VAIN {
                assert_eq!(lock.glimpse(&heap, theirs, looks), Ok(Glimpse::Held));
                assert_eq!(lock.state(&heap.space), Ok(ours.word()));
            }
            for looks in LOOKS_IN_VAIN..LOOKS_IN_VAIN + 3 {
                assert_eq!(lock.glimpse(&heap, theirs, looks), Ok(Glimpse::Held));
                assert_eq!(lock.state(&heap.space), Ok(ours.word() | SOUGHT));
            }
            assert!(lock.is_held_by(&heap, ours).unwrap());
            assert_eq!(lock.holder(&heap).unwrap().unwrap().life, ours);
            assert_eq!(lock.try_acquire(&heap, theirs), Ok(Taken::Busy));
            assert_eq!(lock.leave_at_once(&heap, theirs), Ok(false));
            assert_eq!(lock.leave_at_once(&heap, ours), Ok(true));
            assert_eq!(lock.state(&heap.space), Ok(0));
            assert_eq!(lock.glimpse(&heap, theirs, LOOKS_IN_VAIN), Ok(Glimpse::Taken));
            assert_eq!(lock.state(&heap.space), Ok(theirs.word()));
        }
    }

    #[test]
    fn a_reentrant_lock_is_left_to_others_at_its_last_level() {
        let (heap, lock, [ours, theirs, _]) = held(true);
        assert_eq!(lock.glimpse(&heap, theirs, LOOKS_IN_VAIN), Ok(Glimpse::Held));
        assert_eq!(lock.try_acquire(&heap, ours), Ok(Taken::Now));
        assert_eq!(lock.release(&heap, ours), Ok(Freed::Done));
        assert_eq!(lock.state(&heap.space), Ok(ours.word() | SOUGHT));
        assert_eq!(lock.release(&heap, ours), Ok(Freed::Done));
        assert_eq!(lock.state(&heap.space), Ok(0));
    }

    #[test]
    fn any_thread_leaves_a_lock_that_is_sought() {
        let (heap, lock, [_, theirs, third]) = held(false);
        assert_eq!(lock.glimpse(&heap, theirs, LOOKS_IN_VAIN), Ok(Glimpse::Held));
        assert_eq!(lock.release(&heap, third), Ok(Freed::Done));
        assert_eq!(lock.is_locked(&heap), Ok(false));
        assert_eq!(lock.try_acquire(&heap, theirs), Ok(Taken::Now));
    }

    #[test]
    fn who_stands_in_line_comes_first() {
        let (heap, lock, [ours, theirs, third]) = held(false);
        assert_eq!(lock.glimpse(&heap, theirs, LOOKS_IN_VAIN), Ok(Glimpse::Held));
        let (taken, ticket) = lock.enqueue(&heap, third, 1).unwrap();
        assert_eq!(taken, Taken::Busy);
        assert_eq!(lock.release(&heap, ours), Ok(Freed::Done)); // It is handed over.
        assert!(lock.is_held_by(&heap, third).unwrap());
        assert_eq!(lock.state(&heap.space), Ok(third.word()));
        ticket.unwrap().free(&heap).unwrap();
        let (taken, _) = lock.enqueue(&heap, ours, 1).unwrap();
        assert_eq!(taken, Taken::Busy);
        assert_eq!(lock.glimpse(&heap, theirs, LOOKS_IN_VAIN), Ok(Glimpse::Held));
        assert_eq!(lock.state(&heap.space), Ok(third.word() | WAITERS));
    }
}
