//! Indexes as the built-in list takes them, with its errors.

use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;

/// The index of an item.
pub fn as_index(index: &Bound<'_, PyAny>) -> PyResult<i64> {
    index.extract::<i64>().map_err(|error| {
        let py = index.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            PyIndexError::new_err("cannot fit 'int' into an index-sized integer")
        } else {
            let kind = index.get_type();
            let kind = kind.name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
            PyTypeError::new_err(format!("list indices must be integers or slices, not {kind}"))
        }
    })
}

/// As the built-in's `insert` and `pop` take an index.
pub fn as_number(index: &Bound<'_, PyAny>) -> PyResult<i64> {
    index.extract::<i64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(index.py()) {
            return PyOverflowError::new_err("Python int too large to convert to C ssize_t");
        }
        error
    })
}
