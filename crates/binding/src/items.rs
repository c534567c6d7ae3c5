//! Taking items out of an iterator, as many as it gives within a moment.

use std::ptr;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// Appends the next items of an iterator to a list: at most `count`, and none after `seconds`. Returns `None` if there may
/// be more, else a tuple with what a generator returned. What came before an exception stays in the list.
#[pyfunction]
#[pyo3(signature = (iterator, items, count, seconds, /))]
pub fn take_items<'py>(
    iterator: &Bound<'py, PyAny>,
    items: &Bound<'py, PyList>,
    count: usize,
    seconds: f64,
) -> PyResult<Option<(Bound<'py, PyAny>,)>> {
    let py = iterator.py();
    // SAFETY: any object may be asked.
    if unsafe { ffi::PyIter_Check(iterator.as_ptr()) } == 0 {
        return Err(PyTypeError::new_err("not an iterator"));
    }
    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let began = Instant::now();
    for _ in 0..count {
        let mut found = ptr::null_mut();
        // SAFETY: it is an iterator, and `None` is what `next` sends; the result is a new reference unless it is an error.
        let how = unsafe { ffi::PyIter_Send(iterator.as_ptr(), ffi::Py_None(), &raw mut found) };
        if how == ffi::PySendResult::PYGEN_ERROR {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: as above.
        let item = unsafe { Bound::from_owned_ptr_or_err(py, found)? };
        if how == ffi::PySendResult::PYGEN_RETURN {
            return Ok(Some((item,)));
        }
        items.append(item)?;
        if began.elapsed() > time {
            break;
        }
    }
    Ok(None)
}
