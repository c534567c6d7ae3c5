//! What must hold of a barrier at rest (for tests).

use super::meeting::generation_of;
use super::{Barrier, COUNT, PARTIES};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::wait::line::check_line;

/// Checks the line: as many have come as wait, and the others know how their meeting ended.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    let barrier = Barrier { object };
    check_line(space, barrier.line(), audit)?;
    let now = found(barrier.generation(space), "a barrier")?;
    let mut waiting = 0;
    for node in found(barrier.line().nodes(space), "a line")? {
        let is_over = found(generation_of(space, &node), "a node")? != now;
        if found(node.standing(space), "a node")?.is_told() != is_over {
            return Err(format!("the node at {} was told something wrong: {is_over}", node.at));
        }
        waiting += u64::from(!is_over);
    }
    let count = found(barrier.word(space, COUNT), "a barrier")?;
    let parties = found(barrier.word(space, PARTIES), "a barrier")?;
    if count != waiting || (count >= parties && parties > 0) {
        return Err(format!("{waiting} wait at a barrier for {parties}, and {count} have come"));
    }
    Ok(())
}
