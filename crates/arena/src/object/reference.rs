//! References: what a container holds of another object.

use super::{Handle, Object, REFERENCES, resolve};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::memory::Memory;
use crate::value::{self, Loaded};

impl<M: Memory> Heap<M> {
    /// A counted reference to an object, for a container to take.
    pub(crate) fn count(&self, handle: Handle) -> Result<Block> {
        let object = resolve(&self.space, handle)?;
        let words = [handle.at.to_ne_bytes(), handle.generation.to_ne_bytes()];
        let block = self.fill(value::Kind::Object, &[&words[0], &words[1]])?;
        match self.count_into(object, block) {
            Ok(()) => Ok(Block { at: block.at, header: block.header.turned(State::Counted) }),
            Err(failure) => {
                self.give_back(block)?;
                Err(failure)
            }
        }
    }

    fn count_into(&self, object: Object, block: Block) -> Result<()> {
        let guard = self.begin(object)?;
        let at = object.at + REFERENCES;
        let mut change = Change::new();
        change.write(at, self.space.memory.load(at)?.wrapping_add(1));
        change.turn(block, State::Counted);
        guard.commit(&change)
    }

    /// Holds an object that was taken out of a container, whose reference is not released yet.
    pub(crate) fn hold_taken(&self, taken: &Loaded) -> Result<()> {
        match *taken {
            Loaded::Object(handle) => self.hold(handle),
            _ => Ok(()),
        }
    }

    /// Releases a reference that no container holds any more.
    pub(crate) fn release(&self, block: Block) -> Result<()> {
        match self.release_one(block)? {
            Some(dying) => self.finish(dying),
            None => Ok(()),
        }
    }

    /// Lowers the count of the object that `block` refers to; returns the object if that was all that held it.
    pub(super) fn release_one(&self, block: Block) -> Result<Option<Object>> {
        let handle = value::reference(&self.space, block.at)?;
        // Before and after: the sweeper may release it at the same time, and its memory be given out anew.
        let is_ours =
            || -> Result<bool> { Ok(self.space.memory.load(block.at)? == block.header.0) };
        if !is_ours()? {
            return Ok(None);
        }
        let object = resolve(&self.space, handle)?;
        let guard = match self.lock(object) {
            Err(Failure::ObjectGone) => return Ok(None), // Somebody released the last reference: this one.
            other => other?,
        };
        if !is_ours()? {
            return Ok(None);
        }
        let at = object.at + REFERENCES;
        let Some(rest) = self.space.memory.load(at)?.checked_sub(1) else {
            return corrupt("an object has fewer references than containers hold");
        };
        let mut change = Change::new();
        change.write(at, rest);
        change.turn(block, State::Free);
        let dying = rest == 0 && self.is_last(object, 1, None)?;
        if dying {
            change.turn(object.block(), State::Dropped);
        }
        guard.commit(&change)?;
        Ok(dying.then_some(object))
    }
}
