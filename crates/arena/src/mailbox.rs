//! A slot in shared memory for one message at a time, from one process to another.
//!
//! Messages of a connection are numbered from 1, in each direction on its own; most travel through the slot,
//! large ones (or any, while the slot is full) through the socket. `published` is the number of the message
//! in the slot: the receiver takes it when that is the number it expects, so order is kept between the two
//! ways. `announced` is a hint that a message comes by the socket, so that a spinning receiver looks there.
//!
//! | offset | word | written by |
//! | ---: | --- | --- |
//! | 0 | taken: messages received, by either way | receiver |
//! | 8 | confirmed: messages that the receiver's user has confirmed | receiver |
//! | 16 | sleeping: the receiver wants a doorbell (32 bits) | receiver |
//! | 128 | announced: number of the last message sent by the socket | sender |
//! | 136 | published: number of the message in the slot | sender |
//! | 144 | length of the message in the slot | sender |
//! | 152 | the message | sender |
//!
//! The two groups are 128 bytes apart, so that neither side's stores disturb the other's spinning (processors
//! fetch lines in pairs); a short message shares its line with its own counter.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use crate::Error;
use crate::mapping::Mapping;

const TAKEN: usize = 0;
const CONFIRMED: usize = 8;
const SLEEPING: usize = 16;
const ANNOUNCED: usize = 128;
const PUBLISHED: usize = 136;
const LENGTH: usize = 144;
/// Where the message begins.
pub const DATA: usize = 152;

/// More messages than a socket buffer can hold: a counter further ahead is corrupt.
const OUTSTANDING_MAX: u64 = 1 << 20;

/// The bytes of one mailbox: a mapping, where in it, and how large a message may be.
#[derive(Clone)]
struct Place {
    mapping: Arc<Mapping>,
    at: usize,
    capacity: usize,
}

impl Place {
    #[inline]
    fn load(&self, word: usize, order: Ordering) -> Result<u64, Error> {
        self.mapping.words()?.load64(self.at + word, order)
    }

    #[inline]
    fn store(&self, word: usize, value: u64, order: Ordering) -> Result<(), Error> {
        self.mapping.words()?.store64(self.at + word, value, order)
    }
}

/// The sending end of a mailbox.
pub struct Outbox {
    place: Place,
    /// Messages sent, by either way.
    sent: u64,
    /// The number of the message last put into the slot.
    in_slot: u64,
}

impl Outbox {
    /// The sending end of the mailbox at offset `at` of `mapping`.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, at: usize, capacity: usize) -> Self {
        Self { place: Place { mapping, at, capacity }, sent: 0, in_slot: 0 }
    }

    /// Whether a message of `bytes` bytes can go through the slot now.
    pub fn has_room(&self, bytes: usize) -> Result<bool, Error> {
        if bytes > self.place.capacity {
            return Ok(false);
        }
        // Acquire pairs with the Release store in `Inbox::count`: the slot was read before it is refilled.
        let taken = self.place.load(TAKEN, Ordering::Acquire)?;
        if taken > self.sent {
            return Err(Error::Corrupt("more messages taken than were sent"));
        }
        Ok(taken >= self.in_slot)
    }

    /// Writes part of the next message; it stays invisible until [`Self::publish`].
    ///
    /// # Safety
    ///
    /// `source` must be readable for `bytes` bytes and outside of the mapping.
    pub unsafe fn write(&self, from: usize, source: *const u8, bytes: usize) -> Result<(), Error> {
        if from.checked_add(bytes).is_none_or(|end| end > self.place.capacity) {
            return Err(Error::Corrupt("a message does not fit the mailbox"));
        }
        let at = self.place.at + DATA + from;
        // SAFETY: the caller promises the source; the target is checked by `copy_in`.
        unsafe { self.place.mapping.words()?.copy_in(at, source, bytes) }
    }

    /// Makes the message visible.
    pub fn publish(&mut self, bytes: usize) -> Result<(), Error> {
        // Relaxed: ordered by the Release store of `published`.
        self.place.store(LENGTH, bytes as u64, Ordering::Relaxed)?;
        // Release pairs with the Acquire load in `Inbox::peek`.
        self.place.store(PUBLISHED, self.sent + 1, Ordering::Release)?;
        self.sent += 1;
        self.in_slot = self.sent;
        Ok(())
    }

    /// Counts a message that goes through the socket, and tells a spinning receiver.
    pub fn announce(&mut self) -> Result<(), Error> {
        // Relaxed: only a hint; the message itself is ordered by the socket.
        self.place.store(ANNOUNCED, self.sent + 1, Ordering::Relaxed)?;
        self.sent += 1;
        Ok(())
    }

    /// Takes back the last [`Self::announce`]: nothing of the message has reached the socket.
    pub fn retract(&mut self) -> Result<(), Error> {
        self.sent -= 1;
        // Relaxed: only a hint; a receiver that saw the announcement finds nothing, and sleeps.
        self.place.store(ANNOUNCED, self.sent, Ordering::Relaxed)
    }

    /// Whether the receiver sleeps; to be asked after publishing.
    pub fn is_peer_sleeping(&self) -> Result<bool, Error> {
        // SeqCst pairs with the fence in `Inbox::sleep`: either we see `sleeping`, or it sees `published`.
        fence(Ordering::SeqCst);
        let at = self.place.at + SLEEPING;
        Ok(self.place.mapping.words()?.load32(at, Ordering::Relaxed)? != 0)
    }
}

