//! `manor._native.Variable`.

use ::arena::value::{Loaded, Value};
use ::arena::variable::Variable as Native;
use pyo3::prelude::*;

use super::arena::Arena;
use super::deep::shared;
use super::failures::to_python;
use super::object::{Object, arena_of, held};
use super::values::{self, Witness, fetch, with_value};

/// One value.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct Variable {
    native: Native,
}

impl Variable {
    fn read<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Witness)> {
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        let found = fetch(arena, slf.py(), || {
            let (value, witness) = native.get(arena.heap())?;
            Ok(Some((value, Witness(witness))))
        })?;
        found.ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("a variable has no value"))
    }
}

#[pymethods]
impl Variable {
    #[new]
    #[pyo3(signature = (arena, handle = None, tag = 0))]
    fn new(
        arena: &Bound<'_, Arena>,
        handle: Option<(u64, u64)>,
        tag: u64,
    ) -> PyResult<PyClassInitializer<Self>> {
        let heap = arena.get().heap();
        let create = || Ok(Native::create(heap, &Value::None)?.handle());
        let object = held(arena, handle, tag, create)?;
        let native = Native::open(heap, object.handle()).map_err(to_python)?;
        Ok(PyClassInitializer::from(object).add_subclass(Self { native }))
    }

    fn get<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let arena = arena_of(slf.as_super())?.get();
        match slf.get().native.get(arena.heap()).map_err(to_python)?.0 {
            Loaded::Object(_) => Ok(Self::read(slf)?.0),
            loaded => values::to_python(arena, slf.py(), loaded),
        }
    }

    #[pyo3(signature = (value))]
    fn set(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let arena = arena_of(slf.as_super())?;
        let native = slf.get().native;
        let value = &shared(slf.as_super(), value)?;
        with_value(arena, value, "argument 1 of Value.set()", |value| {
            arena.get().roomy(|| native.set(arena.get().heap(), value))
        })?
        .map_err(to_python)
    }

    #[getter(value)]
    fn value_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::get(slf)
    }

    #[setter(value)]
    fn set_value(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::set(slf, value)
    }

    fn _is_held_here_only(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let object = slf.as_super().get();
        let arena = object.enter()?;
        arena.heap().is_held_here_only(object.handle()).map_err(to_python)
    }

    #[pyo3(signature = (amount, /))]
    fn _add(slf: &Bound<'_, Self>, amount: i64) -> PyResult<i64> {
        let arena = arena_of(slf.as_super())?.get();
        let native = slf.get().native;
        arena.roomy(|| native.add(arena.heap(), amount)).map_err(to_python)
    }

    fn _witness<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Witness)> {
        Self::read(slf)
    }

    #[pyo3(signature = (witness, value, /))]
    fn _replace(
        slf: &Bound<'_, Self>,
        witness: &Bound<'_, Witness>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let arena = arena_of(slf.as_super())?;
        let (native, witness) = (slf.get().native, witness.get().0);
        let value = &shared(slf.as_super(), value)?;
        with_value(arena, value, "the new value of a Value", |value| {
            arena.get().roomy(|| native.replace_if(arena.get().heap(), witness, value))
        })?
        .map_err(to_python)
    }
}
