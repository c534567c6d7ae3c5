//! What Python does for an arena; see `_native.pyi`.

use pyo3::prelude::*;

/// The Python functions that do what the native code cannot; see `_native.pyi`.
pub struct Hooks {
    pub encode: Py<PyAny>,
    pub encode_keyed: Option<Py<PyAny>>,
    pub decode: Py<PyAny>,
    pub pickle: Option<Py<PyAny>>,
    pub unpickle: Option<Py<PyAny>>,
    pub open: Py<PyAny>,
    pub canonical: Py<PyAny>,
    pub show: Py<PyAny>,
    pub unshow: Py<PyAny>,
    pub ended: Py<PyAny>,
    pub deadline: Option<Py<PyAny>>,
    pub object: Py<PyAny>,
}

impl Hooks {
    /// Those of a Python object.
    pub fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let get = |name: &str| object.getattr(name).map(Bound::unbind);
        Ok(Self {
            encode: get("encode")?,
            encode_keyed: get("encode_keyed").ok(),
            decode: get("decode")?,
            pickle: get("pickle").ok(),
            unpickle: get("unpickle").ok(),
            open: get("open")?,
            canonical: get("canonical")?,
            show: get("show")?,
            unshow: get("unshow")?,
            ended: get("ended")?,
            deadline: get("deadline").ok(),
            object: object.clone().unbind(),
        })
    }
}
