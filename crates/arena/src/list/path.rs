//! From an index down to its leaf.

use super::node::Node;
use super::ring::{self, Ring};
use super::{HEIGHT_MAX, List, ROOT};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::layout::Space;
use crate::memory::Memory;

const LEVELS: usize = HEIGHT_MAX as usize + 1;

/// What a position means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// An item that is there.
    Item,
    /// A place between two, or an end: as many places as items and one more.
    Place,
}

/// The way from the root to a leaf. Large, so it is filled in place: returning it would copy it.
#[derive(Debug)]
pub(super) struct Path {
    pub height: u64,
    /// For each level, where the entry of the node there is.
    entries: [u64; LEVELS],
    /// For each level, the index of the child, or in the leaf of the item or place.
    indices: [u64; LEVELS],
    pub leaf: Node,
}

impl Path {
    #[inline]
    pub fn new() -> Self {
        let leaf = Node { at: 0, level: 0, ring_at: 0, ring: Ring::packed(0, 0) };
        Self { height: 0, entries: [0; LEVELS], indices: [0; LEVELS], leaf }
    }

    #[inline]
    fn note(&mut self, level: u64, entry: u64, index: u64) {
        if let (Some(entries), Some(indices)) =
            (self.entries.get_mut(level as usize), self.indices.get_mut(level as usize))
        {
            (*entries, *indices) = (entry, index);
        }
    }

    /// Where the entry of the node at a level is.
    pub fn entry(&self, level: u64) -> u64 {
        self.entries.get(level as usize).copied().unwrap_or(u64::MAX)
    }

    /// The index in the node at a level.
    pub fn index(&self, level: u64) -> u64 {
        self.indices.get(level as usize).copied().unwrap_or(u64::MAX)
    }

    /// The node at a level.
    pub fn node<M: Memory>(&self, space: &Space<M>, level: u64) -> Result<Node> {
        Node::read(space, self.entry(level), level)
    }

    /// Whether the position is before everything.
    pub fn is_first(&self) -> bool {
        self.indices.iter().take(self.height as usize + 1).all(|&index| index == 0)
    }

    /// Whether the position is a place behind everything.
    pub fn is_last<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        for level in 1..=self.height {
            if self.index(level) + 1 != self.node(space, level)?.ring.count {
                return Ok(false);
            }
        }
        Ok(self.index(0) == self.leaf.ring.count)
    }

    /// Lists the sizes from `level` up to the root, each changed by `difference`.
    #[inline]
    pub fn count<M: Memory>(
        &self,
        space: &Space<M>,
        change: &mut Change,
        level: u64,
        difference: u64,
    ) -> Result<()> {
        if self.height < level {
            return Ok(());
        }
        for &entry in self.entries.iter().take(self.height as usize + 1).skip(level as usize) {
            change.write(entry, ring::size(space.memory.load(entry)?.wrapping_add(difference)));
        }
        Ok(())
    }
}

impl List {
    /// Finds the way to a position. The caller holds the lock.
    #[inline]
    pub(super) fn descend<M: Memory>(
        &self,
        space: &Space<M>,
        position: u64,
        aim: Aim,
        path: &mut Path,
    ) -> Result<()> {
        path.height = self.height(space)?;
        let (mut entry, mut rest) = (self.object.body(ROOT), position);
        for level in (1..=path.height).rev() {
            let node = Node::read(space, entry, level)?;
            let size = ring::size(space.memory.load(entry)?);
            let (index, inside) = choose(space, &node, size, rest, aim)?;
            path.note(level, entry, index);
            (entry, rest) = (node.item_at(index), inside);
        }
        path.note(0, entry, rest);
        path.leaf = Node::read(space, entry, 0)?;
        // An empty list has no leaf: neither cells nor a block.
        let is_none = path.leaf.at == 0 && path.leaf.ring.capacity > 0;
        if is_none || rest >= path.leaf.ring.count + u64::from(aim == Aim::Place) {
            return corrupt("a leaf is shorter than its parent says");
        }
        Ok(())
    }

    /// Where the cell of an item is, and how many items follow it in its leaf; quicker than [`Self::descend`].
    #[inline]
    pub(super) fn find<M: Memory>(&self, space: &Space<M>, index: u64) -> Result<(Node, u64)> {
        let height = self.height(space)?;
        let (mut entry, mut rest) = (self.object.body(ROOT), index);
        for level in (1..=height).rev() {
            let node = Node::read(space, entry, level)?;
            let size = ring::size(space.memory.load(entry)?);
            let (index, inside) = choose(space, &node, size, rest, Aim::Item)?;
            (entry, rest) = (node.item_at(index), inside);
        }
        let leaf = Node::read(space, entry, 0)?;
        if rest >= leaf.ring.count {
            return corrupt("a leaf is shorter than its parent says");
        }
        Ok((leaf, rest))
    }
}

/// The child of `node` in which a position is, and the position there. Counts from the nearer end.
#[inline]
fn choose<M: Memory>(
    space: &Space<M>,
    node: &Node,
    size: u64,
    position: u64,
    aim: Aim,
) -> Result<(u64, u64)> {
    let child = |index| -> Result<u64> { Ok(ring::size(space.memory.load(node.item_at(index))?)) };
    if position <= size / 2 {
        let mut rest = position;
        for index in 0..node.ring.count {
            let below = child(index)?;
            if rest < below || (rest == below && aim == Aim::Place) {
                return Ok((index, rest));
            }
            rest -= below;
        }
    } else if let Some(mut after) = size.checked_sub(position) {
        for index in (0..node.ring.count).rev() {
            let below = child(index)?;
            if after <= below {
                return Ok((index, below - after));
            }
            after -= below;
        }
    }
    corrupt("a node has fewer items than its parent says")
}
