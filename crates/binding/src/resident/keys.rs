//! Python's keys as the arena's: what is equal for Python has the same form and hash, in every process.

use ::arena::dict::Key;
use ::arena::value::{Kind, Loaded};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};

use super::arena::Arena;
use super::forms::{Form, canonical, decode, float_as_int};
use super::values;

/// What a key is wanted for: only one that is stored has to be shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Find,
    Store,
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash that is the same in every process (Python's own of a str is not); eight bytes at a time.
#[inline]
fn hash_of(bytes: &[u8], seed: u64) -> u64 {
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(MULTIPLIER);
        #[allow(clippy::cast_possible_truncation)] // Both halves are used.
        let folded = product as u64 ^ (product >> 64) as u64;
        folded
    };
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold(hash, u64::from_le_bytes(*word)).rotate_left(23);
    }
    let last = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    fold(hash, last)
}

const STR_SEED: u64 = 0x243f_6a88_85a3_08d3;
const BYTES_SEED: u64 = 0x1319_8a2e_0370_7344;
const FORM_SEED: u64 = 0xa409_3822_299f_31d0;

fn int_key(value: i64) -> Key<'static> {
    Key::int(value.cast_unsigned(), value)
}

/// Calls `job` with the arena's key for a key of Python's.
///
/// `job` must not run Python code: it works on bytes of Python's objects.
#[inline]
pub fn with_key<R>(
    arena: &Arena,
    key: &Bound<'_, PyAny>,
    purpose: Use,
    job: impl FnOnce(&Key<'_>) -> R,
) -> PyResult<R> {
    let known = if let Ok(text) = key.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
    {
        let bytes = text.as_bytes();
        Key::data(hash_of(bytes, STR_SEED), Kind::Str, bytes)
    } else if let Ok(int) = key.cast_exact::<PyInt>()
        && let Ok(value) = values::as_i64(int)
    {
        int_key(value)
    } else {
        return with_other_key(arena, key, purpose, job);
    };
    Ok(job(&known))
}

#[inline(never)]
fn with_other_key<R>(
    arena: &Arena,
    key: &Bound<'_, PyAny>,
    purpose: Use,
    job: impl FnOnce(&Key<'_>) -> R,
) -> PyResult<R> {
    if let Ok(bytes) = key.cast_exact::<PyBytes>() {
        let bytes = bytes.as_bytes();
        return Ok(job(&Key::data(hash_of(bytes, BYTES_SEED), Kind::Bytes, bytes)));
    }
    if let Ok(truth) = key.cast_exact::<PyBool>() {
        let shown: &[u8] = if truth.is_true() { b"t" } else { b"f" };
        return Ok(job(&int_key(i64::from(truth.is_true())).shown_as(Kind::Other, shown)));
    }
    if let Ok(float) = key.cast_exact::<PyFloat>()
        && let Some(int) = float_as_int(float.value())
    {
        let mut shown = vec![b'F'];
        shown.extend_from_slice(&float.value().to_ne_bytes());
        return Ok(job(&int_key(int).shown_as(Kind::Other, &shown)));
    }
    let is_plain = Form::is_made_of(key);
    if is_plain {
        let mut form = Form::default();
        form.add(arena, key)?;
        let shown = shown(arena, key, purpose, form.is_altered)?;
        return Ok(job(&form_key(&form.bytes, shown.as_deref())));
    }
    with_canonical_key(arena, key, purpose, job)
}

fn form_key<'a>(form: &'a [u8], shown: Option<&'a [u8]>) -> Key<'a> {
    let key = Key::data(hash_of(form, FORM_SEED), Kind::Other, form);
    shown.map_or(key, |shown| key.shown_as(Kind::Other, shown))
}

/// The pickle of a key that looks different from its form, if it is going to be stored.
fn shown(
    arena: &Arena,
    key: &Bound<'_, PyAny>,
    purpose: Use,
    is_altered: bool,
) -> PyResult<Option<Vec<u8>>> {
    if !is_altered || purpose == Use::Find {
        return Ok(None);
    }
    let pickle = arena.python().show.bind(key.py()).call1((key,))?;
    let mut bytes = vec![b'P'];
    bytes.extend_from_slice(pickle.cast::<PyBytes>()?.as_bytes());
    Ok(Some(bytes))
}

/// A key of a type that only Python knows: it equals something plain, or has a form of its own.
#[cold]
fn with_canonical_key<R>(
    arena: &Arena,
    key: &Bound<'_, PyAny>,
    purpose: Use,
    job: impl FnOnce(&Key<'_>) -> R,
) -> PyResult<R> {
    let plain = canonical(arena, key)?;
    let shown = shown(arena, key, purpose, true)?;
    let shown = shown.as_deref();
    let as_shown = |key: Key<'_>, job: &mut dyn FnMut(&Key<'_>)| {
        job(&shown.map_or(key, |shown| key.shown_as(Kind::Other, shown)));
    };
    let mut job = Some(job);
    let mut outcome = None;
    let mut run = |key: &Key<'_>| outcome = job.take().map(|job| job(key));
    if let Ok(text) = plain.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
    {
        let bytes = text.as_bytes();
        as_shown(Key::data(hash_of(bytes, STR_SEED), Kind::Str, bytes), &mut run);
    } else if let Ok(bytes) = plain.cast_exact::<PyBytes>() {
        let bytes = bytes.as_bytes();
        as_shown(Key::data(hash_of(bytes, BYTES_SEED), Kind::Bytes, bytes), &mut run);
    } else if let Some(int) = as_small_int(&plain) {
        as_shown(int_key(int), &mut run);
    } else {
        let mut form = Form::default();
        if let Ok(parts) = plain.cast_exact::<PyList>() {
            form.add_own(arena, parts)?;
        } else {
            form.add(arena, &plain)?;
        }
        run(&form_key(&form.bytes, shown));
    }
    outcome.ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("a key was not used"))
}

/// The int of 64 bits that a plain number equals.
fn as_small_int(plain: &Bound<'_, PyAny>) -> Option<i64> {
    if let Ok(int) = plain.cast_exact::<PyInt>() {
        return values::as_i64(int).ok();
    }
    if let Ok(truth) = plain.cast_exact::<PyBool>() {
        return Some(i64::from(truth.is_true()));
    }
    float_as_int(plain.cast_exact::<PyFloat>().ok()?.value())
}

/// The key that an item shows.
pub fn to_python<'py>(
    arena: &Arena,
    py: Python<'py>,
    shown: Loaded,
) -> PyResult<Bound<'py, PyAny>> {
    match shown {
        Loaded::Data(Kind::Other, bytes) => decode(arena, py, &bytes),
        other => values::to_python(arena, py, other),
    }
}
