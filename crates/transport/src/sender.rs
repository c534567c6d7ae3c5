//! Sending messages: through the mailbox where there is one and they fit, else through the socket.

use arena::mailbox::Outbox;

use crate::connection::Link;
use crate::deadline::Deadline;
use crate::frame::Header;
use crate::gather::{Gather, Part};
use crate::nap::Nap;
use crate::output::Output;
use crate::stream::{Direction, Wake};
use crate::{Error, Step};

/// A message on its way out.
pub struct Outgoing<'p> {
    parts: &'p [Part],
    bytes: usize,
    gather: Gather<'p>,
    confirms: Option<u64>,
    is_begun: bool,
    nap: Nap,
}

impl<'p> Outgoing<'p> {
    /// The concatenation of `parts`; neither empty nor longer than `bytes_max`.
    pub fn message(parts: &'p [Part], bytes_max: usize) -> Result<Self, Error> {
        let mut bytes = 0usize;
        for part in parts {
            bytes = bytes.saturating_add(part.bytes());
        }
        if bytes == 0 {
            return Err(Error::Unsupported("a message cannot be empty"));
        }
        if bytes > bytes_max {
            return Err(Error::TooLong { bytes: bytes as u64, limit: bytes_max });
        }
        let gather = Gather::new(Header::Message(bytes as u64), parts);
        Ok(Self { parts, bytes, gather, confirms: None, is_begun: false, nap: Nap::first() })
    }

    /// The frame that confirms the last message received, which was the one with the number `count`.
    #[must_use]
    pub fn confirmation(count: u64) -> Self {
        let gather = Gather::new(Header::Confirmation, &[]);
        Self {
            parts: &[],
            bytes: 0,
            gather,
            confirms: Some(count),
            is_begun: false,
            nap: Nap::first(),
        }
    }

    /// The length of the message.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The sending half of a connection.
#[derive(Default)]
pub struct Sender {
    pub(crate) output: Output,
    outbox: Option<Outbox>,
    /// A frame has been begun and not completed. When its operation is given up, the stream is useless.
    is_torn: bool,
}

impl Sender {
    /// From here on, messages that fit go through `outbox`.
    pub(crate) fn use_outbox(&mut self, outbox: Outbox) {
        self.outbox = Some(outbox);
    }

    /// An operation outside of the frames was given up half-way.
    pub(crate) fn tear(&mut self) {
        self.is_torn = true;
    }

    /// It was not given up after all.
    pub(crate) fn mend(&mut self) {
        self.is_torn = false;
    }

    /// Sends what can be sent without waiting.
    pub fn attempt(&mut self, link: &Link, out: &mut Outgoing<'_>) -> Result<Step, Error> {
        if !out.is_begun && self.begin(link, out)? {
            return Ok(Step::Done);
        }
        let step = self.output.write(&link.stream, &mut out.gather)?;
        self.is_torn = step != Step::Done;
        Ok(step)
    }

    /// Sends until done, the deadline, or a signal. To be called without the interpreter's lock.
    pub fn run(
        &mut self,
        link: &Link,
        out: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<Step, Error> {
        loop {
            if self.attempt(link, out)? == Step::Done {
                return Ok(Step::Done);
            }
            match link.stream.wait(Direction::Writable, deadline, &mut out.nap)? {
                Wake::Ready => {}
                Wake::Interrupted => return Ok(Step::Interrupted),
            }
        }
    }

    /// Gives up an operation that failed: if nothing of its frame was sent, it never was, and the next may follow.
    pub fn withdraw(&mut self, link: &Link, out: &mut Outgoing<'_>) -> Result<(), Error> {
        if !out.is_begun || !out.gather.is_untouched() {
            return Ok(());
        }
        out.is_begun = false;
        self.is_torn = false;
        if out.confirms.is_none() {
            link.tally.uncount_sent();
            if let Some(outbox) = &mut self.outbox {
                outbox.retract()?;
            }
        }
        Ok(())
    }

    /// Starts a frame; returns whether the mailbox took the message instead.
    fn begin(&mut self, link: &Link, out: &mut Outgoing<'_>) -> Result<bool, Error> {
        if self.is_torn {
            return Err(Error::Protocol("an earlier message was cut off; close it"));
        }
        if let Some(count) = out.confirms {
            link.tally.mark_confirmed(count);
        } else {
            // First: the peer may confirm the message before we are back here.
            link.tally.count_sent();
            if let Some(outbox) = &mut self.outbox {
                if outbox.has_room(out.bytes)? {
                    post(link, outbox, out)?;
                    return Ok(true);
                }
                outbox.announce()?;
            }
        }
        self.is_torn = true;
        out.is_begun = true;
        Ok(false)
    }
}

fn post(link: &Link, outbox: &mut Outbox, out: &Outgoing<'_>) -> Result<(), Error> {
    let mut from = 0;
    for part in out.parts {
        // SAFETY: a part is readable by its contract, and callers never pass parts of our own mapping.
        unsafe { outbox.write(from, part.pointer(), part.bytes())? };
        from += part.bytes();
    }
    outbox.publish(out.bytes)?;
    if outbox.is_peer_sleeping()? {
        // A full socket wakes the peer anyway, and a dead peer is for `receive` to notice.
        let _ = link.stream.send_bytes(&Header::Doorbell.to_bytes());
    }
    Ok(())
}
