//! Whose turn it is among the threads of a server that answer short calls.
//!
//! Each thread serves one client, and all of them need the interpreter's lock. When several clients call without a
//! pause and every call goes to another thread, each costs a change of threads, which takes longer than the call: four
//! clients get less done than one. So a thread that answers short calls keeps its *turn* for a while: it waits for its
//! client's next call without sleeping, and the calls of other clients wait until it is over, in their order.
//!
//! Two threads have a turn at a time: while the client of one does its part, the other carries out a call. Neither of
//! them sleeps then, nor does either client, so it does not matter which of the four share a processor. They pass the
//! interpreter to each other by a word that they look at ([`interpreter`]): to sleep for its lock takes longer than a call.
//!
//! A turn is advice, and no lock: it excludes nobody who must not wait. Threads whose calls are not short take none.
//! One that turns out to be stuck in a call loses it to whoever waits. Nothing depends on who has it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use arena::clock::{cpus, now_ns};
use arena::spin::Spinner;

use interpreter::Interpreter;

mod interpreter;

/// How many threads have a turn at a time: more than one cannot run Python code, more than two only wait for it.
const PLACES: usize = 2;
/// How long a turn lasts when others wait: some twenty times what it costs to pass it on.
const TURN_NS: u64 = 1_000_000;
/// A turn whose thread has not been back for so long is anyone's.
const STUCK_NS: u64 = 500_000;
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
    places: Box<[Place]>,
    /// The length of the queue, to be read without its lock.
    waiting: AtomicUsize,
    numbers: AtomicU64,
    interpreter: Interpreter,
    stuck_ns: u64,
}

/// One of those who have a turn.
#[derive(Default)]
struct Place {
    /// Whose turn it is; written with the queue locked.
    holder: AtomicU64,
    /// When the holder was last seen.
    seen_ns: AtomicU64,
}

impl Place {
    fn is_of(&self, number: u64) -> bool {
        self.holder.load(Ordering::Relaxed) == number
    }

    /// To be called with the queue locked.
    fn give_to(&self, number: u64) {
        self.seen_ns.store(now_ns(), Ordering::Relaxed);
        self.holder.store(number, Ordering::Relaxed); // Advice, which orders nothing.
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new(PLACES.min(cpus()), STUCK_NS)
    }
}

struct Waiter {
    number: u64,
    thread: Thread,
    is_called: AtomicBool,
}

type Queue<'t> = MutexGuard<'t, VecDeque<Arc<Waiter>>>;

impl Turns {
    fn new(places: usize, stuck_ns: u64) -> Self {
        Self {
            queue: Mutex::default(),
            places: (0..places).map(|_| Place::default()).collect(),
            waiting: AtomicUsize::new(0),
            numbers: AtomicU64::new(NOBODY),
            interpreter: Interpreter::default(),
            stuck_ns,
        }
    }

    fn lock(&self) -> Queue<'_> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place_of(&self, number: u64) -> Option<&Place> {
        self.places.iter().find(|place| place.is_of(number))
    }

    /// Gives the turn to the next in the queue, or to nobody.
    fn pass_on(&self, place: &Place, mut queue: Queue<'_>) {
        let next = queue.pop_front();
        self.count(&queue);
        place.give_to(next.as_ref().map_or(NOBODY, |waiter| waiter.number));
        drop(queue);
        if let Some(waiter) = next {
            // Release pairs with the Acquire load in `Turn::acquire`.
            waiter.is_called.store(true, Ordering::Release);
            waiter.thread.unpark();
        }
    }

    fn count(&self, queue: &VecDeque<Arc<Waiter>>) {
        self.waiting.store(queue.len(), Ordering::Relaxed); // As in `Place::give_to`.
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn stuck_place(&self) -> Option<&Place> {
        let now = now_ns();
        let since = |place: &Place| now.saturating_sub(place.seen_ns.load(Ordering::Relaxed));
        self.places.iter().find(|place| since(place) > self.stuck_ns)
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
    /// For the interpreter.
    spinner: Spinner,
}

impl Turn {
    /// Takes part, without any credit yet.
    #[must_use]
    pub fn new(turns: Arc<Turns>) -> Self {
        let number = turns.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let spinner = Spinner::new(interpreter::PATIENCE_NS);
        Self { turns, number, credit: 0, since_ns: 0, began_ns: None, spinner }
    }

    fn place(&self) -> Option<&Place> {
        self.turns.place_of(self.number)
    }

    /// Whether we have it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.place().is_some()
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
        if let Some(place) = self.place() {
            place.seen_ns.store(now, Ordering::Relaxed);
            if self.turns.is_wanted() && now.saturating_sub(self.since_ns) > TURN_NS {
                self.leave();
            }
        }
    }

    /// Whether a call that has arrived may be carried out at once.
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        !self.takes_part() || (self.is_ours() && !self.turns.interpreter.is_wanted())
    }

    /// Whether to wait for the next call without sleeping.
    #[must_use]
    pub fn may_spin(&self) -> bool {
        self.is_ours() || self.turns.place_of(NOBODY).is_some()
    }

    /// The interpreter's lock has been released.
    pub fn release_interpreter(&self) {
        self.turns.interpreter.release(self.number);
    }

    /// The next call does not come.
    pub fn leave(&self) {
        if self.is_ours() {
            let queue = self.turns.lock();
            if let Some(place) = self.place() {
                self.turns.pass_on(place, queue);
            }
        }
    }

    /// A call has arrived: waits for the turn if there is reason to. Not to be called with the interpreter's lock held.
    pub fn begin_call(&mut self) {
        if self.takes_part() {
            if !self.is_ours() {
                self.acquire();
                self.since_ns = now_ns();
            }
            self.turns.interpreter.acquire(self.number, &mut self.spinner);
        }
    }

    /// We have the interpreter's lock, and carry out the call from now on.
    pub fn carry_out(&mut self) {
        self.began_ns = Some(now_ns());
    }

    fn acquire(&self) {
        let mut queue = self.turns.lock();
        if let Some(free) = self.turns.place_of(NOBODY) {
            return free.give_to(self.number);
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
            if self.turns.stuck_place().is_some() && self.take_over(&waiter) {
                return;
            }
        }
    }

    /// Takes the turn from a thread that is stuck; returns false if somebody was faster.
    fn take_over(&self, waiter: &Arc<Waiter>) -> bool {
        let mut queue = self.turns.lock();
        let at = queue.iter().position(|other| Arc::ptr_eq(other, waiter));
        match (at, self.turns.stuck_place()) {
            (Some(at), Some(place)) => {
                queue.remove(at);
                self.turns.count(&queue);
                place.give_to(self.number);
                true
            }
            _ => false,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.release_interpreter();
        self.leave();
    }
}

#[cfg(test)]
mod tests;
