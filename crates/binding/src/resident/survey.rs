//! What an arena is used for, and by whom: for the tools.

use std::collections::HashMap;

use ::arena::Failure;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::people::{self, Person};

/// The handle of each object that a thread waits for, and who that is.
pub fn waits(arena: &Arena) -> PyResult<Vec<((u64, u64), Person)>> {
    let waits = arena.heap().waits().map_err(to_python)?;
    waits
        .into_iter()
        .map(|(handle, waiter)| {
            let person = people::waiter(arena, waiter)?;
            Ok(((handle.at, handle.generation), person))
        })
        .collect()
}

/// Bytes, slots, and what all processes did.
pub fn stats(arena: &Arena) -> PyResult<HashMap<&'static str, u64>> {
    let stats = arena.heap().stats().map_err(to_python)?;
    let counts = arena.heap().counts().map_err(to_python)?;
    Ok(HashMap::from([
        ("bytes_reserved", stats.bytes_reserved),
        ("bytes_backed", stats.bytes_backed),
        ("bytes_used", stats.bytes_used),
        ("slots", stats.slots),
        ("operations", counts.operations),
        ("contended_waits", counts.contended_waits),
        ("sweeps", counts.sweeps),
    ]))
}

/// Kind, tag, place and generation of each object.
pub fn objects(arena: &Arena) -> PyResult<Vec<(u64, u64, u64, u64)>> {
    let mut found = Vec::new();
    for handle in arena.heap().objects().map_err(to_python)? {
        match arena.heap().describe(handle) {
            Err(Failure::ObjectGone) => {}
            Err(failure) => return Err(to_python(failure)),
            Ok((kind, tag)) => found.push((kind as u64, tag, handle.at, handle.generation)),
        }
    }
    Ok(found)
}

/// Slot, process id and name of each process.
pub fn processes(arena: &Arena) -> PyResult<Vec<(u64, u64, String)>> {
    let attached = arena.heap().attached().map_err(to_python)?;
    Ok(attached.into_iter().map(|info| (info.slot, info.pid, info.name)).collect())
}
