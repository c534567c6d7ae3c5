//! Fewer nodes: merging neighbours that have become small, and removing what is empty.
//!
//! Needs no memory, so that removing never fails for want of it. Like splitting, it alters nothing visible, and
//! may be left undone by a death: a node that is too small, or empty, does no harm.

use super::node::{LINK, Node};
use super::path::Path;
use super::{HEIGHT, List, ROOT, limits};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;

/// Whether a node with `count` items or children should be merged.
#[inline]
pub(super) fn is_sparse(count: u64, level: u64) -> bool {
    count <= limits::full(level) / 4
}

impl List {
    /// After something was removed: merges the nodes of a path that have become small. The caller holds the lock.
    #[cold]
    pub(super) fn tidy<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
    ) -> Result<()> {
        for level in 0..path.height {
            let node = path.node(space, level)?;
            let parent = path.node(space, level + 1)?;
            if !is_sparse(node.ring.count, level) {
                break;
            }
            let index = path.index(level + 1);
            if node.ring.count == 0 {
                self.remove_empty(space, guard, parent, index, &node)?;
            } else if !self.merge(space, guard, parent, index, &node)? {
                break;
            }
        }
        self.lower_root(space, guard)
    }

    /// Removes a node without items or children from its parent.
    fn remove_empty<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        mut parent: Node,
        index: u64,
        node: &Node,
    ) -> Result<()> {
        Self::open_gap(space, guard, &mut parent, index)?;
        let mut change = Change::new();
        change.write(parent.ring_at, parent.ring.without(index).word());
        change.turn(node.block(space)?, State::Free);
        guard.commit(&change)
    }

    /// Merges the child `index` of a node with a neighbour, if one is small enough. Returns whether one was.
    fn merge<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        parent: Node,
        index: u64,
        node: &Node,
    ) -> Result<bool> {
        for neighbour in [index.wrapping_sub(1), index + 1] {
            if neighbour >= parent.ring.count {
                continue;
            }
            let other = Node::read(space, parent.item_at(neighbour), node.level)?;
            let sum = node.ring.count + other.ring.count;
            if sum > limits::full(node.level) * 3 / 4 {
                continue;
            }
            let (from, to) = if node.ring.count < other.ring.count {
                ((index, node), (neighbour, &other))
            } else {
                ((neighbour, &other), (index, node))
            };
            if to.1.ring.capacity >= sum {
                self.pour(space, guard, parent, from, to)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the contents of one child to its neighbour, and removes it.
    fn pour<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        mut parent: Node,
        (from_index, from): (u64, &Node),
        (to_index, to): (u64, &Node),
    ) -> Result<()> {
        let is_after = from_index > to_index;
        let place = if is_after { to.ring.count } else { 0 };
        let mut to = *to;
        Self::settle_gap(space, guard, &mut to, place)?;
        let ring = copy_into_gap(space, from, &to, is_after)?;
        let size = to
            .size_of_first(space, to.ring.count)?
            .wrapping_add(from.size_of_first(space, from.ring.count)?);
        Self::open_gap(space, guard, &mut parent, from_index)?;
        let mut change = Change::new();
        // Its entry may have been copied with the gap.
        to.write_ring(&mut change, parent.item_at(to_index), ring, size);
        change.write(parent.ring_at, parent.ring.without(from_index).word());
        change.turn(from.block(space)?, State::Free);
        guard.commit(&change)
    }

    /// Removes roots that have a single child, and the tree if it holds nothing.
    fn lower_root<M: Memory>(&self, space: &Space<M>, guard: &Guard<'_, M>) -> Result<()> {
        for _ in 0..self.height(space)? {
            let root = self.root(space)?;
            let mut change = Change::new();
            let (size, link) = match root.ring.count {
                0 => (0, 0),
                1 => {
                    let entry = root.item_at(0);
                    (space.memory.load(entry)?, space.memory.load(entry + LINK)?)
                }
                _ => return Ok(()),
            };
            let height = if link == 0 { 0 } else { root.level - 1 };
            change.write(self.object.body(ROOT), size);
            change.write(self.object.body(ROOT) + LINK, link);
            change.write(self.object.body(HEIGHT), height);
            change.turn(root.block(space)?, State::Free);
            guard.commit(&change)?;
            if height == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Copies everything of one node to the gap of another, at its end or front, where nobody sees it. Returns the
/// ring that the other has with it.
pub(super) fn copy_into_gap<M: Memory>(
    space: &Space<M>,
    from: &Node,
    to: &Node,
    at_end: bool,
) -> Result<super::ring::Ring> {
    let (first, ring) = to.ring.filled(from.ring.count, at_end);
    for index in 0..from.ring.count {
        let slot = to.ring.wrap(first + index);
        from.copy(space, from.item_at(index), to.slot_at(slot))?;
    }
    Ok(ring)
}
