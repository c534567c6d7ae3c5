//! Finding objects by their names.

use ::arena::Failure;
use pyo3::prelude::*;

use super::arena::Arena;
use super::failures::to_python;
use super::gone::Gone;

/// What stands for the object with a name, if there is one.
pub fn find<'py>(
    arena: &Arena,
    py: Python<'py>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    arena.check_not_ended()?;
    let mut gone = Gone::default();
    loop {
        let Some(handle) = arena.heap().find_name(name).map_err(to_python)? else {
            return Ok(None);
        };
        match arena.hold(handle) {
            Err(Failure::ObjectGone) => gone.note(handle)?,
            Err(failure) => return Err(to_python(failure)),
            Ok(()) => {
                let object = arena.open(py, handle);
                arena.let_go(handle);
                return object.map(Some);
            }
        }
    }
}
