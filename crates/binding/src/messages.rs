//! The heads of calls and answers, whose layout `manor._wire.calls` describes.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

use crate::cursor::{put, take};

const CALL_BYTE: u8 = b'C';
/// The byte; number, notices, drops, ident; the length of the method's name, which follows.
const CALL_BYTES: usize = 1 + 4 + 8 + 8 + 8 + 2;
/// What an answer may hold.
const KINDS: std::ops::RangeInclusive<u8> = 1..=3;

/// The number of a call, notices and drops before it, the object's ident, the method's name, and the arguments.
type Call<'py> = (u32, u64, u64, u64, String, Bound<'py, PyAny>);

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn pack_call<'py>(
    py: Python<'py>,
    number: u32,
    notices: u64,
    drops: u64,
    ident: u64,
    method: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let length = u16::try_from(method.len())?;
    PyBytes::new_with(py, CALL_BYTES + method.len(), |mut to| {
        put(&mut to, &[CALL_BYTE]);
        put(&mut to, &number.to_le_bytes());
        put(&mut to, &notices.to_le_bytes());
        put(&mut to, &drops.to_le_bytes());
        put(&mut to, &ident.to_le_bytes());
        put(&mut to, &length.to_le_bytes());
        put(&mut to, method);
        Ok(())
    })
}

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn unpack_call<'py>(data: &Bound<'py, PyByteArray>) -> PyResult<Option<Call<'py>>> {
    // SAFETY: the bytes are copied out of before anything else can run.
    let Some(head) = parse_call(unsafe { data.as_bytes() }) else {
        return Ok(None);
    };
    let (number, notices, drops, ident, method) = head;
    let start = isize::try_from(CALL_BYTES + method.len())?;
    let rest = PySlice::new(data.py(), start, isize::MAX, 1);
    let payload = PyMemoryView::from(data)?.get_item(rest)?;
    Ok(Some((number, notices, drops, ident, method, payload)))
}

fn parse_call(mut data: &[u8]) -> Option<(u32, u64, u64, u64, String)> {
    let [byte] = take(&mut data)?;
    let number = u32::from_le_bytes(take(&mut data)?);
    let notices = u64::from_le_bytes(take(&mut data)?);
    let drops = u64::from_le_bytes(take(&mut data)?);
    let ident = u64::from_le_bytes(take(&mut data)?);
    let length = u16::from_le_bytes(take(&mut data)?);
    let method = std::str::from_utf8(data.get(..usize::from(length))?).ok()?;
    (byte == CALL_BYTE).then(|| (number, notices, drops, ident, method.to_owned()))
}

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn pack_answer(py: Python<'_>, kind: u8, confirm: bool, number: u32) -> Bound<'_, PyBytes> {
    let [a, b, c, d] = number.to_le_bytes();
    PyBytes::new(py, &[kind, u8::from(confirm), a, b, c, d])
}

/// See `_native_messages.pyi`.
#[pyfunction]
pub fn unpack_answer(data: &Bound<'_, PyByteArray>) -> Option<(u8, bool, u32)> {
    // SAFETY: as in `unpack_call`.
    parse_answer(unsafe { data.as_bytes() })
}

fn parse_answer(mut data: &[u8]) -> Option<(u8, bool, u32)> {
    let [kind, confirm] = take(&mut data)?;
    let number = u32::from_le_bytes(take(&mut data)?);
    KINDS.contains(&kind).then_some((kind, confirm != 0, number))
}
