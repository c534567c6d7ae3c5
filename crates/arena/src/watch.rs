//! Watching a container: waiting until something in it changes.
//!
//! # Theory of operation
//!
//! Who watches stands in a line that every object has, and looks at the container itself after it has come there.
//! Whoever changes the container then tells everybody in the line, before it leaves the lock, and wakes those who
//! sleep, after it has. A thread that was told stays in the line: it is armed again, by [`Watch::wait`], before it
//! looks at the container once more. So no change is missed, and whether one matters is the watcher's business.
//!
//! As long as the line is not empty, the lock word of the object, when nobody holds it, is [`WATCHED`] instead of 0: the
//! exchange that takes a free lock fails, and the long way notes that there is somebody to be told. Where nobody
//! watches, this costs nothing.
//!
//! Somebody may die:
//!
//! * **Whoever changes the container**, before it has told all. Then it dies holding the lock, which says so; the next
//!   one that takes it, a sweeper if nobody else, tells everybody, whether there was a change or not. Who watches takes
//!   such a lock too, when it looks after [`crate::wait::RECHECK_NS`]. If it dies between leaving the lock and waking
//!   them, everybody has been told, and looks after that time.
//! * **Whoever watches.** Nothing was given to it. Its node is taken out by the sweeper, or by whoever tells it twice.

#[cfg(test)]
pub(crate) mod kills;

use crate::block::Header;
use crate::change::{self, Change};
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::{ALLOCATOR, Space, lockable};
use crate::life::LifeId;
use crate::lock::Guard;
use crate::memory::{Memory, Shared};
use crate::mutation::{Bug, is_planted};
use crate::mutex::drop_line;
use crate::object::{self, Handle, KIND, Object, ObjectKind};
use crate::robust::OWNER_DIED;
use crate::wait::line::{has_ended, prune};
use crate::wait::node::Standing;
use crate::wait::sleep::{Ended, Patience, await_over};
use crate::wait::{End, Line, Look, Ticket};

#[cfg(test)]
use crate::lock::WATCHED;

/// Somebody who watches a container. It must be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    object: Object,
    ticket: Ticket,
}

/// The line of those who watch an object, if it is of a kind that can be watched.
pub(crate) fn line_of(kind: ObjectKind, object: Object) -> Option<Line> {
    let is_container = matches!(
        kind,
        ObjectKind::Dict | ObjectKind::Set | ObjectKind::Variable | ObjectKind::List
    );
    is_container.then(|| Line::watching(object.at))
}

impl Watch {
    /// Begins to watch a container: of what changes from now on, [`Self::wait`] tells.
    pub fn begin<M: Memory>(heap: &Heap<M>, handle: Handle, me: LifeId) -> Result<Self> {
        let object = object::resolve(&heap.space, handle)?;
        if Header(heap.space.memory.load(object.at)?) != object.live {
            return Err(Failure::ObjectGone);
        }
        let kind = ObjectKind::from_word(heap.space.memory.load(object.at + KIND)?)?;
        let line = line_of(kind, object).ok_or(Failure::WrongType)?;
        let ticket = Ticket::new(heap, me, 0)?;
        let watch = Self { object, ticket };
        if let Err(failure) = watch.stand(heap, line) {
            ticket.free(heap)?;
            return Err(failure);
        }
        Ok(watch)
    }

    fn stand<M: Memory>(&self, heap: &Heap<M>, line: Line) -> Result<()> {
        let guard = heap.begin(self.object)?;
        let mut change = Change::new();
        line.put(&heap.space, &mut change, self.ticket)?;
        guard.commit_watching(&change)
    }

    /// Whether there was a change since it began, or was armed last.
    pub fn look<M: Memory>(&self, heap: &Heap<M>) -> Result<Look<()>> {
        let space = &heap.space;
        if self.ticket.is_gone(space)? {
            return Ok(Look::Over(()));
        }
        if space.memory.load(self.object.at + lockable::LOCK)? & u64::from(OWNER_DIED) != 0 {
            drop(heap.begin(self.object)?); // It may have died before it told us.
        }
        Ok(if self.ticket.standing(space)?.is_told() { Look::Over(()) } else { Look::Behind(None) })
    }

