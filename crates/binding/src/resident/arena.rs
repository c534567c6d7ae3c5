//! `manor._native.Arena`: this process's way into one arena.

use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::arena::Failure;
use ::arena::heap::Heap;
use ::arena::life::LifeId;
use ::arena::memory::Shared;
use ::arena::object::Handle;
use pyo3::prelude::*;

use super::failures::to_python;
use super::forking::{self, Forking};
use super::holds::Holds;
use super::hooks::Hooks;
use super::lives::Lives;
use super::names;
use super::object::Object;
use super::people::Person;
use super::sites::Sites;
use super::survey;
use super::times::{nanoseconds, seconds_until, until};

/// An arena that this process is attached to.
#[pyclass(frozen, weakref, module = "manor._native")]
pub struct Arena {
    heap: ManuallyDrop<Heap<Shared>>,
    lives: Arc<Lives>,
    fd: Mutex<Option<OwnedFd>>,
    hooks: Hooks,
    holds: Holds,
    sites: Option<Sites>,
    forking: Forking,
}

impl Arena {
    /// The arena itself.
    #[inline]
    pub fn heap(&self) -> &Heap<Shared> {
        &self.heap
    }

    /// What Python does for it.
    #[inline]
    pub fn python(&self) -> &Hooks {
        &self.hooks
    }

    /// Refuses an arena that has ended.
    #[inline]
    pub fn check_not_ended(&self) -> PyResult<()> {
        match self.heap.is_ended() {
            Ok(false) => Ok(()),
            Ok(true) => Err(self.ended_error()),
            Err(failure) => Err(to_python(failure)),
        }
    }

    /// The calling thread, as the arena knows it.
    #[inline]
    pub fn me(&self) -> PyResult<LifeId> {
        self.lives.current(&self.heap).map_err(to_python)
    }

    /// The lives of this process's threads in it.
    #[inline]
    pub fn lives(&self) -> &Arc<Lives> {
        &self.lives
    }

    /// The sites, where they are noted.
    #[inline]
    pub fn sites(&self) -> Option<&Sites> {
        self.sites.as_ref()
    }

    /// The exception for using it after its end.
    #[cold]
    pub fn ended_error(&self) -> PyErr {
        Python::attach(|py| match self.hooks.ended.bind(py).call0() {
            Ok(error) => PyErr::from_value(error),
            Err(error) => error,
        })
    }

    fn fd(&self) -> MutexGuard<'_, Option<OwnedFd>> {
        self.fd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more holder in this process of an object that the process holds already.
    pub fn count_held(&self, handle: Handle) {
        self.holds.count(handle);
    }

    /// Holds an object once more.
    pub fn hold(&self, handle: Handle) -> Result<(), Failure> {
        self.heap.retried(|| self.holds.add(handle, || self.heap.hold(handle)))
    }

    /// Ends one hold; called by finalizers, so whatever fails is nobody's business.
    pub fn let_go(&self, handle: Handle) {
        if self.holds.drop_one(handle) && self.heap.is_ended() == Ok(false) {
            let _ = self.heap.let_go_unless(handle, || self.holds.has(handle));
        }
    }

    /// The object lives for at least so many seconds from now.
    pub fn lease(&self, handle: Handle, seconds: f64) -> PyResult<()> {
        self.heap.lease(handle, until(seconds)).map_err(to_python)
    }

    fn new(heap: Heap<Shared>, fd: Option<OwnedFd>, hooks: &Bound<'_, PyAny>) -> PyResult<Self> {
        let hooks = Hooks::of(hooks)?;
        let sites = Sites::of(&heap).map_err(to_python)?;
        Ok(Self {
            heap: ManuallyDrop::new(heap),
            lives: Lives::new(sites.is_some()),
            fd: Mutex::new(fd),
            hooks,
            holds: Holds::default(),
            sites,
            forking: Forking::default(),
        })
    }

    /// What stands for an object in this process.
    pub fn open<'py>(&self, py: Python<'py>, handle: Handle) -> PyResult<Bound<'py, PyAny>> {
        let (kind, tag) = self.heap.describe(handle).map_err(to_python)?;
        self.hooks.open.bind(py).call1((kind as u64, tag, handle.at, handle.generation))
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: taken once, here, and not used afterwards.
        let heap = unsafe { ManuallyDrop::take(&mut self.heap) };
        self.lives.bury(heap);
    }
}

