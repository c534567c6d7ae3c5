//! Sending and receiving with the interpreter's lock released, and its signal handlers run.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use transport::connection::Core;
use transport::deadline::Deadline;
use transport::receiver::Receiver;
use transport::sender::{Outgoing, Sender};
use transport::{Error, Step};

use crate::errors::to_python;
use crate::parts::Parts;
use crate::room::ByteArrayRoom;

/// A message up to this length is first tried with the interpreter's lock held.
const QUICK_BYTES_MAX: usize = 64 << 10;

/// When a wait of so many seconds ends.
pub fn deadline(timeout: Option<f64>) -> PyResult<Deadline> {
    if timeout.is_some_and(f64::is_nan) {
        return Err(PyValueError::new_err("timeout is not a number"));
    }
    Ok(Deadline::after(timeout))
}

/// A message on its way out.
pub fn outgoing<'p>(core: &Core<ByteArrayRoom>, parts: &'p Parts) -> PyResult<Outgoing<'p>> {
    Outgoing::message(parts.as_slice(), core.bytes_max).map_err(to_python)
}

/// Sends a message; one that failed before anything of it was sent never was.
pub fn send(
    py: Python<'_>,
    core: &Core<ByteArrayRoom>,
    sender: &mut Sender,
    out: &mut Outgoing<'_>,
    deadline: Deadline,
) -> PyResult<()> {
    send_all(py, core, sender, out, deadline)
        .or_else(|error| sender.withdraw(&core.link, out).map_err(to_python).and(Err(error)))
}

fn send_all(
    py: Python<'_>,
    core: &Core<ByteArrayRoom>,
    sender: &mut Sender,
    out: &mut Outgoing<'_>,
    deadline: Deadline,
) -> PyResult<()> {
    if out.bytes() <= QUICK_BYTES_MAX
        && sender.attempt(&core.link, out).map_err(to_python)? == Step::Done
    {
        return Ok(());
    }
    while py.detach(|| sender.run(&core.link, out, deadline)).map_err(to_python)? != Step::Done {
        py.check_signals()?;
    }
    Ok(())
}

/// Receives a message, which has been begun, and of which `first` says how far it has come.
pub fn receive(
    py: Python<'_>,
    core: &Core<ByteArrayRoom>,
    receiver: &mut Receiver<ByteArrayRoom>,
    first: Step,
    deadline: Deadline,
) -> PyResult<Py<PyByteArray>> {
    let mut step = first;
    loop {
        step = match step {
            Step::Done => break,
            Step::Blocked => {
                let step = py.detach(|| receiver.run(&core.link, deadline)).map_err(to_python)?;
                receiver.carry_out();
                step
            }
            Step::Interrupted => {
                py.check_signals()?;
                Step::Blocked
            }
            Step::Grow(bytes) => {
                match receiver.room() {
                    Some(room) => room.grow(py, bytes)?,
                    None => {
                        let again = receiver.spare.take().and_then(|spare| spare.again(py, bytes));
                        receiver
                            .give_room(again.map_or_else(|| ByteArrayRoom::new(py, bytes), Ok)?);
                    }
                }
                receiver.attempt(&core.link).map_err(to_python)?
            }
        };
    }
    let message = receiver.take_message();
    let message = message.ok_or_else(|| to_python(Error::Protocol("a message was lost")))?;
    if let Some(spare) = message.spare(py) {
        receiver.spare = Some(spare);
    }
    Ok(message.into_object())
}
