//! Flags that can be waited for: `Event`.
//!
//! # Theory of operation
//!
//! One word has the flag and an **epoch**: how often the flag was raised. To raise it is one store, which ends the
//! wait of everybody in the line: a node notes the epoch at its arrival, and is over once the epoch is another one, even
//! if the flag has been lowered since. Each takes itself out. Whoever raised the flag tells and wakes them; if it is
//! killed before it has told all, the sweeper does.

#[cfg(test)]
pub(crate) mod kills;

use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex::drop_line;
use crate::object::{self, Handle, Object, ObjectKind, Step};
use crate::wait::line::prune;
use crate::wait::node::Standing;
use crate::wait::sleep::{Ended, Patience, await_node};
use crate::wait::tell::wake_all;
use crate::wait::{End, Line, Look, Ticket, Waiter};

/// Words of the object's body: the flag and the epoch; the line.
const STATE: u64 = 0;
pub(crate) const LINE: u64 = 8;

/// In the first word: the flag is raised. The epoch is the rest.
const FLAG: u64 = 1;

/// An event of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    object: Object,
}

impl Event {
    /// Makes an event that this process has a hold on, its flag lowered.
    pub fn create<M: Memory>(heap: &Heap<M>) -> Result<Self> {
        Ok(Self { object: heap.create_object(ObjectKind::Event)? })
    }

    /// The event that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self { object: object::open(heap, handle, ObjectKind::Event)? })
    }

    /// What names this event in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    fn line(&self) -> Line {
        Line::of(self.object, LINE)
    }

    fn state<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.object.body(STATE))
    }

    /// Whether a node's wait is over.
    fn has_come<M: Memory>(&self, space: &Space<M>, argument: u64) -> Result<bool> {
        Ok(argument < self.state(space)? >> 1)
    }

    /// Whether the flag is raised.
    #[inline]
    pub fn is_set<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        Ok(self.state(&heap.space)? & FLAG != 0)
    }

    /// Raises the flag, and wakes all who wait.
    pub fn set<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        heap.check_not_forked()?;
        let space = &heap.space;
        if self.is_set(heap)? && self.line().is_empty(space)? {
            return Ok(());
        }
        let wakes = {
            let _guard = heap.begin(self.object)?;
            let state = self.state(space)?;
            if state & FLAG == 0 {
                // The epoch is one more, and the flag raised.
                space.memory.store(self.object.body(STATE), (state | FLAG) + 2)?;
            }
            self.tell(space)?
        };
        wake_all(space, &wakes)
    }

    /// Lowers the flag.
    pub fn clear<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        heap.check_not_forked()?;
        if !self.is_set(heap)? {
            return Ok(());
        }
        let _guard = heap.begin(self.object)?;
        let state = self.state(&heap.space)?;
        heap.space.memory.store(self.object.body(STATE), state & !FLAG)
    }

    /// Tells those in line whose wait is over. Returns whom to wake.
    fn tell<M: Memory>(&self, space: &Space<M>) -> Result<Vec<u64>> {
        let mut wakes = Vec::new();
        for node in self.line().nodes(space)? {
            if self.has_come(space, node.argument(space)?)?
                && node.tell(space, Standing::Granted)?
            {
                wakes.push(node.at);
            }
        }
        Ok(wakes)
    }

    /// Stands in line until the flag is raised; `None` if it is.
    pub fn enqueue<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Option<Ticket>> {
        let epoch = |space| self.state(space).map(|state| state >> 1);
        let space = &heap.space;
        loop {
            let seen = epoch(space)?;
            if self.is_set(heap)? {
                return Ok(None);
            }
            let ticket = Ticket::new(heap, me, seen)?;
            match self.stand(heap, ticket) {
                Ok(true) => return Ok(Some(ticket)),
                other => {
                    ticket.free(heap)?;
                    other?;
                }
            }
        }
    }

    /// Puts a node into the line, if the flag is lowered and has been since the node was made.
    fn stand<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<bool> {
        let space = &heap.space;
        let guard = heap.begin(self.object)?;
        if self.is_set(heap)? || self.has_come(space, ticket.argument(space)?)? {
            return Ok(false);
        }
        let mut change = Change::new();
        self.line().put(space, &mut change, ticket)?;
        guard.commit(&change)?;
        Ok(true)
    }

    /// How a wait stands.
    pub fn look<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<Look<()>> {
        if !self.has_come(&heap.space, ticket.argument(&heap.space)?)?
            && !ticket.is_gone(&heap.space)?
        {
            return Ok(Look::Behind(None));
        }
        self.take_out(heap, ticket)?;
        Ok(Look::Over(()))
    }

    fn take_out<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<()> {
        let space = &heap.space;
        let guard = heap.lock(self.object)?;
        if ticket.is_in_line(space)? {
            let mut change = Change::new();
            self.line().take(space, &mut change, &ticket.node(space)?, false)?;
            guard.commit(&change)?;
        }
        Ok(())
    }

    /// Ends a wait. Returns whether the flag was raised meanwhile.
    pub fn abandon<M: Memory>(&self, heap: &Heap<M>, ticket: Ticket) -> Result<bool> {
        self.take_out(heap, ticket)?;
        let has_come = self.has_come(&heap.space, ticket.argument(&heap.space)?)?;
        ticket.free(heap)?;
        Ok(has_come)
    }

    /// Waits until the flag is raised.
    pub fn wait<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        patience: &mut impl Patience,
    ) -> Result<Ended<()>> {
        let Some(ticket) = self.enqueue(heap, me)? else { return Ok(Ended::Over(())) };
        let ended = await_node(heap, ticket, patience, || self.look(heap, ticket));
        if matches!(ended, Ok(Ended::Over(()))) {
            return ended;
        }
        let has_come = self.abandon(heap, ticket)?;
        if has_come && ended == Ok(Ended::TimedOut) { Ok(Ended::Over(())) } else { ended }
    }

    /// Who waits for it.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        self.line().waiters(&heap.space)
    }
}

/// Takes whoever has ended out of the line, and does what it has left undone.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    if let End::InOrder(_) = end {
        return Ok(()); // It waits no more.
    }
    let (event, space) = (Event { object }, &heap.space);
    let wakes = {
        let guard = heap.lock(object)?;
        prune(space, &guard, event.line(), end.victim())?;
        event.tell(space)?;
        event.line().told(space)?
    };
    wake_all(space, &wakes)
}

/// Frees what stands in the line of a dropped event: nobody uses it any more.
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let guard = object::lock_in(&heap.space, object, state)?;
    let worked = drop_line(&heap.space, &guard, Line::of(object, LINE))?;
    Ok(Step { worked, ..Step::default() })
}

/// What must hold of an event at rest (for tests).
#[cfg(test)]
pub(crate) fn check<M: Memory>(
    space: &Space<M>,
    object: Object,
    audit: &mut crate::audit::Audit,
) -> crate::audit::Finding<()> {
    use crate::audit::found;
    let event = Event { object };
    crate::wait::line::check_line(space, event.line(), audit)?;
    for node in found(event.line().nodes(space), "a line")? {
        let argument = found(node.argument(space), "a node")?;
        let is_told = found(node.standing(space), "a node")?.is_told();
        if found(event.has_come(space, argument), "an event")? != is_told {
            return Err(format!("the node at {} was told something wrong: {is_told}", node.at));
        }
    }
    Ok(())
}

#[test]
fn the_words_of_an_event_do_not_move() {
    assert_eq!([STATE, LINE, FLAG], [0, 8, 1]);
}
