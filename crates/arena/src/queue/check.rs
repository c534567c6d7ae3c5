//! What must hold of a queue at rest (for tests).

use super::{LINES, Queue};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::list;
use crate::memory::Memory;
use crate::object::Object;
use crate::wait::Line;
use crate::wait::line::check_line;

/// Checks the items, the counts and the lines.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    list::check(space, object, audit)?;
    for word in LINES {
        check_line(space, Line::of(object, word), audit)?;
    }
    found(Queue::within(space, object).and_then(|queue| queue.counts_in(space)), "a queue")
        .map(|_| ())
}
