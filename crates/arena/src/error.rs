//! What can go wrong with shared memory.

use std::fmt;

/// A failure of the shared memory, or of what another process wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The kernel refused `call`.
    Os {
        /// The system call that failed.
        call: &'static str,
        /// Its `errno`.
        errno: i32,
    },
    /// Shared bytes hold a value that no correct peer writes.
    Corrupt(&'static str),
    /// The mapping belongs to the process that this one was forked from.
    Forked,
}

impl Error {
    /// The error that the calling thread's `errno` holds for `call`.
    #[must_use]
    pub fn last_os(call: &'static str) -> Self {
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
        Self::Os { call, errno }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Os { call, errno } => {
                write!(f, "{call}: {}", std::io::Error::from_raw_os_error(errno))
            }
            Self::Corrupt(what) => write!(f, "corrupt shared memory: {what}"),
            Self::Forked => f.write_str("shared memory is not mapped in a forked child"),
        }
    }
}

impl std::error::Error for Error {}
