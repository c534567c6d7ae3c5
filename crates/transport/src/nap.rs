//! How long the main thread sleeps at a time.
//!
//! Signal handlers of Python run in the main thread, between two sleeps: a signal ends a sleep, but not one that
//! arrives while that thread spins, or just before it goes to sleep, or that another thread is chosen to take.
//! So a sleep is about as long as all before it, and a signal that was missed waits no longer than the
//! operation already has.

const FIRST_NS: u64 = 1_000_000;
const LONGEST_NS: u64 = 1_000_000_000;

/// The next sleep of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nap {
    ns: u64,
}

impl Nap {
    /// That of an operation that has not slept yet.
    #[must_use]
    pub fn first() -> Self {
        Self { ns: FIRST_NS }
    }

    /// Its length for this thread; `None`, for ever, when that is not the main one.
    #[must_use]
    pub fn ns(self) -> Option<u64> {
        is_main_thread().then_some(self.ns)
    }

    /// Whether the operation has slept for long already: an answer that took so long is not about to come.
    #[must_use]
    pub fn is_later(self) -> bool {
        self.ns > FIRST_NS
    }

    /// It has passed, and nothing happened.
    pub fn lengthen(&mut self) {
        self.ns = self.ns.saturating_mul(2).min(LONGEST_NS);
    }
}

fn is_main_thread() -> bool {
    // SAFETY: both calls only return a number.
    unsafe { libc::gettid() == libc::getpid() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nap_is_about_as_long_as_all_before_it_and_at_most_a_second() {
        let mut nap = Nap::first();
        let mut before = 0;
        for _ in 0..20 {
            let ns = nap.ns;
            assert!(ns <= before + FIRST_NS && ns <= LONGEST_NS);
            before += ns;
            nap.lengthen();
        }
        assert_eq!(nap.ns, LONGEST_NS);
    }

    #[test]
    fn other_threads_than_the_main_one_sleep_without_a_break() {
        assert_eq!(std::thread::spawn(|| Nap::first().ns()).join().unwrap(), None);
    }
}
