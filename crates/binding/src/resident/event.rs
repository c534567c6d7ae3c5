//! `manor._native.Event`.

use ::arena::event::Event as Native;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::waiting::{Limit, patiently};

/// A flag that can be waited for; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Event {
    native: Native,
}

impl Event {
    /// The arena's event.
    #[inline]
    pub fn native(&self) -> Native {
        self.native
    }
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let object = held(arena, handle, tag, || Ok(Native::create(heap)?.handle()))?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    fn is_set(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.is_set(arena.heap()).map_err(to_python)
    }

    fn set(slf: &Bound<'_, Self>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.set(arena.heap()).map_err(to_python)
    }

    fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.clear(arena.heap()).map_err(to_python)
    }

    #[pyo3(signature = (timeout = None))]
    fn wait(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        if Self::is_set(slf)? {
            return Ok(true);
        }
        let limit = Limit::of_timeout(timeout)?;
        if limit.is_now() {
            return Ok(false);
        }
        let arena = arena_of(slf.as_super())?.get();
        let (native, me, heap) = (slf.get().native, arena.me()?, arena.heap());
        let ended = patiently(slf.py(), arena, limit, |patience, _| {
            arena.roomy(|| native.wait(heap, me, patience))
        })?;
        Ok(ended.is_some())
    }

    fn _waiters(slf: &Bound<'_, Self>) -> PyResult<Vec<Person>> {
        let arena = arena_of(slf.as_super())?.get();
        people::waiters(arena, &slf.get().native.waiters(arena.heap()).map_err(to_python)?)
    }
}
