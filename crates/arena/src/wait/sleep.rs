//! Sleeping until a wait is over.

use std::sync::Arc;

use super::{Bell, Look, RECHECK_NS, Ticket};
use crate::clock;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::ENDED;
use crate::life::{self, Ending, LifeId, MUTEX};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::robust::{OWNER_DIED, WAITERS};
use crate::spin::Spinner;

/// What the caller of a wait does around it, and how long it waits.
pub trait Patience {
    /// Sleeps by calling `sleep`, without whatever keeps others from running. Returns whether to wait on.
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool;

    /// When to give up, on `CLOCK_MONOTONIC` in ns.
    fn deadline_ns(&self) -> u64;

    /// What ends each sleep of this thread, if there is such a thing; [`Self::rest`] says what follows.
    fn bell(&self) -> Option<Arc<Bell>> {
        None
    }

    /// This thread's memory of whether spinning pays.
    fn spinner(&mut self) -> &mut Spinner;
}

/// The first sleeps of a wait are short, for the sake of signals only: one that came between the last look at signals and
/// the sleep, while the thread was spinning for instance, does not interrupt it.
const FIRST_NAP_NS: u64 = RECHECK_NS / 100;

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

/// Waits until `look` says that it is over, and frees the node then.
pub fn await_node<M: Memory, T>(
    heap: &Heap<M>,
    ticket: Ticket,
    patience: &mut impl Patience,
    look: impl FnMut() -> Result<Look<T>>,
) -> Result<Ended<T>> {
    let ended = await_over(heap, ticket, patience, look)?;
    if let Ended::Over(_) = ended {
        ticket.free(heap)?;
    }
    Ok(ended)
}

/// Waits until `look` says that it is over. `look` is asked after each sleep, and at first.
pub fn await_over<M: Memory, T>(
    heap: &Heap<M>,
    ticket: Ticket,
    patience: &mut impl Patience,
    mut look: impl FnMut() -> Result<Look<T>>,
) -> Result<Ended<T>> {
    let (mut may_spin, mut nap_ns) = (true, FIRST_NAP_NS);
    let mut known = None; // Whom to watch, while nothing but time has passed since the last look.
    loop {
        let (watched, left) = match (known.take(), left_ns(patience)) {
            (Some(watched), left) if left > 0 => (watched, left),
            _ => {
                let watched = match look()? {
                    Look::Over(outcome) => return Ok(Ended::Over(outcome)),
                    Look::Behind(watched) => watched.into_iter().collect::<Vec<_>>(),
                    Look::BehindAny(watched) => watched,
                };
                (watched, left_ns(patience))
            }
        };
        if left == 0 {
            return Ok(Ended::TimedOut);
        }
        if heap.is_ended()? {
            return Err(Failure::Ended);
        }
        let mut slept = Ok(false);
        let mut spinner = may_spin.then(|| patience.spinner().clone());
        let (timeout, bell) = (left.min(nap_ns), patience.bell());
        let until = Until { watched: &watched, bell: bell.as_deref(), timeout_ns: timeout };
        let goes_on = patience.rest(&mut || slept = doze(heap, ticket, &until, &mut spinner));
        if let Some(spinner) = spinner {
            *patience.spinner() = spinner;
        }
        let nothing_new = slept? && nap_ns < RECHECK_NS;
        if !goes_on {
            return Ok(Ended::GivenUp);
        }
        known = nothing_new.then_some(watched);
        may_spin = false;
        nap_ns = RECHECK_NS.min(nap_ns * 10);
    }
}

fn left_ns(patience: &impl Patience) -> u64 {
    patience.deadline_ns().saturating_sub(clock::now_ns())
}

/// What else ends a sleep than that the thread is told something.
struct Until<'a> {
    /// Whoever of them dies.
    watched: &'a [LifeId],
    bell: Option<&'a Bell>,
    timeout_ns: u64,
}

/// Spins a little, then sleeps. Returns whether nobody has told the thread anything, nor died.
fn doze<M: Memory>(
    heap: &Heap<M>,
    ticket: Ticket,
    until: &Until<'_>,
    spinner: &mut Option<Spinner>,
) -> Result<bool> {
    let space = &heap.space;
    if let Some(spinner) = spinner
        && spinner.wait(|| !ticket.is_untold(space))
    {
        return Ok(false);
    }
    if !ticket.fall_asleep(space)? {
        return Ok(false);
    }
    sleep(heap, ticket.word_at(), until)
}

/// Sleeps while the word at `at` says that its thread does, all who are watched live, and the arena has not ended.
/// Returns whether that is so still.
fn sleep<M: Memory>(heap: &Heap<M>, at: u64, until: &Until<'_>) -> Result<bool> {
    const ASLEEP: u32 = super::node::Standing::Sleeping as u32;
    let (memory, watched) = (&heap.space.memory, until.watched);
    let mut words = Vec::with_capacity(2 + watched.len());
    words.push((at, ASLEEP));
    words.push((ENDED, 0));
    for &life in watched {
        match heap.ending(life)? {
            Ending::Lives => {}
            // Also for the others that watch it: the kernel wakes one of us.
            Ending::Died if is_planted(Bug::DeathKeptSecret) => return Ok(false),
            Ending::Died => {
                life::wake_watchers(heap, life)?;
                return Ok(false);
            }
            Ending::InOrder => continue,
        }
        let Some(announced) = announce(memory, life)? else { return Ok(false) };
        words.push((life.at() + MUTEX, announced));
    }
    memory.sleep_on_any(&words, until.bell, until.timeout_ns)?;
    let mut all_live = true;
    for &life in watched {
        all_live &= heap.ending(life)? == Ending::Lives;
        let word = memory.load(life.at() + MUTEX)?;
        if life::low(word) & OWNER_DIED != 0 && !is_planted(Bug::DeathKeptSecret) {
            life::wake_watchers(heap, life)?;
        }
    }
    Ok(all_live && life::low(memory.load(at)?) == ASLEEP)
}

/// Says in a life word that somebody may sleep on it, without which the kernel wakes nobody. Returns what it is then;
/// `None` if its thread has just died.
fn announce<M: Memory>(memory: &M, life: LifeId) -> Result<Option<u32>> {
    let at = life.at() + MUTEX;
    let whole = memory.load(at)?;
    if life::low(whole) & OWNER_DIED != 0 {
        return Ok(None);
    }
    if life::low(whole) & WAITERS == 0 {
        memory.exchange(at, whole, whole | u64::from(WAITERS))?;
    }
    Ok(Some(life::low(whole) | WAITERS))
}
