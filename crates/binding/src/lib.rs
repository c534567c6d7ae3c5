//! The Python face of manor's native parts. Its manual is `_native.pyi`.

mod connection;
mod errors;
mod exchange;
mod parts;
mod resident;
mod room;
mod turns;

use pyo3::prelude::*;

/// Native parts of manor: message connections over sockets and shared-memory mailboxes; objects in shared memory.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Now, with the interpreter's lock held: no other thread can fork half-way through the registration.
    arena::fork::watch();
    module.add_class::<connection::Connection>()?;
    module.add_class::<turns::Turns>()?;
    resident::add_to(module)
}
