//! Many items of a queue at a time.

use ::arena::list::End;
use ::arena::queue::{Got, Put, Queue as Native, Wait};
use ::arena::value::Loaded;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::arena::Arena;
use super::failures::to_python;
use super::queue_waiting::{Refusal, await_turn};
use super::several::with_values;
use super::values::taken;
use super::waiting::Limit;

/// Items that are prepared together.
const CHUNK: usize = 256;

/// Puts every item, as room comes. The exception says how many are in when it ends before.
///
/// What has no length is perhaps without end, or takes its time: of that each item is put before the next is asked for.
pub fn put_many(
    arena: &Bound<'_, Arena>,
    native: Native,
    items: &Bound<'_, PyAny>,
    limit: Limit,
) -> PyResult<()> {
    let py = arena.py();
    let (mut done, mut left) = (0, Vec::new());
    let is_sized = items.hasattr(intern!(py, "__len__"))?;
    let outcome = if is_sized {
        let items: Vec<_> = match items.cast_exact::<PyList>() {
            Ok(list) => list.iter().collect(),
            Err(_) => items.try_iter()?.collect::<PyResult<_>>()?,
        };
        put_all(arena, native, &items, limit, &mut done)
    } else {
        items.try_iter()?.try_for_each(|item| {
            left = vec![item?];
            put_all(arena, native, &left, limit, &mut 0)?;
            done += 1;
            left.clear();
            Ok(())
        })
    };
    if let Err(error) = &outcome {
        // Whatever class it is of, it has a dict.
        let _ = error.value(py).setattr("items_put", done);
        if !is_sized {
            let _ = error.value(py).setattr("items_left", left);
        }
    }
    outcome
}

fn put_all(
    arena: &Bound<'_, Arena>,
    native: Native,
    items: &[Bound<'_, PyAny>],
    limit: Limit,
    done: &mut usize,
) -> PyResult<()> {
    let (py, heap) = (arena.py(), arena.get().heap());
    while let Some(rest) = items.get(*done..)
        && !rest.is_empty()
    {
        let room = room(arena.get(), native)?.clamp(1, CHUNK).min(rest.len());
        let (count, put) =
            with_values(arena, &rest[..room], "argument 1 of Queue.put_many()", |values| {
                arena.get().roomy(|| native.put_many(heap, values))
            })?
            .map_err(to_python)?;
        *done += count;
        match put {
            Put::Closed => return Err(Refusal::ShutDown.error(py)),
            Put::Full if count == 0 => {
                if limit.is_now() {
                    return Err(Refusal::Full.error(py));
                }
                let attempt = || Ok(native.is_promising(heap, Wait::Room).then_some(()));
                if await_turn(py, arena.get(), native, Wait::Room, limit, attempt)?.is_none() {
                    return Err(Refusal::Full.error(py));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// For about how many items there is room.
fn room(arena: &Arena, native: Native) -> PyResult<usize> {
    let maxsize = native.maxsize(arena.heap()).map_err(to_python)?;
    if maxsize <= 0 {
        return Ok(usize::MAX);
    }
    let length = native.len(arena.heap()).map_err(to_python)?;
    Ok(usize::try_from(maxsize.cast_unsigned().saturating_sub(length)).unwrap_or(usize::MAX))
}

/// Takes up to `most` items of `queue`, and at least one, for which it waits.
pub fn get_many<'py>(
    queue: &Bound<'py, PyAny>,
    arena: &Bound<'py, Arena>,
    (native, end): (Native, End),
    most: usize,
    limit: Limit,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, heap) = (arena.py(), arena.get().heap());
    let mut items: Vec<Loaded> = Vec::new();
    let mut nothing = native.get_many(heap, end, most, &mut items).map_err(to_python)?;
    if nothing == Some(Got::Empty) && !limit.is_now() {
        let attempt = || match native.get_many(heap, end, most, &mut items)? {
            Some(Got::Empty) => Ok(None),
            other => Ok(Some(other)),
        };
        let waited = await_turn(py, arena.get(), native, Wait::Item, limit, attempt)?;
        nothing = waited.unwrap_or(Some(Got::Empty));
    }
    match nothing {
        None => listed(queue, arena.get(), items),
        Some(Got::Closed) => Err(Refusal::ShutDown.error(py)),
        Some(_) => Err(Refusal::Empty.error(py)),
    }
}

/// A list of Python's. What unpickling one raises is raised, and all others are put back.
fn listed<'py>(
    queue: &Bound<'py, PyAny>,
    arena: &Arena,
    items: Vec<Loaded>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = queue.py();
    let mut found = Vec::with_capacity(items.len());
    let mut failed = None;
    for item in items {
        match taken(arena, py, item) {
            Ok(item) => found.push(item),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => {
            for item in found.into_iter().rev() {
                queue.call_method1(intern!(py, "_put_back"), (item,))?;
            }
            Err(error)
        }
        None => Ok(PyList::new(py, found)?.into_any()),
    }
}
