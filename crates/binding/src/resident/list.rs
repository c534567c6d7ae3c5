//! `manor._native.List`.

use ::arena::list::{List as Native, Part};
use ::arena::value::Loaded;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PySlice;

use super::arena::Arena;
use super::deep::{all_shared, shared};
use super::deque::{index_of, is_deque, out_of_range};
use super::failures::to_python;
use super::indexes::as_number;
use super::list_reading::{sliced, snapshot};
use super::list_walk::ListWalk;
use super::object::{Object, arena_of, held};
use super::several::with_values;
use super::values::{self, Witness, fetch, taken, with_value};

/// A sequence.
#[pyclass(frozen, subclass, extends = Object, module = "manor._native")]
pub struct List {
    native: Native,
}

/// The arena and the list itself.
#[inline]
fn parts<'a, 'py>(slf: &'a Bound<'py, List>) -> PyResult<(&'a Bound<'py, Arena>, Native)> {
    Ok((arena_of(slf.as_super())?, slf.get().native))
}

impl List {
    fn item<'py>(slf: &Bound<'py, Self>, index: i64) -> PyResult<Bound<'py, PyAny>> {
        let (arena, native) = parts(slf)?;
        let arena = arena.get();
        let out_of_range = || out_of_range(slf, "list");
        match native.get(arena.heap(), index).map_err(to_python)?.ok_or_else(out_of_range)? {
            Loaded::Object(_) => {
                let read = || Ok(native.get(arena.heap(), index)?.map(|value| (value, ())));
                Ok(fetch(arena, slf.py(), read)?.ok_or_else(out_of_range)?.0)
            }
            loaded => values::to_python(arena, slf.py(), loaded),
        }
    }
}

