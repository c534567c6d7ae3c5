//! Two mailboxes in shared memory beside a Unix socket.
//!
//! The server makes the memory and sends its descriptor; from then on a message that fits goes through the
//! mailbox of its direction, and costs no system call while the receiver spins. A receiver that goes to
//! sleep says so in the mailbox and polls the socket; the sender then rings by a header without a
//! message. A larger message is a frame on the socket, as before. The death of the peer is the end of
//! the socket, so nothing in shared memory has to be robust.

use std::sync::Arc;

use arena::header::{self, Side};
use arena::mailbox::{Confirmations, Inbox, Outbox};
use arena::mapping::Mapping;

use crate::connection::{Core, Link};
use crate::deadline::Deadline;
use crate::frame::{HEADER_BYTES, Header};
use crate::options::Family;
use crate::receiver::Receiver;
use crate::room::Room;
use crate::sender::{Outgoing, Sender};
use crate::stream::{Direction, Io, Stream, Wake};
use crate::{Error, Step, descriptor};

const OFFER_BYTES: usize = 24;
const OFFER_MAGIC: u64 = u64::from_be_bytes(*b"mailboxs");

/// What both users of a channel's memory may touch at any time.
pub struct Channel {
    mapping: Arc<Mapping>,
    side: Side,
    incoming: Confirmations,
    outgoing: Confirmations,
}

impl Channel {
    /// Says that we have left.
    pub fn abandon(&self) -> Result<(), Error> {
        Ok(header::abandon(self.mapping.words()?, self.side)?)
    }

    /// Whether the peer has left.
    pub fn is_abandoned(&self) -> Result<bool, Error> {
        Ok(header::is_abandoned(self.mapping.words()?, self.side.peer())?)
    }

    /// Confirms the first `count` messages of the peer.
    pub(crate) fn confirm(&self, count: u64) -> Result<(), Error> {
        Ok(self.incoming.confirm(count)?)
    }

    /// Whether the peer has confirmed all of our `sent` messages.
    fn is_confirmed(&self, sent: u64) -> Result<bool, Error> {
        match self.outgoing.count()? {
            count if count > sent => Err(Error::Protocol("more messages confirmed than sent")),
            count => Ok(count == sent),
        }
    }
}

impl<B: Room> Core<B> {
    /// Whether the peer's user has dealt with the last message we sent.
    pub fn is_confirmed(&self) -> Result<bool, Error> {
        let sent = self.link.tally.sent();
        match self.channel() {
            Some(channel) => channel.is_confirmed(sent),
            None => Ok(self.link.tally.confirmed() == sent),
        }
    }

    /// Confirms by a store in shared memory if there is some; otherwise returns the frame to be sent.
    pub fn confirm(&self) -> Result<Option<Outgoing<'static>>, Error> {
        match (self.link.tally.to_confirm(), self.channel()) {
            (Some(count), Some(channel)) => {
                channel.confirm(count)?;
                self.link.tally.mark_confirmed(count);
                Ok(None)
            }
            (Some(count), None) => Ok(Some(Outgoing::confirmation(count))),
            (None, _) => Ok(None),
        }
    }

    fn install(
        &self,
        sender: &mut Sender,
        receiver: &mut Receiver<B>,
        memory: (Mapping, usize, Side),
    ) -> Result<(), Error> {
        let (mapping, capacity, side) = memory;
        let mapping = Arc::new(mapping);
        let (out_at, in_at) = (side.outbox(capacity), side.peer().outbox(capacity));
        let channel = Channel {
            mapping: mapping.clone(),
            side,
            incoming: Confirmations::new(mapping.clone(), in_at, capacity),
            outgoing: Confirmations::new(mapping.clone(), out_at, capacity),
        };
        self.channel
            .set(channel)
            .map_err(|_| Error::Unsupported("the connection has mailboxes already"))?;
        self.link.tally.restart();
        sender.use_outbox(Outbox::new(mapping.clone(), out_at, capacity));
        receiver.use_inbox(Inbox::new(mapping, in_at, capacity));
        Ok(())
    }

    fn check_suitable(&self, sender: &Sender, receiver: &Receiver<B>) -> Result<(), Error> {
        if self.link.family != Family::Unix || sender.output.is_encrypted() {
            return Err(Error::Unsupported("mailboxes need a Unix socket that is not encrypted"));
        }
        if self.channel().is_some() {
            return Err(Error::Unsupported("the connection has mailboxes already"));
        }
        if receiver.is_idle() { Ok(()) } else { Err(Error::Busy("a message is under way")) }
    }
}

