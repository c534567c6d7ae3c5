//! Waiting as Python's threads wait: without the GIL, with an ear for signals, and with a limit.

use std::sync::Arc;

use ::arena::wait::sleep::{Ended, Patience, await_node};
use ::arena::wait::{Bell, Look, Ticket};
use ::arena::{Failure, clock, spin::Spinner};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

use super::arena::Arena;
use super::deputy;
use super::failures::to_python;
use super::interrupted::without_gil;
use super::spinning::{self, HALF_NS_MAX, SPIN_NS_MAX};

/// How long a caller is willing to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    deadline_ns: u64,
}

/// `threading.TIMEOUT_MAX`: what fits into 63 bits of nanoseconds.
const TIMEOUT_MAX_S: f64 = 9_223_372_036.0;

/// A truth value, as Python takes it: whatever is true.
#[derive(Debug, Clone, Copy)]
pub struct Flag(pub bool);

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value.is_truthy().map(Self)
    }
}

impl Limit {
    /// Until it is over.
    pub const NONE: Self = Self { deadline_ns: u64::MAX };
    /// Not at all.
    pub const NOW: Self = Self { deadline_ns: 0 };
    /// Longer than Python can wait: an error for whoever has to wait at all.
    const TOO_LONG: Self = Self { deadline_ns: u64::MAX - 1 };

    /// So many seconds from now; less than none is none. `None` is without limit.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Saturates, as it should.
    pub fn after(seconds: Option<f64>) -> Self {
        match seconds {
            None => Self::NONE,
            Some(seconds) if seconds > 0.0 => {
                Self { deadline_ns: clock::now_ns().saturating_add((seconds * 1e9) as u64) }
            }
            Some(_) => Self::NOW,
        }
    }

    /// Itself, where it is one that can be waited for.
    pub fn possible(self) -> PyResult<Self> {
        if self == Self::TOO_LONG {
            return Err(PyOverflowError::new_err("timeout value is too large"));
        }
        Ok(self)
    }

    /// Whether there is nothing to wait for.
    pub fn is_now(self) -> bool {
        self == Self::NOW
    }

    /// What `threading.Lock.acquire(blocking, timeout)` understands by its arguments, `None` for the timeout included.
    ///
    /// Errors are those of this version of Python's own lock.
    #[inline]
    pub fn of_acquire(
        py: Python<'_>,
        Flag(blocks): Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        match timeout.filter(|timeout| !timeout.is_none()) {
            Some(timeout) => Self::of_timed_acquire(py, blocks, timeout),
            None if blocks => Ok(Self::NONE),
            None => Ok(Self::NOW),
        }
    }

    fn of_timed_acquire(
        py: Python<'_>,
        blocks: bool,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let seconds: f64 = timeout.extract().unwrap_or(f64::NAN);
        let is_plain = blocks && (0.0..1e9).contains(&seconds);
        if !is_plain {
            // A lock that is free checks, and does not wait.
            let lock = py.import("threading")?.call_method0("Lock")?;
            lock.call_method1("acquire", (blocks, timeout))?;
        }
        #[allow(clippy::float_cmp)] // The one value that stands for no limit.
        Ok(match (blocks, seconds == -1.0) {
            (false, _) => Self::NOW,
            (true, true) => Self::NONE,
            (true, false) => Self::after(Some(seconds)),
        })
    }

    /// What the methods of conditions, events and queues understand by a timeout in seconds.
    pub fn of_timeout(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        Self::of_unchecked_timeout(timeout)?.possible()
    }

    /// The same, but an impossible one is an error only for who has to wait, which says so by [`Limit::possible`].
    pub fn of_unchecked_timeout(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        match timeout.filter(|timeout| !timeout.is_none()) {
            None => Ok(Self::NONE),
            Some(timeout) => {
                let seconds: f64 = timeout.extract()?;
                if seconds.is_nan() {
                    return Err(PyValueError::new_err("Invalid value NaN (not a number)"));
                }
                let is_possible = seconds <= TIMEOUT_MAX_S;
                Ok(if is_possible { Self::after(Some(seconds)) } else { Self::TOO_LONG })
            }
        }
    }
}

/// The patience of a caller, for waits that the arena drives.
pub struct Caller<'py> {
    py: Python<'py>,
    limit: Limit,
    spinner: Spinner,
    error: Option<PyErr>,
    is_cancelled: bool,
}

