//! Nodes, and the entries that name them.
//!
//! | node | words |
//! | --- | --- |
//! | leaf | header, cells |
//! | inner node | header, ring of the children, entries of two words: size and link |
//!
//! The size in a leaf's entry is the leaf's ring. The root's entry is in the body.

use super::ring::{self, Ring};
use super::{List, limits};
use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;

/// Where a leaf's cells begin; where an inner node's ring and entries do.
const CELLS: u64 = 8;
const CHILDREN_RING: u64 = 8;
const ENTRIES: u64 = 16;
/// Words of an entry, and its bytes.
pub(super) const LINK: u64 = 8;
const ENTRY_BYTES: u64 = 16;
/// What an inner node needs behind its header.
#[cfg(test)]
pub(super) const INNER_PAYLOAD_MAX: u64 = 8 + 31 * ENTRY_BYTES;

/// A node that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub at: u64,
    pub level: u64,
    /// Where the word of `ring` is.
    pub ring_at: u64,
    pub ring: Ring,
}

impl Node {
    /// The node that the entry at `entry` names.
    #[inline]
    pub fn read<M: Memory>(space: &Space<M>, entry: u64, level: u64) -> Result<Self> {
        let at = link(space, entry)?;
        let ring_at = if level == 0 { entry } else { at + CHILDREN_RING };
        let ring = Ring::from_word(space.memory.load(ring_at)?, limits::full(level))?;
        Ok(Self { at, level, ring_at, ring })
    }

    /// Where a slot begins.
    #[inline]
    pub fn slot_at(&self, slot: u64) -> u64 {
        if self.level == 0 {
            self.at + CELLS + slot * 8
        } else {
            self.at + ENTRIES + slot * ENTRY_BYTES
        }
    }

    /// Where an item or an entry is.
    #[inline]
    pub fn item_at(&self, index: u64) -> u64 {
        self.slot_at(self.ring.slot(index))
    }

    /// Copies a slot's words to another place.
    #[inline]
    pub fn copy<M: Memory>(&self, space: &Space<M>, from: u64, to: u64) -> Result<()> {
        space.memory.store(to, space.memory.load(from)?)?;
        if self.level > 0 {
            space.memory.store(to + LINK, space.memory.load(from + LINK)?)?;
        }
        Ok(())
    }

    /// The block, which must be live.
    pub fn block<M: Memory>(&self, space: &Space<M>) -> Result<Block> {
        let header = Header(space.memory.load(self.at)?);
        if !header.is(State::Live) {
            return corrupt("a node is not live");
        }
        Ok(Block { at: self.at, header })
    }

    /// How many items the first `count` of its items, or of its children, hold.
    pub fn size_of_first<M: Memory>(&self, space: &Space<M>, count: u64) -> Result<u64> {
        if self.level == 0 {
            return Ok(count);
        }
        let mut sum = 0u64;
        for index in 0..count {
            sum = sum.wrapping_add(ring::size(space.memory.load(self.item_at(index))?));
        }
        Ok(sum)
    }

    /// The size in the node's entry.
    pub fn entry_size<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        if self.level == 0 {
            return Ok(self.ring.word());
        }
        self.size_of_first(space, self.ring.count)
    }

    /// Lists the words that say that the node, whose entry is at `entry`, has the ring `ring` and `size` items.
    pub fn write_ring(&self, change: &mut Change, entry: u64, ring: Ring, size: u64) {
        if self.level == 0 {
            change.write(entry, ring.word());
        } else {
            change.write(self.ring_at, ring.word());
            change.write(entry, size);
        }
    }
}

/// The link of an entry, checked, so that small numbers can be added to it.
#[inline]
pub(super) fn link<M: Memory>(space: &Space<M>, entry: u64) -> Result<u64> {
    let at = space.memory.load(entry.wrapping_add(LINK))?;
    if at >= space.memory.bytes() { corrupt("a link leaves the arena") } else { Ok(at) }
}

/// A pending node: its slots hold anything.
pub(super) fn allocate<M: Memory>(heap: &Heap<M>, level: u64, capacity: u64) -> Result<Block> {
    heap.allocate(if level == 0 { capacity * 8 } else { 8 + capacity * ENTRY_BYTES })
}

/// A node in a pending block, which no entry names yet.
pub(super) fn pending(block: Block, level: u64, ring: Ring) -> Node {
    let ring_at = if level == 0 { 0 } else { block.at + CHILDREN_RING };
    Node { at: block.at, level, ring_at, ring }
}

impl List {
    /// The node at the root of the list.
    #[inline]
    pub(super) fn root<M: Memory>(&self, space: &Space<M>) -> Result<Node> {
        Node::read(space, self.object.body(super::ROOT), self.height(space)?)
    }
}
