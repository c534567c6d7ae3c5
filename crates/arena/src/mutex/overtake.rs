//! Leaving a lock free for whoever runs, although somebody stands in line.

use super::{HANDED, LEFT_FREE, Mutex, OWNER, ROUSED, STATE};
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::wait::Ticket;
use crate::wait::line::{Pruned, first_alive};
use crate::wait::node::Standing;

/// How often a lock is handed over at most, in ns; that is how long a line may be overtaken.
const HANDED_OVER_EACH_NS: u64 = 100_000;

impl Mutex {
    /// Takes the lock if it is free although somebody stands in line, who is awake but not here yet.
    #[cold]
    pub(super) fn overtake<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        seen: u64,
    ) -> Result<bool> {
        let at = self.object.body(STATE);
        if seen != LEFT_FREE || heap.space.memory.exchange(at, seen, seen | me.word())? != seen {
            return Ok(false);
        }
        self.note_taken(&heap.space)?;
        Ok(true)
    }

    /// Leaves the lock free if the first in line is awake, and it is not the time to hand it over.
    #[cold]
    pub(super) fn leave_free<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        seen: u64,
    ) -> Result<bool> {
        let at = self.object.body(STATE);
        Ok(seen == LEFT_FREE | me.word()
            && !self.is_due(&heap.space)?
            && heap.space.memory.exchange(at, seen, LEFT_FREE)? == seen)
    }

    /// Whether it is time to hand the lock over.
    pub(super) fn is_due<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        let handed = space.memory.load(self.object.body(HANDED))?;
        Ok(space.memory.now_ns().saturating_sub(handed) >= HANDED_OVER_EACH_NS)
    }

    /// The lock was left free: has the first one in line look, if there is one. Returns whom to wake.
    pub(super) fn rouse_first<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
    ) -> Result<Option<u64>> {
        let Some(first) = first_alive(space, guard, self.line(), &mut Pruned::default())? else {
            space.memory.exchange(self.object.body(STATE), LEFT_FREE, 0)?;
            return Ok(None);
        };
        Ok(first.tell(space, Standing::Notified)?.then_some(first.at))
    }

    /// Under the object's lock: whoever leaves has to rouse us again, if we are the first in line. Returns whether
    /// somebody has the lock.
    pub(super) fn wait_on<M: Memory>(&self, space: &Space<M>, ticket: Ticket) -> Result<bool> {
        let seen = self.state(space)?;
        if seen & OWNER == 0 {
            return Ok(false);
        }
        let is_ours = ticket.before(space)?.is_none() && !is_planted(Bug::StillRoused);
        if is_ours && seen & ROUSED != 0 {
            let at = self.object.body(STATE);
            if space.memory.exchange(at, seen, seen & !ROUSED)? != seen {
                return Ok(false);
            }
        }
        if ticket.standing(space)?.is_told() {
            ticket.rearm(space)?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life;
    use crate::memory::Shared;
    use crate::mutex::{Freed, Glimpse, Taken};
    use crate::wait::Look;

    /// A lock with its first life as the holder, and the others in line.
    fn contended(lives: u32) -> (Heap<Shared>, Mutex, Vec<LifeId>, Vec<Ticket>) {
        let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
        let lock = Mutex::create(&heap, false).unwrap();
        let lives: Vec<_> = (1..=lives).map(|thread| life::play(&heap, thread)).collect();
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
        let stand = |&me: &LifeId| lock.enqueue(&heap, me, 1).unwrap().1.unwrap();
        let tickets = lives[1..].iter().map(stand).collect();
        (heap, lock, lives, tickets)
    }

    /// The lock was handed over at the end of time, or at its beginning.
    fn set_due(heap: &Heap<Shared>, lock: Mutex, is_due: bool) {
        let handed = if is_due { 0 } else { u64::MAX };
        heap.space.memory.store(lock.object.body(HANDED), handed).unwrap();
    }

    #[test]
    fn who_runs_may_overtake_until_the_lock_is_handed_over() {
        let (heap, lock, lives, tickets) = contended(3);
        set_due(&heap, lock, false);
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.is_locked(&heap), Ok(false));
        for _ in 0..3 {
            assert_eq!(lock.glimpse(&heap, lives[0], 0), Ok(Glimpse::Taken));
            assert_eq!(lock.glimpse(&heap, lives[2], 0), Ok(Glimpse::Held));
            assert_eq!(lock.leave_at_once(&heap, lives[0]), Ok(true));
        }
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
        set_due(&heap, lock, true);
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Busy));
        assert_eq!(lock.look(&heap, lives[1], tickets[0]), Ok(Look::Over(Taken::Now)));
    }

    #[test]
    fn who_was_roused_takes_what_is_free_or_is_roused_again() {
        let (heap, lock, lives, tickets) = contended(3);
        let is_roused = || !tickets[0].is_untold(&heap.space);
        set_due(&heap, lock, false);
        for _ in 0..3 {
            assert!(!is_roused());
            assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
            assert!(is_roused());
            assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
            let behind = Look::Behind(Some(lives[0]));
            assert_eq!(lock.look(&heap, lives[1], tickets[0]), Ok(behind));
        }
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.look(&heap, lives[2], tickets[1]), Ok(Look::Behind(Some(lives[1]))));
        assert_eq!(lock.look(&heap, lives[1], tickets[0]), Ok(Look::Over(Taken::Now)));
        assert!(lock.is_held_by(&heap, lives[1]).unwrap());
    }

    #[test]
    fn who_was_roused_and_gives_up_leaves_the_look_to_the_next_one() {
        let (heap, lock, lives, tickets) = contended(3);
        set_due(&heap, lock, false);
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.abandon(&heap, lives[1], tickets[0]), Ok(Taken::Busy));
        assert!(!tickets[1].is_untold(&heap.space));
        assert_eq!(lock.look(&heap, lives[2], tickets[1]), Ok(Look::Over(Taken::Now)));
        tickets[1].free(&heap).unwrap();
        assert_eq!(lock.leave_at_once(&heap, lives[2]), Ok(true));
    }

    #[test]
    fn a_line_that_has_dissolved_leaves_no_trace() {
        let (heap, lock, lives, tickets) = contended(2);
        set_due(&heap, lock, false);
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.abandon(&heap, lives[1], tickets[0]), Ok(Taken::Busy));
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
        let (taken, ticket) = lock.enqueue(&heap, lives[1], 1).unwrap();
        let (behind, ticket) = (Look::Behind(Some(lives[0])), ticket.unwrap());
        assert_eq!(taken, Taken::Busy);
        assert_eq!(lock.look(&heap, lives[1], ticket), Ok(behind));
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done)); // Rouses it, since nobody else will.
        assert!(!ticket.is_untold(&heap.space));
        assert_eq!(lock.abandon(&heap, lives[1], ticket), Ok(Taken::Busy));
        assert_eq!(lock.try_acquire(&heap, lives[0]), Ok(Taken::Now));
        set_due(&heap, lock, true);
        assert_eq!(lock.release(&heap, lives[0]), Ok(Freed::Done));
        assert_eq!(lock.state(&heap.space), Ok(0));
    }
}
