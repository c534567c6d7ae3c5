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
//! A waiter that is killed right after it was woken can take the wake-up with it while a third thread takes
//! the lock without knowing of other sleepers. Internal locks are left within a millisecond, so no wait nodes
//! are kept for that: a sleeper looks again after [`RECHECK_NS`].
//!
//! The upper half of the word is ours: a lock that nobody holds says there that somebody watches its object
//! ([`crate::watch`]). So the first exchange fails just then, and who finds nobody watching pays nothing for asking.
//!
//! Who has something else to do than wait is told that the lock is [`Failure::Busy`]: for one who holds a lock of this
//! process, or whose work somebody else can do later.
//!
//! The memory of lock words stays lock words for ever: the kernel may write to one that was just left.

mod busy;

use std::cell::Cell;

use crate::Error;
use crate::change::{self, Change};
use crate::failure::{Failure, Result, corrupt};
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::pause;
use crate::robust::{OWNER, OWNER_DIED, WAITERS};
use crate::tally;
use crate::wait::tell::wake_all;
use crate::watch;

/// In a lock word that nobody holds: somebody watches the object.
pub(crate) const WATCHED: u64 = 1 << 32;

/// How long a sleeper trusts that it will be woken.
const RECHECK_NS: u64 = 20_000_000;
/// After so many rechecks (a second), ask whether the owner exists at all.
const SLEEPS_BEFORE_DOUBT: u32 = 50;
/// Looks at a held lock before sleeping; a few microseconds.
const SPINS: u32 = 100;

/// How to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sleep {
    Plain,
    /// By [`crate::pause`].
    Paused,
    /// As Plain, but not for long.
    Brief,
}

/// A held lock; dropping it leaves the lock.
pub(crate) struct Guard<'s, M: Memory> {
    space: &'s Space<M>,
    /// The offset, which is a multiple of 8, and flags. As fields of their own, these would be stored and loaded as parts
    /// of a word that was just stored, wherever a guard is handed on: some 25 ns in all.
    place: Cell<u64>,
}

/// A guard's flags. Somebody watches, or may do.
const IS_WATCHED: u64 = 1;
/// With the other one only: who watches is to be told.
const IS_CHANGED: u64 = 2;

