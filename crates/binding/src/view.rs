//! The bytes of an object with a buffer, for a moment.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

struct View<'v>(&'v mut ffi::Py_buffer);

impl Drop for View<'_> {
    fn drop(&mut self) {
        // SAFETY: filled by PyObject_GetBuffer and released once; views live within `with_bytes`, which holds the
        // interpreter's lock.
        unsafe { ffi::PyBuffer_Release(self.0) };
    }
}

/// What `use_bytes` finds in the bytes of `object`; `None` if it has none in one piece.
pub fn with_bytes<'py, R>(
    object: &Bound<'py, PyAny>,
    use_bytes: impl FnOnce(&[u8]) -> Option<R>,
) -> Option<R> {
    let mut place = MaybeUninit::<ffi::Py_buffer>::uninit();
    // SAFETY: room for one view, which does not move until it is released; PyBUF_SIMPLE asks for contiguous bytes.
    let rc =
        unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), place.as_mut_ptr(), ffi::PyBUF_SIMPLE) };
    if rc != 0 {
        drop(PyErr::take(object.py()));
        return None;
    }
    // SAFETY: filled by the call.
    let view = View(unsafe { place.assume_init_mut() });
    let bytes = usize::try_from(view.0.len).ok()?;
    if bytes == 0 {
        return None; // Its address may be null.
    }
    // SAFETY: the exporter keeps the bytes in place until the view is released. Nobody writes to what was received.
    use_bytes(unsafe { std::slice::from_raw_parts(view.0.buf.cast(), bytes) })
}
