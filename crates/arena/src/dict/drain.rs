//! Clearing by a swing, and freeing what was cleared in short steps.

use super::remove::discard_item;
use super::{AFTER, BUCKETS, DIRECTORY, DIRECTORY_CAPACITY, Dict, FIRST, FIRST_CAPACITY, HEAD};
use super::{LENGTH, SHAPE, TAIL, TRASH_CAPACITY, TRASH_DIRECTORY, TRASH_FIRST, TRASH_HEAD};
use super::{checked, live_header};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::object::{Object, Step, lock_in};

/// Changes that one hold of the lock makes: some microseconds.
const CHANGES: usize = 8;

/// Words of the body that a swing empties, and where it moves them.
const SWING: [(u64, Option<u64>); 8] = [
    (HEAD, Some(TRASH_HEAD)),
    (TAIL, None),
    (LENGTH, None),
    (BUCKETS, None),
    (FIRST, Some(TRASH_FIRST)),
    (FIRST_CAPACITY, None),
    (DIRECTORY, Some(TRASH_DIRECTORY)),
    (DIRECTORY_CAPACITY, Some(TRASH_CAPACITY)),
];

impl Dict {
    /// Removes every item: at one moment for all who look, then freeing them step by step.
    pub fn clear<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        loop {
            let guard = heap.begin(self.object)?;
            if self.is_trash_empty(&heap.space)? {
                self.swing(&heap.space, &guard)?;
                break;
            }
            let mut step = Step::default();
            self.empty_trash(&heap.space, &guard, &mut step)?;
            drop(guard);
            heap.follow_up(step)?;
        }
        for steps in 0.. {
            let guard = heap.lock(self.object)?;
            let mut step = Step::default();
            self.empty_trash(&heap.space, &guard, &mut step)?;
            drop(guard);
            if step.is_empty() {
                return heap.retire_after(steps);
            }
            heap.follow_up(step)?;
        }
        Ok(())
    }

    fn is_trash_empty<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        for word in [TRASH_HEAD, TRASH_FIRST, TRASH_DIRECTORY] {
            if self.word(space, word)? != 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn swing<M: Memory>(&self, space: &Space<M>, guard: &Guard<'_, M>) -> Result<()> {
        let mut change = Change::new();
        for (word, trash) in SWING {
            if let Some(trash) = trash {
                change.write(self.object.body(trash), self.word(space, word)?);
            }
            change.write(self.object.body(word), 0);
        }
        change.write(self.object.body(SHAPE), self.word(space, SHAPE)?.wrapping_add(1));
        guard.commit(&change)
    }

    /// Frees some of the trash. The caller holds the lock.
    fn empty_trash<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        step: &mut Step,
    ) -> Result<()> {
        for _ in 0..CHANGES {
            if self.is_trash_empty(space)? {
                return Ok(());
            }
            step.worked = true;
            let mut change = Change::new();
            let mut item = self.link(space, TRASH_HEAD)?;
            if item == 0 {
                self.discard_table(space, &mut change, step)?;
            } else {
                while item != 0 && change.has_room(4) {
                    discard_item(space, item, &mut change, step)?;
                    item = checked(space, space.memory.load(item + AFTER)?)?;
                }
                change.write(self.object.body(TRASH_HEAD), item);
            }
            guard.commit(&change)?;
        }
        Ok(())
    }

    /// Lists one segment of the trash for freeing, or at last the directory and the first segment.
    fn discard_table<M: Memory>(
        &self,
        space: &Space<M>,
        change: &mut Change,
        step: &mut Step,
    ) -> Result<()> {
        let directory = self.link(space, TRASH_DIRECTORY)?;
        let mut discard = |at: u64, change: &mut Change| -> Result<()> {
            change.turn(Block { at, header: live_header(space, at)? }, State::Free);
            step.freed.push(at);
            Ok(())
        };
        let mut capacity = self.word(space, TRASH_CAPACITY)?.min(space.memory.bytes());
        while directory != 0 && capacity > 1 {
            capacity -= 1;
            let segment = space.memory.load(directory + 8 + capacity * 8)?;
            if segment != 0 {
                change.write(self.object.body(TRASH_CAPACITY), capacity);
                return discard(segment, change);
            }
        }
        for (word, at) in [
            (TRASH_DIRECTORY, directory),
            (TRASH_FIRST, self.link(space, TRASH_FIRST)?),
            (TRASH_CAPACITY, 0),
        ] {
            if at != 0 {
                discard(at, change)?;
            }
            change.write(self.object.body(word), 0);
        }
        Ok(())
    }
}

/// A step of freeing what a dropped dict holds (for [`Heap::finish`]).
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let dict = Dict { object };
    let guard = lock_in(&heap.space, object, state)?;
    let mut step = Step::default();
    if dict.is_trash_empty(&heap.space)? && dict.word(&heap.space, FIRST)? != 0 {
        dict.swing(&heap.space, &guard)?;
    }
    dict.empty_trash(&heap.space, &guard, &mut step)?;
    Ok(step)
}
