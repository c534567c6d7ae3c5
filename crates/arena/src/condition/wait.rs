//! Waiting to be told, and taking the lock again.

use std::sync::Arc;

use super::Condition;
use crate::change::Change;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex::Taken;
use crate::spin::Spinner;
use crate::wait::line::{has_ended, rouse};
use crate::wait::node;
use crate::wait::sleep::{Ended, Patience, await_node, await_over};
use crate::wait::tell::wake_all;
use crate::wait::{Bell, Look, Ticket};

/// How a wait for a condition ended. The lock is held again, as often as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// Whether the thread was told.
    pub notified: bool,
    /// Whether the caller's patience wanted to end the wait: what it was told has been passed on.
    pub given_up: bool,
    /// How the lock was taken: not at all, by a deputy that has ended.
    pub taken: Taken,
}

/// A patience without a deadline, that only notes that it was to end.
struct Stubborn<'a, P> {
    patience: &'a mut P,
    given_up: bool,
}

impl<P: Patience> Patience for Stubborn<'_, P> {
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool {
        self.given_up |= !self.patience.rest(sleep);
        true
    }

    fn deadline_ns(&self) -> u64 {
        u64::MAX
    }

    fn bell(&self) -> Option<Arc<Bell>> {
        self.patience.bell()
    }

    fn spinner(&mut self) -> &mut Spinner {
        self.patience.spinner()
    }
}

impl Condition {
    /// Stands in line. The lock still has to be left. `None` if this thread may not.
    pub fn stand<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Option<Ticket>> {
        if !self.is_owned(heap, me)? {
            return Ok(None);
        }
        let ticket = Ticket::new(heap, me, 0)?;
        let outcome = (|| {
            let guard = heap.begin(self.object)?;
            let mut change = Change::new();
            self.line().put(&heap.space, &mut change, ticket)?;
            guard.commit(&change)
        })();
        match outcome {
            Ok(()) => Ok(Some(ticket)),
            Err(failure) => {
                ticket.free(heap)?;
                Err(failure)
            }
        }
    }

    /// How a wait stands. When it is over, the node still stands in line, until [`Self::leave`].
    pub fn look<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<Look<()>> {
        let space = &heap.space;
        let (look, wakes) = {
            let guard = heap.lock(self.object)?;
            if ticket.is_gone(space)? {
                return Ok(Look::Over(()));
            }
            let has_dead = match ticket.before(space)? {
                Some(before) => has_ended(space, &before, None)?,
                None => false,
            };
            // What a dead one was told may be for us now.
            let wakes = match has_dead {
                true => self.line().prune_passing_on(space, &guard, None)?,
                false => Vec::new(),
            };
            let is_over = ticket.standing(space)?.is_told();
            let behind = ticket.behind(space, None)?;
            (if is_over { Look::Over(()) } else { Look::Behind(behind) }, wakes)
        };
        wake_all(space, &wakes)?;
        Ok(look)
    }

    /// Ends a wait that was told nothing by now. Returns whether it was told, and stands in line therefore.
    pub fn give_up<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<bool> {
        let space = &heap.space;
        let behind = {
            let guard = heap.lock(self.object)?;
            if ticket.is_gone(space)? {
                return Ok(false);
            }
            if ticket.standing(space)?.is_told() {
                return Ok(true);
            }
            self.line().take_out(space, &guard, &ticket.node(space)?)?
        };
        ticket.free(heap)?;
        wake_all(space, behind.as_slice())?;
        Ok(false)
    }

    /// Leaves the line, having been told; `in_vain`: somebody else is to be told instead.
    pub fn leave<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket, in_vain: bool) -> Result<()> {
        let space = &heap.space;
        let wakes = {
            let guard = heap.lock(self.object)?;
            if ticket.is_gone(space)? {
                return Ok(());
            }
            let (line, node) = (self.line(), ticket.node(space)?);
            let mut change = Change::new();
            let heir = match in_vain {
                true => line.pass_on(space, &mut change, &node, None)?,
                false => None,
            };
            let behind = line.behind(space, &node)?;
            line.take(space, &mut change, &node, false)?;
            guard.commit(&change)?;
            [heir, rouse(space, behind)?]
        };
        ticket.free(heap)?;
        wakes.iter().flatten().try_for_each(|&at| node::wake(space, at))
    }

    /// Leaves the lock, waits to be told, and takes the lock again. `None` if this thread does not hold it.
    pub fn wait<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        patience: &mut impl Patience,
    ) -> Result<Option<Waited>> {
        let Some(ticket) = self.stand(heap, me)? else { return Ok(None) };
        let Some(levels) = self.mutex.release_wholly(heap, me)? else {
            if self.give_up(heap, ticket)? {
                self.leave(heap, ticket, true)?;
            }
            return Ok(None);
        };
        let ended = await_over(heap, ticket, patience, || self.look(heap, ticket));
        if ticket.is_gone(&heap.space)? {
            return Ok(Some(Waited { notified: false, given_up: true, taken: Taken::Busy }));
        }
        let notified = matches!(ended, Ok(Ended::Over(()))) || self.give_up(heap, ticket)?;
        let taken = self.take_back(heap, me, levels, patience);
        let given_up = match (&taken, &ended) {
            (Ok((_, given_up)), Ok(ended)) => *given_up || *ended == Ended::GivenUp,
            _ => true,
        };
        if notified {
            self.leave(heap, ticket, given_up)?;
        }
        let (taken, _) = taken?;
        ended?;
        Ok(Some(Waited { notified, given_up, taken }))
    }

    /// Takes the lock again, whatever signals come. Returns how, and whether the caller wanted to give up meanwhile.
    fn take_back<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        levels: u64,
        patience: &mut impl Patience,
    ) -> Result<(Taken, bool)> {
        let mut patience = Stubborn { patience, given_up: false };
        let mut interrupted = false;
        let (mut taken, mut ticket) = (Taken::Busy, None);
        while taken == Taken::Busy {
            let outcome = match ticket {
                None => self.mutex.enqueue(heap, me, levels),
                Some(waiting) => {
                    let look = || self.mutex.look(heap, me, waiting);
                    match await_node(heap, waiting, &mut patience, look) {
                        // A deputy that has ended.
                        Ok(Ended::Over(Taken::Busy)) => return Ok((Taken::Busy, true)),
                        Ok(Ended::Over(taken)) => Ok((taken, None)),
                        Ok(Ended::TimedOut | Ended::GivenUp) => Ok((Taken::Busy, ticket)),
                        Err(failure) => Err(failure),
                    }
                }
            };
            match (outcome, ticket) {
                (Ok(found), _) => (taken, ticket) = found,
                (Err(Failure::Interrupted), _) => interrupted = true,
                (Err(failure), None) => return Err(failure),
                (Err(failure), Some(ticket)) => {
                    self.mutex.abandon(heap, me, ticket)?;
                    return Err(failure);
                }
            }
        }
        if interrupted { Err(Failure::Interrupted) } else { Ok((taken, patience.given_up)) }
    }
}
