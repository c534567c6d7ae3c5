//! A pickle to values.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyString, PyTuple};

use super::ARGUMENTS_MAX;
use super::opcode::*;
use crate::cursor::{take, take_slice};

/// Reads one; what gives `None` is for `pickle`, whether it is right or wrong.
pub struct Reader<'py, 'b> {
    py: Python<'py>,
    rest: &'b [u8],
}

impl<'py, 'b> Reader<'py, 'b> {
    /// Of the bytes after PROTO.
    pub fn new(py: Python<'py>, rest: &'b [u8]) -> Self {
        Self { py, rest }
    }

    /// A scalar, or a tuple of a few and an empty dict: what it was that all of the bytes say.
    pub fn value(&mut self) -> Option<Bound<'py, PyAny>> {
        if self.skip(FRAME) {
            let length = u64::from_le_bytes(take(&mut self.rest)?);
            if length != self.rest.len() as u64 {
                return None;
            }
        }
        let is_marked = self.skip(MARK);
        let mut values = Vec::with_capacity(4);
        while let Some(value) = self.scalar() {
            if values.len() == ARGUMENTS_MAX {
                return None;
            }
            values.push(value);
            self.skip(MEMOIZE);
        }
        if !is_marked && values.len() == 1 && self.is_end() {
            return values.pop();
        }
        let [end] = take(&mut self.rest)?;
        let is_whole = match end {
            TUPLE => is_marked,
            EMPTY_TUPLE => !is_marked && values.is_empty(),
            TUPLE1..=TUPLE3 => !is_marked && values.len() == usize::from(end - TUPLE1) + 1,
            _ => false,
        };
        if is_whole { self.arguments(values) } else { None }
    }

    /// What follows the positional ones.
    fn arguments(&mut self, args: Vec<Bound<'py, PyAny>>) -> Option<Bound<'py, PyAny>> {
        self.skip(MEMOIZE);
        let has_no_kwds = self.skip(EMPTY_DICT);
        self.skip(MEMOIZE);
        let is_pair = self.skip(TUPLE2);
        self.skip(MEMOIZE);
        if !(has_no_kwds && is_pair && self.is_end()) {
            return None;
        }
        let args = PyTuple::new(self.py, args).ok()?;
        (args, PyDict::new(self.py)).into_bound_py_any(self.py).ok()
    }

    fn is_end(&self) -> bool {
        self.rest == [STOP]
    }

    fn skip(&mut self, opcode: u8) -> bool {
        let found = self.rest.first() == Some(&opcode);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// The next scalar; nothing is taken off if there is none.
    fn scalar(&mut self) -> Option<Bound<'py, PyAny>> {
        let mut rest = self.rest;
        let [opcode] = take(&mut rest)?;
        let py = self.py;
        let value = match opcode {
            NONE => py.None().into_bound(py),
            NEWTRUE => true.into_bound_py_any(py).ok()?,
            NEWFALSE => false.into_bound_py_any(py).ok()?,
            BININT => self.int(i32::from_le_bytes(take(&mut rest)?).into())?,
            BININT1 => self.int(u8::from_le_bytes(take(&mut rest)?).into())?,
            BININT2 => self.int(u16::from_le_bytes(take(&mut rest)?).into())?,
            LONG1 => self.int(long(text(&mut rest, true)?)?)?,
            BINFLOAT => PyFloat::new(py, f64::from_be_bytes(take(&mut rest)?)).into_any(),
            SHORT_BINUNICODE | BINUNICODE => {
                let text = text(&mut rest, opcode == SHORT_BINUNICODE)?;
                PyString::new(py, std::str::from_utf8(text).ok()?).into_any()
            }
            SHORT_BINBYTES | BINBYTES => {
                PyBytes::new(py, text(&mut rest, opcode == SHORT_BINBYTES)?).into_any()
            }
            _ => return None,
        };
        self.rest = rest;
        Some(value)
    }

    fn int(&self, int: i64) -> Option<Bound<'py, PyAny>> {
        int.into_bound_py_any(self.py).ok()
    }
}

/// The bytes that follow their length.
fn text<'b>(rest: &mut &'b [u8], is_short: bool) -> Option<&'b [u8]> {
    let length = if is_short {
        u8::from_le_bytes(take(rest)?).into()
    } else {
        usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?
    };
    take_slice(rest, length)
}

/// A number in as few bytes as it needs.
fn long(bytes: &[u8]) -> Option<i64> {
    let is_negative = bytes.last().is_some_and(|last| last >> 7 == 1);
    let mut whole = [if is_negative { u8::MAX } else { 0 }; size_of::<i64>()];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(whole))
}
