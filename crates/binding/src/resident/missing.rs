//! Keys that a mapping does not have.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

use super::dict::Dict;

/// A bit of the tags of those whose subclass knows what the value of a missing key is: `_missing(key)`.
const KNOWS_MISSING: u64 = 1 << 17;

/// What a key that is missing raises.
pub fn missing(key: &Bound<'_, PyAny>) -> PyErr {
    PyKeyError::new_err((key.clone().unbind(),))
}

/// What `mapping[key]` is for a key that is missing.
#[cold]
pub fn value_of_missing<'py>(
    slf: &Bound<'py, Dict>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if slf.as_super().get().tag() & KNOWS_MISSING == 0 {
        return Err(missing(key));
    }
    slf.call_method1("_missing", (key,))
}
