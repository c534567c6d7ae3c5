//! Who runs Python code, among the threads that have a turn.
//!
//! It stands in for the interpreter's lock, which cannot be waited for without sleeping, and is taken before that: then
//! the lock is free, unless somebody has it who takes no turns. Like a turn it is advice: who has waited for a while
//! goes on, and waits for the lock itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arena::spin::Spinner;

use super::NOBODY;

/// How long to wait for it without sleeping: several short calls.
pub const PATIENCE_NS: u64 = 100_000;

/// Relaxed throughout: advice, which orders nothing.
#[derive(Default)]
pub struct Interpreter {
    user: AtomicU64,
    /// How many wait for it.
    wanted: AtomicUsize,
}

impl Interpreter {
    /// Waits until nobody uses it, or for long enough, and uses it from then on.
    pub fn acquire(&self, number: u64, spinner: &mut Spinner) {
        if self.try_acquire(number) {
            return;
        }
        self.wanted.fetch_add(1, Ordering::Relaxed);
        if !spinner.wait_permitted(|| self.try_acquire(number)) {
            self.user.store(number, Ordering::Relaxed);
        }
        self.wanted.fetch_sub(1, Ordering::Relaxed);
    }

    fn try_acquire(&self, number: u64) -> bool {
        self.user.load(Ordering::Relaxed) == NOBODY && self.replace(NOBODY, number)
    }

    fn replace(&self, old: u64, new: u64) -> bool {
        self.user.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Ends its use, unless that has been taken over.
    pub fn release(&self, number: u64) {
        if self.user.load(Ordering::Relaxed) == number {
            self.replace(number, NOBODY);
        }
    }

    /// Whether somebody waits for it.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn patient() -> Spinner {
        Spinner::new(u64::MAX)
    }

    #[test]
    fn it_has_one_user_until_that_releases_it() {
        let interpreter = Interpreter::default();
        interpreter.acquire(1, &mut patient());
        assert!(!interpreter.try_acquire(2));
        interpreter.release(2);
        assert!(!interpreter.try_acquire(2), "only its user can release it");
        interpreter.release(1);
        assert!(interpreter.try_acquire(2));
    }

    #[test]
    fn who_waited_for_long_enough_goes_on_and_is_its_user_from_then_on() {
        let interpreter = Interpreter::default();
        interpreter.acquire(1, &mut patient());
        interpreter.acquire(2, &mut Spinner::new(0));
        assert!(!interpreter.is_wanted());
        interpreter.release(1);
        assert!(!interpreter.try_acquire(3));
        interpreter.release(2);
        assert!(interpreter.try_acquire(3));
    }

    #[test]
    fn nobody_wants_it_any_more_when_the_last_wait_is_over() {
        let interpreter = Interpreter::default();
        interpreter.acquire(1, &mut patient());
        thread::scope(|scope| {
            let second = scope.spawn(|| interpreter.acquire(2, &mut patient()));
            while !interpreter.is_wanted() && !second.is_finished() {
                thread::yield_now();
            }
            interpreter.release(1);
        });
        assert!(!interpreter.is_wanted() && !interpreter.try_acquire(3));
    }
}
