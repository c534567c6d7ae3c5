//! Pickles of plain values: to write or read those of a few scalars takes less time here than to ask `pickle`.
//!
//! What is written is pickle 5, so that any reader understands it. What is read is what `pickle` or this module writes
//! of such values; everything else is left to `pickle`. The format is that of Python's `pickletools`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::view::with_bytes;
use opcode::BEGIN;
use reader::Reader;
use writer::Writer;

mod opcode;
mod reader;
mod writer;

/// How many arguments are few.
const ARGUMENTS_MAX: usize = 16;
/// A longer `str` or `bytes` is for `pickle`, which is as fast then.
const TEXT_BYTES_MAX: usize = 1024;

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn encode_arguments<'py>(
    py: Python<'py>,
    args: &Bound<'py, PyAny>,
    kwds: Option<&Bound<'py, PyAny>>,
) -> Option<(Bound<'py, PyBytes>,)> {
    let is_empty =
        |kwds: &Bound<'py, PyAny>| kwds.cast_exact::<PyDict>().is_ok_and(|d| d.is_empty());
    let args = args.cast_exact::<PyTuple>().ok().filter(|args| args.len() <= ARGUMENTS_MAX)?;
    if !kwds.is_none_or(is_empty) {
        return None;
    }
    let mut writer = Writer::new();
    writer.arguments(args)?;
    Some((PyBytes::new(py, writer.finish()),))
}

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn encode_scalar<'py>(
    py: Python<'py>,
    value: &Bound<'py, PyAny>,
) -> Option<(Bound<'py, PyBytes>,)> {
    let mut writer = Writer::new();
    writer.scalar(value)?;
    Some((PyBytes::new(py, writer.finish()),))
}

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn decode_plain<'py>(payload: &Bound<'py, PyAny>, start: usize) -> Bound<'py, PyAny> {
    let found = with_bytes(payload, |bytes| {
        let rest = bytes.get(start..)?.strip_prefix(&BEGIN)?;
        Reader::new(payload.py(), rest).value()
    });
    found.unwrap_or_else(|| payload.py().NotImplemented().into_bound(payload.py()))
}
