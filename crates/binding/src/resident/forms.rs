//! Canonical forms of keys that are neither ints nor strs: bytes that are equal where Python's keys are.
//!
//! | first byte | then |
//! | --- | --- |
//! | `N` `t` `f` | nothing: `None`, and (only shown, never in a form) `True`, `False` |
//! | `I` | an int of 64 bits |
//! | `B` | a larger int, in hexadecimal |
//! | `F` | a float that equals no int |
//! | `S` `Y` | length, then a str (UTF-8) or bytes |
//! | `T` `Z` `X` | count, then so many forms: a tuple, a frozenset (sorted), a form of a kind of its own |
//! | `P` | a pickle (only shown) |

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyFloat, PyFrozenSet, PyInt, PyList, PyString, PyTuple, PyType,
};

use super::arena::Arena;

/// Forms may be nested so deep; Python's own comparison of such keys gives up at a similar depth.
const DEPTH_MAX: usize = 200;

/// A form under construction.
#[derive(Default)]
pub struct Form {
    /// The bytes so far.
    pub bytes: Vec<u8>,
    /// The key looks different from what the form gives back.
    pub is_altered: bool,
    depth: usize,
}

/// The int that a float equals, if it is one of 64 bits.
pub fn float_as_int(float: f64) -> Option<i64> {
    #[allow(clippy::cast_precision_loss)] // 2**63 exactly.
    let limit = i64::MIN as f64;
    let fits = float >= limit && float < -limit && float.fract() == 0.0;
    #[allow(clippy::cast_possible_truncation)] // Checked just now.
    fits.then_some(float as i64)
}

impl Form {
    fn tagged(&mut self, tag: u8, payload: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(payload);
    }

    fn sized(&mut self, tag: u8, payload: &[u8]) {
        self.tagged(tag, &(payload.len() as u64).to_ne_bytes());
        self.bytes.extend_from_slice(payload);
    }

    /// Appends the form of a key.
    pub fn add(&mut self, arena: &Arena, key: &Bound<'_, PyAny>) -> PyResult<()> {
        if key.is_none() {
            self.bytes.push(b'N');
        } else if let Ok(int) = key.cast_exact::<PyInt>() {
            self.add_int(int)?;
        } else if let Ok(text) = key.cast_exact::<PyString>() {
            match text.to_str() {
                Ok(text) => self.sized(b'S', text.as_bytes()),
                Err(_) => self.sized(b'S', &surrogates(text)?),
            }
        } else if let Ok(bytes) = key.cast_exact::<PyBytes>() {
            self.sized(b'Y', bytes.as_bytes());
        } else if let Ok(truth) = key.cast_exact::<PyBool>() {
            self.is_altered = true;
            self.tagged(b'I', &i64::from(truth.is_true()).to_ne_bytes());
        } else if let Ok(float) = key.cast_exact::<PyFloat>() {
            self.add_float(float)?;
        } else if let Ok(tuple) = key.cast_exact::<PyTuple>() {
            self.tagged(b'T', &(tuple.len() as u64).to_ne_bytes());
            self.add_all(arena, tuple.iter_borrowed())?;
        } else if let Ok(members) = key.cast_exact::<PyFrozenSet>() {
            self.add_set(arena, members)?;
        } else {
            self.add_canonical(arena, key)?;
        }
        Ok(())
    }

