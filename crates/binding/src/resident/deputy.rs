//! `manor._native.Deputy`: a life in the arena for a thread that cannot have one there itself.
//!
//! A client elsewhere waits by a thread of the server, which acts as the client's deputy meanwhile: so what the client
//! acquires is its own, and given back when it dies, whichever of the server's threads served it.

use std::cell::Cell;
use std::sync::Arc;

use ::arena::life::Deputy as Native;
use ::arena::wait::Bell;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::arena::Arena;
use super::failures::to_python;

/// What the thread that serves a client and whoever cancels that share.
#[derive(Default)]
struct Shared {
    /// Rings when the call is cancelled.
    bell: Arc<Bell>,
    /// To be called when a cancelled wait may still take long.
    aside: Option<Py<PyAny>>,
}

thread_local! {
    static ACTING: Cell<Option<*const Shared>> = const { Cell::new(None) };
}

/// A life for a thread of another process; see `_native_waiting.pyi`.
#[pyclass(frozen, module = "manor._native")]
pub struct Deputy {
    arena: Py<Arena>,
    native: Native,
}

fn current<R>(job: impl FnOnce(&Shared) -> R) -> Option<R> {
    // SAFETY: set for as long as the deputy's `run` lasts, which has a hold on what it points at.
    ACTING.get().map(|shared| job(unsafe { &*shared }))
}

/// Whether nobody wants the wait of the current thread any more.
pub fn is_cancelled() -> bool {
    current(|shared| shared.bell.has_rung()).unwrap_or(false)
}

/// The wait that was cancelled ends when others have left a lock, which may take long.
pub fn step_aside(py: Python<'_>) {
    let _ = current(|shared| shared.aside.as_ref().map(|aside| aside.call0(py)));
}

/// The exception for a wait that was cancelled; the server translates it.
pub fn abandoned() -> PyErr {
    PyRuntimeError::new_err("the wait was cancelled")
}

/// What ends the sleeps of the current thread when its call is cancelled.
pub fn bell() -> Option<Arc<Bell>> {
    current(|shared| Arc::clone(&shared.bell))
}

/// One call of a client's thread; see `_native_waiting.pyi`.
#[pyclass(frozen, module = "manor._native")]
pub struct Acting {
    deputy: Py<Deputy>,
    shared: Arc<Shared>,
}

#[pymethods]
impl Deputy {
    #[new]
    fn new(arena: &Bound<'_, Arena>, pid: u32, thread: u32) -> PyResult<Self> {
        let native = Native::begin(arena.get().heap(), pid, thread).map_err(to_python)?;
        Ok(Self { arena: arena.clone().unbind(), native })
    }

    #[pyo3(signature = (aside = None))]
    fn act(slf: Py<Self>, aside: Option<Py<PyAny>>) -> Acting {
        Acting { deputy: slf, shared: Arc::new(Shared { aside, ..Shared::default() }) }
    }

    fn end(&self, died: bool) -> PyResult<()> {
        self.native.end(self.arena.get().heap(), died).map_err(to_python)
    }
}

impl Drop for Deputy {
    fn drop(&mut self) {
        // In good order, and nobody is there to be told of a failure.
        let _ = self.native.end(self.arena.get().heap(), false);
    }
}

#[pymethods]
impl Acting {
    #[pyo3(signature = (function, /, *args, **kwds))]
    fn run<'py>(
        &self,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwds: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deputy = self.deputy.get();
        let before = ACTING.replace(Some(Arc::as_ptr(&self.shared)));
        let lives = deputy.arena.get().lives();
        let outcome = lives.acting_as(deputy.native.id(), || function.call(args, kwds));
        ACTING.set(before);
        outcome
    }

    fn cancel(&self) {
        self.shared.bell.ring();
    }

    #[getter]
    fn cancelled(&self) -> bool {
        self.shared.bell.has_rung()
    }
}
