//! The Python face of manor's native parts. Its manual is `_native.pyi`.

mod connection;
mod cursor;
mod errors;
mod exchange;
mod items;
mod messages;
mod parts;
mod pickling;
mod resident;
mod room;
mod turns;
mod view;

use pyo3::prelude::*;

/// Native parts of manor: message connections over sockets and shared-memory mailboxes; objects in shared memory.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Now, with the interpreter's lock held: no other thread can fork half-way through the registration.
    arena::fork::watch();
    module.add_class::<connection::Connection>()?;
    module.add_class::<turns::Turns>()?;
    module.add_function(wrap_pyfunction!(messages::pack_call, module)?)?;
    module.add_function(wrap_pyfunction!(messages::unpack_call, module)?)?;
    module.add_function(wrap_pyfunction!(messages::pack_answer, module)?)?;
    module.add_function(wrap_pyfunction!(messages::unpack_answer, module)?)?;
    module.add_function(wrap_pyfunction!(items::take_items, module)?)?;
    module.add_function(wrap_pyfunction!(pickling::encode_arguments, module)?)?;
    module.add_function(wrap_pyfunction!(pickling::encode_scalar, module)?)?;
    module.add_function(wrap_pyfunction!(pickling::decode_plain, module)?)?;
    resident::add_to(module)
}
