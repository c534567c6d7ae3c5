//! Coming, and waiting for the others.

use super::{BROKE, BROKEN, Barrier, COUNT, Finish, GENERATION_SHIFT, PARTIES, STATE};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::{Space, THREADS};
use crate::life::{self, Ending, LifeId};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::wait::line::rouse;
use crate::wait::node::{Node, Standing};
use crate::wait::sleep::{Ended, Patience, await_node};
use crate::wait::tell::wake_all;
use crate::wait::{Look, Ticket};

/// In a node's argument: its number among those who have come. The rest is the generation.
const INDEX_BITS: u32 = 12;
const _: () = assert!(THREADS < 1 << INDEX_BITS);

/// How a meeting ended for one of the parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// All have come; a different number for each, below that of the parties.
    All(u64),
    /// The barrier is or was broken, or was reset.
    Broken,
}

/// What an arrival comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// There is nothing to wait for.
    Over(Met),
    /// Others have to come yet.
    Waits(Ticket),
}

/// The generation in which a node has come.
pub(super) fn generation_of<M: Memory>(space: &Space<M>, node: &Node) -> Result<u64> {
    Ok(node.argument(space)? >> INDEX_BITS)
}

impl Barrier {
    pub(super) fn generation<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        // As many bits as a node has for it.
        Ok(self.word(space, STATE)? >> GENERATION_SHIFT << INDEX_BITS >> INDEX_BITS)
    }

    /// Lists what ends the generation. Everybody must have been told how the one before ended.
    pub(super) fn finish<M: Memory>(
        &self,
        space: &Space<M>,
        change: &mut Change,
        how: Finish,
    ) -> Result<()> {
        let state = self.word(space, STATE)?;
        let is_idle = self.word(space, COUNT)? == 0 && how != Finish::Passed;
        let is_same = if how == Finish::Broken { state & BROKEN != 0 } else { state & BROKEN == 0 };
        if is_idle && is_same {
            return Ok(());
        }
        let bits = match how {
            Finish::Passed => 0,
            Finish::Broken => BROKEN | BROKE,
            Finish::Reset => BROKE,
        };
        let next = (state >> GENERATION_SHIFT).wrapping_add(1);
        change.write(self.object.body(STATE), next << GENERATION_SHIFT | bits);
        change.write(self.object.body(COUNT), 0);
        Ok(())
    }

    /// Tells those who have not been told yet how the last generation ended.
    pub(super) fn tell<M: Memory>(&self, space: &Space<M>, wakes: &mut Vec<u64>) -> Result<()> {
        let is_broken = self.word(space, STATE)? & BROKE != 0;
        let how = if is_broken { Standing::Notified } else { Standing::Granted };
        let now = self.generation(space)?;
        for node in self.line().nodes(space)? {
            if generation_of(space, &node)? != now
                && !node.standing(space)?.is_told()
                && node.tell(space, how)?
            {
                wakes.push(node.at);
            }
        }
        Ok(())
    }

    /// Tells whoever has not been told, and takes out those who have ended, and those of `victim`, a slot that is
    /// being swept. The death of one that waited breaks the barrier.
    pub(super) fn settle<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        victim: Option<u64>,
        wakes: &mut Vec<u64>,
    ) -> Result<()> {
        self.tell(space, wakes)?;
        for node in self.line().nodes(space)? {
            let ending = match life::ending_in_sweep(space, node.life, victim)? {
                Ending::Lives if victim.is_some_and(|slot| node.is_of_slot(slot)) => Ending::Died,
                Ending::Lives => continue,
                ended => ended,
            };
            let mut change = Change::new();
            self.line().take(space, &mut change, &node, true)?;
            if generation_of(space, &node)? == self.generation(space)? {
                if ending == Ending::Died {
                    self.finish(space, &mut change, Finish::Broken)?;
                } else {
                    self.count_down(space, &mut change)?;
                }
            }
            guard.commit(&change)?;
            self.tell(space, wakes)?;
        }
        Ok(())
    }

    fn count_down<M: Memory>(&self, space: &Space<M>, change: &mut Change) -> Result<()> {
        let Some(rest) = self.word(space, COUNT)?.checked_sub(1) else {
            return corrupt("more threads wait at a barrier than have come");
        };
        change.write(self.object.body(COUNT), rest);
        Ok(())
    }

    /// Comes to the barrier.
    pub fn arrive<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Arrival> {
        let space = &heap.space;
        let ticket = Ticket::new(heap, me, 0)?;
        let mut wakes = Vec::new();
        let arrival = self.meet(heap, ticket, &mut wakes);
        if !matches!(arrival, Ok(Arrival::Waits(_))) {
            ticket.free(heap)?;
        }
        wake_all(space, &wakes)?;
        arrival
    }

    fn meet<M: Memory>(
        &self,
        heap: &Heap<M>,
        ticket: Ticket,
        wakes: &mut Vec<u64>,
    ) -> Result<Arrival> {
        let space = &heap.space;
        let guard = heap.begin(self.object)?;
        self.settle(space, &guard, None, wakes)?;
        if self.word(space, STATE)? & BROKEN != 0 {
            return Ok(Arrival::Over(Met::Broken));
        }
        let (count, index) = (self.word(space, COUNT)?, self.free_index(space)?);
        let mut change = Change::new();
        if count + 1 == self.word(space, PARTIES)? {
            self.finish(space, &mut change, Finish::Passed)?;
            if is_planted(Bug::MeetingCountedApart) {
                change = Change::new();
                change.write(self.object.body(COUNT), 0);
                guard.commit(&change)?;
                change = Change::new();
                self.finish(space, &mut change, Finish::Passed)?;
            }
            guard.commit(&change)?;
            self.tell(space, wakes)?;
            return Ok(Arrival::Over(Met::All(index)));
        }
        ticket.note(space, self.generation(space)? << INDEX_BITS | index)?;
        self.line().put(space, &mut change, ticket)?;
        change.write(self.object.body(COUNT), count + 1);
        guard.commit(&change)?;
        Ok(Arrival::Waits(ticket))
    }

    /// The first number that nobody of this generation has.
    fn free_index<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        let (now, mut taken) = (self.generation(space)?, [false; 1 << INDEX_BITS]);
        if self.word(space, COUNT)? == 0 {
            return Ok(0);
        }
        for node in self.line().nodes(space)? {
            let argument = node.argument(space)?;
            if argument >> INDEX_BITS == now {
                taken[index_of(argument)] = true;
            }
        }
        match (0..).zip(taken).find(|(_, is_taken)| !is_taken) {
            Some((index, _)) => Ok(index),
            None => corrupt("more threads wait at a barrier than there are"),
        }
    }

    /// How a wait stands.
    pub fn look<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<Look<Met>> {
        let space = &heap.space;
        let mut wakes = Vec::new();
        let look = {
            let guard = heap.begin(self.object)?;
            self.settle(space, &guard, None, &mut wakes)?;
            match self.met(space, ticket)? {
                Some(met) if ticket.is_gone(space)? => Look::Over(met),
                Some(met) => {
                    let mut change = Change::new();
                    self.line().take(space, &mut change, &ticket.node(space)?, false)?;
                    guard.commit(&change)?;
                    Look::Over(met)
                }
                None => Look::Behind(ticket.behind(space, None)?),
            }
        };
        wake_all(space, &wakes)?;
        Ok(look)
    }

    /// How a wait has ended, if it has; everybody has been told.
    fn met<M: Memory>(&self, space: &Space<M>, ticket: Ticket) -> Result<Option<Met>> {
        if ticket.is_gone(space)? {
            return Ok(Some(Met::Broken));
        }
        let index = index_of(ticket.argument(space)?) as u64;
        Ok(match ticket.standing(space)? {
            Standing::Granted => Some(Met::All(index)),
            Standing::Notified => Some(Met::Broken),
            Standing::Waiting | Standing::Sleeping | Standing::Stirred => None,
        })
    }

    /// Ends a wait. If the time for it has passed (`is_late`), that breaks the barrier; else it is as if the thread had
    /// not come. Returns how the meeting ended, if it had by then, or has now.
    pub fn abandon<M: Memory>(
        &self,
        heap: &Heap<M>,
        ticket: Ticket,
        is_late: bool,
    ) -> Result<Option<Met>> {
        let space = &heap.space;
        let mut wakes = Vec::new();
        let met = {
            let guard = heap.lock(self.object)?;
            self.settle(space, &guard, None, &mut wakes)?;
            let met = self.met(space, ticket)?;
            let (mut change, mut behind) = (Change::new(), None);
            if !ticket.is_gone(space)? {
                let node = ticket.node(space)?;
                behind = self.line().behind(space, &node)?;
                self.line().take(space, &mut change, &node, false)?;
            }
            match met {
                Some(_) => {}
                None if is_late => self.finish(space, &mut change, Finish::Broken)?,
                None => self.count_down(space, &mut change)?,
            }
            guard.commit(&change)?;
            wakes.extend(rouse(space, behind)?);
            self.tell(space, &mut wakes)?;
            if is_late { met.or(Some(Met::Broken)) } else { met }
        };
        ticket.free(heap)?;
        wake_all(space, &wakes)?;
        Ok(met)
    }

    /// Comes, and waits for the others. `breaks`: if the time for it passes, that breaks the barrier.
    pub fn wait<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        breaks: bool,
        patience: &mut impl Patience,
    ) -> Result<Ended<Met>> {
        let ticket = match self.arrive(heap, me)? {
            Arrival::Over(met) => return Ok(Ended::Over(met)),
            Arrival::Waits(ticket) => ticket,
        };
        let ended = await_node(heap, ticket, patience, || self.look(heap, ticket));
        match ended {
            Ok(Ended::Over(_)) => ended,
            Ok(Ended::TimedOut) if breaks => {
                let met = self.abandon(heap, ticket, true)?;
                Ok(Ended::Over(met.unwrap_or(Met::Broken)))
            }
            _ => {
                self.abandon(heap, ticket, false)?;
                ended
            }
        }
    }
}

fn index_of(argument: u64) -> usize {
    (argument & ((1 << INDEX_BITS) - 1)) as usize
}
