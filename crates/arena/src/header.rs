//! The first page of a channel's memory: what it is, its version, and who has abandoned it.
//!
//! | offset | word | written by |
//! | ---: | --- | --- |
//! | 0 | magic | the creator, once |
//! | 8 | layout version | the creator, once |
//! | 16 | mailbox capacity in bytes | the creator, once |
//! | 128 | abandoned by the creator (32 bits) | the creator |
//! | 256 | abandoned by the guest (32 bits) | the guest |
//! | 4096 | mailbox from the creator to the guest | |
//! | 4096 + n | mailbox from the guest to the creator | |

use std::sync::atomic::Ordering;

use crate::Error;
use crate::mailbox;
use crate::mapping::Mapping;
use crate::words::Words;

/// "manorbox" in the byte order of the machine: a file of a machine of the other order does not match.
const MAGIC: u64 = u64::from_be_bytes(*b"manorbox");
/// Raised with every change of the layout of this page or of the mailboxes.
pub const VERSION: u64 = 1;
/// The largest mailbox, so that sizes computed from a peer's number cannot overflow.
pub const CAPACITY_BYTES_MAX: usize = 1 << 30;

const PAGE: usize = 4096;
const AT_MAGIC: usize = 0;
const AT_VERSION: usize = 8;
const AT_CAPACITY: usize = 16;
const AT_ABANDONED: [usize; 2] = [128, 256];

/// Which of the two processes of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that made the memory (the server).
    Creator,
    /// The one that was given it (the client).
    Guest,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Creator => Self::Guest,
            Self::Guest => Self::Creator,
        }
    }

    /// Where the mailbox begins that this side writes to.
    #[must_use]
    pub fn outbox(self, capacity: usize) -> usize {
        PAGE + if self == Self::Guest { mailbox_bytes(capacity) } else { 0 }
    }
}

fn mailbox_bytes(capacity: usize) -> usize {
    (mailbox::DATA + capacity).next_multiple_of(PAGE)
}

/// The size of a channel's memory for mailboxes of `capacity` bytes.
pub fn channel_bytes(capacity: usize) -> Result<usize, Error> {
    if capacity == 0 || capacity > CAPACITY_BYTES_MAX {
        return Err(Error::Corrupt("mailbox capacity out of range"));
    }
    Ok(PAGE + 2 * mailbox_bytes(capacity))
}

/// Creates the memory of a channel; the descriptor lets the guest map it.
pub fn create(capacity: usize) -> Result<(Mapping, std::os::fd::OwnedFd), Error> {
    let (mapping, fd) = Mapping::create(channel_bytes(capacity)?)?;
    let words = mapping.words()?;
    // Relaxed: the guest gets the descriptor through the kernel afterwards, which orders these stores.
    words.store64(AT_VERSION, VERSION, Ordering::Relaxed)?;
    words.store64(AT_CAPACITY, capacity as u64, Ordering::Relaxed)?;
    words.store64(AT_MAGIC, MAGIC, Ordering::Relaxed)?;
    Ok((mapping, fd))
}

/// Maps the memory of a channel that a peer made, after checking everything that can be checked.
pub fn open(fd: &impl std::os::fd::AsRawFd, capacity: usize) -> Result<Mapping, Error> {
    let mapping = Mapping::from_fd(fd, channel_bytes(capacity)?)?;
    let words = mapping.words()?;
    // Relaxed: written before the descriptor was sent, see `create`.
    if words.load64(AT_MAGIC, Ordering::Relaxed)? != MAGIC {
        return Err(Error::Corrupt("not a channel (wrong magic number)"));
    }
    if words.load64(AT_VERSION, Ordering::Relaxed)? != VERSION {
        return Err(Error::Corrupt("a channel of another version of manor"));
    }
    if words.load64(AT_CAPACITY, Ordering::Relaxed)? != capacity as u64 {
        return Err(Error::Corrupt("the channel's capacity is not the announced one"));
    }
    Ok(mapping)
}

/// Says that `side` has left and will not read or write any more.
pub fn abandon(words: Words<'_>, side: Side) -> Result<(), Error> {
    // Release pairs with the Acquire load in `is_abandoned`.
    words.store32(AT_ABANDONED[side as usize], 1, Ordering::Release)
}

/// Whether `side` has left.
pub fn is_abandoned(words: Words<'_>, side: Side) -> Result<bool, Error> {
    // Acquire pairs with the Release store in `abandon`.
    Ok(words.load32(AT_ABANDONED[side as usize], Ordering::Acquire)? != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_opens_what_the_creator_made() {
        let (ours, fd) = create(100).unwrap();
        let theirs = open(&fd, 100).unwrap();
        assert_eq!(is_abandoned(theirs.words().unwrap(), Side::Creator), Ok(false));
        abandon(ours.words().unwrap(), Side::Creator).unwrap();
        assert_eq!(is_abandoned(theirs.words().unwrap(), Side::Creator), Ok(true));
        assert_eq!(is_abandoned(theirs.words().unwrap(), Side::Guest), Ok(false));
    }

    #[test]
    fn a_wrong_magic_version_or_capacity_is_refused() {
        for at in [AT_MAGIC, AT_VERSION, AT_CAPACITY] {
            let (mapping, fd) = create(100).unwrap();
            mapping.words().unwrap().store64(at, 99, Ordering::Relaxed).unwrap();
            assert!(matches!(open(&fd, 100), Err(Error::Corrupt(_))), "word at {at}");
        }
        let (_mapping, fd) = create(100).unwrap();
        assert!(open(&fd, 101).is_err());
        assert!(open(&fd, 0).is_err());
        assert!(open(&fd, usize::MAX).is_err());
    }

    #[test]
    fn the_layout_of_version_1_does_not_move() {
        assert_eq!(channel_bytes(65536), Ok(4096 + 2 * (65536 + 4096)));
        assert_eq!(Side::Creator.outbox(65536), 4096);
        assert_eq!(Side::Guest.outbox(65536), 4096 + 65536 + 4096);
    }
}
