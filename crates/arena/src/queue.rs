//! Items that some put and others take, each of which is taken once.
//!
//! # Theory of operation
//!
//! A queue *is* a list, by its words, with some more behind them. So its items are put and taken by the list's
//! crash-proof operations; what a queue counts changes in the same [`Change`] as the items, under the same lock
//! ([`crate::list::Owner`]). A process that is killed has put an item, counted, or has not; an item that it had taken
//! is freed with what else it had allocated.
//!
//! | offset in the body | word |
//! | ---: | --- |
//! | 0 | the list's |
//! | 56 | how many items there may be; no limit if that is not positive |
//! | 64 | unfinished: items that were put, and of which nobody has said that they are done |
//! | 72 | 1 once closed |
//! | 80, 96, 112 | the lines of those who wait to take, to put, and until nothing is unfinished: first and last |
//!
//! Nothing here waits: [`lines`] has the steps of which a wait consists ([`crate::wait`]). Whether there is something to take, or room, is seen first without the lock, as long as nobody
//! is in the middle of a change: who waits would disturb the others otherwise.

use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::list::List;
use crate::memory::Memory;
use crate::object::{self, Handle, Object, ObjectKind};
use crate::value::Loaded;

#[cfg(test)]
mod check;
mod finish;
#[cfg(test)]
pub(crate) mod kills;
mod lines;
mod put;
mod take;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use check::check;
pub use lines::Wait;
pub(crate) use lines::{drain, end};
pub use put::{Parcel, Put};
pub use take::Got;

/// Words of the object's body, behind the list's.
const MAXSIZE: u64 = 56;
const UNFINISHED: u64 = 64;
const CLOSED: u64 = 72;
const GETTERS: u64 = 80;
const PUTTERS: u64 = 96;
const JOINERS: u64 = 112;
pub(crate) const LINES: [u64; 3] = [GETTERS, PUTTERS, JOINERS];

/// A queue of an arena. Copying it holds nothing: see [`Heap::hold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    object: Object,
    /// Whether there may be no room, which is settled when it is made.
    is_bounded: bool,
}

/// What a queue counts, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Items in it.
    pub length: u64,
    /// Items that were put and are not done.
    pub unfinished: u64,
    /// Whether it is closed.
    pub is_closed: bool,
}

impl Queue {
    /// Makes an empty queue that this process holds, for at most `maxsize` items, or any number if that is not positive.
    pub fn create<M: Memory>(heap: &Heap<M>, maxsize: i64) -> Result<Self> {
        let object = heap.create_object(ObjectKind::Queue)?;
        let _guard = heap.lock(object)?;
        heap.space.memory.store(object.body(MAXSIZE), maxsize.cast_unsigned())?;
        Ok(Self { object, is_bounded: maxsize > 0 })
    }

    /// The queue that a handle names. Whether it still lives is seen by each operation.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Self::within(&heap.space, object::open(heap, handle, ObjectKind::Queue)?)
    }

    /// The queue that an object is.
    fn within<M: Memory>(space: &Space<M>, object: Object) -> Result<Self> {
        let maxsize = space.memory.load(object.body(MAXSIZE))?.cast_signed();
        Ok(Self { object, is_bounded: maxsize > 0 })
    }

    /// What names this queue in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// How many items there are.
    pub fn len<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.list().len(heap)
    }

    /// How many items there may be; no limit if that is not positive.
    pub fn maxsize<M: Memory>(&self, heap: &Heap<M>) -> Result<i64> {
        Ok(heap.space.memory.load(self.object.body(MAXSIZE))?.cast_signed())
    }

    /// Grows with every change: see [`List::version`].
    pub fn version<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.list().version(heap)
    }

    /// The item `index`, which stays in the queue; `None` if there are not so many.
    pub fn peek<M: Memory>(&self, heap: &Heap<M>, index: u64) -> Result<Option<Loaded>> {
        self.list().get(heap, index)
    }

    /// What it counts.
    pub fn counts<M: Memory>(&self, heap: &Heap<M>) -> Result<Counts> {
        self.list().look(heap, &mut 0, |space| self.counts_in(space))
    }

    /// The items, whose words these are.
    #[inline]
    pub(crate) fn list(&self) -> List {
        List::within(self.object)
    }

    /// The same, for one who holds the lock, or validates afterwards.
    #[inline]
    fn counts_in<M: Memory>(&self, space: &Space<M>) -> Result<Counts> {
        let word = |word| space.memory.load(self.object.body(word));
        let is_closed = match word(CLOSED)? {
            0 => false,
            1 => true,
            _ => return corrupt("a queue is neither open nor closed"),
        };
        Ok(Counts { length: self.list().length(space)?, unfinished: word(UNFINISHED)?, is_closed })
    }

    /// How many more of `wanted` items may be put to `length`.
    #[inline]
    fn room_in<M: Memory>(&self, space: &Space<M>, length: u64, wanted: u64) -> Result<u64> {
        let maxsize = space.memory.load(self.object.body(MAXSIZE))?.cast_signed();
        let most = u64::try_from(maxsize).ok().filter(|&most| most > 0).unwrap_or(u64::MAX);
        Ok(most.saturating_sub(length).min(wanted))
    }
}

#[test]
fn the_words_of_version_3_do_not_move() {
    use crate::layout::lockable;
    assert_eq!([MAXSIZE, UNFINISHED, CLOSED, GETTERS, PUTTERS, JOINERS], [56, 64, 72, 80, 96, 112]);
    assert_eq!(lockable::BODY + JOINERS + 16, lockable::LOG);
}