/// The receiving end of a mailbox.
pub struct Inbox {
    place: Place,
    /// Messages received, by either way.
    received: u64,
    /// The number of the message last taken from the slot.
    from_slot: u64,
}

impl Inbox {
    /// The receiving end of the mailbox at offset `at` of `mapping`.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, at: usize, capacity: usize) -> Self {
        Self { place: Place { mapping, at, capacity }, received: 0, from_slot: 0 }
    }

    /// The length of the message in the slot, if it is the next one.
    pub fn peek(&self) -> Result<Option<usize>, Error> {
        // Acquire pairs with the Release store in `Outbox::publish`.
        let published = self.place.load(PUBLISHED, Ordering::Acquire)?;
        if published == self.from_slot {
            return Ok(None);
        }
        if published <= self.received || published - self.received > OUTSTANDING_MAX {
            return Err(Error::Corrupt("a message counter jumped"));
        }
        if published != self.received + 1 {
            return Ok(None); // Messages before it are on their way through the socket.
        }
        // Relaxed: ordered by the Acquire load above. Read once: the peer may change it at any time.
        let length = self.place.load(LENGTH, Ordering::Relaxed)?;
        match usize::try_from(length) {
            Ok(bytes) if bytes > 0 && bytes <= self.place.capacity => Ok(Some(bytes)),
            _ => Err(Error::Corrupt("a message length is out of range")),
        }
    }

    /// Whether looking again is worth while: something was published or announced. Cheap, for spinning.
    #[inline]
    #[must_use]
    pub fn is_stirred(&self) -> bool {
        // Relaxed: only a reason to call `peek`, or to read the socket, which do the ordering.
        let published = self.place.load(PUBLISHED, Ordering::Relaxed);
        published != Ok(self.from_slot) || self.is_announced()
    }

    /// Whether the next message comes through the socket.
    #[inline]
    #[must_use]
    pub fn is_announced(&self) -> bool {
        // Relaxed: a hint, see `Outbox::announce`.
        self.place.load(ANNOUNCED, Ordering::Relaxed).is_ok_and(|n| n > self.received)
    }

    /// Copies the message out that [`Self::peek`] found, and frees the slot.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes, used by nobody else, and outside of the mapping.
    pub unsafe fn take(&mut self, target: *mut u8, bytes: usize) -> Result<(), Error> {
        if bytes > self.place.capacity {
            return Err(Error::Corrupt("a message length is out of range"));
        }
        let at = self.place.at + DATA;
        // SAFETY: the caller promises the target; the source is checked by `copy_out`.
        unsafe { self.place.mapping.words()?.copy_out(at, target, bytes)? };
        self.from_slot = self.received + 1;
        self.count()
    }

    /// Counts a message as received; called directly for one that came through the socket.
    pub fn count(&mut self) -> Result<(), Error> {
        self.received += 1;
        // Release pairs with the Acquire load in `Outbox::has_room`.
        self.place.store(TAKEN, self.received, Ordering::Release)
    }

    /// Asks for a doorbell. The caller must look at the slot once more before it really sleeps.
    pub fn sleep(&self) -> Result<(), Error> {
        self.set_sleeping(1)?;
        // SeqCst pairs with the fence in `Outbox::is_peer_sleeping`.
        fence(Ordering::SeqCst);
        Ok(())
    }

    /// Asks for no more doorbells.
    pub fn wake(&self) -> Result<(), Error> {
        self.set_sleeping(0)
    }

    fn set_sleeping(&self, value: u32) -> Result<(), Error> {
        let at = self.place.at + SLEEPING;
        // Relaxed: ordered by the fence in `sleep`; a late `wake` costs one needless doorbell.
        self.place.mapping.words()?.store32(at, value, Ordering::Relaxed)
    }
}

/// The word by which a receiver's user confirms messages; usable beside a running send or receive.
pub struct Confirmations {
    place: Place,
}

impl Confirmations {
    /// Those of the mailbox at offset `at` of `mapping`.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, at: usize, capacity: usize) -> Self {
        Self { place: Place { mapping, at, capacity } }
    }

    /// Receiver: the first `count` messages have been dealt with.
    pub fn confirm(&self, count: u64) -> Result<(), Error> {
        // Release pairs with the Acquire load in `count`.
        self.place.store(CONFIRMED, count, Ordering::Release)
    }

    /// Sender: how many messages the receiver's user has confirmed.
    pub fn count(&self) -> Result<u64, Error> {
        // Acquire pairs with the Release store in `confirm`.
        self.place.load(CONFIRMED, Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
