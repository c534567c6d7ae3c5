//! Moving a node's gap to where something is to be inserted or removed.
//!
//! The gap may be narrower than its way is long: then it goes in strides, each a change of one word that alters
//! nothing visible. The last stride is left to the caller's own change: until that, the copies are in slots that
//! the committed ring calls free, but the slots that the *new* ring calls free are still in use.

use super::List;
use super::node::Node;
use crate::change::Change;
use crate::failure::Result;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};

/// A node whose gap is where it should be.
pub(super) struct Opened {
    pub node: Node,
    /// The ring is not committed yet: the slots of the gap may be in use.
    pub moved: bool,
}

impl List {
    /// Moves a node's gap to the place `to`. Some strides are committed, the last one is not.
    #[inline]
    pub(super) fn open_gap<M: Memory>(
        space: &Space<M>,
        guard: &Guard<'_, M>,
        mut node: Node,
        to: u64,
    ) -> Result<Opened> {
        let mut moved = false;
        loop {
            let width = node.ring.width();
            let most = if is_planted(Bug::GapInOneStride) { u64::MAX } else { width };
            let (moves, next) = node.ring.stride(to, most);
            if moves.count == 0 {
                node.ring = next;
                return Ok(Opened { node, moved });
            }
            if moved {
                commit_ring(guard, &node)?;
            }
            let slot = |slot| node.slot_at(next.wrap(slot));
            for step in 0..moves.count {
                node.copy(space, slot(moves.from + step), slot(moves.to + step))?;
            }
            node.ring = next;
            moved = true;
        }
    }

    /// Moves a node's gap to the place `to`, commits that, and so has a gap to write to.
    pub(super) fn settle_gap<M: Memory>(
        space: &Space<M>,
        guard: &Guard<'_, M>,
        node: Node,
        to: u64,
    ) -> Result<Node> {
        let Opened { node, moved } = Self::open_gap(space, guard, node, to)?;
        if moved {
            commit_ring(guard, &node)?;
        }
        Ok(node)
    }
}

fn commit_ring<M: Memory>(guard: &Guard<'_, M>, node: &Node) -> Result<()> {
    let mut change = Change::new();
    change.write(node.ring_at, node.ring.word());
    guard.commit(&change)
}
