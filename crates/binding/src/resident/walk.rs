//! `manor._native.Walk`: iterating over a dict or a set.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::IntoIter;

use ::arena::Failure;
use ::arena::dict::{CopiedItem, Dict, Part, Position, Set};
use ::arena::heap::Heap;
use ::arena::memory::Shared;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::advice::advised;
use super::arena::Arena;
use super::failures::to_python;
use super::gone::Gone;
use super::keys;
use super::listing::CHUNK_ITEMS;
use super::object::Object;
use super::several::opened;

/// The number by which Python asks for a part: 0, 1, 2.
pub fn part_of_number(number: u8) -> PyResult<Part> {
    match number {
        0 => Ok(Part::Keys),
        1 => Ok(Part::Values),
        2 => Ok(Part::Items),
        _ => Err(PyValueError::new_err("0 for keys, 1 for values, 2 for items")),
    }
}

/// That part of an item; `None` if an object in it has gone meanwhile.
pub fn part_of<'py>(
    part: Part,
    arena: &Arena,
    py: Python<'py>,
    (key, value): CopiedItem,
    gone: &mut Gone,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if part == Part::Keys {
        return keys::to_python(arena, py, key.loaded().map_err(to_python)?).map(Some);
    }
    let value = value.loaded().map_err(to_python)?;
    let Some(value) = opened(arena, py, value, gone)? else { return Ok(None) };
    if part == Part::Values {
        return Ok(Some(value));
    }
    let pair = (keys::to_python(arena, py, key.loaded().map_err(to_python)?)?, value);
    Ok(Some(pair.into_pyobject(py)?.into_any()))
}

/// What is walked over.
pub enum Shape {
    Dict(Dict),
    Set(Set),
}

impl Shape {
    fn is_unchanged(&self, heap: &Heap<Shared>, position: &Position) -> Result<bool, Failure> {
        match self {
            Self::Dict(dict) => dict.is_unchanged(heap, position),
            Self::Set(set) => set.is_unchanged(heap, position),
        }
    }

    fn advance(
        &self,
        heap: &Heap<Shared>,
        position: &mut Position,
    ) -> Result<Vec<CopiedItem>, Failure> {
        let mut items = Vec::with_capacity(CHUNK_ITEMS);
        match self {
            Self::Dict(dict) => dict.advance(heap, position, CHUNK_ITEMS, &mut items)?,
            Self::Set(set) => set.advance(heap, position, CHUNK_ITEMS, &mut items)?,
        }
        Ok(items)
    }

    fn changed(&self) -> PyErr {
        PyRuntimeError::new_err(match self {
            Self::Dict(_) => "dictionary changed size during iteration",
            Self::Set(_) => "Set changed size during iteration",
        })
    }
}

struct State {
    position: Position,
    chunk: IntoIter<CopiedItem>,
    is_over: bool,
}

/// An iterator; it raises `RuntimeError` once a key has come or gone.
#[pyclass(frozen, module = "manor._native")]
pub struct Walk {
    object: Py<Object>,
    shape: Shape,
    part: Part,
    state: Mutex<State>,
}

impl Walk {
    /// Walks over `object` from `position` on.
    pub fn new(object: Py<Object>, shape: Shape, position: Position, part: Part) -> Self {
        let position = position.only(part);
        let state = State { position, chunk: Vec::new().into_iter(), is_over: false };
        Self { object, shape, part, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Python code never runs with it, and nobody waits with it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item.
    fn step(&self, heap: &Heap<Shared>) -> Result<Option<CopiedItem>, Failure> {
        loop {
            {
                let mut state = self.state();
                if state.is_over {
                    return Ok(None);
                }
                if !self.shape.is_unchanged(heap, &state.position)? {
                    return Err(Failure::Changed);
                }
                if let Some(item) = state.chunk.next() {
                    return Ok(Some(item));
                }
                if state.position.is_end() {
                    state.is_over = true;
                    return Ok(None);
                }
            }
            heap.retried(|| self.read_on(heap))?;
        }
    }

    /// Reads the next chunk, unless another thread has.
    fn read_on(&self, heap: &Heap<Shared>) -> Result<(), Failure> {
        let mut state = self.state();
        if state.chunk.len() == 0 && !state.position.is_end() {
            state.chunk = self.shape.advance(heap, &mut state.position)?.into_iter();
        }
        Ok(())
    }
}

#[pymethods]
impl Walk {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let arena = self.object.get().enter()?;
        let item = match self.step(arena.heap()) {
            Ok(Some(item)) => item,
            Ok(None) => return Ok(None),
            Err(Failure::Changed) => return Err(advised(self.shape.changed())),
            Err(failure) => return Err(to_python(failure)),
        };
        match part_of(self.part, arena, py, item, &mut Gone::default())? {
            Some(value) => Ok(Some(value)),
            None => Err(advised(self.shape.changed())), // A value was replaced, and the old one was an object.
        }
    }
}
