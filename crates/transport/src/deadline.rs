//! When to stop waiting.

use arena::clock;

/// A point of monotonic time, so that an operation resumed after a signal does not wait anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Wait for as long as it takes.
    Never,
    /// Do not wait at all.
    Now,
    /// Wait until `CLOCK_MONOTONIC` shows so many nanoseconds.
    At(u64),
}

impl Deadline {
    /// So many seconds from now; `None` means never, and what has passed already means now.
    #[must_use]
    pub fn after(seconds: Option<f64>) -> Self {
        let Some(seconds) = seconds else {
            return Self::Never;
        };
        if seconds <= 0.0 {
            return Self::Now;
        }
        match std::time::Duration::try_from_secs_f64(seconds).map(|d| u64::try_from(d.as_nanos())) {
            Ok(Ok(ns)) => Self::At(clock::now_ns().saturating_add(ns)),
            _ => Self::Never, // More than 500 years.
        }
    }

    /// Nanoseconds left; `None` means no limit.
    #[must_use]
    pub fn remaining_ns(self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Now => Some(0),
            Self::At(ns) => Some(ns.saturating_sub(clock::now_ns())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_keeps_what_is_left() {
        assert_eq!(Deadline::after(None), Deadline::Never);
        assert_eq!(Deadline::after(Some(0.0)), Deadline::Now);
        assert_eq!(Deadline::after(Some(-1.0)), Deadline::Now);
        assert_eq!(Deadline::after(Some(1e300)), Deadline::Never);
        let left = Deadline::after(Some(10.0)).remaining_ns().unwrap();
        assert!((9_000_000_000..=10_000_000_000).contains(&left));
        assert_eq!(Deadline::At(1).remaining_ns(), Some(0));
    }
}