#[pymethods]
impl List {
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
        let (arena, native) = parts(slf)?;
        Ok(usize::try_from(native.len(arena.get().heap()).map_err(to_python)?)?)
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast_exact::<PySlice>()
            && !is_deque(slf)
        {
            return sliced(slf.as_super(), slf.get().native, slice);
        }
        Self::item(slf, index_of(slf, index)?)
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if index.is_exact_instance_of::<PySlice>() && !is_deque(slf) {
            slf.call_method1("_set_slice", (index, value))?;
            return Ok(());
        }
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        let value = &shared(slf.as_super(), value)?;
        let stored = with_value(arena, value, "argument 2 of list.__setitem__()", |value| {
            arena.get().roomy(|| native.set(arena.get().heap(), index, value))
        })?
        .map_err(to_python)?;
        if stored { Ok(()) } else { Err(out_of_range(slf, "list assignment")) }
    }

    fn __delitem__(slf: &Bound<'_, Self>, index: &Bound<'_, PyAny>) -> PyResult<()> {
        if index.is_exact_instance_of::<PySlice>() && !is_deque(slf) {
            slf.call_method1("_set_slice", (index,))?;
            return Ok(());
        }
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        let was_there = native.delete(arena.get().heap(), index).map_err(to_python)?;
        if was_there { Ok(()) } else { Err(out_of_range(slf, "list assignment")) }
    }

    #[pyo3(signature = (value, /))]
    fn append(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (arena, native) = parts(slf)?;
        let value = &shared(slf.as_super(), value)?;
        with_value(arena, value, "argument 1 of list.append()", |value| {
            arena.get().roomy(|| native.append(arena.get().heap(), value))
        })?
        .map_err(to_python)?;
        Ok(())
    }

    #[pyo3(signature = (values, /))]
    fn extend(slf: &Bound<'_, Self>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let values = values.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        let values = all_shared(slf.as_super(), values)?;
        let (arena, native) = parts(slf)?;
        with_values(arena, &values, "argument 1 of list.extend()", |values| {
            arena.get().roomy(|| native.extend(arena.get().heap(), values))
        })?
        .map_err(to_python)?;
        Ok(())
    }

    #[pyo3(signature = (index, value, /))]
    fn insert(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let index = as_number(index)?;
        let (arena, native) = parts(slf)?;
        let value = &shared(slf.as_super(), value)?;
        with_value(arena, value, "argument 2 of list.insert()", |value| {
            arena.get().roomy(|| native.insert(arena.get().heap(), index, value))
        })?
        .map_err(to_python)?;
        Ok(())
    }

    #[pyo3(signature = (index = -1, /), text_signature = "($self, index=-1, /)")]
    fn pop<'py>(
        slf: &Bound<'py, Self>,
        #[pyo3(from_py_with = as_number)] index: i64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (arena, native) = parts(slf)?;
        let arena = arena.get();
        match native.pop(arena.heap(), index).map_err(to_python)? {
            Some(loaded) => taken(arena, slf.py(), loaded),
            None if native.len(arena.heap()).map_err(to_python)? == 0 => {
                Err(PyIndexError::new_err("pop from empty list"))
            }
            None => Err(out_of_range(slf, "pop")),
        }
    }

    fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (arena, native) = parts(slf)?;
        native.clear(arena.get().heap()).map_err(to_python)
    }

    fn _snapshot<'py>(slf: &Bound<'py, Self>) -> PyResult<(Vec<Bound<'py, PyAny>>, u64)> {
        snapshot(slf.as_super(), slf.get().native)
    }

    fn _version(slf: &Bound<'_, Self>) -> PyResult<u64> {
        let (arena, native) = parts(slf)?;
        native.version(arena.get().heap()).map_err(to_python)
    }

    #[pyo3(signature = (version, values, /))]
    fn _rebuild(
        slf: &Bound<'_, Self>,
        version: u64,
        values: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let values = all_shared(slf.as_super(), values)?;
        let (arena, native) = parts(slf)?;
        with_values(arena, &values, "argument 2 of list.__setitem__()", |values| {
            arena.get().roomy(|| native.rebuild(arena.get().heap(), version, values))
        })?
        .map_err(to_python)
    }

    #[pyo3(signature = (start, stop, values, /))]
    fn _splice(
        slf: &Bound<'_, Self>,
        start: Option<i64>,
        stop: Option<i64>,
        values: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let (arena, native) = parts(slf)?;
        let part = Part::new(start, stop);
        let values = all_shared(slf.as_super(), values)?;
        with_values(arena, &values, "argument 2 of list.__setitem__()", |values| {
            arena.get().roomy(|| native.splice(arena.get().heap(), part, values))
        })?
        .map_err(to_python)
    }

    #[pyo3(signature = (version, order, /))]
    fn _permute(slf: &Bound<'_, Self>, version: u64, order: Vec<u64>) -> PyResult<bool> {
        let (arena, native) = parts(slf)?;
        let heap = arena.get().heap();
        arena.get().roomy(|| native.permute(heap, version, &order)).map_err(to_python)
    }

    #[pyo3(signature = (index, amount, /))]
    fn _add(slf: &Bound<'_, Self>, index: &Bound<'_, PyAny>, amount: i64) -> PyResult<i64> {
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        let sum = arena
            .get()
            .roomy(|| native.add(arena.get().heap(), index, amount))
            .map_err(to_python)?;
        sum.ok_or_else(|| out_of_range(slf, "list"))
    }

    #[pyo3(signature = (index, /))]
    fn _witness<'py>(
        slf: &Bound<'py, Self>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Witness)>> {
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        let arena = arena.get();
        fetch(arena, slf.py(), || {
            let found = native.get_witnessed(arena.heap(), index)?;
            Ok(found.map(|(value, witness)| (value, Witness(witness))))
        })
    }

    #[pyo3(signature = (index, witness, value, /))]
    fn _replace(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        witness: &Bound<'_, Witness>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        let witness = witness.get().0;
        let value = &shared(slf.as_super(), value)?;
        with_value(arena, value, "the new value of a list's item", |value| {
            arena.get().roomy(|| native.replace_if(arena.get().heap(), index, witness, value))
        })?
        .map_err(to_python)
    }

    #[pyo3(signature = (index, witness, /))]
    fn _remove(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        witness: &Bound<'_, Witness>,
    ) -> PyResult<bool> {
        let index = index_of(slf, index)?;
        let (arena, native) = parts(slf)?;
        native.remove_if(arena.get().heap(), index, witness.get().0).map_err(to_python)
    }

    #[pyo3(signature = (backwards, /))]
    fn _walk(slf: &Bound<'_, Self>, backwards: bool) -> PyResult<ListWalk> {
        let (arena, native) = parts(slf)?;
        let length = native.len(arena.get().heap()).map_err(to_python)?;
        Ok(ListWalk::new(slf.as_super().clone().unbind(), native, backwards, length))
    }
}
