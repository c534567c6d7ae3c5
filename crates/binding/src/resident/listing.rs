//! All items of a dict, or all members of a set, as they were at one moment.

use ::arena::Failure;
use ::arena::dict::{CopiedItem, Dict, Part, Position, Set, Way};
use ::arena::heap::Heap;
use ::arena::memory::Shared;
use pyo3::prelude::*;

use super::failures::to_python;
use super::gone::Gone;
use super::keys;
use super::object::{Object, arena_of};
use super::walk::part_of;

/// Items that one look copies.
pub const CHUNK_ITEMS: usize = 64;
/// Tries to copy everything while others go on; after that they are kept out.
const TRIES: usize = 8;

/// Copies all there is. Others are kept out for it if `alone`, and if they have disturbed it too often.
fn copied(
    object: &Bound<'_, Object>,
    alone: bool,
    mut copy: impl FnMut(&Heap<Shared>) -> Result<Vec<CopiedItem>, Failure>,
) -> PyResult<Vec<CopiedItem>> {
    let (heap, handle) = (arena_of(object)?.get().heap(), object.get().handle());
    for attempt in 0.. {
        let outcome = if alone || attempt >= TRIES {
            heap.reserving(handle, || copy(heap))
        } else {
            copy(heap)
        };
        match outcome {
            Err(Failure::Changed) => object.py().check_signals()?,
            other => return other.map_err(to_python),
        }
    }
    Ok(Vec::new())
}

/// Copies from a position on; [`Failure::Changed`] if keys have come or gone since.
fn advanced(
    mut position: Position,
    mut advance: impl FnMut(&mut Position, &mut Vec<CopiedItem>) -> Result<(), Failure>,
) -> Result<Vec<CopiedItem>, Failure> {
    let mut items = Vec::new();
    while !position.is_end() {
        advance(&mut position, &mut items)?;
    }
    Ok(items)
}

/// That part of every item, as a list of Python's.
pub fn listed<'py>(
    object: &Bound<'py, Object>,
    native: Dict,
    part: Part,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut gone = Gone::default();
    'again: loop {
        let arena = object.get().enter()?;
        let heap = arena.heap();
        // That a value is replaced between two looks nobody would notice.
        let alone = part != Part::Keys && native.len(heap).map_err(to_python)? > CHUNK_ITEMS as u64;
        let items = copied(object, alone, |heap| {
            let position = native.begin(heap, Way::Forward)?.only(part);
            advanced(position, |position, items| native.advance(heap, position, CHUNK_ITEMS, items))
        })?;
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

/// Every member, as a list of Python's.
pub fn members<'py>(object: &Bound<'py, Object>, native: Set) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let members = copied(object, false, |heap| {
        advanced(native.begin(heap)?, |position, members| {
            native.advance(heap, position, CHUNK_ITEMS, members)
        })
    })?;
    let arena = object.get().enter()?;
    let found = members.into_iter().map(|(member, _)| {
        keys::to_python(arena, object.py(), member.loaded().map_err(to_python)?)
    });
    found.collect()
}
