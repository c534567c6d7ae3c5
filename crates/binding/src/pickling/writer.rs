//! Values to a pickle.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyTuple};

use super::TEXT_BYTES_MAX;
use super::opcode::*;

/// Most messages are shorter.
const USUAL_BYTES: usize = 96;

/// A pickle under construction; what gives `None` is not plain, and leaves it of no use.
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// One with nothing in it yet.
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        bytes.extend_from_slice(&BEGIN);
        Self { bytes }
    }

    /// The whole pickle.
    pub fn finish(&mut self) -> &[u8] {
        self.bytes.push(STOP);
        &self.bytes
    }

    fn put<const N: usize>(&mut self, opcode: u8, argument: [u8; N]) {
        self.bytes.push(opcode);
        self.bytes.extend_from_slice(&argument);
    }

    /// Writes `(args, {})`.
    pub fn arguments(&mut self, args: &Bound<'_, PyTuple>) -> Option<()> {
        let end = match args.len() {
            0 => EMPTY_TUPLE,
            1 => TUPLE1,
            2 => TUPLE2,
            3 => TUPLE3,
            _ => TUPLE,
        };
        if end == TUPLE {
            self.bytes.push(MARK);
        }
        for arg in args.iter_borrowed() {
            self.scalar(&arg)?;
        }
        self.bytes.extend_from_slice(&[end, EMPTY_DICT, TUPLE2]);
        Some(())
    }

    /// Writes a value that is exactly of one of the plain types.
    pub fn scalar(&mut self, value: &Bound<'_, PyAny>) -> Option<()> {
        if let Ok(int) = value.cast_exact::<PyInt>() {
            self.int(int.extract().ok()?);
        } else if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(SHORT_BINUNICODE, BINUNICODE, text.to_str().ok()?.as_bytes())?;
        } else if value.is_none() {
            self.bytes.push(NONE);
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            self.put(BINFLOAT, float.value().to_be_bytes());
        } else if let Ok(truth) = value.cast_exact::<PyBool>() {
            self.bytes.push(if truth.is_true() { NEWTRUE } else { NEWFALSE });
        } else {
            let bytes = value.cast_exact::<PyBytes>().ok()?;
            self.text(SHORT_BINBYTES, BINBYTES, bytes.as_bytes())?;
        }
        Some(())
    }

    fn int(&mut self, int: i64) {
        if let Ok(byte) = u8::try_from(int) {
            self.put(BININT1, [byte]);
        } else if let Ok(short) = u16::try_from(int) {
            self.put(BININT2, short.to_le_bytes());
        } else if let Ok(int) = i32::try_from(int) {
            self.put(BININT, int.to_le_bytes());
        } else {
            self.put(LONG1, [size_of::<i64>() as u8]);
            self.bytes.extend_from_slice(&int.to_le_bytes());
        }
    }

    fn text(&mut self, short: u8, long: u8, bytes: &[u8]) -> Option<()> {
        if bytes.len() > TEXT_BYTES_MAX {
            return None;
        }
        match u8::try_from(bytes.len()) {
            Ok(length) => self.put(short, [length]),
            Err(_) => self.put(long, u32::try_from(bytes.len()).ok()?.to_le_bytes()),
        }
        self.bytes.extend_from_slice(bytes);
        Some(())
    }
}
