//! Receiving messages, from the mailbox and from the socket, in the order in which they were sent.

use arena::mailbox::Inbox;
use arena::spin::Spinner;

use crate::connection::Link;
use crate::deadline::Deadline;
use crate::frame::{HEADER_BYTES, Header};
use crate::incoming::{Incoming, Source};
use crate::input::Input;
use crate::nap::Nap;
use crate::options::Family;
use crate::room::Room;
use crate::stream::{Io, Wake};
use crate::turns::Turn;
use crate::{Error, Step};

mod waiting;

/// A message from the socket up to this length may be read with the interpreter's lock held.
const QUICK_BYTES_MAX: usize = 64 << 10;
/// Headers without a message that are passed over at a time: a peer that sends nothing else must not keep us
/// from the interpreter's lock, from signals and from the deadline.
const HEADERS_MAX: usize = 256;

/// What a look for the next message found.
enum Found<B> {
    Message(Incoming<B>),
    Nothing,
    /// Headers, and perhaps more of them.
    Noise,
}

/// The receiving half of a connection.
pub struct Receiver<B> {
    pub(crate) input: Input,
    inbox: Option<Inbox>,
    spinner: Spinner,
    turn: Option<Turn>,
    header: [u8; HEADER_BYTES],
    header_filled: usize,
    message: Option<Incoming<B>>,
    /// Memory of an earlier message, to be used again.
    pub spare: Option<B>,
    bytes_max: usize,
    pub(crate) nap: Nap,
}

impl<B: Room> Receiver<B> {
    /// The receiving half of a socket of `family`.
    #[must_use]
    pub fn new(family: Family, bytes_max: usize, spin_ns_max: u64) -> Self {
        Self {
            input: Input::new(family),
            inbox: None,
            spinner: Spinner::new(spin_ns_max),
            turn: None,
            header: [0; HEADER_BYTES],
            header_filled: 0,
            message: None,
            spare: None,
            bytes_max,
            nap: Nap::first(),
        }
    }

    /// Begins an operation that waits for messages: its signals are as urgent as those of the first.
    pub fn begin(&mut self) {
        self.nap = Nap::first();
        if let Some(turn) = &mut self.turn {
            turn.finish_call();
        }
    }

