//! Freeing what dropped objects held.

use super::{KIND, Object, ObjectKind, lock_in};
use crate::barrier;
use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::condition;
use crate::dict;
use crate::event;
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::list;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::mutex;
use crate::queue;
use crate::semaphore;
use crate::value::{self, Cell, Kind};
use crate::variable;
use crate::watch;

/// A step frees some dozens of blocks: after so many, looking for empty slabs takes no longer than they did.
const RETIRING_STEPS: u64 = 512;

/// What a step of freeing a container's contents leaves to be done without its lock.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// References to be released.
    pub dropped: Vec<Block>,
    /// Freed blocks that may have been extents.
    pub freed: Vec<u64>,
    /// Blocks of long values, which are the keeper's: copied, and freed, without the lock.
    pub kept: Vec<Block>,
    /// There was something to do.
    pub worked: bool,
    /// The slot of a process that keeps long values, and the references that are unlinked until it has taken what they
    /// refer to: what is dropped, a sweeper releases at any moment.
    pub keeper: Option<u64>,
}

impl Step {
    pub fn is_empty(&self) -> bool {
        !self.worked
    }
}

impl<M: Memory> Heap<M> {
    /// Frees what dropped objects hold, and what only that held, in short steps; then the objects.
    pub(crate) fn finish(&self, object: Object) -> Result<()> {
        let mut dying = vec![object];
        let mut steps = 0u64;
        while let Some(&object) = dying.last() {
            steps += 1;
            let kind = ObjectKind::from_word(self.space.memory.load(object.at + KIND)?)?;
            let step = if is_planted(Bug::ContentsForgotten) {
                Ok(Step::default())
            } else {
                match kind {
                    ObjectKind::Dict | ObjectKind::Set => dict::drain(self, object, State::Dropped),
                    ObjectKind::Variable => variable::drain(self, object, State::Dropped),
                    ObjectKind::List => list::drain(self, object, State::Dropped),
                    ObjectKind::Lock | ObjectKind::RLock => {
                        mutex::drain(self, object, State::Dropped)
                    }
                    ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
                        semaphore::drain(self, object, State::Dropped)
                    }
                    ObjectKind::Event => event::drain(self, object, State::Dropped),
                    ObjectKind::Condition => condition::drain(self, object, State::Dropped),
                    ObjectKind::Barrier => barrier::drain(self, object, State::Dropped),
                    ObjectKind::Queue => queue::drain(self, object, State::Dropped),
                }
            };
            let step = match step {
                Err(Failure::ObjectGone) => {
                    dying.pop(); // Somebody else finished it.
                    continue;
                }
                other => other?,
            };
            if step.is_empty() {
                dying.pop();
                self.bury(object)?;
            }
            for block in step.dropped {
                dying.extend(self.release_one(block)?);
            }
            for at in step.freed {
                self.settle(at)?;
            }
        }
        self.retire_after(steps)
    }

    /// After freeing in so many steps: much of it may be slabs that nothing uses any more.
    pub(crate) fn retire_after(&self, steps: u64) -> Result<()> {
        if steps < RETIRING_STEPS { Ok(()) } else { self.retire_slabs() }
    }

    /// Does what a change of a container left to be done without its lock.
    #[inline]
    pub(crate) fn follow_up(&self, step: Step) -> Result<()> {
        for block in step.dropped {
            self.release(block)?;
        }
        for at in step.freed {
            self.settle(at)?;
        }
        for block in step.kept {
            self.give_back(block)?;
        }
        Ok(())
    }

    fn bury(&self, object: Object) -> Result<()> {
        let guard = match lock_in(&self.space, object, State::Dropped) {
            Err(Failure::ObjectGone) => return Ok(()),
            other => other?,
        };
        watch::drop_all(&self.space, &guard, object)?;
        let header = object.live.turned(State::Dropped);
        let mut change = Change::new();
        change.turn(Block { at: object.at, header }, State::Free);
        guard.commit(&change)
    }
}

/// Lists an unlinked value's block for freeing; a reference is dropped, or kept, and released without the lock.
pub(crate) fn discard_value<M: Memory>(
    space: &Space<M>,
    cell: Cell,
    change: &mut Change,
    step: &mut Step,
) -> Result<()> {
    let Some(at) = cell.block() else { return Ok(()) };
    let (kind, length) = value::describe(space, at)?;
    let header = Header(space.memory.load(at)?);
    if !header.is(State::Live) {
        return corrupt("a linked value is not live");
    }
    let block = Block { at, header };
    // No turn, which would not know the slot. Until this change is made, or completed, nobody turns the block.
    let mut keep = |state, slot| {
        let kept = Header::new(header.generation(), state, slot);
        change.write(at, kept.0);
        Block { at, header: kept }
    };
    if kind != Kind::Object {
        match step.keeper {
            Some(slot) if value::is_long(length) => step.kept.push(keep(State::Pending, slot)),
            _ => {
                change.turn(block, State::Free);
                step.freed.push(at);
            }
        }
    } else if let Some(slot) = step.keeper {
        step.dropped.push(keep(State::Counted, slot));
    } else {
        change.turn(block, State::Dropped);
        step.dropped.push(Block { at, header: block.header.turned(State::Dropped) });
    }
    Ok(())
}
