//! Who holds a lock, and who waits: for the tools.

use ::arena::life::LifeId;
use ::arena::wait::Waiter;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;

/// Process id (0 if it is not known any more), thread id, name of the process, since when (`CLOCK_MONOTONIC`, s), and from
/// where, if sites are noted.
pub type Person = (u32, u32, String, f64, Option<String>);

/// What is known of a thread; `site` is the number of one.
#[allow(clippy::cast_precision_loss)] // Of some microseconds.
pub fn person(arena: &Arena, life: LifeId, since_ns: u64, site: u64) -> PyResult<Person> {
    let heap = arena.heap();
    let who = heap.who(life).map_err(to_python)?;
    // A thread that is elsewhere has a slot that is another process's, whose name is not its own.
    let attached = heap.attached().map_err(to_python)?;
    let process = attached
        .into_iter()
        .find(|info| Some(info.slot) == who.slot && info.pid == u64::from(who.pid));
    let name = process.map_or_else(String::new, |info| info.name);
    let site = heap.site(site).map_err(to_python)?;
    Ok((who.pid, who.thread, name, since_ns as f64 / 1e9, site))
}

/// What is known of those who wait.
pub fn waiters(arena: &Arena, waiters: &[Waiter]) -> PyResult<Vec<Person>> {
    waiters.iter().map(|&waiter| self::waiter(arena, waiter)).collect()
}

/// What is known of one who waits.
pub fn waiter(arena: &Arena, waiter: Waiter) -> PyResult<Person> {
    let site = arena.heap().site_of(waiter.life).map_err(to_python)?;
    person(arena, waiter.life, waiter.since_ns, site)
}
