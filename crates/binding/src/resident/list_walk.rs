//! `manor._native.ListWalk`: iterating over a list by index.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ::arena::Failure;
use ::arena::heap::Heap;
use ::arena::list::List as Native;
use ::arena::memory::Shared;
use ::arena::value::Loaded;
use pyo3::prelude::*;

use super::failures::to_python;
use super::gone::Gone;
use super::object::Object;
use super::several::opened;

/// Items that one look at the list copies.
const CHUNK_ITEMS: usize = 128;

struct State {
    /// The index of the item that comes next; backwards, one more.
    at: u64,
    chunk: VecDeque<Loaded>,
    /// The version at which the chunk was read.
    version: u64,
    is_over: bool,
}

/// An iterator that sees what is appended meanwhile, as that of a built-in list.
#[pyclass(frozen, module = "manor._native")]
pub struct ListWalk {
    object: Py<Object>,
    native: Native,
    backwards: bool,
    state: Mutex<State>,
}

impl ListWalk {
    /// Walks over a list that has `length` items now.
    pub fn new(object: Py<Object>, native: Native, backwards: bool, length: u64) -> Self {
        let at = if backwards { length } else { 0 };
        let state = State { at, chunk: VecDeque::new(), version: 0, is_over: false };
        Self { object, native, backwards, state: Mutex::new(state) }
    }

    /// The next item. Python code never runs while the state is locked, and nobody waits with it.
    fn step(&self, heap: &Heap<Shared>) -> Result<Option<Loaded>, Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return Ok(None);
        }
        let version = self.native.version(heap)?;
        if state.chunk.is_empty() || version != state.version {
            self.read(heap, &mut state)?;
        }
        let item = if self.backwards { state.chunk.pop_back() } else { state.chunk.pop_front() };
        match item {
            Some(_) if self.backwards => state.at -= 1,
            Some(_) => state.at += 1,
            None => state.is_over = true,
        }
        Ok(item)
    }

    fn read(&self, heap: &Heap<Shared>, state: &mut State) -> Result<(), Failure> {
        let mut items = Vec::with_capacity(CHUNK_ITEMS);
        let (mut from, mut count) = (state.at, CHUNK_ITEMS);
        if self.backwards {
            from = state.at.saturating_sub(CHUNK_ITEMS as u64);
            count = usize::try_from(state.at - from).unwrap_or(CHUNK_ITEMS);
        }
        loop {
            // Long items come in smaller pieces.
            let left = count - items.len();
            let start = from + items.len() as u64;
            let before = items.len();
            let version = self.native.read_range(heap, start, left, &mut items)?;
            if before > 0 && version != state.version {
                items.clear(); // The pieces are not of one moment.
                continue;
            }
            state.version = version;
            if !self.backwards || items.len() == before || items.len() == count {
                break;
            }
        }
        if self.backwards && items.len() < count {
            items.clear(); // The list has shrunk below our place: over.
        }
        state.chunk = items.into();
        Ok(())
    }

    /// Goes back to the item that was read last.
    fn unread(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.chunk.clear();
        state.at = if self.backwards { state.at + 1 } else { state.at - 1 };
    }
}

#[pymethods]
impl ListWalk {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut gone = Gone::default();
        loop {
            let arena = self.object.get().enter()?;
            let next = arena.heap().retried(|| self.step(arena.heap()));
            let Some(item) = next.map_err(to_python)? else { return Ok(None) };
            match opened(arena, py, item, &mut gone)? {
                Some(value) => return Ok(Some(value)),
                None => self.unread(), // An object that was replaced meanwhile.
            }
        }
    }
}
