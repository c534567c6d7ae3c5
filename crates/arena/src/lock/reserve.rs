//! Reserving an object: its lock goes to one thread only, for as long as several operations of that thread take.
//!
//! What needs a comparison of the user's, or more than one look, is done on a copy, and stored if the object is still
//! what was copied. With others who change it all the time that would never be: so, after a few tries, a thread has
//! them wait.
//!
//! A reservation is a favour and no lock: nothing relies on it, and whoever loses it only tries again. So it needs no
//! recovery. Who waits for it looks whether its thread still exists, and ignores it after [`PATIENCE_NS`]; a thread has
//! one at a time, and gives it up before it waits for another's.
//!
//! It stands in the upper half of the lock word, so that the first exchange fails: who finds none pays nothing. Only where
//! an operation begins is it heeded: not by whoever cleans up, or counts who holds the object.

use std::cell::Cell;

use super::Guard;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Handle, resolve};
use crate::robust::{OWNER, WAITERS};

/// Where the thread's number begins in a lock word.
const SHIFT: u32 = 33;
/// How long somebody else waits for a thread that exists: it may be stopped, or wait for that one.
const PATIENCE_NS: u64 = 10_000_000_000;

thread_local! {
    /// What this thread has reserved: the space's address, as a number, and the object's offset there.
    static OURS: Cell<Option<(usize, u64)>> = const { Cell::new(None) };
}

/// The part of a lock word that says for whom it is reserved.
pub(crate) const RESERVATION: u64 = u64::MAX << SHIFT;

/// For whom a lock word is reserved; 0 for nobody.
#[inline]
pub(super) fn reserved_for(word: u64) -> u64 {
    word >> SHIFT
}

/// Whether thread `me` may begin an operation with the lock, if nobody has it.
#[inline]
pub(super) fn is_for(word: u64, me: u64) -> bool {
    reserved_for(word) == 0 || reserved_for(word) == me
}

/// For thread `me`, which has waited since `began_ns`: ends a reservation that means nothing; for one that does, the
/// thread gives up its own, so that no two wait for each other. Returns the word.
pub(super) fn heed<M: Memory>(
    space: &Space<M>,
    word: u64,
    seen: u64,
    me: u64,
    began_ns: u64,
) -> Result<u64> {
    let memory = &space.memory;
    if is_for(seen, me) {
        return Ok(seen);
    }
    if memory.is_thread(reserved_for(seen)) && memory.now_ns() - began_ns < PATIENCE_NS {
        give_up(space)?;
        return Ok(seen);
    }
    let without = seen & !RESERVATION;
    let now = memory.exchange(word, seen, without)?;
    Ok(if now == seen { without } else { now })
}

fn give_up<M: Memory>(space: &Space<M>) -> Result<()> {
    match OURS.get() {
        Some((of, at)) if of == address(space) => {
            OURS.set(None);
            clear(space, at)
        }
        _ => Ok(()),
    }
}

/// Leaves a lock that stays reserved; `rest` is what else is to be there.
pub(super) fn leave_reserved<M: Memory>(space: &Space<M>, at: u64, rest: u64) {
    let (memory, word) = (&space.memory, at + lockable::LOCK);
    let before = replace(memory, word, |seen| Some(rest | seen & RESERVATION));
    if let Ok(Some(before)) = before
        && before & u64::from(WAITERS) != 0
    {
        let _ = memory.wake(word, u32::MAX); // Who may take it is one of them. If not, it looks at the clock.
    }
    memory.disarm();
}

/// Replaces a word by what `next` makes of it, if anything, and returns what it was then.
fn replace<M: Memory>(
    memory: &M,
    word: u64,
    next: impl Fn(u64) -> Option<u64>,
) -> Result<Option<u64>> {
    let mut seen = memory.load(word)?;
    while let Some(new) = next(seen) {
        let now = memory.exchange(word, seen, new)?;
        if now == seen {
            return Ok(Some(seen));
        }
        seen = now;
    }
    Ok(None)
}

fn address<M: Memory>(space: &Space<M>) -> usize {
    std::ptr::from_ref(space).addr()
}

/// Ends this thread's reservation, if it is there still.
pub(crate) fn clear<M: Memory>(space: &Space<M>, at: u64) -> Result<()> {
    let (memory, word) = (&space.memory, at + lockable::LOCK);
    let me = u64::from(memory.thread()?);
    // Of who waits for an owner, that one takes care.
    let waiters = |seen: u64| match seen & u64::from(OWNER) {
        0 => seen & u64::from(WAITERS),
        _ => 0,
    };
    let ours = |seen| reserved_for(seen) == me;
    let before =
        replace(memory, word, |seen| ours(seen).then(|| seen & !(RESERVATION | waiters(seen))))?;
    match before {
        // Who is woken assumes that others sleep.
        Some(before) if waiters(before) != 0 && !is_planted(Bug::EndedUnheard) => {
            memory.wake(word, 1)
        }
        _ => Ok(()),
    }
}

impl<M: Memory> Heap<M> {
    /// Has all other threads wait for an object until [`Self::end_reservation`], but for at most 10 seconds, and no longer
    /// than until this thread waits for what others have reserved. Returns whether this thread had not reserved it before.
    ///
    /// Changes of the object by others are no longer likely, and still possible.
    pub fn begin_reservation(&self, handle: Handle) -> Result<bool> {
        let object = resolve(&self.space, handle)?;
        let this = (address(&self.space), object.at);
        let guard = self.begin(object)?;
        let word = self.space.memory.load(object.at + lockable::LOCK)?;
        let me = u64::from(self.space.memory.thread()?);
        if OURS.get() == Some(this) && reserved_for(word) == me {
            return Ok(false);
        }
        guard.reserve()?;
        drop(guard);
        if OURS.get() != Some(this) {
            give_up(&self.space)?;
        }
        OURS.set(Some(this));
        Ok(true)
    }

    /// Ends what [`Self::begin_reservation`] began. It may have ended before.
    pub fn end_reservation(&self, handle: Handle) -> Result<()> {
        let at = resolve(&self.space, handle)?.at;
        if OURS.get() == Some((address(&self.space), at)) {
            OURS.set(None);
            clear(&self.space, at)?;
        }
        Ok(())
    }

    /// Runs `job` with an object reserved.
    pub fn reserving<T>(&self, handle: Handle, job: impl FnOnce() -> Result<T>) -> Result<T> {
        let is_new = self.begin_reservation(handle)?;
        let outcome = job();
        if is_new {
            self.end_reservation(handle)?;
        }
        outcome
    }
}

impl<M: Memory> Guard<'_, M> {
    /// From now on the lock is for this thread.
    pub(crate) fn reserve(&self) -> Result<()> {
        let (memory, word) = (&self.space.memory, self.at() + lockable::LOCK);
        let mine = u64::from(memory.thread()?) << SHIFT;
        self.place.set(self.place.get() | super::IS_RESERVED);
        // Somebody may announce its sleep meanwhile.
        replace(memory, word, |seen| Some(seen & !RESERVATION | mine)).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
