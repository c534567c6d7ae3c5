//! Waiting for an object as Python's threads wait: without the GIL, and with an ear for signals.

use std::cell::RefCell;

use ::arena::pause::Pause;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;

thread_local! {
    /// What a signal handler raised, on the way through the arena, which knows nothing of Python.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// How threads sleep; see [`arena::pause`].
pub const PAUSE: Pause = Pause { heedful, quiet };

fn heedful(sleep: &mut dyn FnMut()) -> bool {
    // SAFETY: may be called at any time.
    if unsafe { ffi::PyGILState_Check() } == 0 {
        sleep();
        return true;
    }
    Python::attach(|py| {
        without_gil(py, sleep);
        match py.check_signals() {
            Ok(()) => true,
            Err(error) => {
                RAISED.set(Some(error));
                false
            }
        }
    })
}

/// As `heedful`, with no ear for signals.
fn quiet(sleep: &mut dyn FnMut()) {
    // SAFETY: may be called at any time.
    if unsafe { ffi::PyGILState_Check() } == 0 {
        sleep();
    } else {
        Python::attach(|py| without_gil(py, sleep));
    }
}

/// Sleeps without the GIL.
pub fn without_gil(_attached: Python<'_>, sleep: &mut dyn FnMut()) {
    // SAFETY: this thread has the GIL, and gets it back before it touches anything of Python's: `sleep` does not.
    unsafe {
        let state = ffi::PyEval_SaveThread();
        sleep();
        ffi::PyEval_RestoreThread(state);
    }
}

/// The exception for an operation that was given up.
pub fn error() -> PyErr {
    RAISED.take().unwrap_or_else(|| PyKeyboardInterrupt::new_err(()))
}
