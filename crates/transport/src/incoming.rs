//! A message on its way in.

use crate::room::Room;

/// Memory asked for at first: a length is only a claim until the bytes arrive.
const FIRST_ROOM_BYTES: usize = 1 << 20;

/// The way that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Mailbox,
    Socket,
}

/// Kept when an operation is given up, and continued by the next.
pub struct Incoming<B> {
    pub source: Source,
    pub bytes: usize,
    pub filled: usize,
    pub room: Option<B>,
}

impl<B: Room> Incoming<B> {
    pub fn new(source: Source, bytes: usize) -> Self {
        Self { source, bytes, filled: 0, room: None }
    }

    /// With less memory than this the message cannot go on: a mailbox is emptied in one go.
    pub fn room_wanted_at_least(&self) -> usize {
        match self.source {
            Source::Mailbox => self.bytes,
            Source::Socket => self.filled + 1,
        }
    }

    /// How much memory the message needs next: a mailbox's is all there; the socket's must come first.
    pub fn room_wanted(&self) -> usize {
        match self.source {
            Source::Mailbox => self.bytes,
            Source::Socket => self.filled.saturating_mul(2).max(FIRST_ROOM_BYTES).min(self.bytes),
        }
    }
}
