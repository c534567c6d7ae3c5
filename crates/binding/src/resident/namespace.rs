//! `manor._native.Namespace`: a dict whose items are attributes.

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::arena::Arena;
use super::dict::{self, Dict};

/// An object with attributes; names that begin with an underscore belong to the Python object.
#[pyclass(frozen, subclass, extends = Dict, module = "manor._native")]
pub struct Namespace;

#[inline]
fn is_own(name: &Bound<'_, PyString>) -> bool {
    name.to_str().is_ok_and(|name| name.starts_with('_'))
}

fn missing(slf: &Bound<'_, Namespace>, name: &Bound<'_, PyString>) -> PyErr {
    let kind = slf.get_type();
    let kind = kind.name().map_or_else(|_| "Namespace".to_owned(), |kind| kind.to_string());
    PyAttributeError::new_err(format!("'{kind}' object has no attribute '{name}'"))
}

#[pymethods]
impl Namespace {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        Ok(Dict::make(arena, handle, tag)?.add_subclass(Self))
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !is_own(name) {
            return dict::get(slf.as_super(), name)?.ok_or_else(|| missing(slf, name));
        }
        // SAFETY: both are live objects; the result is a new reference, or null with an exception set.
        unsafe {
            let found = ffi::PyObject_GenericGetAttr(slf.as_ptr(), name.as_ptr());
            Bound::from_owned_ptr_or_err(slf.py(), found)
        }
    }

    fn __setattr__(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if !is_own(name) {
            return dict::set(slf.as_super(), name, value);
        }
        generic_set(slf, name, value.as_ptr())
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        if is_own(name) {
            return generic_set(slf, name, std::ptr::null_mut());
        }
        match dict::remove(slf.as_super(), name)? {
            None => Err(missing(slf, name)),
            Some(taken) => {
                dict::forget(slf.as_super().as_super().get().arena().get(), &taken);
                Ok(())
            }
        }
    }
}

fn generic_set(
    slf: &Bound<'_, Namespace>,
    name: &Bound<'_, PyString>,
    value: *mut ffi::PyObject,
) -> PyResult<()> {
    // SAFETY: both are live objects, and `value` is one or null, which deletes.
    let rc = unsafe { ffi::PyObject_GenericSetAttr(slf.as_ptr(), name.as_ptr(), value) };
    if rc == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
}
