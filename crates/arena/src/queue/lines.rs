//! Waiting for an item, for room, and until everything is done.
//!
//! Who waits is told once there may be something for it, and tries again by itself: an item that was put for one who
//! waits may be taken by another who comes along. Then it waits on, where it stands. What somebody was told who has
//! ended is told to the next one.

use super::{GETTERS, JOINERS, PUTTERS, Queue, UNFINISHED};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::list;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::mutex::drop_line;
use crate::object::{Object, Step, lock_in};
use crate::spin;
use crate::wait::line::{Pruned, prune, prune_before};
use crate::wait::node::Standing;
use crate::wait::tell::wake_all;
use crate::wait::{End, Line, Look, Ticket, Waiter};

/// How long it takes to leave a lock and to be seen having left, for [`spin::rest`]: some 130 ns.
const LULL: u32 = 8;

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// An item, or that the queue is closed.
    Item,
    /// Room for one more item, or that the queue is closed.
    Room,
    /// That nothing is unfinished.
    Done,
}

impl Wait {
    pub(super) const ALL: [Self; 3] = [Self::Item, Self::Room, Self::Done];

    fn line(self, queue: Queue) -> Line {
        let word = match self {
            Self::Item => GETTERS,
            Self::Room => PUTTERS,
            Self::Done => JOINERS,
        };
        Line::of(queue.object, word)
    }
}

impl Queue {
    /// Whether a wait would be over. The caller holds the lock, or knows that the answer may be out of date.
    fn is_ready<M: Memory>(&self, space: &Space<M>, wait: Wait) -> Result<bool> {
        let counts = self.counts_in(space)?;
        Ok(match wait {
            Wait::Item => counts.length > 0 || counts.is_closed,
            Wait::Room => counts.is_closed || self.room_in(space, counts.length, 1)? > 0,
            Wait::Done => counts.unfinished == 0,
        })
    }

    /// Whether it is worth while to try, by a look without the lock: for spinning.
    #[inline]
    pub fn is_promising<M: Memory>(&self, heap: &Heap<M>, wait: Wait) -> bool {
        self.is_ready(&heap.space, wait).unwrap_or(true)
    }

    /// Whether it is worth while to try, for one who looks out before it stands in line. Looks at one line of memory
    /// only, and not whether the queue was closed: those who put and take go on undisturbed meanwhile.
    #[inline]
    pub fn glimpse<M: Memory>(&self, heap: &Heap<M>, wait: Wait) -> bool {
        let is_ready = self.may_be_ready(&heap.space, wait).unwrap_or(true);
        if is_ready {
            // Whoever has made it so is about to leave the lock: who came at once would collide with it.
            self.list().fetch_all(&heap.space);
            spin::rest(LULL);
        }
        is_ready
    }

    fn may_be_ready<M: Memory>(&self, space: &Space<M>, wait: Wait) -> Result<bool> {
        let length = self.list().length(space)?;
        Ok(match wait {
            Wait::Item => length > 0,
            Wait::Room => self.room_in(space, length, 1)? > 0,
            Wait::Done => space.memory.load(self.object.body(UNFINISHED))? == 0,
        })
    }

    /// Whether somebody stands in line for the same.
    pub fn has_line<M: Memory>(&self, heap: &Heap<M>, wait: Wait) -> bool {
        !wait.line(*self).is_empty(&heap.space).unwrap_or(false)
    }

