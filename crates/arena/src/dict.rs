//! A mapping that keeps insertion order, shared between processes.
//!
//! # Theory of operation
//!
//! Every item is a block of its own, one cache line: hash, key cell, value cell, and three links. Two of them
//! chain all items in order of insertion, the third chains the items of a bucket. Deleting frees the block at
//! once, so there are no holes to compact, and iteration follows links.
//!
//! The buckets grow by **linear hashing**, one at a time: bucket `b` takes its items from bucket `b` without its
//! highest bit. A bucket's chain is kept sorted by the *reversed* bits of the hash, in which all items that belong
//! to the new bucket stand at its end: splitting moves nothing, it cuts a chain in two. So no insertion does
//! more than one split, at any size, and every operation is a change of a few words.
//!
//! Buckets are words in segments: the first grows up to 512 buckets by being copied, the others have 512 each
//! and are found by a directory.
//!
//! Reading takes no lock: it is valid if the object's intent word was quiet and the same before and after. Writing
//! prepares the new blocks first and takes the lock then; replacing one word by another is a single store.
//!
//! `clear` moves the items to a second set of roots, the *trash*, in one change, and frees them in short steps.

use crate::block::{Header, State};
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::{self, Handle, Object, ObjectKind};

mod amend;
#[cfg(test)]
mod check;
mod drain;
mod find;
mod glance;
mod grow;
mod key;
#[cfg(test)]
pub(crate) mod kills;
mod read;
mod remove;
mod set;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use crate::value::Witness;
#[cfg(test)]
pub(crate) use check::check;
pub(crate) use drain::drain;
pub use key::Key;
pub use set::Set;
pub use walk::{CopiedItem, Item, Part, Position, Way, item};

/// Words of the object's body.
const HEAD: u64 = 0;
const TAIL: u64 = 8;
const LENGTH: u64 = 16;
/// Grows whenever a key comes or goes.
const SHAPE: u64 = 24;
const BUCKETS: u64 = 32;
const FIRST: u64 = 40;
const FIRST_CAPACITY: u64 = 48;
const DIRECTORY: u64 = 56;
const DIRECTORY_CAPACITY: u64 = 64;
const TRASH_HEAD: u64 = 72;
const TRASH_FIRST: u64 = 80;
const TRASH_DIRECTORY: u64 = 88;
const TRASH_CAPACITY: u64 = 96;

/// Words of an item's block.
const HASH: u64 = 8;
const CHAIN: u64 = 16;
const BEFORE: u64 = 24;
const AFTER: u64 = 32;
const KEY: u64 = 40;
const VALUE: u64 = 48;
/// What an item needs behind its header.
const ITEM_PAYLOAD: u64 = 56;

/// Buckets of a full segment.
const SEGMENT: u64 = 512;
/// Buckets that a dict begins with.
const BUCKETS_MIN: u64 = 8;

/// A dict of an arena. Copying it holds nothing: see [`Heap::hold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dict {
    object: Object,
}

impl Dict {
    /// Makes an empty dict that this process holds.
    pub fn create<M: Memory>(heap: &Heap<M>) -> Result<Self> {
        Ok(Self { object: heap.create_object(ObjectKind::Dict)? })
    }

    /// The dict that a handle names. Whether it still lives is seen by each operation.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self { object: object::open(heap, handle, ObjectKind::Dict)? })
    }

    /// What names this dict in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// How many keys there are.
    pub fn len<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        let length = self.word(&heap.space, LENGTH)?;
        if heap.space.memory.load(self.object.at)? != self.object.live.0 {
            return Err(Failure::ObjectGone);
        }
        Ok(length)
    }

    #[inline]
    fn word<M: Memory>(&self, space: &Space<M>, word: u64) -> Result<u64> {
        space.memory.load(self.object.body(word))
    }

    /// A word of the body that is an offset; checked, so that small numbers can be added to it.
    #[inline]
    fn link<M: Memory>(&self, space: &Space<M>, word: u64) -> Result<u64> {
        checked(space, self.word(space, word)?)
    }
}

/// An offset that was read: inside of the arena, so that adding a field's offset cannot overflow.
#[inline]
fn checked<M: Memory>(space: &Space<M>, at: u64) -> Result<u64> {
    if at >= space.memory.bytes() { corrupt("a link leaves the arena") } else { Ok(at) }
}

/// The header of the block at `at`, which must be live.
fn live_header<M: Memory>(space: &Space<M>, at: u64) -> Result<Header> {
    let header = Header(space.memory.load(at)?);
    if !header.is(State::Live) {
        return corrupt("a linked block is not live");
    }
    Ok(header)
}

#[test]
fn the_words_of_version_1_do_not_move() {
    assert_eq!(
        [HEAD, TAIL, LENGTH, SHAPE, BUCKETS, FIRST, FIRST_CAPACITY],
        [0, 8, 16, 24, 32, 40, 48]
    );
    assert_eq!([DIRECTORY, DIRECTORY_CAPACITY, TRASH_HEAD, TRASH_FIRST], [56, 64, 72, 80]);
    assert_eq!([TRASH_DIRECTORY, TRASH_CAPACITY], [88, 96]);
    assert_eq!([HASH, CHAIN, BEFORE, AFTER, KEY, VALUE, ITEM_PAYLOAD], [8, 16, 24, 32, 40, 48, 56]);
}
