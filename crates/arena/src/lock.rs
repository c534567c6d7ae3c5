//! The internal lock of a lockable: held for less than a millisecond, robust against the death of its owner.
//!
//! # Theory of operation
//!
//! The low half of the lock word is a futex: 0, or the owner's thread id, with two bits of the kernel's robust
//! futex protocol. While a thread takes, holds and leaves a lock, the kernel knows the word's address (see
//! [`crate::robust`]), so an owner's death becomes `OWNER_DIED` in the word and wakes a sleeper. A thread
//! holds **one** internal lock at a time: there is one such address per thread.
//!
//! Whoever gets the lock completes what its last owner had announced ([`crate::change`]) before anything else.
//!
//! The upper half of the word is ours: a lock that nobody holds says there that somebody watches its object
//! ([`crate::watch`]), and for which thread it is reserved ([`reserve`]). So the first exchange fails just then, and who
//! finds neither pays nothing for asking.
//!
//! The memory of lock words stays lock words for ever: the kernel may write to one that was just left.

mod busy;
pub(crate) mod reserve;
mod waiting;

use std::cell::Cell;

use crate::change::{self, Change};
use crate::failure::Result;
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::robust::{OWNER_DIED, WAITERS};
use crate::wait::tell::wake_all;
use crate::watch;
use waiting::{Manner, wait};

/// In a lock word that nobody holds: somebody watches the object.
pub(crate) const WATCHED: u64 = 1 << 32;

/// A held lock; dropping it leaves the lock.
pub(crate) struct Guard<'s, M: Memory> {
    space: &'s Space<M>,
    /// The offset, which is a multiple of 8, and flags. As fields of their own, these would be stored and loaded as parts
    /// of a word that was just stored, wherever a guard is handed on: some 25 ns in all.
    place: Cell<u64>,
}

/// A guard's flags. Somebody watches, or may do.
const IS_WATCHED: u64 = 1;
/// With the first one only: who watches is to be told.
const IS_CHANGED: u64 = 2;
/// The lock is reserved, and is to stay so.
const IS_RESERVED: u64 = 4;
const FLAGS: u64 = IS_WATCHED | IS_CHANGED | IS_RESERVED;

impl<'s, M: Memory> Guard<'s, M> {
    /// Takes the lock of the lockable at `at`, and completes what a dead owner left.
    ///
    /// The caller must not hold another one, and must know that a lockable is there.
    #[inline]
    pub fn acquire(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Manner::Plain)
    }

    /// As [`Self::acquire`], where an operation begins: the wait may be given up ([`crate::pause`]).
    #[inline]
    pub fn begin(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Manner::Paused)
    }

    /// As [`Self::begin`], for what writes several lines of memory beside the lock's.
    #[inline]
    pub fn begin_apart(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Manner::Apart)
    }

    /// As [`Self::acquire`]; [`crate::Failure::Busy`] if somebody else has it for long.
    pub fn acquire_soon(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Manner::Brief)
    }

    #[inline]
    fn take(space: &'s Space<M>, at: u64, manner: Manner) -> Result<Self> {
        let word = at + lockable::LOCK;
        let me = u64::from(space.memory.thread()?);
        space.memory.arm(word)?;
        // Acquire (and the Release in `drop`) pair: what one owner stored, the next one sees.
        let flags = match space.memory.exchange(word, 0, me) {
            Ok(0) => 0,
            other => match other.and_then(|seen| win(space, word, seen, me, manner)) {
                Ok(flags) => flags,
                Err(failure) => {
                    space.memory.disarm();
                    return Err(failure);
                }
            },
        };
        let guard = Self { space, place: Cell::new(at | flags) };
        let intent = space.memory.load(at + lockable::INTENT)?;
        if !change::is_quiet(intent) && !is_planted(Bug::RecoveryForgotten) {
            change::complete(space, at)?;
        }
        Ok(guard)
    }

    #[inline]
    fn at(&self) -> u64 {
        self.place.get() & !FLAGS
    }

    /// Notes that those who watch are to be told, and returns the offset.
    #[inline]
    fn note_change(&self) -> u64 {
        let place = self.place.get();
        if place & (IS_WATCHED | IS_RESERVED) == 0 {
            return place; // There is no other flag, and storing one would cost more than the question.
        }
        if place & IS_WATCHED != 0 {
            self.place.set(place | IS_CHANGED);
        }
        self.at()
    }

    /// Makes a change of the words that this lock guards.
    #[inline]
    pub fn commit(&self, change: &Change) -> Result<()> {
        change::commit(self.space, self.note_change(), change)
    }

    /// Makes a change that is one store.
    #[inline]
    pub fn publish(&self, at: u64, value: u64) -> Result<()> {
        self.note_change();
        self.space.memory.store(at, value)
    }

    /// Makes a change of what is around the contents: no news for those who watch.
    pub fn commit_around(&self, change: &Change) -> Result<()> {
        change::commit(self.space, self.at(), change)
    }

    /// Makes a change of who watches: no news for the others.
    pub fn commit_watching(&self, change: &Change) -> Result<()> {
        self.place.set(self.place.get() | IS_WATCHED);
        self.commit_around(change)
    }
}

