//! `manor._native.R`: from the pickle of a proxy to a proxy, in one step where all that it takes is there.

use ::arena::object::Handle;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

/// What is known to the process, and what to call for all that is not.
struct Known {
    arenas: Py<PyDict>,
    classes: Py<PyDict>,
    typeids: Py<PyTuple>,
    otherwise: Py<PyAny>,
}

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

/// So many are looked through, which is quicker than to make a key.
const FEW: usize = 4;

/// Says of what to rebuild proxies; see `_native.pyi`. What is said first stays.
#[pyfunction]
#[pyo3(signature = (arenas, classes, typeids, otherwise, /))]
pub fn rebuild_by(
    py: Python<'_>,
    arenas: Py<PyDict>,
    classes: Py<PyDict>,
    typeids: Py<PyTuple>,
    otherwise: Py<PyAny>,
) {
    let _ = KNOWN.set(py, Known { arenas, classes, typeids, otherwise });
}

/// Return the proxy that was pickled.
#[pyfunction]
#[pyo3(name = "R", signature = (record, ident = None, key = None, /), text_signature = "(record, ident=None, key=None, /)")]
pub fn rebuild_resident<'py>(
    record: &Bound<'py, PyAny>,
    ident: Option<&Bound<'py, PyAny>>,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = record.py();
    let known = KNOWN.get(py).ok_or_else(|| PyRuntimeError::new_err("no proxies are known yet"))?;
    if ident.is_none()
        && let Some((class, arena, handle)) = known.at_hand(record)?
    {
        return class.call1((arena, handle));
    }
    known.otherwise.bind(py).call1((record, ident, key))
}

type Ingredients<'py> = (Bound<'py, PyType>, Bound<'py, PyAny>, (u64, u64));

impl Known {
    /// What the proxy is made of, if this process is attached to the arena and has the class.
    fn at_hand<'py>(&self, record: &Bound<'py, PyAny>) -> PyResult<Option<Ingredients<'py>>> {
        let py = record.py();
        let Ok(record) = record.cast::<PyBytes>() else { return Ok(None) };
        let Some((server, at, generation, number)) = parts_of(record.as_bytes()) else {
            return Ok(None);
        };
        let Ok(typeid) = self.typeids.bind(py).get_borrowed_item(number.into()) else {
            return Ok(None);
        };
        let typeid = typeid.cast::<PyString>()?;
        let Some(class) = self.classes.bind(py).get_item(typeid)? else { return Ok(None) };
        let Some(arena) = self.arena(py, server)? else { return Ok(None) };
        Ok(Some((class.cast_into::<PyType>()?, arena, (at, generation))))
    }

    fn arena<'py>(&self, py: Python<'py>, server: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        let arenas = self.arenas.bind(py);
        if arenas.len() > FEW {
            return arenas.get_item(PyBytes::new(py, server));
        }
        let is_its = |key: &Bound<'_, PyAny>| key.cast::<PyBytes>().is_ok_and(|key| key == server);
        Ok(arenas.iter().find(|(key, _)| is_its(key)).map(|(_, arena)| arena))
    }
}

/// What a pickle says of an object, see [`parts_of`].
pub fn record_of<'py>(
    py: Python<'py>,
    server: &[u8],
    handle: Handle,
    number: u8,
    place: &[u8],
) -> Bound<'py, PyBytes> {
    let (at, generation) = (handle.at.to_le_bytes(), handle.generation.to_le_bytes());
    PyBytes::new(py, &[server, &at, &generation, &[number], place].concat())
}

/// The server, the handle, and the number of the type; what follows says where the server is.
fn parts_of(record: &[u8]) -> Option<(&[u8; 16], u64, u64, u8)> {
    let (server, rest) = record.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (generation, rest) = rest.split_first_chunk()?;
    Some((server, u64::from_le_bytes(*at), u64::from_le_bytes(*generation), *rest.first()?))
}
