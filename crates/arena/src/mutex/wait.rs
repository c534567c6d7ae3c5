//! Standing in line for a lock.

use super::{COUNT, Mutex, OWNER, SINCE, STATE, Taken, WAITERS};
use crate::change::Change;
use crate::clock;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::wait::line::{Pruned, prune_before};
use crate::wait::tell::wake_all;
use crate::wait::{Look, Ticket};

impl Mutex {
    /// Takes the lock, or stands in line for it. `levels` is how often a reentrant one shall be taken.
    pub fn enqueue<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        levels: u64,
    ) -> Result<(Taken, Option<Ticket>)> {
        let ticket = Ticket::new(heap, me, levels)?;
        let outcome = self.take_or_stand(heap, me, ticket);
        match outcome {
            Ok((Taken::Busy, wake)) => {
                wake_all(&heap.space, wake.as_slice())?;
                Ok((Taken::Busy, Some(ticket)))
            }
            Ok((taken, _)) => {
                ticket.free(heap)?;
                if self.is_reentrant {
                    heap.space.memory.store(self.object.body(COUNT), levels)?;
                }
                Ok((taken, None))
            }
            Err(failure) => {
                ticket.free(heap)?;
                Err(failure)
            }
        }
    }

    fn take_or_stand<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        ticket: Ticket,
    ) -> Result<(Taken, Option<u64>)> {
        let (space, at) = (&heap.space, self.object.body(STATE));
        let guard = heap.begin(self.object)?;
        let wake = self.settle(space, &guard, None)?;
        loop {
            let taken = self.take_free(space, &guard, me)?;
            if taken != Taken::Busy {
                return Ok((taken, wake));
            }
            // From here on the holder leaves it to whoever is first in line, which looks before it sleeps.
            let seen = self.state(space)?;
            if seen & OWNER != 0 && space.memory.exchange(at, seen, seen | WAITERS)? == seen {
                break;
            }
        }
        let mut change = Change::new();
        self.line().put(space, &mut change, ticket)?;
        guard.commit(&change)?;
        Ok((Taken::Busy, wake))
    }

    /// How the wait of a thread stands that has a ticket.
    pub fn look<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        ticket: Ticket,
    ) -> Result<Look<Taken>> {
        let space = &heap.space;
        let (outcome, wake) = {
            let guard = heap.lock(self.object)?;
            if ticket.is_in_line(space)? {
                // What a dead one was told is not passed on: whoever stands behind it looks, as we do now.
                prune_before(space, &guard, self.line(), ticket, &mut Pruned::default())?;
            }
            let wake = loop {
                let wake = self.settle(space, &guard, None)?; // This may end our wait.
                if !ticket.is_in_line(space)? || self.wait_on(space, ticket)? {
                    break wake;
                }
            };
            (self.standing(space, me, ticket)?, wake)
        };
        wake_all(space, wake.as_slice())?;
        Ok(outcome)
    }

    fn standing<M: Memory>(
        &self,
        space: &Space<M>,
        me: LifeId,
        ticket: Ticket,
    ) -> Result<Look<Taken>> {
        let state = self.state(space)?;
        if !ticket.is_in_line(space)? {
            if state & OWNER != me.word() {
                return Ok(Look::Over(Taken::Busy)); // A deputy that has ended meanwhile.
            }
            space.memory.store(self.object.body(SINCE), clock::coarse_ns())?;
            return self.taken(space, state).map(Look::Over);
        }
        Ok(Look::Behind(ticket.behind(space, LifeId::from_word(state & OWNER))?))
    }

    /// Ends a wait. Returns how the lock was taken, if it was handed over before.
    pub fn abandon<M: Memory>(&self, heap: &Heap<M>, me: LifeId, ticket: Ticket) -> Result<Taken> {
        let space = &heap.space;
        let (outcome, wake) = {
            let guard = heap.lock(self.object)?;
            if ticket.is_in_line(space)? {
                (Taken::Busy, self.line().take_out(space, &guard, &ticket.node(space)?)?)
            } else {
                match self.standing(space, me, ticket)? {
                    Look::Over(taken) => (taken, None),
                    _ => return corrupt("a node stands in a line and does not"),
                }
            }
        };
        ticket.free(heap)?;
        wake_all(space, wake.as_slice())?;
        Ok(outcome)
    }
}
