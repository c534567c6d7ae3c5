//! Notes on exceptions whose text is Python's own: what to write instead.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception with a note, if there is advice for it. No internal lock may be held: Python code runs.
#[cold]
pub fn advised(error: PyErr) -> PyErr {
    static ADVISED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Python::attach(|py| {
        let added = ADVISED
            .import(py, "manor._codec.refusals", "advised")
            .and_then(|function| function.call1((error.value(py),)));
        match added {
            Ok(_) => error,
            Err(other) => other,
        }
    })
}
