//! `manor._native.Condition`: its lock's methods, and those of its own.

use ::arena::condition::Condition as Native;
use ::arena::mutex::Taken;
use ::arena::wait::sleep::Ended;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

use super::advice::advised;
use super::arena::Arena;
use super::failures::to_python;
use super::mutex::Mutex;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::waiting::{Limit, patiently};

/// The tag of a lock that a condition has made for itself.
const OWN_LOCK_TAG: u64 = 2;

/// A lock, and a line of those who wait for something; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Mutex, module = "manor._native")]
pub struct Condition {
    native: Native,
}

impl Condition {
    fn object<'a, 'py>(slf: &'a Bound<'py, Self>) -> &'a Bound<'py, Object> {
        slf.as_super().as_super()
    }

    /// The lock for a new one.
    fn lock(arena: &Bound<'_, Arena>, lock: Option<&Bound<'_, Mutex>>) -> PyResult<Option<Native>> {
        let Some(lock) = lock else { return Ok(None) };
        if !lock.as_super().get().arena().is(arena) {
            return Err(PyTypeError::new_err("a condition takes a lock of its own manager"));
        }
        let heap = arena.get().heap();
        let native = lock.get().native();
        let created = arena.get().roomy(|| Native::create(heap, native));
        created.map(Some).map_err(to_python)
    }

    fn tell(
        slf: &Bound<'_, Self>,
        job: impl FnOnce(&Arena, Native) -> PyResult<bool>,
    ) -> PyResult<()> {
        let arena = arena_of(Self::object(slf))?.get();
        if job(arena, slf.get().native)? {
            return Ok(());
        }
        Err(advised(PyRuntimeError::new_err("cannot notify on un-acquired lock")))
    }
}

/// How many are told until a number that counts down is not positive any more.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Saturates, as it should.
fn wakes(n: &Bound<'_, PyAny>) -> PyResult<u64> {
    if !n.gt(0)? {
        return Ok(0);
    }
    Ok(n.extract::<f64>().map_or(u64::MAX, |count| count.ceil() as u64))
}

#[pymethods]
impl Condition {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0, lock = None))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
        lock: Option<&Bound<'_, Mutex>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        arena.get().check_not_ended()?;
        let made = if handle.is_none() { Self::lock(arena, lock)? } else { None };
        let object = held(arena, handle, tag, || match made {
            Some(native) => Ok(native.handle()),
            None => Ok(Native::create_with_lock(heap, OWN_LOCK_TAG)?.handle()),
        })?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        let mutex = Mutex::within(native.mutex());
        Ok(PyClassInitializer::from(object).add_subclass(mutex).add_subclass(Self { native }))
    }

    #[pyo3(signature = (timeout = None))]
    fn wait(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let arena = arena_of(Self::object(slf))?.get();
        let (native, me, heap) = (slf.get().native, arena.me()?, arena.heap());
        if !native.is_owned(heap, me).map_err(to_python)? {
            return Err(advised(PyRuntimeError::new_err("cannot wait on un-acquired lock")));
        }
        let limit = Limit::of_timeout(timeout)?;
        let waited = patiently(slf.py(), arena, limit, |patience, is_own| {
            Ok(match arena.roomy(|| native.wait(heap, me, patience))? {
                Some(waited) if waited.given_up => Ended::GivenUp,
                Some(waited) if !is_own && !waited.notified => Ended::TimedOut,
                waited => Ended::Over(waited),
            })
        })?;
        let Some(waited) = waited.flatten() else {
            return Err(advised(PyRuntimeError::new_err("cannot wait on un-acquired lock")));
        };
        if let Taken::FromDead { pid } = waited.taken {
            slf.call_method1("_waited_past_dead", (pid,))?;
        }
        Ok(waited.notified)
    }

    #[pyo3(signature = (n = None))]
    fn notify(slf: &Bound<'_, Self>, n: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        Self::tell(slf, |arena, native| {
            let count = n.map_or(Ok(1), wakes)?;
            native.notify(arena.heap(), arena.me()?, count).map_err(to_python)
        })
    }

    fn notify_all(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::tell(slf, |arena, native| {
            native.notify_all(arena.heap(), arena.me()?).map_err(to_python)
        })
    }

    fn _pass_on(slf: &Bound<'_, Self>) -> PyResult<()> {
        let arena = arena_of(Self::object(slf))?.get();
        slf.get().native.pass_on(arena.heap()).map_err(to_python)
    }

    fn _lock_handle(slf: &Bound<'_, Self>) -> (u64, u64) {
        let handle = slf.get().native.mutex().handle();
        (handle.at, handle.generation)
    }

    fn _sleepers(slf: &Bound<'_, Self>) -> PyResult<Vec<Person>> {
        let arena = arena_of(Self::object(slf))?.get();
        people::waiters(arena, &slf.get().native.waiters(arena.heap()).map_err(to_python)?)
    }
}
