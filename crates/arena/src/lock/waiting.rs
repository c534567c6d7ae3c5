//! Waiting for an internal lock: spinning a little, then sleeping.
//!
//! A waiter that is killed right after it was woken can take the wake-up with it while a third thread takes
//! the lock without knowing of other sleepers. Internal locks are left within a millisecond, so no wait nodes
//! are kept for that: a sleeper looks again after [`RECHECK_NS`].
//!
//! Who has something else to do than wait is told that the lock is [`Failure::Busy`]: for one who holds a lock of this
//! process, or whose work somebody else can do later.

use super::reserve::{self, RESERVATION};
use crate::Error;
use crate::failure::{Failure, Result, corrupt};
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::pause;
use crate::robust::{OWNER, WAITERS, is_thread};
use crate::spin;
use crate::tally;

/// How long a sleeper trusts that it will be woken.
pub(super) const RECHECK_NS: u64 = 20_000_000;
/// After so many rechecks (a second), ask whether the owner exists at all.
const SLEEPS_BEFORE_DOUBT: u32 = 50;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Plain,
    /// Sleeping by [`crate::pause`].
    Paused,
    /// As Paused, and out of the way while it spins: each look takes from the lock's owner the line that it writes next.
    /// Left alone, it does several operations in a row with the lines that it has, in the time that it takes to bring
    /// all of them over here: so what is waited for comes later, and all together is done sooner.
    Apart,
    /// As Plain, but not for long.
    Brief,
}

impl Manner {
    /// How long to rest before a look at a held lock, for [`spin::rest`], and how many looks before
    /// sleeping: less than 2 and 20 µs.
    fn looks(self, is_parallel: bool) -> (u32, u32) {
        match self {
            _ if !is_parallel => (0, 0),
            Self::Apart => (128, 10),
            _ => (1, 100),
        }
    }

    /// Whether the lock may be taken by thread `me`.
    #[inline]
    pub fn is_open(self, seen: u64, me: u64) -> bool {
        let heeds = matches!(self, Self::Paused | Self::Apart);
        seen & u64::from(OWNER) == 0 && (!heeds || reserve::is_for(seen, me))
    }
}

/// The lock was not free. Returns what its word was when it became ours. Spins a little, then sleeps, until it is ours.
pub(super) fn wait<M: Memory>(
    space: &Space<M>,
    word: u64,
    first: u64,
    me: u64,
    manner: Manner,
) -> Result<u64> {
    let memory = &space.memory;
    let waiters = u64::from(WAITERS);
    let mut seen = first;
    let (rest, mut looks) = manner.looks(memory.is_parallel());
    let (mut sleeps, mut began) = (0, 0);
    loop {
        if manner.is_open(seen, me) {
            // Free, or its owner died. Having slept, assume that others still do.
            let assumed = sleeps > 0 && !is_planted(Bug::OthersForgotten);
            let others = if assumed { waiters } else { seen & waiters };
            let now = memory.exchange(word, seen, me | others | seen & RESERVATION)?;
            if now == seen {
                count_contention(memory, word)?;
                return Ok(seen);
            }
            seen = now;
        } else if looks > 0 {
            looks -= 1;
            spin::rest(rest);
            seen = memory.load(word)?;
        } else {
            if pause::is_kept() {
                return busy(word);
            }
            if sleeps == 0 {
                began = begin_to_sleep(space)?;
            } else if manner == Manner::Brief && memory.now_ns() >= began + RECHECK_NS {
                return busy(word);
            }
            seen = reserve::heed(space, word, seen, me, began)?;
            if !manner.is_open(seen, me) {
                seen = sleep(space, word, seen, me, manner)?;
                sleeps += 1;
                if sleeps % SLEEPS_BEFORE_DOUBT == 0 {
                    check_owner(seen)?;
                }
            }
        }
    }
}

/// Returns when this was.
pub(super) fn begin_to_sleep<M: Memory>(space: &Space<M>) -> Result<u64> {
    tally::count_wait(space)?;
    Ok(space.memory.now_ns())
}

/// Sleeps once, and returns what the word is then.
fn sleep<M: Memory>(
    space: &Space<M>,
    word: u64,
    seen: u64,
    me: u64,
    manner: Manner,
) -> Result<u64> {
    let (memory, announced) = (&space.memory, seen | u64::from(WAITERS));
    // If that fails, the word changed and the sleep ends at once.
    memory.exchange(word, seen, announced)?;
    #[allow(clippy::cast_possible_truncation)] // The futex is the low half.
    let value = announced as u32;
    match manner {
        Manner::Plain | Manner::Brief => memory.sleep(word, value, RECHECK_NS)?,
        Manner::Paused | Manner::Apart => doze(space, word, value, me)?,
    }
    memory.load(word)
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
pub(super) fn check_owner(seen: u64) -> Result<()> {
    let owner = seen & u64::from(OWNER);
    if owner == 0 || is_thread(owner) {
        return Ok(());
    }
    corrupt("a lock is held by a thread that does not exist")
}
