//! Python's values as the arena's, and back.

use ::arena::Failure;
use ::arena::dict::Witness as NativeWitness;
use ::arena::value::{Bytes, Kind, Loaded, Value};
use pyo3::exceptions::PyOverflowError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyMemoryView, PyString};

use super::arena::Arena;
use super::buffer::Buffer;
use super::builtins::is_builtin;
use super::failures;
use super::gone::Gone;
use super::object::Object;
use crate::parts::Parts;

/// Pickles up to this length are handed to Python as `bytes`, which costs less than a buffer of their own.
const COPIED_BYTES_MAX: usize = 16_384;

const PICKLE_PROTOCOL: u8 = 5;
/// The first byte of a pickle, as opposed to one with buffers beside it.
const PICKLE_BYTE: u8 = 0x80;

/// What a value was when it was read: for replacing it only if it still is that one.
#[pyclass(frozen, eq, module = "manor._native")]
#[derive(PartialEq)]
pub struct Witness(pub NativeWitness);

/// The value of an int of at most 64 bits.
#[inline]
pub fn as_i64(int: &Bound<'_, PyInt>) -> PyResult<i64> {
    let mut overflow = 0;
    // SAFETY: `int` is an int; the call raises nothing for one, and reports an overflow by its own variable.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(int.as_ptr(), &raw mut overflow) };
    if overflow == 0 { Ok(value) } else { Err(PyOverflowError::new_err("more than 64 bits")) }
}

/// A value that needs no encoding.
pub enum Plain<'a> {
    /// Anything that is complete in itself.
    Value(Value<'static>),
    /// A str.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// The value as the arena has it, if it needs no help of Python's.
#[inline]
pub fn plain<'a>(arena: &Bound<'_, Arena>, value: &'a Bound<'_, PyAny>) -> Option<Plain<'a>> {
    if let Ok(int) = value.cast_exact::<PyInt>()
        && let Ok(int) = as_i64(int)
    {
        return Some(Plain::Value(Value::Int(int)));
    }
    if let Ok(text) = value.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
    {
        return Some(Plain::Text(text));
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Some(Plain::Value(Value::Float(float.value())));
    }
    if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        return Some(Plain::Bytes(bytes.as_bytes()));
    }
    if let Ok(truth) = value.cast_exact::<PyBool>() {
        return Some(Plain::Value(Value::Bool(truth.is_true())));
    }
    if value.is_none() {
        return Some(Plain::Value(Value::None));
    }
    let object = object_of(arena, value)?;
    Some(Plain::Value(Value::Object(object.get().handle())))
}

/// Calls `job` with the arena's value for a value of Python's.
///
/// `place` says in messages where the value was to go. `job` must not run Python code: it works on bytes of
/// Python's objects.
#[inline]
pub fn with_value<R>(
    arena: &Bound<'_, Arena>,
    value: &Bound<'_, PyAny>,
    place: &str,
    job: impl FnOnce(&Value<'_>) -> R,
) -> PyResult<R> {
    match plain(arena, value) {
        Some(Plain::Value(value)) => Ok(job(&value)),
        Some(Plain::Text(text)) => Ok(job(&Value::Data(Kind::Str, &[text.as_bytes()]))),
        Some(Plain::Bytes(bytes)) => Ok(job(&Value::Data(Kind::Bytes, &[bytes]))),
        None => {
            let encoded = encode(arena, value, place)?;
            Ok(job(&encoded.value(&encoded.slices())))
        }
    }
}

/// The value, if it is an object of this very arena.
pub fn object_of<'a, 'py>(
    arena: &Bound<'py, Arena>,
    value: &'a Bound<'py, PyAny>,
) -> Option<&'a Bound<'py, Object>> {
    let object = value.cast::<Object>().ok()?;
    object.get().arena().is(arena).then_some(object)
}

/// A value that Python has encoded: a pickle, or an object that stands for it.
pub enum Encoded<'py> {
    Pickle(Parts),
    Whole(Bound<'py, PyBytes>),
    Object(Bound<'py, Object>),
}

/// Has Python encode a value.
pub fn encode<'py>(
    arena: &Bound<'py, Arena>,
    value: &Bound<'py, PyAny>,
    place: &str,
) -> PyResult<Encoded<'py>> {
    if let Some(pickle) = &arena.get().python().pickle
        && is_builtin(value)
    {
        let pickled = pickle.bind(value.py()).call1((value, PICKLE_PROTOCOL))?;
        return Ok(Encoded::Whole(pickled.cast_into::<PyBytes>()?));
    }
    let encoded = arena.get().python().encode.bind(value.py()).call1((value, place))?;
    match object_of(arena, &encoded) {
        Some(object) => Ok(Encoded::Object(object.clone())),
        None => Ok(Encoded::Pickle(Parts::new(&encoded)?)),
    }
}

