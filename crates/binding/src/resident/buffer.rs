//! A large value that was copied out of the arena, as Python sees it: bytes of its own, writable.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Memory that views of Python's keep alive; never resized.
#[pyclass(frozen, module = "manor._native")]
pub struct Buffer {
    bytes: UnsafeCell<Vec<u8>>,
}

// SAFETY: the bytes are only reached through buffers of Python's, whose users synchronise as for a bytearray; the
// vector itself is never touched again.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Wraps bytes that nobody else has.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: UnsafeCell::new(bytes) }
    }
}

#[pymethods]
impl Buffer {
    /// # Safety
    ///
    /// To be called by the interpreter only.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: only the address and length are read, which never change.
        let (pointer, length) = unsafe {
            let bytes = &mut *slf.get().bytes.get();
            (bytes.as_mut_ptr(), bytes.len())
        };
        let length = ffi::Py_ssize_t::try_from(length)?;
        let pointer = pointer.cast::<c_void>();
        // SAFETY: the view is the interpreter's; it keeps `slf`, and with it the bytes, alive.
        let rc = unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), pointer, length, 0, flags) };
        if rc == 0 {
            return Ok(());
        }
        Err(PyErr::take(slf.py()).unwrap_or_else(|| PyBufferError::new_err("no such view")))
    }
}
