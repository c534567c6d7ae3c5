//! Objects that go between the reading of a container and the opening of what was read.

use ::arena::object::Handle;
use ::arena::{Error, Failure};
use pyo3::PyResult;

use super::failures::to_python;

/// What had gone when it was to be opened. A container lets go of an object before that goes, so what is read again
/// is never the same; in a damaged arena it is, every time.
#[derive(Default)]
pub struct Gone(Option<Handle>);

impl Gone {
    /// Notes an object that has gone; an error if it had gone before.
    pub fn note(&mut self, handle: Handle) -> PyResult<()> {
        if self.0.replace(handle) == Some(handle) {
            let what = "a container refers to an object that is not there";
            return Err(to_python(Failure::Shared(Error::Corrupt(what))));
        }
        Ok(())
    }
}
