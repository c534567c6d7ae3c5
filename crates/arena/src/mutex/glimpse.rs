//! Looking out for a lock, before standing in line for it.

use super::{DIED, Mutex, OWNER};
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;

/// What a look at a lock has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glimpse {
    /// The caller has taken it.
    Taken,
    /// Somebody has it, and nobody stands in line: it pays to look again.
    Held,
    /// Looking on does not help.
    InVain,
}

impl Mutex {
    /// Takes the lock if that is one exchange. As long as it is [`Glimpse::Held`], only loads; but who has looked many
    /// times before, as `looks` says, has the holder know.
    #[inline]
    pub fn glimpse<M: Memory>(&self, heap: &Heap<M>, me: LifeId, looks: u32) -> Result<Glimpse> {
        let seen = self.state(&heap.space)?;
        if seen & OWNER != 0 {
            self.seek(&heap.space, seen, looks)?;
            return Ok(Glimpse::Held);
        }
        if self.take_at_once(heap, me)? {
            return Ok(Glimpse::Taken);
        }
        Ok(if seen & DIED == 0 { Glimpse::Held } else { Glimpse::InVain }) // Another one was faster, or the last holder died.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::{self, MUTEX};
    use crate::mutex::{Freed, Taken};
    use crate::robust::OWNER_DIED;

    #[test]
    fn who_looks_out_takes_what_is_left() {
        for is_reentrant in [false, true] {
            let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
            let lock = Mutex::create(&heap, is_reentrant).unwrap();
            let [ours, theirs, third] = [1, 2, 3].map(|thread| life::play(&heap, thread));
            assert_eq!(lock.glimpse(&heap, ours, 0), Ok(Glimpse::Taken));
            assert!(lock.is_held_by(&heap, ours).unwrap());
            assert_eq!(lock.glimpse(&heap, theirs, 0), Ok(Glimpse::Held));
            let (_, ticket) = lock.enqueue(&heap, theirs, 1).unwrap();
            assert_eq!(lock.glimpse(&heap, third, 0), Ok(Glimpse::Held));
            assert_eq!(lock.release(&heap, ours), Ok(Freed::Done)); // It is handed over.
            assert_eq!(lock.glimpse(&heap, third, 0), Ok(Glimpse::Held));
            assert!(lock.is_held_by(&heap, theirs).unwrap());
            ticket.unwrap().free(&heap).unwrap();
            assert_eq!(lock.release(&heap, theirs), Ok(Freed::Done));
            assert_eq!(lock.glimpse(&heap, third, 0), Ok(Glimpse::Taken));
        }
    }

    #[test]
    fn a_lock_whose_holder_died_is_taken_by_who_learns_of_that() {
        let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
        let lock = Mutex::create(&heap, false).unwrap();
        let [dead, ours] = [1, 2].map(|thread| life::play(&heap, thread));
        assert_eq!(lock.glimpse(&heap, dead, 0), Ok(Glimpse::Taken));
        heap.space.memory.store(dead.at() + MUTEX, OWNER_DIED.into()).unwrap();
        assert_eq!(lock.glimpse(&heap, ours, 0), Ok(Glimpse::Held));
        heap.settle_all().unwrap();
        assert_eq!(lock.glimpse(&heap, ours, 0), Ok(Glimpse::InVain));
        assert_eq!(lock.try_acquire(&heap, ours), Ok(Taken::FromDead { pid: 1 }));
    }
}
