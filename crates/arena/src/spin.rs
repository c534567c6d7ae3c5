//! Waiting without sleeping, while that pays.
//!
//! Waking a thread on another processor costs tens of microseconds, seeing a word change half of one. But a
//! spinning thread takes a processor from somebody, perhaps from the very process it waits for. So spinning is
//! bounded in time and in threads, never done on one processor, ends as soon as somebody else turns out
//! to want the processor, and is given up by connections on which it does not pay (with a probe now and then).

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock;

/// Looks at the word between two looks at the clock; about a microsecond.
const LOOKS: u32 = 48;
/// A yield that took longer gave a time slice to somebody else; a shorter one may have run the very process that we wait
/// for, on our processor.
const CONTENDED_NS: u64 = 200_000;
/// A yield that took longer let somebody else run on our processor.
const SWITCHED_NS: u64 = 1_500;
/// How much credit a connection can have, what a hit earns, and what a miss and a lost time slice cost.
const CREDIT_MAX: u32 = 16;
const HIT_EARNS: u32 = 4;
const MISS_COSTS: u32 = 1;
const SLICE_COSTS: u32 = 4;
/// Without credit, one wait in so many spins nevertheless.
const PROBE_EVERY: u32 = 32;

/// Threads of this process that spin right now.
static SPINNING: AtomicUsize = AtomicUsize::new(0);

/// In a forked child: the threads that were spinning are the parent's.
pub(crate) fn forget() {
    SPINNING.store(0, Ordering::Relaxed);
}

/// Does nothing for so many pauses of the processor, of some 16 ns each.
#[inline]
pub(crate) fn rest(pauses: u32) {
    for _ in 0..pauses {
        std::hint::spin_loop();
    }
}

struct Permit;

impl Permit {
    fn take() -> Option<Self> {
        let most = clock::cpus().saturating_sub(1);
        // Relaxed: only a count; nothing is ordered by it.
        if SPINNING.fetch_add(1, Ordering::Relaxed) >= most {
            SPINNING.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        SPINNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The memory of one waiter: whether spinning has paid lately.
#[derive(Clone)]
pub struct Spinner {
    budget_ns: u64,
    credit: u32,
    skipped: u32,
    /// The other side runs on our processor: it came on while we had given that up.
    is_shared: bool,
}

/// What it costs to see whether the wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// A load.
    Cheap,
    /// A system call.
    Dear,
    /// A load, by one that shares its processor with nobody.
    Alone,
}

/// How spinning ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// What was waited for came while we looked.
    Hit,
    /// It did not come in time.
    Miss,
    /// Somebody else wanted the processor, and has had it.
    Contended,
    /// Somebody else has had the processor, where that was to be the end.
    Shared,
}

impl Spinner {
    /// A waiter that spins for at most `budget_ns` at a time; 0 means never.
    #[must_use]
    pub fn new(budget_ns: u64) -> Self {
        clock::refresh_cpus();
        Self { budget_ns, credit: CREDIT_MAX, skipped: 0, is_shared: false }
    }

    /// From now on it spins for at most `budget_ns` at a time.
    pub fn allow(&mut self, budget_ns: u64) {
        self.budget_ns = budget_ns;
    }

    /// Spins until `ready` or until it no longer pays; returns whether `ready` was seen.
    pub fn wait(&mut self, ready: impl Fn() -> bool) -> bool {
        self.wait_looking(Looks::Cheap, ready)
    }

    /// The same by one of whom there are few, however many threads of this process spin.
    pub fn wait_permitted(&mut self, ready: impl Fn() -> bool) -> bool {
        self.is_worth_trying() && self.spin(Looks::Cheap, ready)
    }

    /// The same, without ever leaving the processor to others: some looks only, far below the budget.
    pub fn glance(&mut self, ready: impl Fn() -> bool) -> bool {
        if self.credit == 0 || self.is_shared || self.budget_ns == 0 || clock::cpus() == 1 {
            return false;
        }
        for _ in 0..LOOKS {
            if ready() {
                self.learn(Outcome::Hit);
                return true;
            }
            std::hint::spin_loop();
        }
        false
    }

    /// As [`Self::wait`], but ends as soon as another thread has run on our processor.
    pub fn wait_alone(&mut self, ready: impl Fn() -> bool) -> bool {
        !self.is_shared && self.wait_looking(Looks::Alone, ready)
    }

    /// The same where each look is a system call, and one has been made just now.
    pub fn wait_asking(&mut self, ready: impl Fn() -> bool) -> bool {
        self.wait_looking(Looks::Dear, ready)
    }

    fn wait_looking(&mut self, looks: Looks, ready: impl Fn() -> bool) -> bool {
        if !self.is_worth_trying() {
            return false;
        }
        let Some(_permit) = Permit::take() else {
            return false;
        };
        self.spin(looks, ready)
    }

    fn spin(&mut self, looks: Looks, ready: impl Fn() -> bool) -> bool {
        let outcome = spin(self.budget_ns, looks, &mut self.is_shared, &ready);
        self.learn(outcome);
        outcome == Outcome::Hit || (outcome != Outcome::Miss && ready())
    }

    fn learn(&mut self, outcome: Outcome) {
        self.credit = match outcome {
            Outcome::Hit => (self.credit + HIT_EARNS).min(CREDIT_MAX),
            Outcome::Miss => self.credit.saturating_sub(MISS_COSTS),
            Outcome::Shared => self.credit,
            // One who sleeps is preferred by the scheduler when it wakes; one who yields has lost its turn.
            Outcome::Contended => self.credit.saturating_sub(SLICE_COSTS),
        };
    }

    fn is_worth_trying(&mut self) -> bool {
        if self.budget_ns == 0 || clock::cpus() == 1 {
            return false;
        }
        if self.credit > 0 {
            return true;
        }
        self.skipped = (self.skipped + 1) % PROBE_EVERY;
        self.skipped == 0
    }
}

fn spin(budget_ns: u64, kind: Looks, is_shared: &mut bool, ready: impl Fn() -> bool) -> Outcome {
    let start = clock::now_ns();
    let mut looks = match kind {
        Looks::Dear => 0,
        Looks::Cheap if *is_shared => 1,
        Looks::Cheap | Looks::Alone => LOOKS,
    };
    let mut yielded_ns = 0;
    loop {
        for _ in 0..looks {
            if ready() {
                *is_shared = yielded_ns > SWITCHED_NS;
                return Outcome::Hit;
            }
            std::hint::spin_loop();
        }
        let before = clock::now_ns();
        if before.saturating_sub(start) >= budget_ns {
            return Outcome::Miss;
        }
        std::thread::yield_now();
        yielded_ns = clock::now_ns().saturating_sub(before);
        if yielded_ns > CONTENDED_NS {
            return Outcome::Contended;
        }
        if kind == Looks::Alone && yielded_ns > SWITCHED_NS {
            *is_shared = true;
            return Outcome::Shared;
        }
        looks = if kind == Looks::Dear || yielded_ns > SWITCHED_NS { 1 } else { LOOKS };
    }
}

#[cfg(test)]
mod tests;
