//! Ending the sleep of a thread of this process, whatever it waits for.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::futex;

/// What a thread hears in its sleep, and also if it rang just before.
#[derive(Debug, Default)]
pub struct Bell(AtomicU32);

impl Bell {
    /// Rings, once and for all. Whoever sleeps within hearing wakes, and sleeps no more.
    pub fn ring(&self) {
        // Release: what was done before is seen by whoever has heard it.
        self.0.store(1, Ordering::Release);
        futex::wake(self.word().0, u32::MAX);
    }

    /// Whether it has rung.
    #[must_use]
    pub fn has_rung(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// The word to sleep on, and what it is while that may go on.
    pub(crate) fn word(&self) -> (*const u8, u32) {
        (self.0.as_ptr().cast_const().cast(), 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::clock;

    const LONG_NS: u64 = 30_000_000_000;

    #[test]
    fn who_sleeps_is_woken() {
        let bell = Arc::new(Bell::default());
        let start = clock::now_ns();
        let sleeper = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || {
                while !bell.has_rung() {
                    futex::wait_any(&[bell.word()], LONG_NS);
                }
            })
        };
        bell.ring();
        sleeper.join().unwrap();
        assert!(clock::now_ns() - start < LONG_NS);
    }

    #[test]
    fn nobody_falls_asleep_who_has_not_looked_since_it_rang() {
        let bell = Bell::default();
        bell.ring();
        let start = clock::now_ns();
        futex::wait_any(&[bell.word()], LONG_NS);
        assert!(clock::now_ns() - start < LONG_NS);
    }
}