impl<'s, M: Memory> Guard<'s, M> {
    /// Takes the lock of the lockable at `at`, and completes what a dead owner left.
    ///
    /// The caller must not hold another one, and must know that a lockable is there.
    #[inline]
    pub fn acquire(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Sleep::Plain)
    }

    /// As [`Self::acquire`], where an operation begins: the wait may be given up ([`crate::pause`]).
    #[inline]
    pub fn begin(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Sleep::Paused)
    }

    /// As [`Self::acquire`]; [`Failure::Busy`] if somebody else has it for long.
    pub fn acquire_soon(space: &'s Space<M>, at: u64) -> Result<Self> {
        Self::take(space, at, Sleep::Brief)
    }

    #[inline]
    fn take(space: &'s Space<M>, at: u64, sleep: Sleep) -> Result<Self> {
        let word = at + lockable::LOCK;
        let me = u64::from(space.memory.thread()?);
        space.memory.arm(word)?;
        // Acquire (and the Release in `drop`) pair: what one owner stored, the next one sees.
        let flags = match space.memory.exchange(word, 0, me) {
            Ok(0) => 0,
            other => match other.and_then(|seen| win(space, word, seen, me, sleep)) {
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
        self.place.get() & !(IS_WATCHED | IS_CHANGED)
    }

    /// Notes that those who watch are to be told, and returns the offset.
    #[inline]
    fn note_change(&self) -> u64 {
        let place = self.place.get();
        if place & IS_WATCHED == 0 {
            return place; // There is no other flag, and storing one would cost more than the question.
        }
        self.place.set(place | IS_CHANGED);
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
        if place & IS_WATCHED == 0 {
            leave(self.space, place, 0);
        } else {
            leave_watched(self.space, self.at(), place & IS_CHANGED != 0);
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

/// Leaves a lock whose object is watched: tells those who watch of a change first, and wakes them afterwards.
#[cold]
#[inline(never)]
fn leave_watched<M: Memory>(space: &Space<M>, at: u64, is_changed: bool) {
    let is_late = is_planted(Bug::ToldAfterwards);
    let told = watch::tell(space, at, is_changed && !is_late);
    // Of a damaged line, whoever stands there is told by the next one, or by looking.
    let (is_watched, wakes) = told.unwrap_or((true, Vec::new()));
    leave(space, at, if is_watched { WATCHED } else { 0 });
    let _ = wake_all(space, &wakes); // As above.
    if is_late {
        let _ = watch::tell(space, at, is_changed);
    }
}

/// The lock word was not 0. Returns the guard's flags when the lock is ours.
#[cold]
fn win<M: Memory>(space: &Space<M>, word: u64, first: u64, me: u64, sleep: Sleep) -> Result<u64> {
    let mut seen = first;
    if seen == WATCHED {
        seen = space.memory.exchange(word, WATCHED, me)?;
    }
    if seen != WATCHED {
        seen = wait(space, word, seen, me, sleep)?;
    }
    // What a dead owner changed, and whom it had told of that, nobody knows.
    if seen & u64::from(OWNER_DIED) != 0 && !is_planted(Bug::DeadHadToldAll) {
        return Ok(IS_WATCHED | IS_CHANGED);
    }
    Ok(if seen & WATCHED == 0 { 0 } else { IS_WATCHED })
}

/// The lock was not free. Returns what its word was when it became ours. Spins a little, then sleeps, until it is ours.
fn wait<M: Memory>(space: &Space<M>, word: u64, first: u64, me: u64, sleep: Sleep) -> Result<u64> {
    let memory = &space.memory;
    let waiters = u64::from(WAITERS);
    let mut seen = first;
    let mut spins = if memory.is_parallel() { SPINS } else { 0 };
    let (mut sleeps, mut brief_until) = (0, 0);
    loop {
        if seen & u64::from(OWNER) == 0 {
            // Free, or its owner died. Having slept, assume that others still do.
            let assumed = sleeps > 0 && !is_planted(Bug::OthersForgotten);
            let others = if assumed { waiters } else { seen & waiters };
            let now = memory.exchange(word, seen, me | others)?;
            if now == seen {
                count_contention(memory, word)?;
                return Ok(seen);
            }
            seen = now;
        } else if spins > 0 {
            spins -= 1;
            std::hint::spin_loop();
            seen = memory.load(word)?;
        } else {
            if pause::is_kept() {
                return busy(word);
            }
            if sleeps == 0 {
                tally::count_wait(space)?;
                brief_until = memory.now_ns().saturating_add(RECHECK_NS);
            } else if sleep == Sleep::Brief && memory.now_ns() >= brief_until {
                return busy(word);
            }
            // Announce the sleep; if that fails, the word changed and `sleep` returns at once.
            memory.exchange(word, seen, seen | waiters)?;
            #[allow(clippy::cast_possible_truncation)] // The futex is the low half.
            let value = (seen | waiters) as u32;
            match sleep {
                Sleep::Plain | Sleep::Brief => memory.sleep(word, value, RECHECK_NS)?,
                Sleep::Paused => doze(space, word, value, me)?,
            }
            sleeps += 1;
            seen = memory.load(word)?;
            if sleeps % SLEEPS_BEFORE_DOUBT == 0 {
                check_owner(seen)?;
            }
        }
    }
}

fn busy<T>(word: u64) -> Result<T> {
    Err(Failure::Busy { at: word - lockable::LOCK })
}

/// Sleeps by [`pause`], in which this thread may run anything, operations on the arena among it.
fn doze<M: Memory>(space: &Space<M>, word: u64, value: u32, me: u64) -> Result<()> {
    let memory = &space.memory;
    memory.disarm();
    let mut slept = Ok(());
    let outcome = pause::pause(&mut || slept = memory.sleep(word, value, RECHECK_NS));
    if u64::from(memory.thread()?) != me {
        return Err(Error::Forked.into()); // It forked, and this is the child.
    }
    memory.arm(word)?;
    slept.and(outcome)
}

/// Counts on the lock's own line, by one who has just got it: before that, the line is its owner's.
fn count_contention<M: Memory>(memory: &M, word: u64) -> Result<()> {
    let at = word - lockable::LOCK + lockable::CONTENDED;
    memory.store(at, memory.load(at)?.wrapping_add(1))
}

/// A lock word may be damaged. A stopped owner is waited for; one that does not exist is an error.
fn check_owner(seen: u64) -> Result<()> {
    let owner = libc::pid_t::try_from(seen & u64::from(OWNER)).unwrap_or(0);
    // SAFETY: signal 0 is sent to nobody; the call only asks.
    if owner > 0 && unsafe { libc::kill(owner, 0) } != 0 {
        let errno = std::io::Error::last_os_error().raw_os_error();
        if errno == Some(libc::ESRCH) {
            return corrupt("a lock is held by a thread that does not exist");
        }
    }
    Ok(())
}
