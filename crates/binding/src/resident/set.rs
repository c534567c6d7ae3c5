//! `manor._native.Set`.

use ::arena::dict::{Part, Set as Native};
use ::arena::value::{Loaded, Value};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PySet};

use super::arena::Arena;
use super::failures::to_python;
use super::keys::{self, Use, with_key};
use super::listing::members;
use super::object::{Object, arena_of, held};
use super::values;
use super::walk::{Shape, Walk};

/// Keys without values.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Set {
    native: Native,
}

impl Set {
    /// A set cannot be a member, but it finds the frozenset that equals it, as with the built-in.
    fn wanted<'py>(member: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if member.is_instance_of::<PySet>() && member.hash().is_err() {
            let members = member.try_iter()?.collect::<PyResult<Vec<_>>>()?;
            return Ok(PyFrozenSet::new(member.py(), members)?.into_any());
        }
        Ok(member.clone())
    }

    fn take_out(slf: &Bound<'_, Self>, member: &Bound<'_, PyAny>) -> PyResult<bool> {
        let member = &Self::wanted(member)?;
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        with_key(arena, member, Use::Find, |key| native.remove(arena.heap(), key))?
            .map_err(to_python)
    }
}

/// Forgets what a member held that was taken out.
fn forget(arena: &Arena, taken: &Loaded) {
    if let Loaded::Object(handle) = *taken {
        arena.count_held(handle);
        arena.let_go(handle);
    }
}

#[pymethods]
impl Set {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let object = held(arena, handle, tag, || Ok(Native::create(heap)?.handle()))?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let length =
            slf.get().native.len(arena_of(slf.as_super())?.get().heap()).map_err(to_python)?;
        Ok(usize::try_from(length)?)
    }

    fn __contains__(slf: &Bound<'_, Self>, member: &Bound<'_, PyAny>) -> PyResult<bool> {
        let member = &Self::wanted(member)?;
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        with_key(arena, member, Use::Find, |key| native.contains(arena.heap(), key))?
            .map_err(to_python)
    }

    #[pyo3(signature = (member, /))]
    fn add(slf: &Bound<'_, Self>, member: &Bound<'_, PyAny>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        let held = values::object_of(slf.as_super().get().arena().bind(slf.py()), member);
        let held = held.map_or(Value::None, |object| Value::Object(object.get().handle()));
        with_key(arena, member, Use::Store, |key| {
            arena.roomy(|| native.add_holding(arena.heap(), key, &held))
        })?
        .map_err(to_python)?;
        Ok(())
    }

    #[pyo3(signature = (member, /))]
    fn discard(slf: &Bound<'_, Self>, member: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::take_out(slf, member).map(|_| ())
    }

    #[pyo3(signature = (member, /))]
    fn remove(slf: &Bound<'_, Self>, member: &Bound<'_, PyAny>) -> PyResult<()> {
        if Self::take_out(slf, member)? {
            return Ok(());
        }
        Err(PyKeyError::new_err((member.clone().unbind(),)))
    }

    fn pop<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let arena = arena_of(slf.as_super())?.get();
        match slf.get().native.pop(arena.heap()).map_err(to_python)? {
            None => Err(PyKeyError::new_err("pop from an empty set")),
            Some((member, held)) => {
                let member = keys::to_python(arena, slf.py(), member);
                forget(arena, &held);
                member
            }
        }
    }

    fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().native.clear(arena_of(slf.as_super())?.get().heap()).map_err(to_python)
    }

    fn _members<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        members(slf.as_super(), slf.get().native)
    }

    fn _walk(slf: &Bound<'_, Self>) -> PyResult<Walk> {
        let native = slf.get().native;
        let position = native.begin(arena_of(slf.as_super())?.get().heap()).map_err(to_python)?;
        Ok(Walk::new(slf.as_super().clone().unbind(), Shape::Set(native), position, Part::Keys))
    }
}
