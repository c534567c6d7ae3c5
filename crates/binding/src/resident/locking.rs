//! Taking and leaving what nobody else wants: see [`super::usual`].

use ::arena::heap::Heap;
use ::arena::life::LifeId;
use ::arena::memory::Shared;
use pyo3::prelude::*;

use super::mutex::Mutex;
use super::object::Object;
use super::semaphore::Semaphore;
use super::usual::{put_before, usual};

/// Does what `act` says, and counts it as an operation, if the arena and the thread are as usual.
#[inline]
fn at_once(object: &Object, act: impl FnOnce(&Heap<Shared>, LifeId) -> bool) -> bool {
    let Some((heap, me)) = object.at_hand() else { return false };
    let is_done = act(heap, me);
    if is_done {
        heap.count_operation(); // The GIL is held.
    }
    is_done
}

#[inline]
fn take(slf: &Bound<'_, Mutex>) -> bool {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().take_at_once(heap, me) == Ok(true))
}

#[inline]
fn leave(slf: &Bound<'_, Mutex>) -> bool {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().leave_at_once(heap, me) == Ok(true))
}

#[inline]
fn take_permit(slf: &Bound<'_, Semaphore>, recorded: bool) -> bool {
    at_once(slf.as_super().get(), |heap, me| {
        slf.get().native().take_at_once(heap, me, recorded) == Ok(true)
    })
}

usual!(Acquire, Mutex, "acquire", ignores: 0, gives: true, take);
usual!(Release, Mutex, "release", ignores: 0, gives: false, leave);
usual!(Enter, Mutex, "__enter__", ignores: 0, gives: true, take);
usual!(Exit, Mutex, "__exit__", ignores: 3, gives: false, leave);

usual!(AcquirePermit, Semaphore, "acquire", ignores: 0, gives: true, |slf| take_permit(slf, false));
usual!(EnterPermit, Semaphore, "__enter__", ignores: 0, gives: true, |slf| take_permit(slf, true));
usual!(ReleasePermit, Semaphore, "release", ignores: 0, gives: false, |slf: &Bound<'_, Semaphore>| {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().give_at_once(heap, me, 1) == Ok(true))
});
usual!(ExitPermit, Semaphore, "__exit__", ignores: 3, gives: false, |slf: &Bound<'_, Semaphore>| {
    at_once(slf.as_super().get(), |heap, me| slf.get().native().leave_at_once(heap, me) == Ok(true))
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
    put_before::<ExitPermit>(py)
}
