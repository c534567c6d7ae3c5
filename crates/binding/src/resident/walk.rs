//! `manor._native.Walk`: iterating over a dict or a set.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ::arena::Failure;
use ::arena::dict::{Dict, Item, Position, Set};
use ::arena::heap::Heap;
use ::arena::memory::Shared;
use ::arena::pause::keeping;
use ::arena::value::Loaded;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::gone::Gone;
use super::keys;
use super::listing::CHUNK_ITEMS;
use super::object::Object;
use super::several::opened;

/// What of each item is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Keys,
    Values,
    Items,
}

impl What {
    /// 0, 1, 2.
    pub fn from_number(number: u8) -> PyResult<Self> {
        match number {
            0 => Ok(Self::Keys),
            1 => Ok(Self::Values),
            2 => Ok(Self::Items),
            _ => Err(PyValueError::new_err("0 for keys, 1 for values, 2 for items")),
        }
    }

    /// That part of an item; `None` if an object in it has gone meanwhile.
    pub fn of<'py>(
        self,
        arena: &Arena,
        py: Python<'py>,
        (key, value): Item,
        gone: &mut Gone,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self == Self::Keys {
            return keys::to_python(arena, py, key).map(Some);
        }
        let Some(value) = opened(arena, py, value, gone)? else { return Ok(None) };
        if self == Self::Values {
            return Ok(Some(value));
        }
        let pair = (keys::to_python(arena, py, key)?, value);
        Ok(Some(pair.into_pyobject(py)?.into_any()))
    }
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

    fn advance(&self, heap: &Heap<Shared>, position: &mut Position) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::with_capacity(CHUNK_ITEMS);
        match self {
            Self::Dict(dict) => dict.advance(heap, position, CHUNK_ITEMS, &mut items)?,
            Self::Set(set) => {
                let mut members = Vec::with_capacity(CHUNK_ITEMS);
                set.advance(heap, position, CHUNK_ITEMS, &mut members)?;
                items.extend(members.into_iter().map(|member| (member, Loaded::None)));
            }
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
    chunk: VecDeque<Item>,
    is_over: bool,
}

/// An iterator; it raises `RuntimeError` once a key has come or gone.
#[pyclass(frozen, module = "manor._native")]
pub struct Walk {
    object: Py<Object>,
    shape: Shape,
    what: What,
    state: Mutex<State>,
}

impl Walk {
    /// Walks over `object` from `position` on.
    pub fn new(object: Py<Object>, shape: Shape, position: Position, what: What) -> PyResult<Self> {
        let state = State { position, chunk: VecDeque::new(), is_over: false };
        Ok(Self { object, shape, what, state: Mutex::new(state) })
    }

    /// The next item. Python code never runs while the state is locked.
    fn step(&self, arena: &Arena) -> PyResult<Option<Item>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return Ok(None);
        }
        let heap = arena.heap();
        if !self.shape.is_unchanged(heap, &state.position).map_err(to_python)? {
            return Err(self.shape.changed());
        }
        if state.chunk.is_empty() && !state.position.is_end() {
            state.chunk = match self.shape.advance(heap, &mut state.position) {
                Err(Failure::Changed) => return Err(self.shape.changed()),
                other => other.map_err(to_python)?.into(),
            };
        }
        let item = state.chunk.pop_front();
        state.is_over = item.is_none();
        Ok(item)
    }
}

#[pymethods]
impl Walk {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let arena = self.object.get().enter()?;
        let Some(item) = keeping(|| self.step(arena))? else { return Ok(None) };
        match self.what.of(arena, py, item, &mut Gone::default())? {
            Some(value) => Ok(Some(value)),
            None => Err(self.shape.changed()), // A value was replaced, and the old one was an object.
        }
    }
}
