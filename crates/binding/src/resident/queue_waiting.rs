//! Waiting for a queue: what the arguments mean, and how it ends.

use ::arena::queue::{Queue as Native, Wait};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::arena::Arena;
use super::failures::to_python;
use super::spinning::{Until, look_out};
use super::waiting::{Flag, Limit, Waited, wait};

/// A queue's exceptions, which are Python's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing to take.
    Empty,
    /// There is no room.
    Full,
    /// It was shut down.
    ShutDown,
}

impl Refusal {
    /// The exception.
    #[cold]
    pub fn error(self, py: Python<'_>) -> PyErr {
        static EMPTY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static FULL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static SHUT_DOWN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let (cache, module, name) = match self {
            Self::Empty => (&EMPTY, "queue", "Empty"),
            Self::Full => (&FULL, "queue", "Full"),
            Self::ShutDown => (&SHUT_DOWN, "manor.errors", "ShutDown"),
        };
        match cache.import(py, module, name) {
            Ok(class) => PyErr::from_type(class.clone(), ()),
            Err(error) => error,
        }
    }
}

/// What `block` and `timeout` mean for a queue.
#[inline]
pub fn limit(Flag(block): Flag, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Limit> {
    if !block {
        return Ok(Limit::NOW);
    }
    let Some(timeout) = timeout.filter(|timeout| !timeout.is_none()) else {
        return Ok(Limit::NONE);
    };
    if timeout.lt(0)? {
        return Err(PyValueError::new_err("'timeout' must be a non-negative number"));
    }
    Limit::of_unchecked_timeout(Some(timeout))
}

/// Waits for what a queue may have for the caller, until `attempt` succeeds: `None` if time passes first.
#[cold]
pub fn await_turn<T>(
    py: Python<'_>,
    arena: &Arena,
    native: Native,
    what: Wait,
    limit: Limit,
    mut attempt: impl FnMut() -> Result<Option<T>, ::arena::Failure>,
) -> PyResult<Option<T>> {
    let (heap, me, limit) = (arena.heap(), arena.me()?, limit.possible()?);
    if !native.has_line(heap, what)
        && look_out(py, Until::Hopeless, || native.glimpse(heap, what).then_some(())).is_some()
        && let Some(outcome) = attempt().map_err(to_python)?
    {
        return Ok(Some(outcome));
    }
    loop {
        let standing = arena.roomy(|| native.stand(heap, me, what)).map_err(to_python)?;
        let Some(ticket) = standing else {
            match attempt().map_err(to_python)? {
                Some(outcome) => return Ok(Some(outcome)),
                None => continue, // Somebody was faster.
            }
        };
        let look = || native.look(heap, ticket, what, &mut attempt);
        let error = match wait(py, arena, ticket, limit, look) {
            Waited::Over(outcome) => return Ok(Some(outcome)),
            Waited::TimedOut => None,
            Waited::Failed(error) => Some(error),
        };
        native.abandon(heap, ticket, what).map_err(to_python)?;
        return error.map_or(Ok(None), Err);
    }
}
