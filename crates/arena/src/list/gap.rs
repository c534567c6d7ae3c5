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

impl List {
    /// Moves a node's gap to the place `to`. Some strides are committed, the last one is not. Returns whether there
    /// was one: then the slots of the gap may still be in use.
    #[inline]
    pub(super) fn open_gap<M: Memory>(
        space: &Space<M>,
        guard: &Guard<'_, M>,
        node: &mut Node,
        to: u64,
    ) -> Result<bool> {
        if node.ring.distance(to) == 0 {
            node.ring = node.ring.said_at(to);
            return Ok(false);
        }
        move_gap(space, guard, node, to)?;
        Ok(true)
    }

    /// Moves a node's gap to the place `to`, commits that, and so has a gap to write to.
    #[inline]
    pub(super) fn settle_gap<M: Memory>(
        space: &Space<M>,
        guard: &Guard<'_, M>,
        node: &mut Node,
        to: u64,
    ) -> Result<()> {
        if Self::open_gap(space, guard, node, to)? { commit_ring(guard, node) } else { Ok(()) }
    }
}

#[inline(never)]
fn move_gap<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    node: &mut Node,
    to: u64,
) -> Result<()> {
    let mut is_first = true;
    while node.ring.distance(to) > 0 {
        if !is_first {
            commit_ring(guard, node)?;
        }
        is_first = false;
        let width = if is_planted(Bug::GapInOneStride) { u64::MAX } else { node.ring.width() };
        let (moves, next) = node.ring.stride(to, width);
        let slot = |slot| node.slot_at(next.wrap(slot));
        for step in 0..moves.count {
            node.copy(space, slot(moves.from + step), slot(moves.to + step))?;
        }
        node.ring = next;
    }
    node.ring = node.ring.said_at(to);
    Ok(())
}

fn commit_ring<M: Memory>(guard: &Guard<'_, M>, node: &Node) -> Result<()> {
    let mut change = Change::new();
    change.write(node.ring_at, node.ring.word());
    guard.commit(&change)
}
