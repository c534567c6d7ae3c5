//! The arena's failures as exceptions of `manor.errors`.

use arena::{Error, Failure};
use pyo3::exceptions::{PyOSError, PyOverflowError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::interrupted;

fn make(cache: &'static PyOnceLock<Py<PyType>>, name: &str, text: String) -> PyErr {
    Python::attach(|py| match cache.import(py, "manor.errors", name) {
        Ok(class) => PyErr::from_type(class.clone(), text),
        Err(error) => error,
    })
}

/// The exception for a failure. Whatever it is, the operation did not happen.
#[cold]
pub fn to_python(failure: Failure) -> PyErr {
    static GONE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static FULL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static CORRUPT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static UNAVAILABLE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let text = failure.to_string();
    match failure {
        Failure::ObjectGone => make(&GONE, "ObjectGone", text),
        Failure::ArenaFull { .. } => make(&FULL, "ArenaFull", text),
        Failure::OtherNamespace | Failure::SlotsFull | Failure::ThreadsFull => {
            make(&UNAVAILABLE, "ArenaUnavailable", text)
        }
        Failure::WrongType => PyTypeError::new_err("the value is no int"),
        Failure::Overflow => PyOverflowError::new_err(text),
        Failure::Changed | Failure::Busy { .. } => PyRuntimeError::new_err(text),
        Failure::Interrupted => interrupted::error(),
        Failure::Ended => PyRuntimeError::new_err(text), // Translated by whoever waits, who knows the manager.
        Failure::Shared(Error::Forked) => make(
            &UNAVAILABLE,
            "ArenaUnavailable",
            "this process was forked while the arena had no place for another one".to_owned(),
        ),
        Failure::Shared(Error::Os { errno, .. }) => PyOSError::new_err((errno, text)),
        Failure::Shared(_) => make(&CORRUPT, "ArenaCorrupt", text),
    }
}