#[pymethods]
impl Arena {
    #[staticmethod]
    #[pyo3(signature = (bytes_max, name, hooks, debug = false))]
    fn create(bytes_max: u64, name: &str, hooks: &Bound<'_, PyAny>, debug: bool) -> PyResult<Self> {
        let (heap, fd) = Heap::create(bytes_max, name).map_err(to_python)?;
        if debug {
            heap.note_sites().map_err(to_python)?;
        }
        Self::new(heap, Some(fd), hooks)
    }

    #[staticmethod]
    fn attach(fd: RawFd, name: &str, hooks: &Bound<'_, PyAny>) -> PyResult<Self> {
        if fd < 0 {
            return Err(pyo3::exceptions::PyValueError::new_err("no descriptor is negative"));
        }
        // SAFETY: only used during the call; a number that is no open descriptor gives an error.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        Self::new(Heap::attach(&fd, name).map_err(to_python)?, None, hooks)
    }

    fn fileno(&self) -> RawFd {
        self.fd().as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    fn take_file(&self) -> RawFd {
        self.fd().take().map_or(-1, IntoRawFd::into_raw_fd)
    }

    #[getter]
    fn hooks(&self, py: Python<'_>) -> Py<PyAny> {
        self.hooks.object.clone_ref(py)
    }

    #[getter]
    fn slot(&self) -> u64 {
        self.heap.slot()
    }

    #[getter]
    fn ended(&self) -> PyResult<bool> {
        self.heap.is_ended().map_err(to_python)
    }

    fn end(&self) -> PyResult<()> {
        self.heap.end().map_err(to_python)
    }

    fn waits(&self) -> PyResult<Vec<((u64, u64), Person)>> {
        survey::waits(self)
    }

    fn leave_in_order(&self) -> PyResult<()> {
        self.heap.leave_in_order().map_err(to_python)
    }

    fn call_oneself(&self, name: &str) -> PyResult<()> {
        self.heap.call_oneself(name).map_err(to_python)
    }

    fn stats(&self) -> PyResult<HashMap<&'static str, u64>> {
        survey::stats(self)
    }

    fn objects(&self) -> PyResult<Vec<(u64, u64, u64, u64)>> {
        survey::objects(self)
    }

    fn processes(&self) -> PyResult<Vec<(u64, u64, String)>> {
        survey::processes(self)
    }

    fn add_name(&self, name: &str, object: &Bound<'_, Object>) -> PyResult<bool> {
        self.check_not_ended()?;
        let handle = object.get().handle();
        self.roomy(|| self.heap.add_name(name, handle)).map_err(to_python)
    }

    fn find_name<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        names::find(self, py, name)
    }

    fn remove_name(&self, name: &str) -> PyResult<bool> {
        self.check_not_ended()?;
        self.heap.remove_name(name).map_err(to_python)
    }

    fn names(&self) -> PyResult<Vec<String>> {
        self.check_not_ended()?;
        self.heap.names().map_err(to_python)
    }

    fn sweep_dead(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.heap.sweep_dead()).map_err(to_python)
    }

    fn reap(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        py.detach(|| self.heap.reap()).map_err(to_python)?;
        let next = self.heap.next_lease_end().map_err(to_python)?;
        Ok(next.map(seconds_until))
    }

    fn chores(&self) -> PyResult<u32> {
        self.heap.chores().map_err(to_python)
    }

    fn await_chores(&self, py: Python<'_>, seen: u32, timeout: f64) -> PyResult<u32> {
        let timeout_ns = nanoseconds(timeout);
        py.detach(|| self.heap.await_chores(seen, timeout_ns)).map_err(to_python)?;
        self.chores()
    }

    #[pyo3(signature = (keep_units = 0))]
    fn trim(&self, py: Python<'_>, keep_units: u64) -> PyResult<u64> {
        py.detach(|| self.heap.trim(keep_units)).map_err(to_python)
    }

    #[pyo3(signature = (lease_s = 60.0))]
    fn before_fork(&self, py: Python<'_>, lease_s: f64) -> bool {
        let overdue = self.forking.overdue();
        let reserved = py.detach(|| forking::reserve(&self.heap, overdue));
        self.forking.put(reserved, until(lease_s));
        reserved.is_some()
    }

    fn after_fork_in_parent(&self) {
        self.heap.end_fork();
    }

    fn after_fork_in_child(&self) -> PyResult<bool> {
        match self.forking.take() {
            None => Ok(false),
            Some(reserved) => {
                self.heap.become_child(reserved.slot).map(|()| true).map_err(to_python)
            }
        }
    }

    fn lease_held(&self, seconds: f64) -> PyResult<()> {
        self.holds.lease_all(&self.heap, until(seconds)).map_err(to_python)
    }
}
