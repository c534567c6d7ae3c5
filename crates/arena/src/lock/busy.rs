//! Waiting until a lock is free, for one who tries again then.

use super::reserve;
use super::waiting::{Manner, RECHECK_NS, begin_to_sleep, check_owner};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::pause;
use crate::robust::WAITERS;

impl<M: Memory> Heap<M> {
    /// Does `job` without waiting for a lock in it: when one is busy, it is done again once that one is free. Meanwhile the
    /// thread holds nothing, and the wait may be given up ([`crate::pause`]). Of a lock that is busy `job` must have
    /// changed nothing that matters.
    #[inline]
    pub fn retried<R>(&self, mut job: impl FnMut() -> Result<R>) -> Result<R> {
        self.retried_by(&mut job, pause::pause)
    }

    /// As [`Self::retried`], by one who cannot give up.
    #[inline]
    pub(crate) fn retried_quietly<R>(&self, mut job: impl FnMut() -> Result<R>) -> Result<R> {
        self.retried_by(&mut job, |sleep| {
            pause::rest(sleep);
            Ok(())
        })
    }

    #[inline]
    fn retried_by<R>(&self, job: &mut impl FnMut() -> Result<R>, pause: Sleeper) -> Result<R> {
        let mut began = None;
        loop {
            match pause::keeping(&mut *job) {
                Err(Failure::Busy { at }) => await_free(&self.space, at, &mut began, pause)?,
                other => return other,
            }
        }
    }
}

type Sleeper = fn(&mut dyn FnMut()) -> Result<()>;

/// Sleeps until the lock of the lockable at `at` is free, or for a moment; `began` is when the waiting did.
#[cold]
fn await_free<M: Memory>(
    space: &Space<M>,
    at: u64,
    began: &mut Option<u64>,
    pause: Sleeper,
) -> Result<()> {
    let (memory, word) = (&space.memory, at + lockable::LOCK);
    let began_ns = match *began {
        Some(began_ns) => began_ns,
        None => *began.insert(begin_to_sleep(space)?),
    };
    let me = u64::from(memory.thread()?);
    let seen = reserve::heed(space, word, memory.load(word)?, me, began_ns)?;
    if Manner::Paused.is_open(seen, me) {
        return Ok(());
    }
    check_owner(seen)?;
    let announced = seen | u64::from(WAITERS);
    if memory.exchange(word, seen, announced)? != seen {
        return Ok(());
    }
    let mut slept = Ok(());
    #[allow(clippy::cast_possible_truncation)] // The futex is the low half.
    let sleep = &mut || slept = memory.sleep(word, announced as u32, RECHECK_NS);
    pause(sleep)?;
    slept?;
    // This may have been the one wake-up, and there may be others who sleep.
    memory.wake(word, 1)
}
