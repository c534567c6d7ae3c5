//! A sequence of values, shared between processes.
//!
//! # Theory of operation
//!
//! A **counted B+tree**: the leaves hold the values' cells, an inner node holds an *entry* for each child, which says
//! how many items are below it and where it is. An index is found by adding up sizes from the root down. The object's
//! body holds the root's entry; a list of at most [`limits::leaf`] items is a single leaf, which begins with three
//! cells and grows by being copied.
//!
//! The cells of a leaf (and the entries of an inner node) are a [`ring::Ring`] with one **gap**, as in a text editor:
//! a place of free cells that moves to wherever something is to be inserted or removed. Cells are copied into the gap,
//! where nobody sees them, and then one word, the ring, says where the gap is now. So nodes change in place: no copy
//! is made, inserting needs memory only when a node is full, and removing never does. The ring of a leaf is kept in its
//! parent's entry and is also its size: appending is the cell, and then a change of one word for each level.
//!
//! A full node is split, and one that has become small merged with its neighbour, in changes of their own that alter
//! nothing visible. A list that died between such steps is in order, only less balanced: nodes may be nearly empty.
//!
//! Reading takes no lock: it is valid if the object's intent word was quiet and the same before and after. Therefore
//! every visible change is announced there, also that of a single cell: the intent word is the list's **version**, and
//! whoever read a list at some version knows that it is the same as long as the version is.
//!
//! What is too long for one change is built **aside** ([`aside`]): a second list that only this process holds, whose
//! contents are then taken over in one change. `clear` moves the tree to a second root, the *trash*, in one change, and
//! frees it in short steps.

use crate::change::is_quiet;
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::object::{self, Handle, Object, ObjectKind};

mod aside;
#[cfg(test)]
mod check;
mod drain;
mod ends;
mod extend;
mod gap;
mod index;
mod insert;
mod join;
#[cfg(test)]
pub(crate) mod kills;
mod limits;
mod merge;
mod node;
mod path;
mod read;
mod remove;
mod ring;
mod spares;
mod splice;
mod split;
#[cfg(test)]
mod tests;
mod write;

#[cfg(test)]
pub(crate) use check::check;
pub(crate) use drain::drain;
pub use ends::End;
pub(crate) use ends::{Owner, Taken};
pub use index::Index;
#[cfg(test)]
pub(crate) use limits::with_small_nodes;
pub(crate) use spares::Spares;
pub use splice::Part;
#[cfg(test)]
pub(crate) use splice::tests::splicing_survives;

/// Words of the object's body: the root's entry (size and link) and level, 0 for a leaf.
const ROOT: u64 = 0;
const HEIGHT: u64 = 16;
/// 1 if the values belong to another list (see [`aside`]).
const SHELL: u64 = 24;
/// The entry and level of what is being freed.
const TRASH: u64 = 32;
const TRASH_HEIGHT: u64 = 48;

/// The highest level that a node can have. With the least filling that merging leaves, 10 are never reached.
const HEIGHT_MAX: u64 = 10;

/// A list of an arena. Copying it holds nothing: see [`Heap::hold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    object: Object,
}

impl List {
    /// Makes an empty list that this process holds.
    pub fn create<M: Memory>(heap: &Heap<M>) -> Result<Self> {
        Ok(Self { object: heap.create_object(ObjectKind::List)? })
    }

    /// The list that a handle names. Whether it still lives is seen by each operation.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self { object: object::open(heap, handle, ObjectKind::List)? })
    }

    /// The items of an object whose first words are those of a list.
    pub(crate) fn within(object: Object) -> Self {
        Self { object }
    }

    /// What names this list in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// How many items there are.
    #[inline]
    pub fn len<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        let length = self.length(&heap.space)?;
        if heap.space.memory.load(self.object.at)? != self.object.live.0 {
            return Err(Failure::ObjectGone);
        }
        Ok(length)
    }

    /// Grows with every change: what was read at this version is still there while it stays the same.
    pub fn version<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        let memory = &heap.space.memory;
        let intent = memory.load(self.object.at + lockable::INTENT)?;
        if memory.load(self.object.at)? != self.object.live.0 {
            return Err(Failure::ObjectGone);
        }
        if is_quiet(intent) {
            return Ok(version_of(intent));
        }
        let _guard = heap.begin(self.object)?;
        self.locked_version(&heap.space)
    }

    /// The version, for one who holds the lock.
    pub(crate) fn locked_version<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        Ok(version_of(space.memory.load(self.object.at + lockable::INTENT)?))
    }

    /// The same, for one who holds the lock, or validates afterwards.
    #[inline]
    pub(crate) fn length<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        Ok(ring::size(space.memory.load(self.object.body(ROOT))?))
    }

    /// The level of the root.
    #[inline]
    fn height<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        let height = space.memory.load(self.object.body(HEIGHT))?;
        if height > HEIGHT_MAX { corrupt("a list is too high") } else { Ok(height) }
    }
}

/// The version in an intent word.
#[inline]
fn version_of(intent: u64) -> u64 {
    intent >> 8
}

#[test]
fn the_words_of_version_1_do_not_move() {
    assert_eq!([ROOT, HEIGHT, SHELL, TRASH, TRASH_HEIGHT], [0, 16, 24, 32, 48]);
    assert_eq!((limits::leaf(), limits::fan()), (63, 31));
    assert_eq!(node::INNER_PAYLOAD_MAX, 504);
}
