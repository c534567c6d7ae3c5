//! What can go wrong with an arena and the objects in it.

use std::fmt;

use crate::Error;

/// A failure of an operation on the arena. Whatever it is, the operation did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The mapping, the kernel or another process's bytes: see [`Error`].
    Shared(Error),
    /// The arena has no room for a block of so many bytes.
    ArenaFull {
        /// The size of the block that found no room.
        bytes: u64,
    },
    /// The handle's object was freed; its memory may hold another object by now.
    ObjectGone,
    /// The arena belongs to processes of another pid namespace: its locks cannot tell who is dead. Reach its
    /// objects through the server.
    OtherNamespace,
    /// Every slot belongs to an attached process.
    SlotsFull,
    /// More threads of all processes own or wait for something than there are records for.
    ThreadsFull,
    /// The object, or the item in it, is of another type than the operation needs.
    WrongType,
    /// A number does not fit: an addition left the range of 64 bits.
    Overflow,
    /// The container changed since the position was taken.
    Changed,
    /// The arena has ended: its manager is gone.
    Ended,
    /// The wait for an object was given up (see [`crate::pause`]).
    Interrupted,
    /// Somebody else has a lock, and the caller did not want to wait for it.
    Busy {
        /// Where the lock is.
        at: u64,
    },
}

/// The result of an operation on the arena.
pub type Result<T> = std::result::Result<T, Failure>;

/// The failure for shared bytes that no correct process writes.
#[cold]
pub(crate) fn corrupt<T>(what: &'static str) -> Result<T> {
    Err(Failure::Shared(Error::Corrupt(what)))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Shared(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(error) => error.fmt(f),
            Self::ArenaFull { bytes } => write!(
                f,
                "the arena has no room for {bytes} bytes; remove objects, or raise its size limit: \
                 Manager(arena_bytes_max=...)"
            ),
            Self::ObjectGone => f.write_str(
                "the object is gone: all of its proxies were dropped, or a pickle of one outlived its lease",
            ),
            Self::OtherNamespace => {
                f.write_str("the arena belongs to another pid namespace; go through the server")
            }
            Self::SlotsFull => f.write_str("no process can attach: every slot is taken"),
            Self::ThreadsFull => f.write_str("too many threads use the locks of one arena: 2,048 are the limit"),
            Self::WrongType => f.write_str("the object is of another type"),
            Self::Overflow => f.write_str("the sum does not fit 64 bits"),
            Self::Changed => f.write_str("the container changed meanwhile"),
            Self::Ended => f.write_str("the manager of the arena has ended"),
            Self::Interrupted => f.write_str("the wait for the object was interrupted"),
            Self::Busy { .. } => f.write_str("somebody else has the object just now"),
        }
    }
}

impl std::error::Error for Failure {}
