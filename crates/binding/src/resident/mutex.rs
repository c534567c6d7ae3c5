//! `manor._native.Mutex`: `Lock` and `RLock`.

use std::cell::Cell;

use ::arena::life::LifeId;
use ::arena::mutex::{Freed, Glimpse, Holder, Mutex as Native, Taken};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::advice::advised;
use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::spinning::{Until, look_out};
use super::waiting::{Flag, Limit, Waited, wait};

/// A lock; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Mutex {
    native: Native,
    is_reentrant: bool,
}

/// Whether the caller is told of a dead holder by `_took_from_dead`, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Acquire,
    Enter,
}

impl Mutex {
    /// The lock of something else, that has its methods.
    pub fn within(native: Native) -> Self {
        Self { native, is_reentrant: native.is_reentrant() }
    }

    /// The arena's lock.
    #[inline]
    pub fn native(&self) -> Native {
        self.native
    }

    #[inline]
    fn take(slf: &Bound<'_, Self>, limit: Limit, way: Way) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        let (native, me) = (slf.get().native, arena.me()?);
        if arena.sites().is_some() {
            return Self::take_noted(slf, arena, limit, way);
        }
        let taken = native.try_acquire(arena.heap(), me).map_err(to_python)?;
        Self::conclude(slf, arena, taken, limit, way)
    }

    #[cold]
    fn take_noted(slf: &Bound<'_, Self>, arena: &Arena, limit: Limit, way: Way) -> PyResult<bool> {
        let _noted = arena.note_site(slf.py())?;
        let (native, me) = (slf.get().native, arena.me()?);
        let taken = native.try_acquire_noted(arena.heap(), me).map_err(to_python)?;
        Self::conclude(slf, arena, taken, limit, way)
    }

    #[inline]
    fn conclude(
        slf: &Bound<'_, Self>,
        arena: &Arena,
        taken: Taken,
        limit: Limit,
        way: Way,
    ) -> PyResult<bool> {
        match taken {
            Taken::Now => Ok(true),
            Taken::FromDead { pid } => Self::tell(slf, pid, way),
            Taken::Busy if limit.is_now() => Ok(false),
            Taken::Busy => Self::wait(slf, arena, limit, way),
        }
    }

    #[cold]
    fn wait(slf: &Bound<'_, Self>, arena: &Arena, limit: Limit, way: Way) -> PyResult<bool> {
        let taken = acquire_levels(slf.py(), arena, slf.get().native, limit, 1)?;
        match taken {
            Taken::Busy => Ok(false),
            Taken::Now => Ok(true),
            Taken::FromDead { pid } => Self::tell(slf, pid, way),
        }
    }

    /// The lock is ours, and was a dead process's.
    #[cold]
    fn tell(slf: &Bound<'_, Self>, pid: u32, way: Way) -> PyResult<bool> {
        match slf.call_method1("_took_from_dead", (pid, way == Way::Enter)) {
            Ok(_) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn leave(slf: &Bound<'_, Self>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?.get();
        let mutex = slf.get();
        match mutex.native.release(arena.heap(), arena.me()?).map_err(to_python)? {
            Freed::Done => Ok(()),
            Freed::NotHeld if !mutex.is_reentrant => {
                Err(advised(PyRuntimeError::new_err("release unlocked lock")))
            }
            _ => Err(advised(PyRuntimeError::new_err("cannot release un-acquired lock"))),
        }
    }
}

/// Whether the lock could be taken by looking out for it.
fn looked_out(py: Python<'_>, arena: &Arena, native: Native, me: LifeId) -> bool {
    // What fails here fails again where it is reported.
    let looks = Cell::new(0);
    let seen = look_out(py, Until::Shared, || {
        let glimpse = native.glimpse(arena.heap(), me, looks.replace(looks.get() + 1));
        (glimpse != Ok(Glimpse::Held)).then_some(glimpse == Ok(Glimpse::Taken))
    });
    seen == Some(true)
}

/// Takes a lock so many times, waiting for it. A wait that is given up has taken nothing.
pub fn acquire_levels(
    py: Python<'_>,
    arena: &Arena,
    native: Native,
    limit: Limit,
    levels: u64,
) -> PyResult<Taken> {
    let me = arena.me()?;
    if levels == 1 && looked_out(py, arena, native, me) {
        return Ok(Taken::Now);
    }
    let enqueued = arena.roomy(|| native.enqueue(arena.heap(), me, levels));
    let (taken, ticket) = enqueued.map_err(to_python)?;
    let Some(ticket) = ticket else { return Ok(taken) };
    let waited = wait(py, arena, ticket, limit, || native.look(arena.heap(), me, ticket));
    match waited {
        Waited::Over(taken) => Ok(taken),
        Waited::TimedOut => native.abandon(arena.heap(), me, ticket).map_err(to_python),
        Waited::Failed(error) => {
            if native.abandon(arena.heap(), me, ticket).map_err(to_python)? != Taken::Busy {
                native.give_back(arena.heap(), me).map_err(to_python)?;
            }
            Err(error)
        }
    }
}

#[pymethods]
impl Mutex {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0, reentrant = false))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
        reentrant: bool,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let create = || Ok(Native::create(heap, reentrant)?.handle());
        let object = held(arena, handle, tag, create)?;
        let native = Native::open(heap, object.handle(), reentrant).map_err(to_python)?;
        let mutex = Self { native, is_reentrant: reentrant };
        Ok(PyClassInitializer::from(object).add_subclass(mutex))
    }

    #[pyo3(signature = (blocking = Flag(true), timeout = None))]
    fn acquire(
        slf: &Bound<'_, Self>,
        blocking: Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        Self::take(slf, Limit::of_acquire(slf.py(), blocking, timeout)?, Way::Acquire)
    }

    fn release(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::leave(slf)
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::take(slf, Limit::NONE, Way::Enter)
    }

    #[pyo3(signature = (_kind = None, _error = None, _where = None, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _where: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        Self::leave(slf)
    }

    fn locked(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.is_locked(arena.heap()).map_err(to_python)
    }

    #[getter]
    fn owner_died(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        slf.get().native.owner_died(arena.heap()).map_err(to_python)
    }

    fn _holder(slf: &Bound<'_, Self>) -> PyResult<Option<Person>> {
        let arena = arena_of(slf.as_super())?.get();
        let holder = slf.get().native.holder(arena.heap()).map_err(to_python)?;
        let told =
            |holder: Holder| people::person(arena, holder.life, holder.since_ns, holder.site);
        holder.map(told).transpose()
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
