//! Framed messages over a connected stream socket, without Python.
//!
//! A message is sent as one *frame*: eight bytes of length, little-endian, then the bytes ([`frame`]). The
//! socket never blocks: an operation is *attempted*, and where it cannot go on, it *runs* until a
//! deadline, and comes back early for signals, losing nothing ([`Step`]). On one machine two mailboxes in
//! shared memory take over, and the socket carries doorbells, large messages and the news of a death
//! ([`channel`]); between machines the bytes go through a Noise cipher ([`handshake`], [`cipher`]).

mod buffer;
pub mod channel;
pub mod cipher;
pub mod connection;
mod copying;
pub mod deadline;
pub mod descriptor;
mod error;
pub mod frame;
pub mod gather;
pub mod handover;
pub mod handshake;
mod incoming;
pub mod input;
mod nap;
mod opening;
pub mod options;
pub mod output;
pub mod receiver;
pub mod room;
pub mod sender;
pub mod stream;
pub mod turns;

pub use error::Error;

/// How far an operation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is complete.
    Done,
    /// An attempt would have to wait.
    Blocked,
    /// A signal arrived, or it is time to look for one: run the handlers, then run the operation again.
    Interrupted,
    /// The message needs memory: provide so many bytes in all, then continue.
    Grow(usize),
}

#[cfg(test)]
mod tests;
