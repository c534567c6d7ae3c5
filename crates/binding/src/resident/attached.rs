//! What only threads touch that are attached to the interpreter, one of which is at a time.

use std::cell::RefCell;

use ::arena::Failure;
use ::arena::failure::Result;
use pyo3::Python;

/// A place that the interpreter's lock guards, so that to use it takes no lock of its own.
pub struct Attached<T>(RefCell<T>);

// SAFETY: it is reached with a token of the interpreter's lock only, by one thread at a time (the module says that it needs
// that lock). Should a user let the lock go in between, others find the place in use: that mark, too, is behind the lock.
unsafe impl<T: Send> Sync for Attached<T> {}

impl<T> Attached<T> {
    /// A place with something in it.
    pub fn new(contents: T) -> Self {
        Self(RefCell::new(contents))
    }

    /// Calls `job`, which keeps the interpreter's lock, with the contents.
    #[inline]
    pub fn with<R>(&self, _: Python<'_>, job: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.0.try_borrow_mut().map_or(Err(Failure::Interrupted), |mut contents| job(&mut contents))
    }
}