impl Patience for Caller<'_> {
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool {
        if self.is_cancelled {
            deputy::step_aside(self.py); // It goes on all the same: it takes a condition's lock again.
        }
        without_gil(self.py, sleep);
        if deputy::is_cancelled() {
            self.is_cancelled = true;
            return false;
        }
        match self.py.check_signals() {
            Ok(()) => true,
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    fn deadline_ns(&self) -> u64 {
        self.limit.deadline_ns
    }

    fn bell(&self) -> Option<Arc<Bell>> {
        if self.is_cancelled { None } else { deputy::bell() }
    }

    fn spinner(&mut self) -> &mut Spinner {
        &mut self.spinner
    }
}

/// How a wait ended, for Python.
#[derive(Debug)]
pub enum Waited<T> {
    /// By what was waited for.
    Over(T),
    /// The time is over. The wait is still to be given up.
    TimedOut,
    /// Somebody raised something meanwhile, or the arena has ended. The wait is still to be given up.
    Failed(PyErr),
}

/// Waits until `look` says that it is over. Its thread has looked out before.
pub fn wait<T>(
    py: Python<'_>,
    arena: &Arena,
    ticket: Ticket,
    limit: Limit,
    look: impl FnMut() -> Result<Look<T>, Failure>,
) -> Waited<T> {
    let (limit, is_bounded) = match bounded(py, arena, limit) {
        Ok(found) => found,
        Err(error) => return Waited::Failed(error),
    };
    let _noted = match arena.note_site(py) {
        Ok(noted) => noted,
        Err(error) => return Waited::Failed(error),
    };
    let spinner = spinning::lend(HALF_NS_MAX);
    let mut caller = Caller { py, limit, spinner, error: None, is_cancelled: false };
    let outcome = await_node(arena.heap(), ticket, &mut caller, look);
    spinning::give_back(caller.spinner);
    match outcome {
        Ok(Ended::Over(outcome)) => Waited::Over(outcome),
        Ok(Ended::TimedOut) if is_bounded => Waited::Failed(timed_out(py, arena)),
        Ok(Ended::TimedOut) => Waited::TimedOut,
        Ok(Ended::GivenUp) => Waited::Failed(caller.error.unwrap_or_else(deputy::abandoned)),
        Err(Failure::Ended) => Waited::Failed(arena.ended_error()),
        Err(failure) => Waited::Failed(to_python(failure)),
    }
}

/// Waits by `job`, which the arena drives and which leaves nothing to be given up. It is told whether the limit is the
/// wait's own, and not the caller's deadline. `None`: the time is over.
pub fn patiently<T>(
    py: Python<'_>,
    arena: &Arena,
    limit: Limit,
    job: impl FnOnce(&mut Caller<'_>, bool) -> Result<Ended<T>, Failure>,
) -> PyResult<Option<T>> {
    let (limit, is_bounded) = bounded(py, arena, limit)?;
    let _noted = arena.note_site(py)?;
    let spinner = spinning::lend(SPIN_NS_MAX);
    let mut caller = Caller { py, limit, spinner, error: None, is_cancelled: false };
    let outcome = job(&mut caller, !is_bounded);
    spinning::give_back(caller.spinner);
    match outcome {
        Ok(Ended::Over(outcome)) => Ok(Some(outcome)),
        Ok(Ended::TimedOut) if is_bounded => Err(timed_out(py, arena)),
        Ok(Ended::TimedOut) => Ok(None),
        Ok(Ended::GivenUp) => Err(caller.error.unwrap_or_else(deputy::abandoned)),
        Err(Failure::Ended) => Err(arena.ended_error()),
        Err(failure) => Err(to_python(failure)),
    }
}

/// A wait without a limit of its own ends with the caller's deadline. Returns the limit, and whether it is that.
fn bounded(py: Python<'_>, arena: &Arena, limit: Limit) -> PyResult<(Limit, bool)> {
    if limit != Limit::NONE {
        return Ok((limit, false));
    }
    let end: Option<f64> = match &arena.python().deadline {
        Some(deadline) => deadline.bind(py).call0()?.extract()?,
        None => None,
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Saturates, as it should.
    Ok(match end {
        Some(end) => (Limit { deadline_ns: (end * 1e9) as u64 }, true),
        None => (limit, false),
    })
}

#[cold]
fn timed_out(py: Python<'_>, arena: &Arena) -> PyErr {
    match arena.python().object.bind(py).call_method0("timed_out") {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}
