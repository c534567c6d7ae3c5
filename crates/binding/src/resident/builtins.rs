//! Values that are made of the built-in types alone: nothing in them can ask for a reducer, or stand for an object.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList};
use pyo3::types::{PySet, PyString, PyTuple};

/// Larger and deeper values are not looked through: their pickling takes longer than finding out how.
const PARTS_MAX: usize = 256;
const DEPTH_MAX: usize = 8;

/// Whether a value is made of `None`, numbers, text and bytes in the built-in containers; exact types only, since
/// a subclass may pickle in its own way.
pub fn is_builtin(value: &Bound<'_, PyAny>) -> bool {
    let mut parts = PARTS_MAX;
    is_made_of_builtins(value, DEPTH_MAX, &mut parts)
}

fn is_made_of_builtins(value: &Bound<'_, PyAny>, depth: usize, parts: &mut usize) -> bool {
    if is_atom(value) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let mut all = |part: &Bound<'_, PyAny>| {
        *parts = parts.saturating_sub(1);
        *parts > 0 && is_made_of_builtins(part, depth, parts)
    };
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        dict.len() < PARTS_MAX && dict.iter().all(|(key, value)| all(&key) && all(&value))
    } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        tuple.iter_borrowed().all(|part| all(&part))
    } else if let Ok(list) = value.cast_exact::<PyList>() {
        list.iter().all(|part| all(&part))
    } else if let Ok(set) = value.cast_exact::<PySet>() {
        set.len() < PARTS_MAX && set.iter().all(|part| all(&part))
    } else if let Ok(set) = value.cast_exact::<PyFrozenSet>() {
        set.len() < PARTS_MAX && set.iter().all(|part| all(&part))
    } else {
        false
    }
}

fn is_atom(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_none()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyBytes>()
}