    /// From here on, every message is a call to be carried out by this thread, which takes turns with others.
    pub fn take_turns(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// From here on, messages may come through `inbox`.
    pub(crate) fn use_inbox(&mut self, inbox: Inbox) {
        self.inbox = Some(inbox);
        self.input.refuse_descriptors();
    }

    /// Whether no message has been begun.
    pub(crate) fn is_idle(&self) -> bool {
        self.message.is_none() && self.header_filled == 0
    }

    /// The memory of the message, if it has some: after [`Step::Grow`], to be enlarged to as much as that says.
    pub fn room(&mut self) -> Option<&mut B> {
        self.message.as_mut()?.room.as_mut()
    }

    /// Provides the first memory for a message: as much as [`Step::Grow`] says.
    pub fn give_room(&mut self, room: B) {
        if let Some(message) = &mut self.message {
            message.room = Some(room);
        }
    }

    /// The complete message, after [`Step::Done`].
    pub fn take_message(&mut self) -> Option<B> {
        self.message.take_if(|m| m.filled == m.bytes)?.room
    }

    /// Receives what is there already, when that takes neither a wait nor long.
    pub fn attempt(&mut self, link: &Link) -> Result<Step, Error> {
        let is_quick = |m: &Incoming<B>| m.source == Source::Mailbox || m.bytes <= QUICK_BYTES_MAX;
        if !self.message.as_ref().is_none_or(is_quick) {
            return Ok(Step::Blocked);
        }
        if self.message.is_none() && self.turn.as_ref().is_some_and(|turn| !turn.may_go_on()) {
            return Ok(Step::Blocked);
        }
        let look_at_socket = self.inbox.is_none() || self.message.is_some();
        self.advance(link, look_at_socket)
    }

    /// Receives until done, the deadline, or a signal. To be called without the interpreter's lock.
    pub fn run(&mut self, link: &Link, deadline: Deadline) -> Result<Step, Error> {
        self.spin_on_mailbox(deadline);
        let mut may_spin = !self.is_idle() || self.spin_on_socket(link, deadline);
        loop {
            match self.advance(link, true)? {
                Step::Blocked => {}
                Step::Interrupted if deadline.remaining_ns() == Some(0) => {
                    return Err(Error::TimedOut);
                }
                step => {
                    if let Some(turn) = &mut self.turn {
                        turn.begin_call();
                    }
                    return Ok(step);
                }
            }
            may_spin = may_spin && self.spin_on_socket(link, deadline);
            if may_spin {
                continue;
            }
            if let Some(turn) = &mut self.turn {
                turn.leave();
            }
            if self.sleep(link, deadline)? == Wake::Interrupted {
                return Ok(Step::Interrupted);
            }
            may_spin = true;
        }
    }

    fn advance(&mut self, link: &Link, look_at_socket: bool) -> Result<Step, Error> {
        if self.message.is_none() {
            match self.next_message(link, look_at_socket)? {
                Found::Message(message) => self.message = Some(message),
                Found::Nothing => return Ok(Step::Blocked),
                Found::Noise => return Ok(Step::Interrupted),
            }
        }
        let Some(message) = &mut self.message else {
            return Ok(Step::Blocked);
        };
        while message.filled < message.bytes {
            let least = message.room_wanted_at_least();
            let room = match &mut message.room {
                Some(room) if room.bytes() >= least => room,
                None if message.filled > 0 => {
                    return Err(Error::Protocol("part of a message was lost"));
                }
                _ => return Ok(Step::Grow(message.room_wanted())),
            };
            let free = room.bytes().min(message.bytes) - message.filled;
            let target = room.pointer().wrapping_add(message.filled);
            match (message.source, &mut self.inbox) {
                (Source::Mailbox, Some(inbox)) => {
                    // SAFETY: the room has `free` bytes from `target` on, lent to us alone.
                    unsafe { inbox.take(target, free)? };
                    message.filled += free;
                }
                // SAFETY: as above.
                _ => match unsafe { self.input.read(&link.stream, target, free)? } {
                    Io::Bytes(bytes) => message.filled += bytes,
                    Io::WouldBlock => return Ok(Step::Blocked),
                    Io::End => return Err(Error::Reset),
                },
            }
        }
        if let (Source::Socket, Some(inbox)) = (message.source, &mut self.inbox) {
            inbox.count()?;
        }
        link.tally.count_received();
        Ok(Step::Done)
    }

    /// Finds the beginning of the next message.
    fn next_message(&mut self, link: &Link, look_at_socket: bool) -> Result<Found<B>, Error> {
        for _ in 0..HEADERS_MAX {
            if let Some(message) = self.look_into_mailbox()? {
                return Ok(Found::Message(message));
            }
            if !look_at_socket || !self.read_header(link)? {
                return Ok(Found::Nothing);
            }
            // A message may have been posted before the frame whose header we have now: it goes first.
            if let Some(message) = self.look_into_mailbox()? {
                return Ok(Found::Message(message));
            }
            match Header::from_bytes(self.header) {
                Header::Doorbell => {}
                Header::Confirmation => link.tally.note_confirmation(),
                Header::Message(bytes) => return self.begin_frame(bytes).map(Found::Message),
            }
            self.header_filled = 0;
        }
        Ok(Found::Noise)
    }

    fn look_into_mailbox(&self) -> Result<Option<Incoming<B>>, Error> {
        let Some(inbox) = &self.inbox else {
            return Ok(None);
        };
        match inbox.peek()? {
            Some(bytes) if bytes > self.bytes_max => {
                Err(Error::TooLong { bytes: bytes as u64, limit: self.bytes_max })
            }
            found => Ok(found.map(|bytes| Incoming::new(Source::Mailbox, bytes))),
        }
    }

    fn begin_frame(&mut self, bytes: u64) -> Result<Incoming<B>, Error> {
        match usize::try_from(bytes) {
            Ok(length) if length <= self.bytes_max => {
                self.header_filled = 0;
                Ok(Incoming::new(Source::Socket, length))
            }
            // The header stays, so that every later call fails in the same way.
            _ => Err(Error::TooLong { bytes, limit: self.bytes_max }),
        }
    }

    /// Reads the next header; returns whether it is there.
    fn read_header(&mut self, link: &Link) -> Result<bool, Error> {
        while self.header_filled < HEADER_BYTES {
            let rest = &mut self.header[self.header_filled..];
            // SAFETY: the rest of the header is exclusively borrowed.
            let io = unsafe { self.input.read(&link.stream, rest.as_mut_ptr(), rest.len()) };
            let io = match io {
                // The peer closed without reading a late doorbell, which is no loss.
                Err(Error::Reset) if self.inbox.is_some() => Io::End,
                io => io?,
            };
            match io {
                Io::Bytes(bytes) => self.header_filled += bytes,
                Io::WouldBlock => return Ok(false),
                Io::End if self.header_filled > 0 => return Err(Error::Reset),
                // What was posted before the peer went is still to be delivered.
                Io::End if self.inbox.as_ref().is_some_and(|i| matches!(i.peek(), Ok(Some(_)))) => {
                    return Ok(false);
                }
                Io::End => return Err(Error::EndOfStream),
            }
        }
        Ok(true)
    }
}