    /// Stands in line, unless the wait would be over.
    pub fn stand<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        wait: Wait,
    ) -> Result<Option<Ticket>> {
        let ticket = Ticket::new(heap, me, 0)?;
        let outcome = self.stand_with(heap, ticket, wait);
        if !matches!(outcome, Ok(true)) {
            ticket.free(heap)?;
        }
        Ok(outcome?.then_some(ticket))
    }

    fn stand_with<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket, wait: Wait) -> Result<bool> {
        let space = &heap.space;
        let guard = heap.begin(self.object)?;
        if self.is_ready(space, wait)? {
            return Ok(false);
        }
        let mut change = Change::new();
        wait.line(*self).put(space, &mut change, ticket)?;
        guard.commit(&change)?;
        Ok(true)
    }

    /// Asks how a wait stands, whose thread tries by `attempt`, which returns what ends the wait.
    pub fn look<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        ticket: Ticket,
        wait: Wait,
        mut attempt: impl FnMut() -> Result<Option<T>>,
    ) -> Result<Look<T>> {
        loop {
            if let Some(outcome) = attempt()? {
                self.leave(heap, ticket, wait)?;
                return Ok(Look::Over(outcome));
            }
            if let Some(watched) = self.settle_down(heap, ticket, wait)? {
                return Ok(Look::Behind(watched));
            }
        }
    }

    /// After an attempt in vain: the thread may sleep, until it is told again or the one that is returned dies. `None`
    /// if it is to try once more.
    #[allow(clippy::option_option)] // Whether to sleep, and whom to watch then.
    fn settle_down<M: Memory>(
        &self,
        heap: &Heap<M>,
        ticket: Ticket,
        wait: Wait,
    ) -> Result<Option<Option<LifeId>>> {
        let (space, line) = (&heap.space, wait.line(*self));
        let (mut pruned, mut told) = (Pruned::default(), Vec::new());
        let outcome = {
            let guard = heap.lock(self.object)?;
            prune_before(space, &guard, line, ticket, &mut pruned)?;
            if self.is_ready(space, wait)? && !is_planted(Bug::TriedInVain) {
                pass_on(space, line, &pruned, &mut told)?;
                None
            } else {
                ticket.node(space)?.tell(space, Standing::Waiting)?;
                Some(ticket.behind(space, None)?)
            }
        };
        wake_all(space, &told)?;
        Ok(outcome)
    }

    /// Ends a wait whose thread has what it waited for, but for its node.
    fn leave<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket, wait: Wait) -> Result<()> {
        let (space, line) = (&heap.space, wait.line(*self));
        let mut told = Vec::new();
        let behind = {
            let guard = heap.lock(self.object)?;
            let behind = line.take_out(space, &guard, &ticket.node(space)?)?;
            // There may be more than for this thread: others were told as often as something came, but who was told
            // may have found nothing, since this one was faster.
            if !line.is_empty(space)? && self.is_ready(space, wait)? {
                told = line.tell_first(space, 1)?;
            }
            behind
        };
        wake_all(space, &told)?;
        wake_all(space, behind.as_slice())
    }

    /// Ends a wait that is given up; what its thread was told is told to the next one.
    pub fn abandon<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket, wait: Wait) -> Result<()> {
        if ticket.is_in_line(&heap.space)? && !is_planted(Bug::ToldAndGone) {
            self.leave(heap, ticket, wait)?;
        }
        ticket.leave(heap, self.object, wait.line(*self))
    }

    /// Tells those who wait that something came for up to `count` of them. One load if nobody does.
    #[inline]
    pub fn tell<M: Memory>(&self, heap: &Heap<M>, wait: Wait, count: usize) -> Result<()> {
        if wait.line(*self).is_empty(&heap.space)? {
            return Ok(());
        }
        self.tell_some(heap, wait, count)
    }

    #[cold]
    fn tell_some<M: Memory>(&self, heap: &Heap<M>, wait: Wait, count: usize) -> Result<()> {
        let told = {
            let _guard = heap.lock(self.object)?;
            wait.line(*self).tell_first(&heap.space, count as u64)?
        };
        wake_all(&heap.space, &told)
    }

    /// Who waits, in the order of coming.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>, wait: Wait) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        wait.line(*self).waiters(&heap.space)
    }

    /// Tells everybody who waits.
    pub fn tell_all<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        Wait::ALL.into_iter().try_for_each(|wait| self.tell(heap, wait, usize::MAX))
    }
}

/// Tells others what those were told who have ended, and has those look who stood behind them.
fn pass_on<M: Memory>(
    space: &Space<M>,
    line: Line,
    pruned: &Pruned,
    told: &mut Vec<u64>,
) -> Result<()> {
    told.extend(&pruned.rouse);
    told.extend(line.tell_first(space, pruned.notified)?);
    Ok(())
}

/// Takes whoever has ended out of the lines.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    if matches!(end, End::InOrder(_)) {
        return Ok(()); // It does not wait, and holds nothing.
    }
    let (space, queue, mut told) = (&heap.space, Queue::within(&heap.space, object)?, Vec::new());
    {
        let guard = heap.lock(object)?;
        for wait in Wait::ALL {
            let pruned = prune(space, &guard, wait.line(queue), end.victim())?;
            if is_planted(Bug::DeadWasTold) {
                continue;
            }
            pass_on(space, wait.line(queue), &pruned, &mut told)?;
            // Whoever completes what the dead one had announced does not tell anybody.
            if queue.is_ready(space, wait)? {
                wait.line(queue).tell_first(space, u64::MAX)?;
            }
            // Nor does it wake whom the dead one had told already.
            told.extend(wait.line(queue).told(space)?);
        }
    }
    wake_all(space, &told)
}

/// A step of freeing what a dropped queue holds (for [`Heap::finish`]). Nobody alive waits for it.
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let (space, queue) = (&heap.space, Queue::within(&heap.space, object)?);
    {
        let guard = lock_in(space, object, state)?;
        for wait in Wait::ALL {
            while drop_line(space, &guard, wait.line(queue))? {}
        }
    }
    list::drain(heap, object, state)
}
