//! Waiting for the next message: without sleeping while that pays, and asleep after that.

use super::Receiver;
use crate::Error;
use crate::connection::Link;
use crate::deadline::Deadline;
use crate::options::Family;
use crate::room::Room;
use crate::stream::{Direction, Wake};
use crate::turns::Turn;

impl<B: Room> Receiver<B> {
    /// The interpreter's lock has been taken again, after [`Self::run`].
    pub fn carry_out(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.carry_out();
        }
    }

    /// Leaves the interpreter to others, and waits for a peer on this machine without sleeping, while that pays.
    pub(super) fn spin_on_mailbox(&mut self, deadline: Deadline) {
        if let Some(turn) = &self.turn {
            turn.release_interpreter();
        }
        let (Some(inbox), None) = (&self.inbox, &self.message) else {
            return;
        };
        if deadline == Deadline::Now || self.nap.is_later() {
            return;
        }
        let is_there = || inbox.is_stirred();
        match &self.turn {
            // As many threads as have a turn may spin, however many others do.
            Some(turn) if turn.is_ours() => self.spinner.wait_permitted(is_there),
            Some(turn) if !turn.may_spin() => false,
            _ => self.spinner.wait(is_there),
        };
    }

    /// Waits for a peer elsewhere without sleeping, while that pays; returns whether there is something to read.
    ///
    /// The kernel likes to move a thread that was woken to the processor of its waker. Then the two take turns, and
    /// neither decrypts while the other encrypts.
    pub(super) fn spin_on_socket(&mut self, link: &Link, deadline: Deadline) -> bool {
        link.family == Family::Network
            && !self.nap.is_later()
            && deadline.remaining_ns() != Some(0)
            && self.turn.as_ref().is_none_or(Turn::may_spin)
            && self.spinner.wait_asking(|| link.stream.is_readable())
    }

    pub(super) fn sleep(&mut self, link: &Link, deadline: Deadline) -> Result<Wake, Error> {
        let (Some(inbox), None) = (&self.inbox, &self.message) else {
            return link.stream.wait(Direction::Readable, deadline, &mut self.nap);
        };
        inbox.sleep()?;
        let wake = match inbox.peek() {
            Ok(None) => link.stream.wait(Direction::Readable, deadline, &mut self.nap),
            Ok(Some(_)) => Ok(Wake::Ready),
            Err(error) => Err(error.into()),
        };
        inbox.wake()?;
        wake
    }
}
