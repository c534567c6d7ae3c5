//! Native errors as the exceptions that users of `multiprocessing` catch.

use pyo3::PyErr;
use pyo3::exceptions::{
    PyBrokenPipeError, PyConnectionAbortedError, PyConnectionResetError, PyEOFError, PyOSError,
    PyOverflowError, PyPermissionError, PyRuntimeError, PyTimeoutError, PyValueError,
};
use transport::Error;

/// The exception for `error`.
pub fn to_python(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Closed | Error::Unsupported(_) => PyValueError::new_err(text),
        Error::Busy(_) | Error::Forked => PyRuntimeError::new_err(text),
        Error::EndOfStream => PyEOFError::new_err(text),
        Error::Reset => PyConnectionResetError::new_err(text),
        Error::BrokenPipe => PyBrokenPipeError::new_err(text),
        Error::TimedOut => PyTimeoutError::new_err(text),
        Error::TooLong { .. } => PyOverflowError::new_err(text),
        Error::Handshake(_) => PyPermissionError::new_err(text),
        Error::Protocol(_) => PyConnectionAbortedError::new_err(text),
        // With a number, Python picks the subclass that belongs to it.
        Error::Os { errno, .. } => PyOSError::new_err((errno, text)),
    }
}
