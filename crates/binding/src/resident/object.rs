//! `manor._native.Object`: what the classes of the arena's types have in common.

use ::arena::Failure;
use ::arena::heap::Heap;
use ::arena::life::LifeId;
use ::arena::memory::Shared;
use ::arena::object::Handle;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::arena::Arena;
use super::failures::to_python;
use super::rebuilding::record_of;

/// What an arena hosts, held by this process for as long as the Python object lives.
#[pyclass(frozen, subclass, weakref, module = "manor._native")]
pub struct Object {
    arena: Py<Arena>,
    handle: Handle,
    tag: u64,
}

impl Object {
    /// An object that the arena counts as held by one more proxy already.
    pub fn held(arena: Py<Arena>, handle: Handle, tag: u64) -> Self {
        Self { arena, handle, tag }
    }

    /// Its arena, which must not have ended.
    #[inline]
    pub fn enter(&self) -> PyResult<&Arena> {
        let arena = self.arena.get();
        arena.check_not_ended()?;
        Ok(arena)
    }

    /// Its arena's heap and the calling thread, if the arena has not ended, the thread is known there, and what is usual
    /// is all that has to be done.
    #[inline]
    pub fn at_hand(&self) -> Option<(&Heap<Shared>, LifeId)> {
        let arena = self.arena.get();
        let me = arena.lives().known_as_usual()?;
        (arena.heap().is_ended() == Ok(false)).then(|| (arena.heap(), me))
    }

    /// Its arena's heap, if the arena has not ended.
    #[inline]
    pub fn heap_at_hand(&self) -> Option<&Heap<Shared>> {
        let heap = self.arena.get().heap();
        (heap.is_ended() == Ok(false)).then_some(heap)
    }

    /// Its arena.
    #[inline]
    pub fn arena(&self) -> &Py<Arena> {
        &self.arena
    }

    /// What was stored with it when it was made, once and for all: which type of Python's it is.
    #[inline]
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// What names it.
    #[inline]
    pub fn handle(&self) -> Handle {
        self.handle
    }
}

/// An object of this process for a new object of the arena, or for one that a handle names.
pub fn held(
    arena: &Bound<'_, Arena>,
    handle: Option<(u64, u64)>,
    tag: u64,
    create: impl FnMut() -> Result<Handle, Failure>,
) -> PyResult<Object> {
    arena.get().check_not_ended()?;
    let native = arena.get();
    let Some((at, generation)) = handle else {
        let handle = native.roomy(create).map_err(to_python)?;
        native.count_held(handle);
        let object = Object::held(arena.clone().unbind(), handle, tag);
        if tag != 0 {
            native.heap().set_tag(handle, tag).map_err(to_python)?;
        }
        return Ok(object);
    };
    let handle = Handle { at, generation };
    native.hold(handle).map_err(to_python)?;
    let mut object = Object::held(arena.clone().unbind(), handle, tag);
    if tag == 0 {
        (_, object.tag) = native.heap().describe(handle).map_err(to_python)?;
    }
    Ok(object)
}

/// The arena of an object, which must not have ended; for an operation on the object, which is counted.
#[inline]
pub fn arena_of<'a, 'py>(object: &'a Bound<'py, Object>) -> PyResult<&'a Bound<'py, Arena>> {
    object.get().enter()?.heap().count_operation(); // The GIL is held.
    Ok(object.get().arena().bind(object.py()))
}

#[pymethods]
impl Object {
    #[getter]
    fn _arena(&self, py: Python<'_>) -> Py<Arena> {
        self.arena.clone_ref(py)
    }

    #[getter]
    fn _handle(&self) -> (u64, u64) {
        (self.handle.at, self.handle.generation)
    }

    #[getter]
    fn _tag(&self) -> PyResult<u64> {
        self.enter()?;
        Ok(self.tag)
    }

    #[pyo3(signature = (server, number, place, /))]
    fn _record_of_pickle<'py>(
        &self,
        py: Python<'py>,
        server: &[u8],
        number: u8,
        place: &[u8],
    ) -> Bound<'py, PyBytes> {
        record_of(py, server, self.handle, number, place)
    }

    /// Has others wait, for a while; see [`Heap::begin_reservation`].
    fn _reserve(&self) -> PyResult<()> {
        self.enter()?.heap().begin_reservation(self.handle).map_err(to_python).map(|_| ())
    }

    fn _end_reservation(&self) -> PyResult<()> {
        self.enter()?.heap().end_reservation(self.handle).map_err(to_python)
    }

    fn _lease(&self, seconds: f64) -> PyResult<()> {
        self.enter()?.lease(self.handle, seconds)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.arena.get().let_go(self.handle);
    }
}
