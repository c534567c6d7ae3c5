//! Taking and leaving what nobody else wants, and looking at a flag: see [`super::usual`].

use ::arena::heap::Heap;
use ::arena::life::LifeId;
use ::arena::memory::Shared;
use pyo3::prelude::*;

use super::event::Event;
use super::mutex::Mutex;
use super::object::Object;
use super::semaphore::Semaphore;
use super::usual::{put_before, usual};

/// Does what `act` says, and counts it as an operation, if the arena and the thread are as usual.
#[inline]
fn at_once(object: &Object, act: impl FnOnce(&Heap<Shared>, LifeId) -> bool) -> Option<bool> {
    let (heap, me) = object.at_hand()?;
    act(heap, me).then(|| {
        heap.count_operation(); // The GIL is held.
        true
    })
}

#[inline]
fn take(slf: &Bound<'_, Mutex>) -> Option<bool> {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().take_at_once(heap, me) == Ok(true))
}

#[inline]
fn leave(slf: &Bound<'_, Mutex>) -> Option<bool> {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().leave_at_once(heap, me) == Ok(true))
}

#[inline]
fn take_permit(slf: &Bound<'_, Semaphore>, recorded: bool) -> Option<bool> {
    at_once(slf.as_super().get(), |heap, me| {
        slf.get().native().take_at_once(heap, me, recorded) == Ok(true)
    })
}

usual!(Acquire, Mutex, "acquire", ignores: 0, answers: true, take);
usual!(Release, Mutex, "release", ignores: 0, answers: false, leave);
usual!(Enter, Mutex, "__enter__", ignores: 0, answers: true, take);
usual!(Exit, Mutex, "__exit__", ignores: 3, answers: false, leave);

usual!(AcquirePermit, Semaphore, "acquire", ignores: 0, answers: true, |slf| take_permit(slf, false));
usual!(EnterPermit, Semaphore, "__enter__", ignores: 0, answers: true, |slf| take_permit(slf, true));
usual!(ReleasePermit, Semaphore, "release", ignores: 0, answers: false, |slf: &Bound<'_, Semaphore>| {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().give_at_once(heap, me, 1) == Ok(true))
});
usual!(ExitPermit, Semaphore, "__exit__", ignores: 3, answers: false, |slf: &Bound<'_, Semaphore>| {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().leave_at_once(heap, me) == Ok(true))
});

usual!(IsSet, Event, "is_set", ignores: 0, answers: true, |slf: &Bound<'_, Event>| {
    let heap = slf.as_super().get().heap_at_hand()?;
    let is_set = slf.get().native().is_set(heap).ok()?;
    heap.count_operation(); // The GIL is held.
    Some(is_set)
});

/// Puts the short ways before the methods of the classes.
pub fn put_all_before(py: Python<'_>) -> PyResult<()> {
    put_before::<Acquire>(py)?;
    put_before::<Release>(py)?;
    put_before::<Enter>(py)?;
    put_before::<Exit>(py)?;
    put_before::<AcquirePermit>(py)?;
    put_before::<EnterPermit>(py)?;
    put_before::<ReleasePermit>(py)?;
    put_before::<ExitPermit>(py)?;
    put_before::<IsSet>(py)
}
