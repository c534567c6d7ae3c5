//! `manor._native.Semaphore`: `Semaphore` and `BoundedSemaphore`.

use ::arena::Failure;
use ::arena::mutex::Taken;
use ::arena::semaphore::{Given, Semaphore as Native};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::advice::advised;
use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::waiting::{Flag, Limit, patiently};

/// A counter of permits; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Semaphore {
    native: Native,
}

/// For what a permit is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Acquire,
    /// For a with statement: the permit is recorded.
    Enter,
}

impl Semaphore {
    /// The arena's semaphore.
    #[inline]
    pub fn native(&self) -> Native {
        self.native
    }

    #[inline]
    fn take(
        slf: &Bound<'_, Self>,
        way: Way,
        limit: impl FnOnce() -> PyResult<Limit>,
    ) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        let (native, me) = (slf.get().native, arena.me()?);
        let recorded = way == Way::Enter;
        if arena.sites().is_some() {
            return Self::take_noted(slf, arena, way, limit);
        }
        // Records may need more room.
        let taken = arena.roomy(|| native.try_acquire(arena.heap(), me, recorded));
        Self::conclude(slf, arena, taken, way, limit)
    }

    #[cold]
    fn take_noted(
        slf: &Bound<'_, Self>,
        arena: &Arena,
        way: Way,
        limit: impl FnOnce() -> PyResult<Limit>,
    ) -> PyResult<bool> {
        let _noted = arena.note_site(slf.py())?;
        let (native, me, recorded) = (slf.get().native, arena.me()?, way == Way::Enter);
        let taken = arena.roomy(|| native.try_acquire_noted(arena.heap(), me, recorded));
        Self::conclude(slf, arena, taken, way, limit)
    }

    #[inline]
    fn conclude(
        slf: &Bound<'_, Self>,
        arena: &Arena,
        taken: Result<Taken, Failure>,
        way: Way,
        limit: impl FnOnce() -> PyResult<Limit>,
    ) -> PyResult<bool> {
        let taken = match taken.map_err(to_python)? {
            Taken::Busy => Self::wait(slf, arena, way, limit()?)?,
            other => other,
        };
        match taken {
            Taken::Now => Ok(true),
            Taken::Busy => Ok(false),
            Taken::FromDead { pid } => {
                slf.call_method1("_took_from_dead", (pid, way == Way::Enter)).map(|_| true)
            }
        }
    }

    #[cold]
    fn wait(slf: &Bound<'_, Self>, arena: &Arena, way: Way, limit: Limit) -> PyResult<Taken> {
        if limit.is_now() {
            return Ok(Taken::Busy);
        }
        let (native, me, heap) = (slf.get().native, arena.me()?, arena.heap());
        let taken = patiently(slf.py(), arena, limit, |patience, _| {
            arena.roomy(|| native.acquire(heap, me, way == Way::Enter, patience))
        })?;
        Ok(taken.unwrap_or(Taken::Busy))
    }

    fn given(&self, given: Given) -> PyResult<()> {
        match given {
            Given::Done => Ok(()),
            Given::TooMany if self.native.is_bounded() => {
                Err(advised(PyValueError::new_err("Semaphore released too many times")))
            }
            Given::TooMany => {
                Err(PyOverflowError::new_err("a semaphore has no room for so many permits"))
            }
        }
    }
}

#[pymethods]
impl Semaphore {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0, bounded = false, value = 1, records_all = false))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
        bounded: bool,
        value: u64,
        records_all: bool,
    ) -> PyResult<PyClassInitializer<Self>> {
        if value > Native::VALUE_MAX {
            return Err(PyOverflowError::new_err("a semaphore has no room for so many permits"));
        }
        let heap = arena.get().heap();
        let create = || Ok(Native::create(heap, value, bounded, records_all)?.handle());
        let object = held(arena, handle, tag, create)?;
        let native = Native::open(heap, object.handle(), bounded).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    #[pyo3(signature = (blocking = Flag(true), timeout = None))]
    fn acquire(
        slf: &Bound<'_, Self>,
        blocking: Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let timeout = timeout.filter(|timeout| !timeout.is_none());
        let Flag(blocks) = blocking;
        if !blocks && timeout.is_some() {
            let text = "can't specify timeout for non-blocking acquire";
            return Err(PyValueError::new_err(text));
        }
        Self::take(slf, Way::Acquire, || {
            if blocks { Limit::of_timeout(timeout) } else { Ok(Limit::NOW) }
        })
    }

    #[pyo3(signature = (n = None))]
    fn release(slf: &Bound<'_, Self>, n: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let count = match n {
            None => 1,
            Some(n) if n.lt(1)? => return Err(PyValueError::new_err("n must be one or more")),
            Some(n) => n.extract()?,
        };
        let arena = arena_of(slf.as_super())?.get();
        let (semaphore, me) = (slf.get(), arena.me()?);
        let given = semaphore.native.release(arena.heap(), me, count).map_err(to_python)?;
        semaphore.given(given)
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::take(slf, Way::Enter, || Ok(Limit::NONE))
    }

    #[pyo3(signature = (*_exc_info))]
    fn __exit__(slf: &Bound<'_, Self>, _exc_info: &Bound<'_, PyTuple>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?.get();
        let semaphore = slf.get();
        let given = semaphore.native.leave(arena.heap(), arena.me()?).map_err(to_python)?;
        semaphore.given(given)
    }

    fn locked(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(Self::_count(slf)? == 0)
    }

    fn _count(slf: &Bound<'_, Self>) -> PyResult<u64> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.value(arena.heap()).map_err(to_python)
    }

    fn _is_held(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.is_held(arena.heap()).map_err(to_python)
    }

    #[getter]
    fn owner_died(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.owner_died(arena.heap()).map_err(to_python)
    }

    fn _dead_site(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        let heap = arena_of(slf.as_super())?.get().heap();
        slf.get().native.dead_site(heap).and_then(|site| heap.site(site)).map_err(to_python)
    }

    fn _waiters(slf: &Bound<'_, Self>) -> PyResult<Vec<Person>> {
        let arena = arena_of(slf.as_super())?.get();
        people::waiters(arena, &slf.get().native.waiters(arena.heap()).map_err(to_python)?)
    }
}