    fn add_all<'a, 'py: 'a>(
        &mut self,
        arena: &Arena,
        parts: impl Iterator<Item = Borrowed<'a, 'py, PyAny>>,
    ) -> PyResult<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(PyValueError::new_err("a key is nested too deep"));
        }
        for part in parts {
            self.add(arena, &part)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn add_int(&mut self, int: &Bound<'_, PyInt>) -> PyResult<()> {
        match int.extract::<i64>() {
            Ok(value) => self.tagged(b'I', &value.to_ne_bytes()),
            Err(_) => self.add_large(int)?,
        }
        Ok(())
    }

    fn add_large(&mut self, int: &Bound<'_, PyAny>) -> PyResult<()> {
        let hex = int.call_method1("__format__", ("x",))?;
        self.sized(b'B', hex.extract::<&str>()?.as_bytes());
        Ok(())
    }

    fn add_float(&mut self, float: &Bound<'_, PyFloat>) -> PyResult<()> {
        let value = float.value();
        self.is_altered |= value.fract() == 0.0 || value.is_nan();
        if let Some(int) = float_as_int(value) {
            self.tagged(b'I', &int.to_ne_bytes());
        } else if value.fract() == 0.0 {
            self.add_large(&float.call_method0("__int__")?)?;
        } else {
            self.tagged(b'F', &value.to_ne_bytes());
        }
        Ok(())
    }

    /// The members in the order of their forms: sets of equal members are iterated in any order.
    fn add_set(&mut self, arena: &Arena, members: &Bound<'_, PyFrozenSet>) -> PyResult<()> {
        self.is_altered = true;
        let mut forms = Vec::with_capacity(members.len());
        for member in members.iter() {
            let mut form = Self { depth: self.depth + 1, ..Self::default() };
            if form.depth > DEPTH_MAX {
                return Err(PyValueError::new_err("a key is nested too deep"));
            }
            form.add(arena, &member)?;
            forms.push(form.bytes);
        }
        forms.sort_unstable();
        self.tagged(b'Z', &(forms.len() as u64).to_ne_bytes());
        self.bytes.extend(forms.into_iter().flatten());
        Ok(())
    }

    /// Asks Python what a key of any other type equals.
    fn add_canonical(&mut self, arena: &Arena, key: &Bound<'_, PyAny>) -> PyResult<()> {
        self.is_altered = true;
        let found = canonical(arena, key)?;
        match found.cast_exact::<PyList>() {
            Ok(parts) => self.add_own(arena, parts),
            Err(_) => self.add(arena, &found),
        }
    }

    /// Appends a form that equals no tuple.
    pub fn add_own(&mut self, arena: &Arena, parts: &Bound<'_, PyList>) -> PyResult<()> {
        let parts = parts.to_tuple();
        self.tagged(b'X', &(parts.len() as u64).to_ne_bytes());
        self.add_all(arena, parts.iter_borrowed())
    }

    /// Whether a key is of one of the types that need no question.
    pub fn is_made_of(key: &Bound<'_, PyAny>) -> bool {
        key.is_none()
            || key.is_exact_instance_of::<PyTuple>()
            || key.is_exact_instance_of::<PyFloat>()
            || key.is_exact_instance_of::<PyInt>()
            || key.is_exact_instance_of::<PyFrozenSet>()
            || key.is_exact_instance_of::<PyString>()
    }
}

/// What Python says that a key equals: never of the type that it asked about.
pub fn canonical<'py>(arena: &Arena, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let found = arena.python().canonical.bind(key.py()).call1((key,))?;
    if found.get_type().is(key.get_type()) {
        let name = key.get_type().name()?;
        return Err(PyValueError::new_err(format!("a key of type {name} has no canonical form")));
    }
    Ok(found)
}

fn surrogates(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
    Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec())
}

/// The value of a form, or of what is shown in place of one.
pub fn decode<'py>(arena: &Arena, py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    Reader { arena, bytes, depth: 0 }.value(py)
}

struct Reader<'b> {
    arena: &'b Arena,
    bytes: &'b [u8],
    depth: usize,
}

fn damaged() -> PyErr {
    super::failures::to_python(::arena::Error::Corrupt("a key has no valid form").into())
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> PyResult<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(damaged)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn word(&mut self) -> PyResult<[u8; 8]> {
        self.take(8)?.try_into().map_err(|_| damaged())
    }

    fn sized(&mut self) -> PyResult<&'b [u8]> {
        let count = usize::try_from(u64::from_ne_bytes(self.word()?)).map_err(|_| damaged())?;
        self.take(count)
    }

    fn value<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let tag = self.take(1)?;
        Ok(match tag {
            b"N" => py.None().into_bound(py),
            b"t" | b"f" => PyBool::new(py, tag == b"t").to_owned().into_any(),
            b"I" => i64::from_ne_bytes(self.word()?).into_pyobject(py)?.into_any(),
            b"F" => PyFloat::new(py, f64::from_ne_bytes(self.word()?)).into_any(),
            b"B" => {
                let hex = std::str::from_utf8(self.sized()?).map_err(|_| damaged())?;
                PyType::new::<PyInt>(py).call1((hex, 16))?
            }
            b"S" => {
                let bytes = PyBytes::new(py, self.sized()?);
                bytes.call_method1("decode", ("utf-8", "surrogatepass"))?
            }
            b"Y" => PyBytes::new(py, self.sized()?).into_any(),
            b"T" => PyTuple::new(py, self.values(py)?)?.into_any(),
            b"P" => {
                let pickle = PyBytes::new(py, std::mem::take(&mut self.bytes));
                self.arena.python().unshow.bind(py).call1((pickle,))?
            }
            _ => return Err(damaged()),
        })
    }

    fn values<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.depth += 1;
        let count = u64::from_ne_bytes(self.word()?);
        if self.depth > DEPTH_MAX || count > self.bytes.len() as u64 {
            return Err(damaged());
        }
        let values = (0..count).map(|_| self.value(py)).collect();
        self.depth -= 1;
        values
    }
}
