//! Deep containers: plain lists, dicts and sets that are stored in them become objects of the arena first.
//!
//! Whether a container is deep, its tag says, so every process sees it. What is shared is complete before the one step
//! that stores it.

use pyo3::prelude::*;

use super::object::Object;
use super::values;

const DEEP: u64 = 4 << 32;

fn is_deep(object: &Bound<'_, Object>) -> bool {
    object.get().tag() & DEEP != 0
}

/// What to store for a value.
#[inline]
pub fn shared<'py>(
    object: &Bound<'py, Object>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let arena = object.get().arena().bind(object.py());
    if !is_deep(object) || values::plain(arena, value).is_some() {
        return Ok(value.clone());
    }
    arena.get().python().object.bind(object.py()).call_method1("share", (value,))
}

/// What to store for several values, of which one may be there twice.
#[inline]
pub fn all_shared<'py>(
    object: &Bound<'py, Object>,
    several: Vec<Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let arena = object.get().arena().bind(object.py());
    if !is_deep(object) || several.iter().all(|value| values::plain(arena, value).is_some()) {
        return Ok(several);
    }
    let hooks = arena.get().python().object.bind(object.py());
    hooks.call_method1("share_all", (several,))?.extract()
}
