//! Sleeping until a wait is over.

use super::{Look, RECHECK_NS, Ticket};
use crate::clock;
use crate::failure::{Failure, Result};
use crate::futex;
use crate::heap::Heap;
use crate::layout::ENDED;
use crate::life::{self, Ending, LifeId, MUTEX};
use crate::memory::{Memory, Shared};
use crate::robust::{OWNER_DIED, WAITERS};
use crate::spin::Spinner;

/// What the caller of a wait does around it, and how long it waits.
pub trait Patience {
    /// Sleeps by calling `sleep`, without whatever keeps others from running. Returns whether to wait on.
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool;

    /// When to give up, on `CLOCK_MONOTONIC` in ns.
    fn deadline_ns(&self) -> u64;

    /// This thread's memory of whether spinning pays.
    fn spinner(&mut self) -> &mut Spinner;
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<T> {
    /// By what was waited for; the node is freed.
    Over(T),
    /// The time is over; the wait is to be given up.
    TimedOut,
    /// The caller wants to wait no longer; the wait is to be given up.
    GivenUp,
}

/// Waits until `look` says that it is over. `look` is asked after each sleep, and at first.
pub fn await_node<T>(
    heap: &Heap<Shared>,
    ticket: Ticket,
    patience: &mut impl Patience,
    mut look: impl FnMut() -> Result<Look<T>>,
) -> Result<Ended<T>> {
    let mut may_spin = true;
    loop {
        let watched = match look()? {
            Look::Over(outcome) => {
                ticket.free(heap)?;
                return Ok(Ended::Over(outcome));
            }
            Look::Behind(watched) => watched,
        };
        let now = clock::now_ns();
        let left = patience.deadline_ns().saturating_sub(now);
        if left == 0 {
            return Ok(Ended::TimedOut);
        }
        if heap.is_ended()? {
            return Err(Failure::Ended);
        }
        let mut slept = Ok(());
        let mut spinner = may_spin.then(|| patience.spinner().clone());
        let goes_on =
            patience.rest(&mut || slept = doze(heap, ticket, watched, left, &mut spinner));
        if let Some(spinner) = spinner {
            *patience.spinner() = spinner;
        }
        slept?;
        if !goes_on {
            return Ok(Ended::GivenUp);
        }
        may_spin = false;
    }
}

/// Spins a little, then sleeps, until somebody tells the thread something, `watched` dies or time passes.
fn doze(
    heap: &Heap<Shared>,
    ticket: Ticket,
    watched: Option<LifeId>,
    left_ns: u64,
    spinner: &mut Option<Spinner>,
) -> Result<()> {
    let space = &heap.space;
    if let Some(spinner) = spinner
        && spinner.wait(|| !ticket.is_untold(space))
    {
        return Ok(());
    }
    if !ticket.fall_asleep(space)? {
        return Ok(());
    }
    sleep(heap, ticket.word_at(), watched, left_ns.min(RECHECK_NS))
}

/// Sleeps while the word at `at` says that its thread does, `watched` lives, and the arena has not ended.
fn sleep(heap: &Heap<Shared>, at: u64, watched: Option<LifeId>, timeout_ns: u64) -> Result<()> {
    const ASLEEP: u32 = super::node::Standing::Sleeping as u32;
    let memory = &heap.space.memory;
    let own = (memory.address(at, 8)?.cast_const(), ASLEEP);
    let ended = (memory.address(ENDED, 8)?.cast_const(), 0);
    let watched = match watched {
        Some(life) => Some((life, heap.ending(life)?)),
        None => None,
    };
    let life = match watched {
        Some((life, Ending::Lives)) => life,
        // Also for the others that watch it: the kernel wakes one of us.
        Some((life, Ending::Died)) => return life::wake_watchers(heap, life),
        None | Some((_, Ending::InOrder)) => {
            futex::wait_any(&[own, ended], timeout_ns);
            return Ok(());
        }
    };
    // The kernel wakes only if the life word says that somebody may sleep on it.
    let life_at = life.at() + MUTEX;
    let whole = memory.load(life_at)?;
    if life::low(whole) & OWNER_DIED != 0 {
        return Ok(());
    }
    if life::low(whole) & WAITERS == 0 {
        memory.exchange(life_at, whole, whole | u64::from(WAITERS))?;
    }
    let announced = life::low(whole) | WAITERS;
    futex::wait_any(
        &[own, (memory.address(life_at, 8)?.cast_const(), announced), ended],
        timeout_ns,
    );
    if life::low(memory.load(life_at)?) & OWNER_DIED != 0 {
        life::wake_watchers(heap, life)?;
    }
    Ok(())
}
