//! The ends of threads and processes, for every object that threads wait for.

use crate::barrier;
use crate::block::{Header, State};
use crate::condition;
use crate::event;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex;
use crate::object::{self, Handle, KIND, Object, ObjectKind};
use crate::queue;
use crate::semaphore;
use crate::slots;
use crate::wait::{Line, Waiter};
use crate::watch;

/// Whose end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// That of the process in this slot, which is being swept.
    Slot(u64),
    /// That of a thread, in good order: what it holds stays held, by nobody who could die.
    InOrder(LifeId),
    /// That of whoever is found to have died.
    Any,
}

impl End {
    /// The slot that is being swept.
    pub fn victim(self) -> Option<u64> {
        match self {
            Self::Slot(slot) => Some(slot),
            _ => None,
        }
    }
}

/// Where an object of a kind has lines.
fn lines_of(kind: ObjectKind) -> &'static [u64] {
    match kind {
        ObjectKind::Lock | ObjectKind::RLock => &[mutex::LINE],
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => &[semaphore::LINE],
        ObjectKind::Event => &[event::LINE],
        ObjectKind::Condition => &[condition::LINE],
        ObjectKind::Barrier => &[barrier::LINE],
        ObjectKind::Queue => &queue::LINES,
        ObjectKind::Dict | ObjectKind::Set | ObjectKind::Variable | ObjectKind::List => &[],
    }
}

impl<M: Memory> Heap<M> {
    /// Does to an object what follows from an end.
    pub(crate) fn end_waiting(&self, object: Object, end: End) -> Result<()> {
        let kind = ObjectKind::from_word(self.space.memory.load(object.at + KIND)?)?;
        match kind {
            ObjectKind::Lock | ObjectKind::RLock => mutex::end(self, object, kind, end),
            ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
                semaphore::end(self, object, end)
            }
            ObjectKind::Event => event::end(self, object, end),
            ObjectKind::Condition => condition::end(self, object, end),
            ObjectKind::Barrier => barrier::end(self, object, end),
            ObjectKind::Queue => queue::end(self, object, end),
            ObjectKind::Dict | ObjectKind::Set | ObjectKind::Variable | ObjectKind::List => {
                watch::end(self, object, end)
            }
        }
    }

    fn end_everywhere(&self, end: End) -> Result<()> {
        for at in object::places(&self.space)? {
            let live = Header(self.space.memory.load(at)?);
            if live.is(State::Live) {
                match self.end_waiting(Object { at, live }, end) {
                    Ok(()) | Err(Failure::ObjectGone) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }

    /// A thread ends in good order: what it holds stays held. Looks at every object.
    pub fn orphan_all(&self, me: LifeId) -> Result<()> {
        self.end_everywhere(End::InOrder(me))
    }

    /// Gives back what those hold who have died. Looks at every object.
    pub fn settle_all(&self) -> Result<()> {
        self.end_everywhere(End::Any)
    }

    /// Every thread that waits, and for which object, as far as that can be seen without stopping anybody.
    pub fn waits(&self) -> Result<Vec<(Handle, Waiter)>> {
        let mut found = Vec::new();
        for handle in self.objects()? {
            let object = object::resolve(&self.space, handle)?;
            let kind = ObjectKind::from_word(self.space.memory.load(object.at + KIND)?)?;
            let lines = lines_of(kind).iter().map(|&word| Line::of(object, word));
            for line in lines.chain(watch::line_of(kind, object)) {
                if line.is_empty(&self.space)? {
                    continue;
                }
                let guard = match self.lock(object) {
                    Err(Failure::ObjectGone) => break,
                    other => other?,
                };
                let waiters = line.waiters(&self.space)?;
                drop(guard);
                found.extend(waiters.into_iter().map(|waiter| (handle, waiter)));
            }
        }
        Ok(found)
    }

    /// What the process in a slot calls itself.
    pub fn name_of(&self, slot: u64) -> Result<String> {
        slots::name(&self.space, slot)
    }

    /// Has others see this process by that name.
    pub fn call_oneself(&self, name: &str) -> Result<()> {
        slots::rename(&self.space, self.slot(), name)
    }
}
