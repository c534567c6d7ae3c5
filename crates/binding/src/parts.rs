//! The pieces of a message, as Python passes them: any sequence of objects with a buffer.

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use transport::gather::Part;

/// Buffers held for as long as a message is being sent.
pub struct Parts {
    /// Never grows after it was made: an exporter may rely on the address of a view.
    views: Vec<ffi::Py_buffer>,
    parts: Vec<Part>,
}

impl Parts {
    /// Takes hold of the buffers of all objects in `sequence`.
    pub fn new(sequence: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(tuple) = sequence.cast::<PyTuple>() {
            return Self::collect(tuple);
        }
        if let Ok(list) = sequence.cast::<PyList>() {
            return Self::collect(&list.to_tuple());
        }
        let items = sequence.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        Self::collect(&PyTuple::new(sequence.py(), items)?)
    }

    fn collect(objects: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let count = objects.len();
        let mut held = Self { views: Vec::with_capacity(count), parts: Vec::with_capacity(count) };
        for object in objects.iter_borrowed() {
            held.hold(&object)?;
        }
        Ok(held)
    }

    fn hold(&mut self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(slot) = self.views.spare_capacity_mut().first_mut() else {
            return Err(PyBufferError::new_err("more parts than were counted"));
        };
        // SAFETY: `slot` is room for one view; PyBUF_SIMPLE asks for contiguous bytes.
        let rc = unsafe {
            ffi::PyObject_GetBuffer(object.as_ptr(), slot.as_mut_ptr(), ffi::PyBUF_SIMPLE)
        };
        if rc != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        // SAFETY: the slot just behind the end was filled by the call.
        let view = unsafe {
            self.views.set_len(self.views.len() + 1);
            slot_of(&self.views)
        };
        // SAFETY: the exporter keeps the bytes in place until the view is released, when `self` is dropped.
        self.parts.push(unsafe { Part::new(view.0, view.1) });
        Ok(())
    }

    /// The pieces, valid while `self` lives.
    pub fn as_slice(&self) -> &[Part] {
        &self.parts
    }
}

/// Address and length of the last view.
fn slot_of(views: &[ffi::Py_buffer]) -> (*const u8, usize) {
    views.last().map_or((std::ptr::null(), 0), |view| {
        (view.buf.cast_const().cast(), usize::try_from(view.len).unwrap_or(0))
    })
}

impl Drop for Parts {
    fn drop(&mut self) {
        for view in &mut self.views {
            // SAFETY: each view was filled by PyObject_GetBuffer and is released once. Parts live on the
            // stack of a method, which holds the interpreter's lock when it returns.
            unsafe { ffi::PyBuffer_Release(view) };
        }
    }
}
