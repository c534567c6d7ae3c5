//! Taking and leaving a lock where that is not one exchange, and who holds it.

use super::{
    COUNT, DEAD, DIED, FROZEN, HANDED, LEFT_FREE, Mutex, OWNER, ROUSED, SINCE, SITE, STATE, Taken,
    WAITERS,
};
use crate::change::Change;
use crate::clock;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::{self, Ending, LifeId};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::site;
use crate::slots;
use crate::wait::line::{Pruned, first_alive};
use crate::wait::node::{Node, Standing};
use crate::wait::tell::wake_all;

/// What became of an attempt to leave a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// It was left, or one level of it.
    Done,
    /// Nobody holds it.
    NotHeld,
    /// Another thread holds it, and only that one may leave it.
    NotOwner,
}

impl Mutex {
    pub(super) fn state<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.object.body(STATE))
    }

    /// The exchange found `seen`: only a dead holder, or one who has left meanwhile, can be followed.
    #[cold]
    pub(super) fn try_slowly<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        seen: u64,
    ) -> Result<Taken> {
        if let Some(owner) = LifeId::from_word(seen & OWNER)
            && life::ending(&heap.space, owner)? != Ending::Died
        {
            return Ok(Taken::Busy);
        }
        let (taken, wake) = {
            let guard = heap.begin(self.object)?;
            let wake = self.settle(&heap.space, &guard, None)?;
            (self.take_free(&heap.space, &guard, me)?, wake)
        };
        wake_all(&heap.space, wake.as_slice())?;
        Ok(taken)
    }

    /// Takes the lock if nobody holds it, who came first. The caller has the object's lock and has settled.
    pub(super) fn take_free<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        me: LifeId,
    ) -> Result<Taken> {
        let (at, site) = (self.object.body(STATE), site::noted(space, me)?);
        loop {
            let seen = self.state(space)?;
            if seen & OWNER != 0 {
                return Ok(Taken::Busy);
            }
            // If it was left free since `settle`, somebody stands in line.
            let bits = seen & (DIED | WAITERS | ROUSED);
            if let Some(site) = site {
                if self.freeze(space, seen)? {
                    self.take_from(space, guard, me, bits, site)?;
                    return self.taken(space, seen);
                }
                continue;
            }
            if space.memory.exchange(at, seen, bits | me.word())? == seen {
                self.note_taken(space)?;
                return self.taken(space, seen);
            }
        }
    }

    /// Takes a free lock, whose state is frozen, from a site.
    fn take_from<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        me: LifeId,
        bits: u64,
        site: u64,
    ) -> Result<()> {
        let mut change = Change::new();
        change.write(self.object.body(STATE), me.word() | bits);
        change.write(self.object.body(COUNT), 1);
        change.write(self.object.body(SINCE), clock::coarse_ns());
        if is_planted(Bug::SiteApart) {
            guard.commit(&change)?;
            return space.memory.store(self.object.body(SITE), site);
        }
        change.write(self.object.body(SITE), site);
        guard.commit(&change)
    }

    /// How a lock was taken whose state is `state`.
    pub(super) fn taken<M: Memory>(&self, space: &Space<M>, state: u64) -> Result<Taken> {
        if state & DIED == 0 {
            return Ok(Taken::Now);
        }
        let pid = life::low(space.memory.load(self.object.body(DEAD))?);
        Ok(Taken::FromDead { pid })
    }

    #[cold]
    pub(super) fn release_slowly<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Freed> {
        let space = &heap.space;
        let wake = {
            let guard = heap.begin(self.object)?;
            loop {
                let state = self.state(space)?;
                if state & OWNER == 0 {
                    return Ok(Freed::NotHeld);
                }
                if self.is_reentrant && state & OWNER != me.word() {
                    return Ok(Freed::NotOwner);
                }
                if state & DIED == 0 && !self.is_due(space)? {
                    let at = self.object.body(STATE);
                    if space.memory.exchange(at, state, LEFT_FREE)? == state {
                        break self.rouse_first(space, &guard)?;
                    }
                } else if self.freeze(space, state)? {
                    break self.hand_over(space, &guard, 0)?;
                }
            }
        };
        wake_all(space, wake.as_slice())?;
        Ok(Freed::Done)
    }

    /// Keeps everybody from changing the state by one exchange. Returns whether it still is `state`; who has the
    /// object's lock is the only one who changes it then.
    fn freeze<M: Memory>(&self, space: &Space<M>, state: u64) -> Result<bool> {
        let frozen = state | WAITERS | FROZEN;
        Ok(space.memory.exchange(self.object.body(STATE), state, frozen)? == state)
    }

    /// Makes the first one in line the holder, or nobody. `mark` is [`DIED`] if the last one did. The state is frozen.
    /// Returns whom to wake.
    fn hand_over<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        mark: u64,
    ) -> Result<Option<u64>> {
        let (line, at) = (self.line(), self.object.body(STATE));
        // Who stood behind those that have ended is first now.
        let Some(first) = first_alive(space, guard, line, &mut Pruned::default())? else {
            space.memory.store(at, mark)?;
            return Ok(None);
        };
        let mut change = Change::new();
        let others = line.behind(space, &first)?.map_or(0, |_| WAITERS);
        change.write(at, first.life.word() | others | mark);
        if self.is_reentrant {
            change.write(self.object.body(COUNT), first.argument(space)?);
        }
        if let Some(site) = site::noted(space, first.life)? {
            change.write(self.object.body(SITE), site);
        }
        line.take(space, &mut change, &first, false)?;
        guard.commit(&change)?;
        space.memory.store(self.object.body(HANDED), space.memory.now_ns())?;
        Self::tell_granted(space, &first)
    }

    fn tell_granted<M: Memory>(space: &Space<M>, node: &Node) -> Result<Option<u64>> {
        Ok(node.tell(space, Standing::Granted)?.then_some(node.at))
    }

    /// Under the object's lock: gives the lock on that a dead holder had, or one of the slot `victim`, or nobody. Returns
    /// whom to wake.
    pub(super) fn settle<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        victim: Option<u64>,
    ) -> Result<Option<u64>> {
        let state = self.state(space)?;
        let Some(owner) = LifeId::from_word(state & OWNER) else {
            let waits = !self.line().is_empty(space)? && self.freeze(space, state)?;
            return if waits { self.hand_over(space, guard, state & DIED) } else { Ok(None) };
        };
        let ending = match life::slot_of(space, owner)? {
            Some(slot) if victim == Some(slot) => {
                if slots::is_orderly(space, slot)? {
                    Ending::InOrder
                } else {
                    Ending::Died
                }
            }
            _ if victim.is_some() => return Ok(None),
            _ => life::ending(space, owner)?,
        };
        match ending {
            Ending::Died => {
                let pid = life::who(space, owner)?.pid;
                let site = space.memory.load(self.object.body(SITE))?;
                space.memory.store(self.object.body(DEAD), u64::from(pid) | site << 32)?;
                if self.freeze(space, state)? {
                    self.hand_over(space, guard, DIED)
                } else {
                    Ok(None)
                }
            }
            Ending::InOrder if victim.is_some() => {
                // Its record goes; what it held stays held.
                let kept = state & !OWNER | LifeId::GONE_IN_ORDER.word();
                space.memory.exchange(self.object.body(STATE), state, kept)?;
                Ok(None)
            }
            Ending::Lives | Ending::InOrder => Ok(None),
        }
    }

    /// Undoes a taking of which nobody learnt, by one who did not have the lock before.
    pub fn give_back<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<()> {
        if self.is_reentrant {
            heap.space.memory.store(self.object.body(COUNT), 1)?;
        }
        self.release(heap, me).map(|_| ())
    }

    /// Leaves the lock wholly, and says how often it was taken: for a wait that takes it again so often.
    pub fn release_wholly<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Option<u64>> {
        let space = &heap.space;
        if self.is_reentrant {
            if !self.is_held_by(heap, me)? {
                return Ok(None);
            }
            let levels = space.memory.load(self.object.body(COUNT))?;
            space.memory.store(self.object.body(COUNT), 1)?;
            self.release(heap, me)?;
            return Ok(Some(levels));
        }
        Ok((self.release(heap, me)? == Freed::Done).then_some(1))
    }
}
