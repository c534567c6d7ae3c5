//! Whose turn it is among the threads of a server that answer short calls.
//!
//! Each thread serves one client, and all of them need the interpreter's lock. When several clients call without a
//! pause and every call goes to another thread, each costs a change of threads, which takes longer than the call: four
//! clients get less done than one. So a thread that answers short calls keeps its *turn* for a while: it waits for its
//! client's next call without sleeping, and the calls of other clients wait until it is over, in their order.
//!
//! A turn is advice, and no lock: it excludes nobody who must not wait. Threads whose calls are not short take none.
//! One that turns out to be stuck in a call loses it to whoever waits. Nothing depends on who has it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use arena::clock::now_ns;

/// How long a turn lasts when others wait: several times what it costs to pass it on.
const TURN_NS: u64 = 300_000;
/// A turn whose thread has not been back for so long is anyone's.
const STUCK_NS: u64 = 250_000;
/// A call that took less is short: if it took much more, passing the turn on after each would cost little.
const SHORT_NS: u64 = 25_000;
/// What a short call earns; what one costs that is not, perhaps only because its thread lost the processor; and what one
/// costs that may have waited for something.
const SHORT_EARNS: u32 = 1;
const LONG_COSTS: u32 = 2;
const STUCK_COSTS: u32 = 16;
/// The credit that it takes to take turns, and the most there can be.
const CREDIT_NEEDED: u32 = 8;
const CREDIT_MAX: u32 = 64;

const NOBODY: u64 = 0;

/// The turns of one server.
pub struct Turns {
    queue: Mutex<VecDeque<Arc<Waiter>>>,
    /// Whose turn it is; written with the queue locked.
    holder: AtomicU64,
    /// The length of the queue, to be read without its lock.
    waiting: AtomicUsize,
    /// When the holder was last seen.
    seen_ns: AtomicU64,
    numbers: AtomicU64,
    stuck_ns: u64,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            queue: Mutex::default(),
            holder: AtomicU64::new(NOBODY),
            waiting: AtomicUsize::new(0),
            seen_ns: AtomicU64::new(0),
            numbers: AtomicU64::new(NOBODY),
            stuck_ns: STUCK_NS,
        }
    }
}

struct Waiter {
    number: u64,
    thread: Thread,
    is_called: AtomicBool,
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Waiter>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the turn to the next in the queue, or to nobody.
    fn pass_on(&self, mut queue: MutexGuard<'_, VecDeque<Arc<Waiter>>>) {
        let next = queue.pop_front();
        self.count(&queue);
        self.give_to(next.as_ref().map_or(NOBODY, |waiter| waiter.number));
        drop(queue);
        if let Some(waiter) = next {
            // Release pairs with the Acquire load in `Turn::wait`.
            waiter.is_called.store(true, Ordering::Release);
            waiter.thread.unpark();
        }
    }

    /// To be called with the queue locked.
    fn give_to(&self, number: u64) {
        self.see();
        self.holder.store(number, Ordering::Relaxed); // Advice, which orders nothing.
    }

    fn count(&self, queue: &VecDeque<Arc<Waiter>>) {
        self.waiting.store(queue.len(), Ordering::Relaxed); // As above.
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn see(&self) {
        self.seen_ns.store(now_ns(), Ordering::Relaxed);
    }

    fn is_stuck(&self) -> bool {
        now_ns().saturating_sub(self.seen_ns.load(Ordering::Relaxed)) > self.stuck_ns
    }
}

/// One thread's part in them.
pub struct Turn {
    turns: Arc<Turns>,
    number: u64,
    credit: u32,
    /// Since when it is ours.
    since_ns: u64,
    /// Since when the call under way has been carried out.
    began_ns: Option<u64>,
}

impl Turn {
    /// Takes part, without any credit yet.
    #[must_use]
    pub fn new(turns: Arc<Turns>) -> Self {
        let number = turns.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        Self { turns, number, credit: 0, since_ns: 0, began_ns: None }
    }

    fn is_ours(&self) -> bool {
        self.turns.holder.load(Ordering::Relaxed) == self.number
    }

    fn takes_part(&self) -> bool {
        self.credit >= CREDIT_NEEDED
    }

    /// A call has been carried out: the turn ends if it has lasted and others wait.
    pub fn finish_call(&mut self) {
        let Some(began_ns) = self.began_ns.take() else {
            return;
        };
        let now = now_ns();
        self.credit = match now.saturating_sub(began_ns) {
            0..SHORT_NS => (self.credit + SHORT_EARNS).min(CREDIT_MAX),
            SHORT_NS..STUCK_NS => self.credit.saturating_sub(LONG_COSTS),
            _ => self.credit.saturating_sub(STUCK_COSTS),
        };
        if !self.is_ours() {
            return;
        }
        self.turns.seen_ns.store(now, Ordering::Relaxed);
        if self.turns.is_wanted() && now.saturating_sub(self.since_ns) > TURN_NS {
            self.leave();
        }
    }

    /// Whether a call that has arrived may be carried out at once.
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        !self.takes_part() || self.is_ours()
    }

    /// Whether to wait for the next call without sleeping.
    #[must_use]
    pub fn may_spin(&self) -> bool {
        matches!(self.turns.holder.load(Ordering::Relaxed), holder if holder == NOBODY || holder == self.number)
    }

    /// The next call does not come.
    pub fn leave(&mut self) {
        if self.is_ours() {
            let queue = self.turns.lock();
            if self.is_ours() {
                self.turns.pass_on(queue);
            }
        }
    }

    /// A call has arrived: waits for the turn if there is reason to. Not to be called with the interpreter's lock held.
    pub fn begin_call(&mut self) {
        if self.takes_part() && !self.is_ours() {
            self.acquire();
            self.since_ns = now_ns();
            self.began_ns = Some(self.since_ns);
            return;
        }
        self.began_ns = Some(now_ns());
    }

    fn acquire(&self) {
        let mut queue = self.turns.lock();
        if self.turns.holder.load(Ordering::Relaxed) == NOBODY {
            return self.turns.give_to(self.number);
        }
        let waiter = Arc::new(Waiter {
            number: self.number,
            thread: thread::current(),
            is_called: AtomicBool::new(false),
        });
        queue.push_back(waiter.clone());
        self.turns.count(&queue);
        drop(queue);
        // Acquire pairs with the Release store in `Turns::pass_on`.
        while !waiter.is_called.load(Ordering::Acquire) {
            thread::park_timeout(Duration::from_nanos(STUCK_NS));
            if self.turns.is_stuck() && self.take_over(&waiter) {
                return;
            }
        }
    }

    /// Takes the turn from a thread that is stuck; returns false if somebody was faster.
    fn take_over(&self, waiter: &Arc<Waiter>) -> bool {
        let mut queue = self.turns.lock();
        let place = queue.iter().position(|other| Arc::ptr_eq(other, waiter));
        match place {
            Some(place) if self.turns.is_stuck() => {
                queue.remove(place);
                self.turns.count(&queue);
                self.turns.give_to(self.number);
                true
            }
            _ => false,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests;
