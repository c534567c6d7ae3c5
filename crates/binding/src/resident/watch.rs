//! `manor._native.Watch`: waiting until a container changes.

use std::sync::atomic::{AtomicBool, Ordering};

use ::arena::fork::Birthplace;
use ::arena::watch::Watch as Native;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of};
use super::waiting::{Limit, patiently};

/// A watch of one container; see `_native_waiting.pyi`.
#[pyclass(frozen, module = "manor._native")]
pub struct Watch {
    /// Keeps the container, and the arena.
    container: Py<Object>,
    native: Native,
    birthplace: Birthplace,
    is_closed: AtomicBool,
}

impl Watch {
    fn arena(&self) -> &Arena {
        self.container.get().arena().get()
    }

    /// Whether there is nothing to end any more: a child by fork has a copy of its parent's.
    fn close_once(&self) -> bool {
        // Relaxed: the GIL orders what threads do with it.
        !self.is_closed.swap(true, Ordering::Relaxed) && self.birthplace.is_here()
    }
}

#[pymethods]
impl Watch {
    #[new]
    fn new(container: &Bound<'_, Object>) -> PyResult<Self> {
        let arena = arena_of(container)?.get();
        let (me, handle) = (arena.me()?, container.get().handle());
        let native = arena.roomy(|| Native::begin(arena.heap(), handle, me)).map_err(to_python)?;
        Ok(Self {
            container: container.clone().unbind(),
            native,
            birthplace: Birthplace::here(),
            is_closed: AtomicBool::new(false),
        })
    }

    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let limit = Limit::of_timeout(timeout)?;
        let arena = arena_of(self.container.bind(py))?.get();
        let heap = arena.heap();
        let ended = patiently(py, arena, limit, |patience, _| self.native.wait(heap, patience))?;
        Ok(ended.is_some())
    }

    fn close(&self) -> PyResult<()> {
        if !self.close_once() {
            return Ok(());
        }
        self.native.end(self.arena().heap()).map_err(to_python)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.close_once() {
            // Nobody is there to be told; the sweeper finds what is left.
            let _ = self.native.end(self.arena().heap());
        }
    }
}
