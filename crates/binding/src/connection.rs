//! `manor._native.Connection`.

use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use transport::connection::{Connection as Native, Core, Inside};
use transport::deadline::Deadline;
use transport::handshake::{Afterwards, Handshake, KEY_BYTES};
use transport::receiver::Receiver;
use transport::sender::Sender;
use transport::{Error, Step, channel, handover};

use crate::errors::to_python;
use crate::exchange::{deadline, outgoing, receive, send};
use crate::parts::Parts;
use crate::room::ByteArrayRoom;
use crate::turns::Turns;

/// Messages over a connected stream socket; see `_native.pyi`.
#[pyclass(frozen, weakref, module = "manor._native")]
pub struct Connection {
    native: Native<ByteArrayRoom>,
}

type Open<'c> = Inside<'c, ByteArrayRoom>;

impl Connection {
    fn enter(&self) -> PyResult<Open<'_>> {
        self.native.enter().map_err(to_python)
    }
}

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (fd, *, message_bytes_max, spin_ns_max = 50_000))]
    fn new(fd: RawFd, message_bytes_max: usize, spin_ns_max: u64) -> PyResult<Self> {
        let native = Native::new(fd, message_bytes_max, spin_ns_max).map_err(to_python)?;
        Ok(Self { native })
    }

    fn fileno(&self) -> RawFd {
        self.native.fd()
    }

    #[getter]
    fn closed(&self) -> bool {
        self.native.is_closed()
    }

    #[getter]
    fn has_mailboxes(&self) -> bool {
        let Ok(inside) = self.native.enter() else {
            return false;
        };
        inside.core().is_ok_and(|core| core.channel().is_some())
    }

    #[pyo3(signature = (parts, timeout = None))]
    fn send(&self, py: Python<'_>, parts: &Bound<'_, PyAny>, timeout: Option<f64>) -> PyResult<()> {
        let parts = Parts::new(parts)?;
        let deadline = deadline(timeout)?;
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let mut sender = core.sender().map_err(to_python)?;
        let mut out = outgoing(core, &parts)?;
        send(py, core, &mut sender, &mut out, deadline)
    }

    #[pyo3(signature = (timeout = None))]
    fn receive(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Py<PyByteArray>> {
        let deadline = deadline(timeout)?;
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let mut receiver = core.receiver().map_err(to_python)?;
        receiver.begin();
        let step = receiver.attempt(&core.link).map_err(to_python)?;
        receive(py, core, &mut receiver, step, deadline)
    }

    fn take_turns(&self, turns: &Turns) -> PyResult<()> {
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        core.receiver().map_err(to_python)?.take_turns(turns.join());
        Ok(())
    }

    #[pyo3(signature = (parts, timeout = None))]
    fn call(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<Py<PyByteArray>> {
        let parts = Parts::new(parts)?;
        let deadline = deadline(timeout)?;
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let mut sender = core.sender().map_err(to_python)?;
        let mut receiver = core.receiver().map_err(to_python)?;
        let mut out = outgoing(core, &parts)?;
        send(py, core, &mut sender, &mut out, deadline)?;
        drop(sender);
        receiver.begin();
        receive(py, core, &mut receiver, Step::Blocked, deadline)
    }

    #[pyo3(signature = (message, fd, timeout = None))]
    fn send_with_file(
        &self,
        py: Python<'_>,
        message: &[u8],
        fd: RawFd,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        if fd < 0 {
            return Err(PyValueError::new_err("no descriptor is negative"));
        }
        // SAFETY: only used during the call; a number that is no open descriptor gives an error.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let deadline = deadline(timeout)?;
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let mut sender = core.sender().map_err(to_python)?;
        while handover::send(core, &mut sender, message, &fd, deadline).map_err(to_python)?
            != Step::Done
        {
            py.check_signals()?;
        }
        Ok(())
    }

    fn take_file(&self) -> PyResult<Option<RawFd>> {
        let inside = self.enter()?;
        let file = handover::take(inside.core().map_err(to_python)?).map_err(to_python)?;
        Ok(file.map(IntoRawFd::into_raw_fd))
    }

    fn confirm(&self, py: Python<'_>) -> PyResult<()> {
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let Some(mut out) = core.confirm().map_err(to_python)? else {
            return Ok(());
        };
        let mut sender = core.sender().map_err(to_python)?;
        send(py, core, &mut sender, &mut out, Deadline::Never)
    }

    fn is_confirmed(&self) -> PyResult<bool> {
        self.enter()?.core().and_then(Core::is_confirmed).map_err(to_python)
    }

    #[pyo3(signature = (key, initiator, timeout = None))]
    fn secure(
        &self,
        py: Python<'_>,
        key: &[u8],
        initiator: bool,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        self.handshake(py, (key, initiator, Afterwards::Encrypted), timeout)
    }

    #[pyo3(signature = (key, initiator, timeout = None))]
    fn authenticate(
        &self,
        py: Python<'_>,
        key: &[u8],
        initiator: bool,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        self.handshake(py, (key, initiator, Afterwards::Plain), timeout)
    }

    #[pyo3(signature = (capacity_bytes = 65_536, timeout = None))]
    fn offer_mailboxes(
        &self,
        py: Python<'_>,
        capacity_bytes: usize,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let deadline = deadline(timeout)?;
        let mut offer = channel::Offer::new(capacity_bytes).map_err(to_python)?;
        self.exclusively(py, |core, sender, receiver| offer.run(core, sender, receiver, deadline))
    }

    #[pyo3(signature = (timeout = None))]
    fn accept_mailboxes(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        let deadline = deadline(timeout)?;
        self.exclusively(py, |core, sender, receiver| {
            channel::accept(core, sender, receiver, deadline)
        })
    }

    fn abandon(&self) {
        self.native.abandon();
    }

    fn is_abandoned(&self) -> PyResult<bool> {
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        core.channel().map_or(Ok(false), |channel| channel.is_abandoned().map_err(to_python))
    }

    fn shutdown(&self) -> PyResult<()> {
        self.native.shutdown().map_err(to_python)
    }

    fn close(&self) {
        self.native.close();
    }

    fn discard(&self) {
        self.native.discard();
    }
}

impl Connection {
    fn handshake(
        &self,
        py: Python<'_>,
        (key, initiator, afterwards): (&[u8], bool, Afterwards),
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let deadline = deadline(timeout)?;
        let Ok(key) = <&[u8; KEY_BYTES]>::try_from(key) else {
            let text = format!("a key has {KEY_BYTES} bytes, not {}", key.len());
            return Err(PyValueError::new_err(text));
        };
        let mut handshake = Handshake::new(key, initiator, afterwards).map_err(to_python)?;
        let result = self.exclusively(py, |core, sender, receiver| {
            handshake.run(core, sender, receiver, deadline)
        });
        if result.is_err() && handshake.is_begun() {
            self.native.close();
        }
        result
    }

    /// Runs an operation that both sends and receives, until it is done.
    fn exclusively<F>(&self, py: Python<'_>, mut run: F) -> PyResult<()>
    where
        F: FnMut(
                &Core<ByteArrayRoom>,
                &mut Sender,
                &mut Receiver<ByteArrayRoom>,
            ) -> Result<Step, Error>
            + Send,
    {
        let inside = self.enter()?;
        let core = inside.core().map_err(to_python)?;
        let mut sender = core.sender().map_err(to_python)?;
        let mut receiver = core.receiver().map_err(to_python)?;
        let (sender, receiver) = (&mut *sender, &mut *receiver);
        receiver.begin();
        while py.detach(|| run(core, sender, receiver)).map_err(to_python)? != Step::Done {
            py.check_signals()?;
        }
        Ok(())
    }
}
