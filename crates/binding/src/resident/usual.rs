//! A short way for methods of which the usual case is a few instructions, as that of taking a free lock.
//!
//! # Theory of operation
//!
//! What the binding does around every method (argument parsing, a count of attachments, a net for panics) costs several
//! times what such a case does itself. So Python first calls a bare function, that does the usual case and nothing
//! else. Whenever the case is another one, that function has changed nothing, and goes on as the original method.
//! Errors, waits and arguments are only the original's.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};
use pyo3::{Borrowed, PyClass, ffi};

type NoArgs = ffi::PyCFunction;
type Fast = ffi::PyCFunctionFastWithKeywords;

/// What a method was before.
#[derive(Clone, Copy)]
pub enum Original {
    /// Without arguments.
    NoArgs(NoArgs),
    /// With any.
    Fast(Fast),
}

/// The usual case of one method.
pub trait Usual {
    /// The class that has it.
    type Of: PyClass;
    /// Its name there.
    const NAME: &'static str;
    /// How many arguments, without keywords, it may have and ignores; with others it is another case.
    const IGNORES: ffi::Py_ssize_t;
    /// Whether it returns what [`Self::act`] finds; otherwise `None`.
    const ANSWERS: bool;

    /// Where the original is kept.
    fn original() -> &'static OnceLock<Original>;

    /// Does the usual case, and returns the answer. `None`: it was another one, and nothing has happened. Calls no Python.
    fn act(slf: &Bound<'_, Self::Of>) -> Option<bool>;
}

/// Runs the usual case.
///
/// # Safety
///
/// `slf` is an instance of the class, and the interpreter is attached.
#[inline]
unsafe fn attempt<U: Usual>(slf: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: as the caller promises.
    let answer = unsafe {
        let py = Python::assume_attached();
        U::act(&Borrowed::from_ptr(py, slf).cast_unchecked::<U::Of>())
    }?;
    // SAFETY: all are immortal or counted here, as a new reference.
    unsafe {
        let result = match answer {
            _ if !U::ANSWERS => ffi::Py_None(),
            true => ffi::Py_True(),
            false => ffi::Py_False(),
        };
        ffi::Py_INCREF(result);
        Some(result)
    }
}

unsafe extern "C" fn no_args<U: Usual>(
    slf: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python attaches the interpreter, and the descriptor has checked the type.
    if let Some(result) = unsafe { attempt::<U>(slf) } {
        return result;
    }
    match U::original().get() {
        // SAFETY: called as we were.
        Some(Original::NoArgs(original)) => unsafe { original(slf, args) },
        _ => missing(),
    }
}

unsafe extern "C" fn fast<U: Usual>(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let is_usual = keywords.is_null() && count <= U::IGNORES;
    if is_usual {
        // SAFETY: as in `no_args`.
        if let Some(result) = unsafe { attempt::<U>(slf) } {
            return result;
        }
    }
    match U::original().get() {
        // SAFETY: called as we were.
        Some(Original::Fast(original)) => unsafe { original(slf, args, count, keywords) },
        _ => missing(),
    }
}

#[cold]
fn missing() -> *mut ffi::PyObject {
    // SAFETY: only called by methods, so the interpreter is attached.
    unsafe {
        let text = c"a method has lost its original";
        ffi::PyErr_SetString(ffi::PyExc_SystemError, text.as_ptr());
    }
    std::ptr::null_mut()
}

/// Puts the usual case before the method of the class.
pub fn put_before<U: Usual>(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<U::Of>();
    let name = U::NAME;
    let method = class.getattr(name)?;
    // SAFETY: the type is only read, which lives as long as the interpreter.
    if unsafe { ffi::Py_TYPE(method.as_ptr()) != &raw mut ffi::PyMethodDescr_Type } {
        return Ok(());
    }
    // SAFETY: a descriptor of that type is such a struct, and its definition is static.
    let definition = unsafe { &*(*method.as_ptr().cast::<ffi::PyMethodDescrObject>()).d_method };
    let (original, meth) = match definition.ml_flags {
        // SAFETY: the flags say which function it is.
        ffi::METH_NOARGS => unsafe {
            let before = Original::NoArgs(definition.ml_meth.PyCFunction);
            (before, ffi::PyMethodDefPointer { PyCFunction: no_args::<U> })
        },
        // SAFETY: as above.
        flags if flags == ffi::METH_FASTCALL | ffi::METH_KEYWORDS => unsafe {
            let before = Original::Fast(definition.ml_meth.PyCFunctionFastWithKeywords);
            (before, ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: fast::<U> })
        },
        _ => return Ok(()),
    };
    if U::original().set(original).is_err() {
        return Ok(()); // The module is imported again; the class is the same.
    }
    // Lives as long as the class: for ever.
    let ours = Box::leak(Box::new(ffi::PyMethodDef { ml_meth: meth, ..*definition }));
    // SAFETY: the class and the definition live for ever.
    let descriptor = unsafe {
        let made = ffi::PyDescr_NewMethod(class.as_type_ptr(), ours);
        Bound::from_owned_ptr_or_err(py, made)?
    };
    class.setattr(name, descriptor)
}

/// Declares the usual case of a method: its type, the class and the name, how many arguments it ignores,
/// whether it returns what that gives, and what it does.
macro_rules! usual {
    ($type:ident, $class:ty, $name:literal, ignores: $ignores:literal, answers: $answers:literal, $act:expr) => {
        struct $type;

        impl $crate::resident::usual::Usual for $type {
            type Of = $class;
            const NAME: &'static str = $name;
            const IGNORES: isize = $ignores;
            const ANSWERS: bool = $answers;

            fn original() -> &'static std::sync::OnceLock<$crate::resident::usual::Original> {
                static ORIGINAL: std::sync::OnceLock<$crate::resident::usual::Original> =
                    std::sync::OnceLock::new();
                &ORIGINAL
            }

            #[inline]
            fn act(slf: &pyo3::Bound<'_, $class>) -> Option<bool> {
                $act(slf)
            }
        }
    };
}
pub(crate) use usual;

/// Gives a class methods of its own that it inherits: the interpreter has a shorter way to those.
#[pyfunction]
#[pyo3(signature = (class, /, *names))]
pub fn own_methods(class: &Bound<'_, PyType>, names: &Bound<'_, PyTuple>) -> PyResult<()> {
    for name in names.iter_borrowed() {
        let name = name.cast::<PyString>()?;
        let method = class.getattr(name)?;
        // SAFETY: as in `put_before`; what is inherited suits every instance of the class.
        let made = unsafe {
            if ffi::Py_TYPE(method.as_ptr()) != &raw mut ffi::PyMethodDescr_Type {
                continue;
            }
            let inherited = method.as_ptr().cast::<ffi::PyMethodDescrObject>();
            if ffi::PyType_IsSubtype(class.as_type_ptr(), (*inherited).d_common.d_type) == 0 {
                continue;
            }
            ffi::PyDescr_NewMethod(class.as_type_ptr(), (*inherited).d_method)
        };
        // SAFETY: a new reference, or an error is set.
        class.setattr(name, unsafe { Bound::from_owned_ptr_or_err(class.py(), made)? })?;
    }
    Ok(())
}
