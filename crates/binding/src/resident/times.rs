//! Python's seconds as the arena's nanoseconds.

use ::arena::clock;

/// So many nanoseconds; less than none is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Saturates, as it should.
pub fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The time so many seconds from now.
pub fn until(seconds: f64) -> u64 {
    clock::now_ns().saturating_add(nanoseconds(seconds))
}

/// How many seconds it is until then.
#[allow(clippy::cast_precision_loss)] // Of some microseconds.
pub fn seconds_until(end_ns: u64) -> f64 {
    end_ns.saturating_sub(clock::now_ns()) as f64 / 1e9
}
