//! What can go wrong with a connection, and who is to blame.

use std::fmt;

/// A failure of one operation on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// We closed the connection ourselves.
    Closed,
    /// Another thread of this process is doing the same; the caller's fault.
    Busy(&'static str),
    /// The connection, or its memory, belongs to the process that this one was forked from.
    Forked,
    /// The caller asks for what this connection cannot do.
    Unsupported(&'static str),
    /// The peer closed between two messages.
    EndOfStream,
    /// The peer closed within a message, or its machine reset the connection.
    Reset,
    /// The peer closed before it read what we send.
    BrokenPipe,
    /// The deadline passed.
    TimedOut,
    /// A message exceeds the limit; ours or the peer's.
    TooLong {
        /// Its length.
        bytes: u64,
        /// The limit it exceeds.
        limit: usize,
    },
    /// The peer does not know the key, or does not speak the protocol.
    Handshake(&'static str),
    /// The peer, or an earlier failure, broke the protocol: the connection is of no further use.
    Protocol(&'static str),
    /// The kernel refused `call`.
    Os {
        /// The system call that failed.
        call: &'static str,
        /// Its `errno`.
        errno: i32,
    },
}

impl Error {
    /// The error that the calling thread's `errno` holds for `call`.
    #[must_use]
    pub fn last_os(call: &'static str) -> Self {
        match std::io::Error::last_os_error().raw_os_error().unwrap_or(0) {
            libc::EPIPE => Self::BrokenPipe,
            // Whatever ended it: a keepalive without an answer must not look like a deadline of ours.
            libc::ECONNRESET
            | libc::ECONNABORTED
            | libc::ETIMEDOUT
            | libc::EHOSTUNREACH
            | libc::ENETUNREACH
            | libc::ENETDOWN
            | libc::ENETRESET => Self::Reset,
            errno => Self::Os { call, errno },
        }
    }
}

impl From<arena::Error> for Error {
    fn from(error: arena::Error) -> Self {
        match error {
            arena::Error::Os { call, errno } => Self::Os { call, errno },
            arena::Error::Corrupt(what) => Self::Protocol(what),
            arena::Error::Forked => Self::Forked,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::Busy(what) => write!(f, "{what}; a connection serves one at a time"),
            Self::Forked => f.write_str(
                "the connection belongs to the process that this one was forked from; open another",
            ),
            Self::EndOfStream => f.write_str("the peer closed the connection"),
            Self::Reset => f.write_str("the connection broke"),
            Self::BrokenPipe => f.write_str("the peer has closed the connection"),
            Self::TimedOut => f.write_str("timed out"),
            Self::TooLong { bytes, limit } => write!(
                f,
                "a message of {bytes} bytes exceeds the limit of {limit}; raise message_bytes_max"
            ),
            Self::Handshake(what) => write!(f, "authentication failed: {what}"),
            Self::Protocol(what) => write!(f, "the connection is broken: {what}"),
            Self::Unsupported(what) => f.write_str(what),
            Self::Os { call, errno } => {
                write!(f, "{call}: {}", std::io::Error::from_raw_os_error(*errno))
            }
        }
    }
}

impl std::error::Error for Error {}