impl Encoded<'_> {
    /// The bytes, if there are some; Python code that could change them must not run before they are copied.
    pub fn slices(&self) -> Vec<&[u8]> {
        let parts = match self {
            Self::Pickle(parts) => parts,
            Self::Whole(pickled) => return vec![pickled.as_bytes()],
            Self::Object(_) => return Vec::new(),
        };
        let mut slices = Vec::with_capacity(parts.as_slice().len());
        for part in parts.as_slice() {
            if part.bytes() == 0 {
                continue;
            }
            // SAFETY: `parts` keeps the bytes in place; whoever gets the slices only copies them, while no Python
            // code runs that could change them.
            slices.push(unsafe { std::slice::from_raw_parts(part.pointer(), part.bytes()) });
        }
        slices
    }

    /// The arena's value, whose bytes are `slices`.
    pub fn value<'a>(&self, slices: &'a [&'a [u8]]) -> Value<'a> {
        match self {
            Self::Pickle(_) | Self::Whole(_) => Value::Data(Kind::Pickle, slices),
            Self::Object(object) => Value::Object(object.get().handle()),
        }
    }
}

/// A value as everybody else sees it once it is stored. To read it again would be to see what others make of it.
pub fn copied<'py>(
    arena: &Bound<'py, Arena>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if plain(arena, value).is_some() {
        return Ok(value.clone());
    }
    let encoded = encode(arena, value, "a value")?;
    match &encoded {
        Encoded::Pickle(_) | Encoded::Whole(_) => {
            decode(arena.get(), value.py(), encoded.slices().concat().into())
        }
        Encoded::Object(object) => arena.get().open(value.py(), object.get().handle()),
    }
}

/// The value that was read. Objects must be held by this process already.
#[inline]
pub fn to_python<'py>(
    arena: &Arena,
    py: Python<'py>,
    loaded: Loaded,
) -> PyResult<Bound<'py, PyAny>> {
    if let Loaded::Int(int) = loaded {
        return Ok(int.into_pyobject(py)?.into_any()); // Before all that has to be dropped again.
    }
    Ok(match loaded {
        Loaded::Int(int) => int.into_pyobject(py)?.into_any(),
        Loaded::Data(Kind::Str, ref bytes) => text(py, bytes)?,
        Loaded::None => py.None().into_bound(py),
        Loaded::Float(float) => PyFloat::new(py, float).into_any(),
        Loaded::Bool(truth) => PyBool::new(py, truth).to_owned().into_any(),
        Loaded::Data(Kind::Bytes, bytes) => PyBytes::new(py, &bytes).into_any(),
        Loaded::Data(_, bytes) => decode(arena, py, bytes)?,
        Loaded::Object(handle) => arena.open(py, handle)?,
    })
}

fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let length = ffi::Py_ssize_t::try_from(bytes.len())?;
    // SAFETY: `length` bytes are readable; the result is a new reference, or null with an exception set.
    unsafe {
        let text = ffi::PyUnicode_DecodeUTF8(bytes.as_ptr().cast(), length, std::ptr::null());
        Bound::from_owned_ptr_or_err(py, text)
    }
}

fn decode<'py>(arena: &Arena, py: Python<'py>, bytes: Bytes) -> PyResult<Bound<'py, PyAny>> {
    let hooks = arena.python();
    if bytes.len() <= COPIED_BYTES_MAX {
        let decode = match &hooks.unpickle {
            Some(unpickle) if bytes.first() == Some(&PICKLE_BYTE) => unpickle,
            _ => &hooks.decode,
        };
        return decode.bind(py).call1((PyBytes::new(py, &bytes),));
    }
    let buffer = Bound::new(py, Buffer::new(bytes.into_vec()))?;
    hooks.decode.bind(py).call1((PyMemoryView::from(&buffer)?,))
}

/// Reads a value by `read` and makes a Python object of it; an object of the arena is held before it is opened.
#[inline]
pub fn fetch<'py, T>(
    arena: &Arena,
    py: Python<'py>,
    mut read: impl FnMut() -> Result<Option<(Loaded, T)>, Failure>,
) -> PyResult<Option<(Bound<'py, PyAny>, T)>> {
    let mut gone = Gone::default();
    loop {
        let Some((loaded, more)) = read().map_err(failures::to_python)? else { return Ok(None) };
        let Loaded::Object(handle) = loaded else {
            return Ok(Some((to_python(arena, py, loaded)?, more)));
        };
        match arena.hold(handle) {
            Err(Failure::ObjectGone) => gone.note(handle)?, // Its container has let go of it: read again.
            Err(failure) => return Err(failures::to_python(failure)),
            Ok(()) => {
                let object = to_python(arena, py, loaded);
                arena.let_go(handle);
                return Ok(Some((object?, more)));
            }
        }
    }
}

/// What was taken out of a container: an object is held by the process, on no object's account yet.
pub fn taken<'py>(arena: &Arena, py: Python<'py>, loaded: Loaded) -> PyResult<Bound<'py, PyAny>> {
    let Loaded::Object(handle) = loaded else { return to_python(arena, py, loaded) };
    arena.count_held(handle);
    let object = to_python(arena, py, loaded);
    arena.let_go(handle);
    object
}
