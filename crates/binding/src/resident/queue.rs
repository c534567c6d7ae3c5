//! `manor._native.Queue`: what comes in at one end and is taken, each item once, at either.

use ::arena::list::End;
use ::arena::queue::{Got, Parcel, Put, Queue as Native, Wait};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::people::{self, Person};
use super::queue_batches::{get_many, put_many};
use super::queue_waiting::{Refusal, await_turn, limit};
use super::values::{fetch, taken, with_value};
use super::waiting::{Flag, Limit};

/// The tag of queues whose last item is taken first.
const LIFO_TAG: u64 = b'L' as u64;

/// A queue; see `_native_waiting.pyi`.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Queue {
    native: Native,
    end: End,
}

impl Queue {
    /// The arena's queue, and the end at which items are taken.
    pub fn native(&self) -> (Native, End) {
        (self.native, self.end)
    }

    fn parts<'a>(slf: &'a Bound<'_, Self>) -> PyResult<(&'a Arena, Native)> {
        Ok((arena_of(slf.as_super())?.get(), slf.get().native))
    }

    fn put_item(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>, limit: Limit) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?;
        let (heap, native) = (arena.get().heap(), slf.get().native);
        let (put, parcel) = with_value(arena, item, "argument 1 of Queue.put()", |value| {
            arena.get().roomy(|| match native.put(heap, value)? {
                Put::Full if !limit.is_now() => Ok((Put::Full, Some(native.pack(heap, value)?))),
                other => Ok((other, None)),
            })
        })?
        .map_err(to_python)?;
        match (put, parcel) {
            (Put::Done, _) => Ok(()),
            (_, Some(parcel)) => Self::await_room(slf, arena.get(), parcel, limit),
            (Put::Closed, _) => Err(Refusal::ShutDown.error(slf.py())),
            _ => Err(Refusal::Full.error(slf.py())),
        }
    }

    #[cold]
    fn await_room(
        slf: &Bound<'_, Self>,
        arena: &Arena,
        parcel: Parcel,
        limit: Limit,
    ) -> PyResult<()> {
        let (py, heap, native) = (slf.py(), arena.heap(), slf.get().native);
        let attempt = || match native.put_packed(heap, parcel)? {
            Put::Full | Put::Changed => Ok(None),
            other => Ok(Some(other)),
        };
        let outcome = await_turn(py, arena, native, Wait::Room, limit, attempt);
        if !matches!(outcome, Ok(Some(Put::Done))) {
            native.unpack(heap, parcel).map_err(to_python)?;
        }
        match outcome? {
            Some(Put::Done) => Ok(()),
            Some(_) => Err(Refusal::ShutDown.error(py)),
            None => Err(Refusal::Full.error(py)),
        }
    }

    #[inline]
    fn get_item<'py>(slf: &Bound<'py, Self>, limit: Limit) -> PyResult<Bound<'py, PyAny>> {
        let (arena, native) = Self::parts(slf)?;
        let (py, heap, end) = (slf.py(), arena.heap(), slf.get().end);
        let mut got = native.get(heap, end).map_err(to_python)?;
        if got == Got::Empty && !limit.is_now() {
            let attempt = || match native.get(heap, end)? {
                Got::Empty => Ok(None),
                other => Ok(Some(other)),
            };
            got = await_turn(py, arena, native, Wait::Item, limit, attempt)?.unwrap_or(Got::Empty);
        }
        match got {
            Got::Item(item) => taken(arena, py, item),
            Got::Empty => Err(Refusal::Empty.error(py)),
            Got::Closed => Err(Refusal::ShutDown.error(py)),
        }
    }

    /// The limit of a `put`: a queue without limit does not look at it.
    #[inline]
    fn put_limit(
        slf: &Bound<'_, Self>,
        block: Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Limit> {
        if (!block.0 || timeout.is_some()) && Self::maxsize(slf)? > 0 {
            limit(block, timeout)
        } else {
            Ok(Limit::NONE)
        }
    }
}