    /// From now on, it waits for another change.
    pub fn arm<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        let _guard = heap.begin(self.object)?;
        if !self.ticket.is_in_line(&heap.space)? {
            return Err(Failure::ObjectGone); // As good as: a deputy that has ended watches nothing.
        }
        self.ticket.rearm(&heap.space)
    }

    /// Waits for a change since it began, or since the last wait that was over. What changes after this one is over
    /// ends the next.
    pub fn wait(&self, heap: &Heap<Shared>, patience: &mut impl Patience) -> Result<Ended<()>> {
        let ended = await_over(heap, self.ticket, patience, || self.look(heap))?;
        if let Ended::Over(()) = ended {
            self.arm(heap)?;
        }
        Ok(ended)
    }

    /// Watches no longer.
    pub fn end<M: Memory>(self, heap: &Heap<M>) -> Result<()> {
        match self.step_out(heap) {
            Ok(()) | Err(Failure::ObjectGone) => self.ticket.free(heap),
            other => other,
        }
    }

    fn step_out<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        let space = &heap.space;
        let guard = heap.lock(self.object)?;
        if !self.ticket.is_in_line(space)? {
            return Ok(());
        }
        let mut change = Change::new();
        let node = self.ticket.node(space)?;
        Line::watching(self.object.at).take(space, &mut change, &node, false)?;
        guard.commit_watching(&change)
    }
}

/// Tells those who watch the object at `at`, if something has changed; the caller holds its lock. Returns whether
/// somebody watches still, and whom to wake.
pub(crate) fn tell<M: Memory>(
    space: &Space<M>,
    at: u64,
    is_changed: bool,
) -> Result<(bool, Vec<u64>)> {
    let mut wakes = Vec::new();
    if at == ALLOCATOR {
        return Ok((false, wakes));
    }
    let line = Line::watching(at);
    let (mut found, mut before) = (line.first(space)?, 0);
    while let (true, Some(node)) = (is_changed, found) {
        if node.before(space)? != before {
            return corrupt("a line is no line");
        }
        found = line.behind(space, &node)?;
        if !node.standing(space)?.is_told() {
            if node.tell(space, Standing::Notified)? {
                wakes.push(node.at);
            }
        } else if has_ended(space, &node, None)? {
            let mut change = Change::new();
            line.take(space, &mut change, &node, true)?;
            change::commit(space, at, &change)?;
            continue;
        }
        before = node.at;
    }
    let is_watched = !line.is_empty(space)? && !is_planted(Bug::ToldAndUnwatched);
    Ok((is_watched, wakes))
}

/// Takes whoever has ended out of the line of a container.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    let (space, line) = (&heap.space, Line::watching(object.at));
    if matches!(end, End::InOrder(_)) || line.is_empty(space)? {
        return Ok(()); // Who ends in good order waits no more.
    }
    let guard = heap.lock(object)?;
    prune(space, &guard, line, end.victim()).map(|_| ())
}

/// Takes everybody out of the line of an object that goes. They find that out when they look.
pub(crate) fn drop_all<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    object: Object,
) -> Result<()> {
    while drop_line(space, guard, Line::watching(object.at))? {}
    Ok(())
}

/// What must hold of those who watch an object at rest (for tests).
#[cfg(test)]
pub(crate) fn check<M: Memory>(
    space: &Space<M>,
    object: Object,
    audit: &mut crate::audit::Audit,
) -> crate::audit::Finding<()> {
    let watchers = crate::wait::line::check_line(space, Line::watching(object.at), audit)?;
    let lock = crate::audit::found(space.memory.load(object.at + lockable::LOCK), "a lock")?;
    if (lock & WATCHED != 0) != (watchers > 0) {
        return Err(format!("{watchers} watch the object at {}, its lock: {lock:#x}", object.at));
    }
    Ok(())
}
