//! Many items of a list, as they were at one moment.

use ::arena::Failure;
use ::arena::list::List;
use ::arena::value::Loaded;
use pyo3::prelude::*;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{PyList, PySlice};

use super::arena::Arena;
use super::failures::to_python;
use super::gone::Gone;
use super::object::{Object, arena_of};
use super::several::within;

/// Tries to read a part of a list that others change; after that all of it is read.
const TRIES: usize = 8;

/// Every item, and the version at which they were all there was.
pub fn snapshot<'py>(
    object: &Bound<'py, Object>,
    native: List,
) -> PyResult<(Vec<Bound<'py, PyAny>>, u64)> {
    let arena = arena_of(object)?.get();
    let mut gone = Gone::default();
    loop {
        match native.snapshot(arena.heap()) {
            Err(Failure::Changed) => object.py().check_signals()?,
            Err(failure) => return Err(to_python(failure)),
            Ok((items, version)) => {
                if let Some(items) = within(arena, object.py(), items, &mut gone)? {
                    return Ok((items, version));
                }
            }
        }
    }
}

/// The items of a slice, as a list of Python's.
pub fn sliced<'py>(
    object: &Bound<'py, Object>,
    native: List,
    slice: &Bound<'py, PySlice>,
) -> PyResult<Bound<'py, PyAny>> {
    let (arena, py) = (arena_of(object)?.get(), object.py());
    let mut gone = Gone::default();
    for _ in 0..TRIES {
        let version = native.version(arena.heap()).map_err(to_python)?;
        let length = native.len(arena.heap()).map_err(to_python)?;
        let part = slice.indices(isize::try_from(length)?)?;
        if part.slicelength == 0 {
            return Ok(PyList::empty(py).into_any());
        }
        let count = part.slicelength;
        let items = match part.step {
            1 => range_at(arena, native, (u64::try_from(part.start)?, count), version)?,
            -1 => range_at(arena, native, (u64::try_from(part.stop + 1)?, count), version)?,
            _ => each_at(arena, native, &part, version)?,
        };
        let Some(mut items) = items else { continue };
        if part.step == -1 {
            items.reverse();
        }
        let Some(items) = within(arena, py, items, &mut gone)? else { continue };
        return Ok(PyList::new(py, items)?.into_any());
    }
    let (items, _) = snapshot(object, native)?;
    PyList::new(py, items)?.into_any().get_item(slice)
}

/// The items of a slice without those between them, if the list still is at that version.
fn each_at(
    arena: &Arena,
    native: List,
    part: &PySliceIndices,
    version: u64,
) -> PyResult<Option<Vec<Loaded>>> {
    let mut items = Vec::with_capacity(part.slicelength);
    let mut index = part.start;
    for _ in 0..part.slicelength {
        if !read_on(arena, native, (u64::try_from(index)?, 1), version, &mut items)? {
            return Ok(None);
        }
        index += part.step;
    }
    Ok(Some(items))
}

/// So many items from an index on, if the list still is at that version.
fn range_at(
    arena: &Arena,
    native: List,
    (start, count): (u64, usize),
    version: u64,
) -> PyResult<Option<Vec<Loaded>>> {
    let mut items = Vec::with_capacity(count);
    while items.len() < count {
        let range = (start + items.len() as u64, count - items.len());
        if !read_on(arena, native, range, version, &mut items)? {
            return Ok(None);
        }
    }
    Ok(Some(items))
}

/// Reads one item or more from an index on, at most so many. Returns whether the list still is at that version.
fn read_on(
    arena: &Arena,
    native: List,
    (start, count): (u64, usize),
    version: u64,
    items: &mut Vec<Loaded>,
) -> PyResult<bool> {
    let before = items.len();
    let now = native.read_range(arena.heap(), start, count, items).map_err(to_python)?;
    Ok(now == version && items.len() > before)
}