impl<M: Memory> Drop for Guard<'_, M> {
    #[inline]
    fn drop(&mut self) {
        // By values, not by `self`: a guard that is only looked at here needs no memory.
        let place = self.place.get();
        if place & (IS_WATCHED | IS_RESERVED) == 0 {
            leave(self.space, place, 0);
        } else {
            leave_marked(self.space, self.at(), place & FLAGS);
        }
    }
}

#[inline]
fn leave<M: Memory>(space: &Space<M>, at: u64, rest: u64) {
    let word = at + lockable::LOCK;
    if let Ok(seen) = space.memory.swap(word, rest)
        && seen & u64::from(WAITERS) != 0
    {
        // A failed wake-up costs the sleeper one look at the clock.
        let _ = space.memory.wake(word, 1);
    }
    space.memory.disarm();
}

/// Leaves a lock whose object is watched or reserved: tells those who watch of a change first, and wakes them afterwards.
#[cold]
#[inline(never)]
fn leave_marked<M: Memory>(space: &Space<M>, at: u64, flags: u64) {
    let (is_changed, is_late) = (flags & IS_CHANGED != 0, is_planted(Bug::ToldAfterwards));
    let told = match flags & IS_WATCHED {
        0 => Ok((false, Vec::new())),
        _ => watch::tell(space, at, is_changed && !is_late),
    };
    // Of a damaged line, whoever stands there is told by the next one, or by looking.
    let (is_watched, wakes) = told.unwrap_or((true, Vec::new()));
    let rest = if is_watched { WATCHED } else { 0 };
    if flags & IS_RESERVED == 0 {
        leave(space, at, rest);
    } else {
        reserve::leave_reserved(space, at, rest);
    }
    let _ = wake_all(space, &wakes); // As above.
    if is_late {
        let _ = watch::tell(space, at, is_changed);
    }
}

/// The lock word was not 0. Returns the guard's flags when the lock is ours.
#[cold]
fn win<M: Memory>(space: &Space<M>, word: u64, first: u64, me: u64, manner: Manner) -> Result<u64> {
    let mut seen = first;
    if seen == WATCHED {
        seen = space.memory.exchange(word, WATCHED, me)?;
    }
    if seen != WATCHED {
        seen = wait(space, word, seen, me, manner)?;
    }
    // What a dead owner changed, and whom it had told of that, nobody knows.
    let reserved = if reserve::reserved_for(seen) == 0 { 0 } else { IS_RESERVED };
    if seen & u64::from(OWNER_DIED) != 0 && !is_planted(Bug::DeadHadToldAll) {
        return Ok(IS_WATCHED | IS_CHANGED | reserved);
    }
    Ok(reserved | if seen & WATCHED == 0 { 0 } else { IS_WATCHED })
}
