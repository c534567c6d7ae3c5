//! Reading, setting and removing the values of keys: what dicts and namespaces have in common.

use ::arena::dict::Dict as Native;
use ::arena::value::Loaded;
use pyo3::prelude::*;

use super::deep::shared;
use super::failures::to_python;
use super::keyed::with_key_held;
use super::keys::{Use, with_key};
use super::object::{Object, arena_of};
use super::values::{self, Witness, fetch, with_value};

/// An object of Python's, and the dict that it stands for.
pub type Place<'a, 'py> = (&'a Bound<'py, Object>, Native);

/// Reads the value of a key.
#[inline(always)]
pub fn get<'py>(
    (object, native): Place<'_, 'py>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let arena = arena_of(object)?.get();
    let first =
        with_key(arena, key, Use::Find, |key| native.get(arena.heap(), key))?.map_err(to_python)?;
    match first {
        None => Ok(None),
        Some(Loaded::Object(_)) => {
            let found = fetch_key((object, native), key)?;
            Ok(found.map(|(value, _)| value))
        }
        Some(loaded) => values::to_python(arena, object.py(), loaded).map(Some),
    }
}

/// Reads the value of a key, which may be an object, and what it was.
pub fn fetch_key<'py>(
    (object, native): Place<'_, 'py>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<(Bound<'py, PyAny>, Witness)>> {
    let arena = arena_of(object)?.get();
    let mut error = None;
    let found = fetch(arena, object.py(), || {
        match with_key(arena, key, Use::Find, |key| native.get_witnessed(arena.heap(), key)) {
            Ok(found) => Ok(found?.map(|(value, witness)| (value, Witness(witness)))),
            Err(raised) => {
                error = Some(raised);
                Ok(None)
            }
        }
    });
    error.map_or(found, Err)
}

/// Sets the value of a key.
#[inline(always)]
pub fn set(
    (object, native): Place<'_, '_>,
    key: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let arena = arena_of(object)?;
    let value = &with_key_held(arena, key, &shared(object, value)?)?;
    with_value(arena, value, "argument 2 of dict.__setitem__()", |value| {
        with_key(arena.get(), key, Use::Store, |key| {
            arena.get().roomy(|| native.set(arena.get().heap(), key, value))
        })
    })??
    .map_err(to_python)?;
    Ok(())
}

/// Removes a key and returns its value; `None` if it is missing.
pub fn pop((object, native): Place<'_, '_>, key: &Bound<'_, PyAny>) -> PyResult<Option<Loaded>> {
    let arena = arena_of(object)?.get();
    with_key(arena, key, Use::Find, |key| native.pop(arena.heap(), key))?.map_err(to_python)
}

/// Removes a key. Returns whether it was there.
pub fn remove((object, native): Place<'_, '_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
    let arena = arena_of(object)?.get();
    with_key(arena, key, Use::Find, |key| native.remove(arena.heap(), key))?.map_err(to_python)
}
