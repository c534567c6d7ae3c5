//! Lists that are deques: what differs in the errors, and that there are no slices.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;

use super::indexes::as_index;
use super::list::List;

/// A bit of the tags of deques.
const DEQUE: u64 = 1 << 16;

/// Whether a list is one.
pub fn is_deque(slf: &Bound<'_, List>) -> bool {
    slf.as_super().get().tag() & DEQUE != 0
}

/// The error for an index that is none of the list's, which is called `what` if it is no deque.
pub fn out_of_range(slf: &Bound<'_, List>, what: &str) -> PyErr {
    let what = if is_deque(slf) { "deque" } else { what };
    PyIndexError::new_err(format!("{what} index out of range"))
}

/// An index of the caller's.
#[inline]
pub fn index_of(slf: &Bound<'_, List>, index: &Bound<'_, PyAny>) -> PyResult<i64> {
    as_index(index).map_err(|error| if is_deque(slf) { no_integer(index) } else { error })
}

fn no_integer(index: &Bound<'_, PyAny>) -> PyErr {
    match index.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("sequence index must be integer, not '{name}'")),
        Err(error) => error,
    }
}
