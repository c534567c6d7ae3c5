//! All items of a dict, as they were at one moment.

use ::arena::Failure;
use ::arena::dict::{CopiedItem, Dict, Part, Way};
use pyo3::prelude::*;

use super::failures::to_python;
use super::gone::Gone;
use super::object::{Object, arena_of};
use super::walk::part_of;

/// Copys that one look at a dict copies.
pub const CHUNK_ITEMS: usize = 64;
/// Tries to copy everything in chunks; after that it is copied under the lock.
pub const TRIES: usize = 8;

fn snapshot(object: &Bound<'_, Object>, native: Dict, part: Part) -> PyResult<Vec<CopiedItem>> {
    let heap = arena_of(object)?.get().heap();
    for attempt in 0.. {
        let chunk = if attempt < TRIES { CHUNK_ITEMS } else { usize::MAX };
        let mut items = Vec::new();
        let mut position = native.begin(heap, Way::Forward).map_err(to_python)?.only(part);
        let mut outcome = Ok(());
        while outcome.is_ok() && !position.is_end() {
            outcome = native.advance(heap, &mut position, chunk, &mut items);
        }
        match outcome {
            Ok(()) => return Ok(items),
            Err(Failure::Changed) => {}
            Err(failure) => return Err(to_python(failure)),
        }
    }
    Ok(Vec::new())
}

/// That part of every item, as a list of Python's.
pub fn listed<'py>(
    object: &Bound<'py, Object>,
    native: Dict,
    part: Part,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut gone = Gone::default();
    'again: loop {
        let items = snapshot(object, native, part)?;
        let arena = object.get().enter()?;
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            match part_of(part, arena, object.py(), item, &mut gone)? {
                Some(value) => list.push(value),
                None => continue 'again, // An object has gone: what was copied is history.
            }
        }
        return Ok(list);
    }
}