/// The server's part: make the memory, send the descriptor. To be run at a moment without messages.
pub struct Offer {
    memory: Option<Mapping>,
    fd: std::os::fd::OwnedFd,
    capacity: usize,
}

impl Offer {
    /// Makes memory for two mailboxes of `capacity` bytes.
    pub fn new(capacity: usize) -> Result<Self, Error> {
        if capacity == 0 || capacity > header::CAPACITY_BYTES_MAX {
            return Err(Error::Unsupported("a mailbox holds from 1 byte to 1 GiB"));
        }
        let (mapping, fd) = header::create(capacity)?;
        Ok(Self { memory: Some(mapping), fd, capacity })
    }

    /// Sends the offer and uses the mailboxes from then on; the descriptor is closed with `self`.
    pub fn run<B: Room>(
        &mut self,
        core: &Core<B>,
        sender: &mut Sender,
        receiver: &mut Receiver<B>,
        deadline: Deadline,
    ) -> Result<Step, Error> {
        core.check_suitable(sender, receiver)?;
        let frame = offer_frame(self.capacity);
        loop {
            match descriptor::send(&core.link.stream, &frame, &self.fd)? {
                Io::Bytes(bytes) if bytes == frame.len() => break,
                Io::Bytes(_) => {
                    sender.tear();
                    return Err(Error::Protocol("the offer of mailboxes was cut off"));
                }
                Io::WouldBlock | Io::End => {}
            }
            let wake = core.link.stream.wait(Direction::Writable, deadline, &mut receiver.nap)?;
            if wake == Wake::Interrupted {
                return Ok(Step::Interrupted);
            }
        }
        if let Some(mapping) = self.memory.take() {
            core.install(sender, receiver, (mapping, self.capacity, Side::Creator))?;
        }
        Ok(Step::Done)
    }
}

fn offer_frame(capacity: usize) -> [u8; HEADER_BYTES + OFFER_BYTES] {
    let mut frame = [0; HEADER_BYTES + OFFER_BYTES];
    let header = Header::Message(OFFER_BYTES as u64).to_bytes();
    let words = [OFFER_MAGIC, header::VERSION, capacity as u64].map(u64::to_le_bytes);
    let all = [header, words[0], words[1], words[2]];
    for (target, word) in frame.chunks_exact_mut(8).zip(all) {
        target.copy_from_slice(&word);
    }
    frame
}

/// The client's part: receive the offer, check it, map the memory, use the mailboxes from then on.
pub fn accept<B: Room>(
    core: &Core<B>,
    sender: &mut Sender,
    receiver: &mut Receiver<B>,
    deadline: Deadline,
) -> Result<Step, Error> {
    core.check_suitable(sender, receiver)?;
    let Some(offer) = wait_for_offer(&core.link, receiver, deadline)? else {
        return Ok(Step::Interrupted);
    };
    let capacity = read_offer(&offer)?;
    let Some(fd) = receiver.input.take_descriptor() else {
        return Err(Error::Protocol("the offer of mailboxes came without its memory"));
    };
    let mapping = header::open(&fd, capacity)?;
    core.install(sender, receiver, (mapping, capacity, Side::Guest))?;
    Ok(Step::Done)
}

fn wait_for_offer<B: Room>(
    link: &Link,
    receiver: &mut Receiver<B>,
    deadline: Deadline,
) -> Result<Option<Vec<u8>>, Error> {
    let stream: &Stream = &link.stream;
    loop {
        if let Some(offer) = receiver.input.read_whole(stream, HEADER_BYTES + OFFER_BYTES)? {
            return Ok(Some(offer));
        }
        if stream.wait(Direction::Readable, deadline, &mut receiver.nap)? == Wake::Interrupted {
            return Ok(None);
        }
    }
}

fn read_offer(frame: &[u8]) -> Result<usize, Error> {
    let mut words = [0u64; 4];
    for (word, bytes) in words.iter_mut().zip(frame.chunks_exact(8)) {
        *word = bytes.try_into().map_or(0, u64::from_le_bytes);
    }
    if words[0] != OFFER_BYTES as u64 || words[1] != OFFER_MAGIC {
        return Err(Error::Protocol("something else came in place of an offer of mailboxes"));
    }
    if words[2] != header::VERSION {
        return Err(Error::Protocol("the peer's mailboxes are of another version"));
    }
    usize::try_from(words[3]).map_err(|_| Error::Protocol("the mailboxes are too large"))
}
