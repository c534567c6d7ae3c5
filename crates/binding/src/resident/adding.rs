//! `add` of a dict: ints in the arena, anything else by what the face does.

use std::convert::Infallible;

use ::arena::Failure;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use super::dict::Dict;
use super::failures::to_python;
use super::keys::{Use, with_key};
use super::object::arena_of;
use super::values;

/// A number that may be given, as any object.
pub enum Number<'a, 'py> {
    /// It was not.
    Default(i64),
    /// This is it.
    Given(Borrowed<'a, 'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Number<'a, 'py> {
    type Error = Infallible;

    #[inline]
    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self::Given(given))
    }
}

impl<'py> Number<'_, 'py> {
    /// It, if it is an int of 64 bits; a subclass may add in its own way.
    fn small(&self) -> Option<i64> {
        match self {
            Self::Default(number) => Some(*number),
            Self::Given(given) => {
                let int: &Bound<'_, PyAny> = given;
                values::as_i64(int.cast_exact::<PyInt>().ok()?).ok()
            }
        }
    }

    fn object(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Default(number) => Ok(number.into_pyobject(py)?.into_any()),
            Self::Given(given) => Ok((*given).to_owned()),
        }
    }
}

/// Adds to the value of a key, as one step, and returns the sum.
pub fn add<'py>(
    slf: &Bound<'py, Dict>,
    key: &Bound<'py, PyAny>,
    amount: &Number<'_, 'py>,
    default: &Number<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    if let (Some(amount), Some(default)) = (amount.small(), default.small()) {
        let (arena, native) = (arena_of(slf.as_super())?.get(), slf.get().native());
        let outcome = with_key(arena, key, Use::Store, |key| {
            arena.roomy(|| native.add(arena.heap(), key, amount, default))
        })?;
        match outcome {
            Ok(sum) => return Ok(sum.into_pyobject(slf.py())?.into_any()),
            // The value, or the sum, is no int of 64 bits.
            Err(Failure::WrongType | Failure::Overflow) => {}
            Err(failure) => return Err(to_python(failure)),
        }
    }
    let (amount, default) = (amount.object(slf.py())?, default.object(slf.py())?);
    slf.call_method1("_add_any", (key, amount, default))
}
