//! `manor._native.Barrier`.

use ::arena::barrier::{Barrier as Native, Met};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::waiting::{Limit, patiently};

/// In place of a time limit: there is none.
const UNLIMITED: u64 = u64::MAX;

/// A meeting point; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Barrier {
    native: Native,
}

#[cold]
fn broken(py: Python<'_>) -> PyErr {
    static BROKEN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match BROKEN.import(py, "threading", "BrokenBarrierError") {
        Ok(class) => PyErr::from_type(class.clone(), ()),
        Err(error) => error,
    }
}

#[pymethods]
impl Barrier {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0, parties = 1, timeout = None))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
        parties: i64,
        timeout: Option<f64>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let timeout = timeout.map_or(UNLIMITED, f64::to_bits);
        let create = || Ok(Native::create(heap, parties.cast_unsigned(), timeout)?.handle());
        let object = held(arena, handle, tag, create)?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    #[pyo3(signature = (timeout = None))]
    fn wait(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let arena = arena_of(slf.as_super())?.get();
        let (native, me, heap) = (slf.get().native, arena.me()?, arena.heap());
        let own = native.timeout(heap).map_err(to_python)?;
        let limit = match timeout.filter(|timeout| !timeout.is_none()) {
            None if own != UNLIMITED => Limit::after(Some(f64::from_bits(own))),
            timeout => Limit::of_timeout(timeout)?,
        };
        let met = patiently(slf.py(), arena, limit, |patience, is_own| {
            arena.roomy(|| native.wait(heap, me, is_own, patience))
        })?;
        match met {
            Some(Met::All(index)) => Ok(index),
            Some(Met::Broken) | None => Err(broken(slf.py())),
        }
    }

    fn abort(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().native.abort(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    fn reset(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().native.reset(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    #[getter]
    fn parties(slf: &Bound<'_, Self>) -> PyResult<i64> {
        let arena = arena_of(slf.as_super())?.get();
        let parties = slf.get().native.parties(arena.heap()).map_err(to_python)?;
        Ok(parties.cast_signed())
    }

    #[getter]
    fn n_waiting(slf: &Bound<'_, Self>) -> PyResult<u64> {
        slf.get().native.waiting(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    #[getter]
    fn broken(slf: &Bound<'_, Self>) -> PyResult<bool> {
        slf.get().native.is_broken(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    fn _waiters(slf: &Bound<'_, Self>) -> PyResult<Vec<Person>> {
        let arena = arena_of(slf.as_super())?.get();
        people::waiters(arena, &slf.get().native.waiters(arena.heap()).map_err(to_python)?)
    }
}
