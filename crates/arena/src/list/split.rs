//! Room for more: larger leaves, and two nodes where there was one.
//!
//! Both change nothing that anyone sees. A node that is split keeps its block: its first part stays where it is, the
//! rest is copied to a new node behind it. Splitting at the very end or beginning leaves one item there and does not
//! halve: lists that only grow at an end have full nodes.

use super::limits;
use super::node::{self, LINK, Node};
use super::path::Path;
use super::ring::Ring;
use super::spares::{Need, Room, Spares};
use super::{HEIGHT, HEIGHT_MAX, List, ROOT};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};

/// Cells of the smallest leaf.
pub(super) const LEAF_MIN: u64 = 3;
/// Changes for moving a gap, beyond which a nearly full leaf is split instead.
const STRIDES_MAX: u64 = 8;

impl List {
    /// Sees to it that the leaf of a path has room for `count` values at its place. The caller holds the lock.
    #[inline]
    pub(super) fn room_in_leaf<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        count: u64,
        spares: &mut Spares,
    ) -> Result<Room> {
        let ring = path.leaf.ring;
        let far = STRIDES_MAX.saturating_mul(ring.width());
        if ring.width() >= count && ring.distance(path.index(0)) <= far {
            return Ok(Room::Enough);
        }
        if ring.capacity < limits::leaf() {
            return self.enlarge(space, guard, path, count, spares);
        }
        self.room_above(space, guard, path, 0, spares)
    }

    /// Copies a leaf that is smaller than others to a larger one.
    #[cold]
    pub(super) fn enlarge<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        count: u64,
        spares: &mut Spares,
    ) -> Result<Room> {
        let old = &path.leaf;
        let mut capacity = (old.ring.capacity * 2 + 1).max(LEAF_MIN);
        while capacity < old.ring.count + count {
            capacity = capacity * 2 + 1;
        }
        let need = Need { leaf: capacity.min(limits::leaf()), inner: 0 };
        if !spares.has(need) {
            return Ok(Room::Needs(need));
        }
        let (block, capacity) = spares.take(0)?;
        let new = node::pending(block, 0, Ring::packed(old.ring.count, capacity));
        for index in 0..old.ring.count {
            old.copy(space, old.item_at(index), new.item_at(index))?;
        }
        let mut change = Change::new();
        change.write(old.ring_at, new.ring.word());
        change.write(old.ring_at + LINK, block.at);
        change.turn(block, State::Live);
        if old.at != 0 {
            change.turn(old.block(space)?, State::Free);
        }
        guard.commit(&change)?;
        Ok(Room::More)
    }

    /// Splits the node at `level`, or the lowest one above it whose parent has room for another child.
    #[cold]
    pub(super) fn room_above<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        mut level: u64,
        spares: &mut Spares,
    ) -> Result<Room> {
        while level < path.height && path.node(space, level + 1)?.ring.width() == 0 {
            level += 1;
        }
        let is_root = level == path.height;
        if is_root && level == HEIGHT_MAX {
            return corrupt("a list is too high");
        }
        let leaf = if level == 0 { limits::leaf() } else { 0 };
        let need = Need { leaf, inner: usize::from(level > 0) + usize::from(is_root) };
        if !spares.has(need) {
            return Ok(Room::Needs(need));
        }
        self.split(space, guard, path, level, spares)?;
        Ok(Room::More)
    }

    /// Splits the node at `level` of a path, whose parent has room for another child.
    fn split<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        level: u64,
        spares: &mut Spares,
    ) -> Result<()> {
        let mut whole = path.node(space, level)?;
        let kept = part_to_keep(space, &whole, path)?;
        // What is cut off must be next to the gap.
        let to = whole.ring.gap().max(kept);
        Self::open_gap(space, guard, &mut whole, to)?;
        let (block, capacity) = spares.take(level)?;
        let right = copy_rest(space, &whole, kept, block, capacity)?;
        let sizes = (whole.size_of_first(space, kept)?, right.entry_size(space)?);
        let left = Node { ring: whole.ring.truncated(kept), ..whole };
        let mut change = Change::new();
        change.turn(block, State::Live);
        if is_planted(Bug::SplitBeforeItsHalf) {
            left.write_ring(&mut change, path.entry(level), left.ring, sizes.0);
            guard.commit(&change)?;
            change = Change::new();
        }
        if level == path.height {
            self.add_root(space, &mut change, &left, sizes.0, (sizes.1, block.at), spares)?;
        } else {
            let mut parent = path.node(space, level + 1)?;
            let index = path.index(level + 1);
            Self::open_gap(space, guard, &mut parent, index + 1)?;
            let (slot, ring) = parent.ring.filled(1, true);
            // The left one's entry may have been copied with the gap.
            left.write_ring(&mut change, parent.item_at(index), left.ring, sizes.0);
            change.write(parent.slot_at(slot), sizes.1);
            change.write(parent.slot_at(slot) + LINK, block.at);
            change.write(parent.ring_at, ring.word());
        }
        guard.commit(&change)
    }

    /// Lists a new root above the old one, whose first part `left` is, and its other part.
    fn add_root<M: Memory>(
        &self,
        space: &Space<M>,
        change: &mut Change,
        left: &Node,
        left_size: u64,
        right: (u64, u64),
        spares: &mut Spares,
    ) -> Result<()> {
        let (block, capacity) = spares.take(1)?;
        let root = node::pending(block, left.level + 1, Ring::packed(2, capacity));
        let left_entry = if left.level == 0 { left.ring.word() } else { left_size };
        for (index, (size, link)) in [(0, (left_entry, left.at)), (1, right)] {
            space.memory.store(root.item_at(index), size)?;
            space.memory.store(root.item_at(index) + LINK, link)?;
        }
        space.memory.store(root.ring_at, root.ring.word())?;
        if left.level > 0 {
            change.write(left.ring_at, left.ring.word());
        }
        let size = super::ring::size(left_size.wrapping_add(super::ring::size(right.0)));
        change.write(self.object.body(ROOT), size);
        change.write(self.object.body(ROOT) + LINK, block.at);
        change.write(self.object.body(HEIGHT), root.level);
        change.turn(block, State::Live);
        Ok(())
    }
}

/// A new node in a pending block, with what follows the first `kept` items of another.
fn copy_rest<M: Memory>(
    space: &Space<M>,
    whole: &Node,
    kept: u64,
    block: Block,
    capacity: u64,
) -> Result<Node> {
    let ring = Ring::packed(whole.ring.count - kept, capacity);
    let right = node::pending(block, whole.level, ring);
    for index in 0..right.ring.count {
        whole.copy(space, whole.item_at(kept + index), right.item_at(index))?;
    }
    if right.level > 0 {
        space.memory.store(right.ring_at, right.ring.word())?;
    }
    Ok(right)
}

/// How many items stay in a node that is split.
fn part_to_keep<M: Memory>(space: &Space<M>, node: &Node, path: &Path) -> Result<u64> {
    let (count, gap) = (node.ring.count, node.ring.gap());
    if count < 2 {
        return corrupt("a node without items is full");
    }
    if path.is_first() {
        return Ok(1);
    }
    if path.is_last(space)? {
        return Ok(count - 1);
    }
    // Where the last insertions were, more will be.
    Ok(if (count / 4..=count - count / 4).contains(&gap) { gap.max(1) } else { count / 2 })
}