#[pymethods]
impl Queue {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0, maxsize = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
        maxsize: i64,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let object = held(arena, handle, tag, || Ok(Native::create(heap, maxsize)?.handle()))?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        let (_, tag) = heap.describe(object.handle()).map_err(to_python)?;
        let end = if tag == LIFO_TAG { End::Back } else { End::Front };
        Ok(PyClassInitializer::from(object).add_subclass(Self { native, end }))
    }

    #[pyo3(signature = (item, block = Flag(true), timeout = None))]
    fn put(
        slf: &Bound<'_, Self>,
        item: &Bound<'_, PyAny>,
        block: Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let limit = Self::put_limit(slf, block, timeout)?;
        Self::put_item(slf, item, limit)
    }

    fn put_nowait(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::put_item(slf, item, Limit::NOW)
    }

    #[pyo3(signature = (block = Flag(true), timeout = None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        block: Flag,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::get_item(slf, limit(block, timeout)?)
    }

    fn get_nowait<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::get_item(slf, Limit::NOW)
    }

    #[pyo3(signature = (items, block = Flag(true), timeout = None))]
    fn put_many(
        slf: &Bound<'_, Self>,
        items: &Bound<'_, PyAny>,
        block: Flag,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let limit = Self::put_limit(slf, block, timeout)?;
        put_many(arena_of(slf.as_super())?, slf.get().native, items, limit)
    }

    #[pyo3(signature = (max_items, block = Flag(true), timeout = None))]
    fn get_many<'py>(
        slf: &Bound<'py, Self>,
        max_items: isize,
        block: Flag,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let most = match usize::try_from(max_items) {
            Ok(most) if most > 0 => most,
            _ => return Err(PyValueError::new_err("'max_items' must be a positive number")),
        };
        let limit = limit(block, timeout)?;
        get_many(slf.as_any(), arena_of(slf.as_super())?, slf.get().native(), most, limit)
    }

    fn qsize(slf: &Bound<'_, Self>) -> PyResult<u64> {
        let (arena, native) = Self::parts(slf)?;
        native.len(arena.heap()).map_err(to_python)
    }

    fn empty(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(Self::qsize(slf)? == 0)
    }

    fn full(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let maxsize = u64::try_from(Self::maxsize(slf)?).unwrap_or(0);
        Ok(maxsize > 0 && Self::qsize(slf)? >= maxsize)
    }

    #[getter]
    fn maxsize(slf: &Bound<'_, Self>) -> PyResult<i64> {
        let (arena, native) = Self::parts(slf)?;
        native.maxsize(arena.heap()).map_err(to_python)
    }

    fn task_done(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (arena, native) = Self::parts(slf)?;
        match native.task_done(arena.heap()).map_err(to_python)? {
            Some(_) => Ok(()),
            None => Err(PyValueError::new_err("task_done() called too many times")),
        }
    }

    fn join(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (arena, native) = Self::parts(slf)?;
        let done = || Ok((native.counts(arena.heap())?.unfinished == 0).then_some(()));
        if done().map_err(to_python)?.is_none() {
            await_turn(slf.py(), arena, native, Wait::Done, Limit::NONE, done)?;
        }
        Ok(())
    }

    #[pyo3(signature = (immediate = false))]
    fn shutdown(slf: &Bound<'_, Self>, immediate: bool) -> PyResult<()> {
        let (arena, native) = Self::parts(slf)?;
        native.close(arena.heap(), immediate).map_err(to_python)
    }

    fn _counts(slf: &Bound<'_, Self>) -> PyResult<(u64, u64, bool)> {
        let (arena, native) = Self::parts(slf)?;
        let counts = native.counts(arena.heap()).map_err(to_python)?;
        Ok((counts.length, counts.unfinished, counts.is_closed))
    }

    fn _waiters(slf: &Bound<'_, Self>) -> PyResult<(Vec<Person>, Vec<Person>, Vec<Person>)> {
        let (arena, native) = Self::parts(slf)?;
        let waiters =
            |wait| people::waiters(arena, &native.waiters(arena.heap(), wait).map_err(to_python)?);
        Ok((waiters(Wait::Item)?, waiters(Wait::Room)?, waiters(Wait::Done)?))
    }

    fn _version(slf: &Bound<'_, Self>) -> PyResult<u64> {
        let (arena, native) = Self::parts(slf)?;
        native.version(arena.heap()).map_err(to_python)
    }

    fn _peek<'py>(slf: &Bound<'py, Self>, index: u64) -> PyResult<Option<(Bound<'py, PyAny>,)>> {
        let (arena, native) = Self::parts(slf)?;
        let read = || Ok(native.peek(arena.heap(), index)?.map(|item| (item, ())));
        Ok(fetch(arena, slf.py(), read)?.map(|(item, ())| (item,)))
    }

    fn _put_at(
        slf: &Bound<'_, Self>,
        version: u64,
        index: u64,
        item: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?;
        let native = slf.get().native;
        let put = with_value(arena, item, "argument 1 of PriorityQueue.put()", |value| {
            arena.get().roomy(|| native.put_at(arena.get().heap(), version, index, value))
        })?
        .map_err(to_python)?;
        match put {
            Put::Done => Ok(true),
            Put::Changed => Ok(false),
            Put::Full => Err(Refusal::Full.error(slf.py())),
            Put::Closed => Err(Refusal::ShutDown.error(slf.py())),
        }
    }

    fn _put_back(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?;
        let (native, end) = slf.get().native();
        with_value(arena, item, "an item put back", |value| {
            arena.get().roomy(|| native.put_back(arena.get().heap(), end, value))
        })?
        .map_err(to_python)
    }

    #[pyo3(signature = (timeout))]
    fn _await_room(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let (arena, native) = Self::parts(slf)?;
        let attempt = || Ok(native.is_promising(arena.heap(), Wait::Room).then_some(()));
        let limit = Limit::of_timeout(timeout)?;
        Ok(await_turn(slf.py(), arena, native, Wait::Room, limit, attempt)?.is_some())
    }
}
