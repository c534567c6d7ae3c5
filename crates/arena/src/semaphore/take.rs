//! Taking a permit where that is not one exchange, and waiting for one.

use super::Semaphore;
use super::held::{Held, Manner, RECORDED};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex::Taken;
use crate::wait::line::{Pruned, prune_before};
use crate::wait::sleep::{Ended, Patience, await_node};
use crate::wait::{Look, Ticket, WATCHED_MAX};

impl Semaphore {
    #[cold]
    pub(super) fn try_slowly<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
    ) -> Result<Taken> {
        self.work(heap, Manner::Begin, |held| held.take(me, recorded))
    }

    /// Takes a permit, or stands in line for one.
    pub fn enqueue<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
    ) -> Result<(Taken, Option<Ticket>)> {
        let recorded = recorded || self.records_all;
        let ticket = Ticket::new(heap, me, if recorded { RECORDED } else { 0 })?;
        let outcome = self.work(heap, Manner::Begin, |held| {
            let taken = held.take(me, recorded)?;
            if let Ok(Taken::Busy) = taken {
                let mut change = Change::new();
                self.line().put(held.space, &mut change, ticket)?;
                held.guard.commit(&change)?;
            }
            Ok(taken)
        });
        match outcome {
            Ok(Taken::Busy) => Ok((Taken::Busy, Some(ticket))),
            other => {
                ticket.free(heap)?;
                other.map(|taken| (taken, None))
            }
        }
    }

    /// How a wait stands.
    pub fn look<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<Look<Taken>> {
        let space = &heap.space;
        self.work(heap, Manner::Begin, |held| {
            if ticket.is_in_line(space)? {
                // Nobody is told anything in this line before it is given a permit.
                let mut pruned = Pruned::default();
                prune_before(space, &held.guard, self.line(), ticket, &mut pruned)?;
                held.reclaim(None)?;
                if let Err(full) = held.distribute()? {
                    return Ok(Err(full));
                }
            }
            held.standing(ticket).map(Ok)
        })
    }

    /// Ends a wait. Returns how a permit was taken, if one was handed over before.
    pub fn abandon<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<Taken> {
        let space = &heap.space;
        let taken = self.work(heap, Manner::Surely, |held| {
            if let Look::Over(taken) = held.standing(ticket)? {
                return Ok(Ok(taken));
            }
            let behind = self.line().take_out(space, &held.guard, &ticket.node(space)?)?;
            held.wakes.extend(behind);
            Ok(Ok(Taken::Busy))
        })?;
        ticket.free(heap)?;
        Ok(taken)
    }

    /// Takes a permit, after having waited for it if need be. Nothing was taken if the wait ended otherwise.
    pub fn acquire<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
        patience: &mut impl Patience,
    ) -> Result<Ended<Taken>> {
        let (taken, ticket) = self.enqueue(heap, me, recorded)?;
        let Some(ticket) = ticket else { return Ok(Ended::Over(taken)) };
        let ended = await_node(heap, ticket, patience, || self.look(heap, ticket));
        match ended {
            Ok(Ended::Over(Taken::Busy)) => return Ok(Ended::GivenUp),
            Ok(Ended::Over(_)) => return ended,
            _ => {}
        }
        match (self.abandon(heap, ticket)?, ended) {
            (Taken::Busy, ended) => ended,
            (taken, Ok(Ended::TimedOut)) => Ok(Ended::Over(taken)),
            (_, ended) => {
                self.undo(heap, me, recorded)?;
                ended
            }
        }
    }
}

impl<M: Memory> Held<'_, M> {
    fn standing(&self, ticket: Ticket) -> Result<Look<Taken>> {
        if ticket.is_gone(self.space)? {
            return Ok(Look::Over(Taken::Busy));
        }
        if !ticket.is_in_line(self.space)? {
            let argument = ticket.argument(self.space)?;
            return self.semaphore.taken_by_node(self.space, argument).map(Look::Over);
        }
        if let Some(before) = ticket.before(self.space)? {
            return Ok(Look::Behind(Some(before.life)));
        }
        let records = self.semaphore.records(self.space)?;
        let mut holders: Vec<LifeId> = records.into_iter().map(|record| record.life).collect();
        holders.truncate(WATCHED_MAX);
        Ok(Look::BehindAny(holders))
    }
}
