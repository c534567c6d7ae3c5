//! Keys that are objects: a dict holds them together with their values.

use pyo3::prelude::*;

use super::arena::Arena;
use super::values;

/// The value to store: together with a key that is an object, a box that holds that too.
pub fn with_key_held<'py>(
    arena: &Bound<'py, Arena>,
    key: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match &arena.get().python().encode_keyed {
        Some(encode) if values::object_of(arena, key).is_some() => {
            encode.bind(key.py()).call1((value, key, "a value"))
        }
        _ => Ok(value.clone()),
    }
}
