//! `manor._native.Namespace`: attributes, which are the items of a dict.

use ::arena::dict::{Dict as Native, Part};
use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::arena::Arena;
use super::dict_items::{Place, get, remove, set};
use super::failures::to_python;
use super::listing::listed;
use super::object::{Object, held};

/// An object with attributes; names that begin with an underscore belong to the Python object.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Namespace {
    native: Native,
}

#[inline]
fn is_own(name: &Bound<'_, PyString>) -> bool {
    name.to_str().is_ok_and(|name| name.starts_with('_'))
}

#[inline]
fn place<'a, 'py>(slf: &'a Bound<'py, Namespace>) -> Place<'a, 'py> {
    (slf.as_super(), slf.get().native)
}

fn missing(name: &Bound<'_, PyString>) -> PyErr {
    PyAttributeError::new_err(format!("'Namespace' object has no attribute '{name}'"))
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
        let heap = arena.get().heap();
        let object = held(arena, handle, tag, || Ok(Native::create(heap)?.handle()))?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !is_own(name) {
            return get(place(slf), name)?.ok_or_else(|| PyAttributeError::new_err(())); // see below
        }
        // SAFETY: both are live objects; the result is a new reference, or null with an exception set.
        unsafe {
            let found = ffi::PyObject_GenericGetAttr(slf.as_ptr(), name.as_ptr());
            Bound::from_owned_ptr_or_err(slf.py(), found)
        }
    }

    /// Called with names for which `__getattribute__` has raised `AttributeError`, whose text is lost by then.
    fn __getattr__<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        Err(missing(name))
    }

    fn __setattr__(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if !is_own(name) {
            return set(place(slf), name, value);
        }
        generic_set(slf, name, value.as_ptr())
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        if is_own(name) {
            return generic_set(slf, name, std::ptr::null_mut());
        }
        Self::_remove(slf, name)
    }

    #[pyo3(signature = (name, value, /))]
    fn _store(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        set(place(slf), name, value)
    }

    #[pyo3(signature = (name, /))]
    fn _remove(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        if remove(place(slf), name)? { Ok(()) } else { Err(missing(name)) }
    }

    fn _items<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf.as_super(), slf.get().native, Part::Items)
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
