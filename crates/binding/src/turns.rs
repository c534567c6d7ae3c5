//! `manor._native.Turns`.

use std::sync::Arc;

use pyo3::prelude::*;
use transport::turns::{Turn, Turns as Native};

/// The turns that the threads of a server take; see `_native.pyi`.
#[pyclass(frozen, module = "manor._native")]
pub struct Turns {
    native: Arc<Native>,
}

impl Turns {
    /// One more thread's part in them.
    pub fn join(&self) -> Turn {
        Turn::new(self.native.clone())
    }
}

#[pymethods]
impl Turns {
    #[new]
    fn new() -> Self {
        Self { native: Arc::new(Native::default()) }
    }
}
