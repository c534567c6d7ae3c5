//! What must hold of a list at rest (for tests).

use super::node::{LINK, Node};
use super::ring;
use super::{HEIGHT, HEIGHT_MAX, List, ROOT, SHELL, TRASH, TRASH_HEIGHT};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::value::{self, Cell};

/// Checks the structure, and reports every block that the list links.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    let list = List { object };
    let word = |word| found(space.memory.load(object.body(word)), "a list");
    let is_shell = word(SHELL)? != 0;
    for (entry, height, has_sizes) in [(ROOT, HEIGHT, true), (TRASH, TRASH_HEIGHT, false)] {
        let (size, link, height) = (word(entry)?, word(entry + LINK)?, word(height)?);
        if link == 0 && (size, height) != (0, 0) {
            return Err(format!("a list without nodes has the size {size:#x}, height {height}"));
        }
        if link == 0 {
            continue;
        }
        if height > HEIGHT_MAX || (height > 0 && size != ring::size(size)) {
            return Err(format!("a list has the height {height} and the size {size:#x}"));
        }
        let walk = Walk { space, is_shell, has_sizes };
        let counted = walk.node(list.object.body(entry), height, audit)?;
        if has_sizes && counted != ring::size(size) {
            return Err(format!("a list of {} items holds {counted}", ring::size(size)));
        }
    }
    Ok(())
}

struct Walk<'s, M> {
    space: &'s Space<M>,
    is_shell: bool,
    has_sizes: bool,
}

impl<M: Memory> Walk<'_, M> {
    /// Checks the node of an entry and everything below it; returns how many items there are.
    fn node(&self, entry: u64, level: u64, audit: &mut Audit) -> Finding<u64> {
        let node = found(Node::read(self.space, entry, level), "a node")?;
        audit.reach(self.space, node.at, "a node")?;
        let room = found(value::room(self.space, node.at), "a node")?;
        if node.slot_at(node.ring.capacity) > node.at + room {
            return Err(format!("the node at {} is larger than its block", node.at));
        }
        let mut sum = 0;
        for index in 0..node.ring.count {
            let at = node.item_at(index);
            if level > 0 {
                let counted = self.node(at, level - 1, audit)?;
                let size = ring::size(found(self.space.memory.load(at), "an entry")?);
                if self.has_sizes && counted != size {
                    return Err(format!("an entry of {size} items holds {counted}"));
                }
                sum += counted;
            } else {
                sum += 1;
                let cell = Cell(found(self.space.memory.load(at), "a cell")?);
                if !self.is_shell {
                    audit.reach_value(self.space, cell)?;
                }
            }
        }
        Ok(sum)
    }
}
