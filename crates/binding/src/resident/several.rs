//! Several values at a time.

use ::arena::Failure;
use ::arena::value::{Kind, Loaded, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::arena::Arena;
use super::failures::to_python;
use super::gone::Gone;
use super::values::{self, Encoded, Plain};

/// A value of Python's, and what keeps its bytes in place.
enum Prepared<'py> {
    Plain(Value<'static>),
    Text(Bound<'py, PyString>),
    Bytes(Bound<'py, PyBytes>),
    Encoded(Encoded<'py>),
}

impl<'py> Prepared<'py> {
    fn of(arena: &Bound<'py, Arena>, value: &Bound<'py, PyAny>, place: &str) -> PyResult<Self> {
        Ok(match values::plain(arena, value) {
            Some(Plain::Value(value)) => Self::Plain(value),
            Some(Plain::Text(_)) => Self::Text(value.cast::<PyString>()?.clone()),
            Some(Plain::Bytes(_)) => Self::Bytes(value.cast::<PyBytes>()?.clone()),
            None => Self::Encoded(values::encode(arena, value, place)?),
        })
    }

    fn slices(&self) -> PyResult<Vec<&[u8]>> {
        Ok(match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(text) => vec![text.to_str()?.as_bytes()],
            Self::Bytes(bytes) => vec![bytes.as_bytes()],
            Self::Encoded(encoded) => encoded.slices(),
        })
    }

    fn value<'a>(&self, slices: &'a [&'a [u8]]) -> Value<'a> {
        match self {
            Self::Plain(value) => *value,
            Self::Text(_) => Value::Data(Kind::Str, slices),
            Self::Bytes(_) => Value::Data(Kind::Bytes, slices),
            Self::Encoded(encoded) => encoded.value(slices),
        }
    }
}

/// Calls `job` with the arena's values for values of Python's.
///
/// `place` says in messages where they were to go. `job` must not run Python code: it works on bytes of Python's objects.
pub fn with_values<'py, R>(
    arena: &Bound<'py, Arena>,
    several: &[Bound<'py, PyAny>],
    place: &str,
    job: impl FnOnce(&[Value<'_>]) -> R,
) -> PyResult<R> {
    if let Some(found) = complete(arena, several) {
        return Ok(job(&found));
    }
    let prepared = several.iter().map(|value| Prepared::of(arena, value, place));
    let prepared = prepared.collect::<PyResult<Vec<_>>>()?;
    let slices = prepared.iter().map(Prepared::slices).collect::<PyResult<Vec<_>>>()?;
    let pairs = prepared.iter().zip(&slices);
    let found: Vec<Value<'_>> = pairs.map(|(value, slices)| value.value(slices)).collect();
    Ok(job(&found))
}

/// The values, if all of them are complete in themselves, numbers for instance: that is the quick way.
fn complete<'py>(
    arena: &Bound<'py, Arena>,
    several: &[Bound<'py, PyAny>],
) -> Option<Vec<Value<'static>>> {
    let mut found = Vec::with_capacity(several.len());
    for value in several {
        match values::plain(arena, value)? {
            Plain::Value(value) => found.push(value),
            Plain::Text(_) | Plain::Bytes(_) => return None,
        }
    }
    Some(found)
}

/// Python's values for what was copied at one moment; `None` if an object among them has gone since.
pub fn within<'py>(
    arena: &Arena,
    py: Python<'py>,
    items: Vec<Loaded>,
    gone: &mut Gone,
) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match opened(arena, py, item, gone)? {
            Some(value) => found.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Python's value; an object is held before it is opened. `None` if it has gone.
pub fn opened<'py>(
    arena: &Arena,
    py: Python<'py>,
    item: Loaded,
    gone: &mut Gone,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Loaded::Object(handle) = item else {
        return values::to_python(arena, py, item).map(Some);
    };
    match arena.hold(handle) {
        Err(Failure::ObjectGone) => gone.note(handle).map(|()| None),
        Err(failure) => Err(to_python(failure)),
        Ok(()) => {
            let value = values::to_python(arena, py, item);
            arena.let_go(handle);
            value.map(Some)
        }
    }
}
