//! `manor._native.Dict`.

use ::arena::dict::{Dict as Native, Part, Way};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::adding::{Number, add};
use super::arena::Arena;
use super::deep::shared;
use super::dict_items::{fetch_key, get, pop, remove, set};
use super::failures::to_python;
use super::keyed::with_key_held;
use super::keys::{self, Use, with_key};
use super::listing::listed;
use super::missing::{missing, value_of_missing};
use super::object::{Object, arena_of, held};
use super::values::{Witness, copied, taken, with_value};
use super::walk::{Shape, Walk, part_of_number};

/// A mapping that keeps insertion order.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Dict {
    native: Native,
}

impl Dict {
    /// A new one, or that of a handle.
    pub fn make(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let object = held(arena, handle, tag, || Ok(Native::create(heap)?.handle()))?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    /// The dict itself.
    pub fn native(&self) -> Native {
        self.native
    }
}

/// The object and the dict of it.
#[inline]
fn parts<'a, 'py>(slf: &'a Bound<'py, Dict>) -> (&'a Bound<'py, Object>, Native) {
    (slf.as_super(), slf.get().native)
}

#[pymethods]
impl Dict {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        Self::make(arena, handle, tag)
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let length =
            slf.get().native.len(arena_of(slf.as_super())?.get().heap()).map_err(to_python)?;
        Ok(usize::try_from(length)?)
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        get(parts(slf), key)?.map_or_else(|| value_of_missing(slf, key), Ok)
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        set(parts(slf), key, value)
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        if remove(parts(slf), key)? { Ok(()) } else { Err(missing(key)) }
    }

    fn __contains__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        with_key(arena, key, Use::Find, |key| native.contains(arena.heap(), key))?
            .map_err(to_python)
    }

    #[pyo3(signature = (key, default = None, /))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(get(parts(slf), key)?.or(default))
    }

    #[pyo3(signature = (key, /, *default))]
    fn pop<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if default.len() > 1 {
            let text = format!("pop expected at most 2 arguments, got {}", default.len() + 1);
            return Err(pyo3::exceptions::PyTypeError::new_err(text));
        }
        if Self::__len__(slf)? == 0 {
            // As the built-in: an empty dict does not even hash the key.
            return default.get_item(0).map_err(|_| missing(key));
        }
        match pop(parts(slf), key)? {
            Some(loaded) => taken(slf.as_super().get().arena().get(), slf.py(), loaded),
            None => default.get_item(0).map_err(|_| missing(key)),
        }
    }

    #[pyo3(signature = (key, default = None, /))]
    fn setdefault<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut default = default.unwrap_or_else(|| slf.py().None().into_bound(slf.py()));
        loop {
            if let Some(value) = get(parts(slf), key)? {
                return Ok(value);
            }
            default = shared(slf.as_super(), &default)?;
            if Self::_replace(slf, key, None, &default)? {
                return copied(arena_of(slf.as_super())?, &default);
            }
        }
    }

    fn popitem<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let arena = arena_of(slf.as_super())?.get();
        let newest = slf.get().native.pop_newest(arena.heap()).map_err(to_python)?;
        let Some((key, value)) = newest else {
            return Err(PyKeyError::new_err("popitem(): dictionary is empty"));
        };
        let value = taken(arena, slf.py(), value)?;
        Ok((keys::to_python(arena, slf.py(), key)?, value))
    }

    fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().native.clear(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf.as_super(), slf.get().native, Part::Keys)
    }

    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf.as_super(), slf.get().native, Part::Values)
    }

    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf.as_super(), slf.get().native, Part::Items)
    }

    /// Add *amount* to the value of *key* in one step, and return the sum.
    ///
    /// Args:
    ///     key: Which value.
    ///     amount: What is added; any number, or whatever else can be added to the value.
    ///     default: What is added to when *key* is missing.
    #[pyo3(
        signature = (key, /, amount = Number::Default(1), default = Number::Default(0)),
        text_signature = "($self, key, /, amount=1, default=0)"
    )]
    fn add<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        amount: Number<'_, 'py>,
        default: Number<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        add(slf, key, &amount, &default)
    }

    #[pyo3(signature = (key, /))]
    fn _witness<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Witness)>> {
        fetch_key(parts(slf), key)
    }

    #[pyo3(signature = (key, witness, value, /))]
    fn _replace(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        witness: Option<&Bound<'_, Witness>>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?;
        let (native, witness) = (slf.get().native, witness.map(|witness| witness.get().0));
        let value = &with_key_held(arena, key, &shared(slf.as_super(), value)?)?;
        with_value(arena, value, "the new value of a dict's key", |value| {
            with_key(arena.get(), key, Use::Store, |key| {
                let heap = arena.get().heap();
                arena.get().roomy(|| native.replace_if(heap, key, witness, value))
            })
        })??
        .map_err(to_python)
    }

    #[pyo3(signature = (what, backwards, /))]
    fn _walk(slf: &Bound<'_, Self>, what: u8, backwards: bool) -> PyResult<Walk> {
        let way = if backwards { Way::Backward } else { Way::Forward };
        let native = slf.get().native;
        let position =
            native.begin(arena_of(slf.as_super())?.get().heap(), way).map_err(to_python)?;
        let object = slf.as_super().clone().unbind();
        Ok(Walk::new(object, Shape::Dict(native), position, part_of_number(what)?))
    }
}
