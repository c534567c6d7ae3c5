//! A message with an open file: the server gives the client its arena with the welcome.

use std::os::fd::{AsRawFd, OwnedFd};

use crate::connection::Core;
use crate::deadline::Deadline;
use crate::frame::Header;
use crate::nap::Nap;
use crate::options::Family;
use crate::room::Room;
use crate::sender::Sender;
use crate::stream::{Direction, Io, Wake};
use crate::{Error, Step, descriptor};

/// Sends a short message with a copy of `fd` attached to it; the peer's next `receive` keeps that.
///
/// [`Step::Interrupted`]: nothing was sent, try again.
pub fn send<B: Room>(
    core: &Core<B>,
    sender: &mut Sender,
    message: &[u8],
    fd: &impl AsRawFd,
    deadline: Deadline,
) -> Result<Step, Error> {
    if core.link.family != Family::Unix || sender.output.is_encrypted() || core.channel().is_some()
    {
        return Err(Error::Unsupported("an open file needs a plain Unix socket without mailboxes"));
    }
    let mut frame = Header::Message(message.len() as u64).to_bytes().to_vec();
    frame.extend_from_slice(message);
    let mut nap = Nap::first();
    loop {
        match descriptor::send(&core.link.stream, &frame, fd)? {
            Io::Bytes(bytes) if bytes == frame.len() => {
                core.link.tally.count_sent();
                return Ok(Step::Done);
            }
            Io::Bytes(_) => {
                sender.tear();
                return Err(Error::Protocol("a message with an open file was cut off"));
            }
            Io::WouldBlock | Io::End => {}
        }
        if core.link.stream.wait(Direction::Writable, deadline, &mut nap)? == Wake::Interrupted {
            return Ok(Step::Interrupted);
        }
    }
}

/// The open file that came with a message received so far.
pub fn take<B: Room>(core: &Core<B>) -> Result<Option<OwnedFd>, Error> {
    Ok(core.receiver()?.input.take_descriptor())
}
