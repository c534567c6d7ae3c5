//! Clearing by a swing, and freeing what was cleared in short steps.
//!
//! The trash is taken apart from the leaves up, always at the gap, where nothing has to be copied. Sizes do not
//! matter there any more, only rings do.

use super::node::{LINK, Node};
use super::{HEIGHT, HEIGHT_MAX, List, ROOT, SHELL, TRASH, TRASH_HEIGHT};
use crate::block::State;
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Object, Step, discard_value, lock_in};
use crate::value::Cell;

/// Changes that one hold of the lock makes: some microseconds.
const CHANGES: usize = 8;

impl List {
    /// Removes every item: at one moment for all who look, then freeing them step by step.
    pub fn clear<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        self.clear_with(heap, |_, _| Ok(()))
    }

    /// The same; `note` lists what else changes at that moment.
    pub(crate) fn clear_with<M: Memory>(
        &self,
        heap: &Heap<M>,
        mut note: impl FnMut(&Space<M>, &mut Change) -> Result<()>,
    ) -> Result<()> {
        let mut is_swung = false;
        loop {
            let mut step = Step::default();
            {
                // Once it is swung, it is done.
                let guard =
                    if is_swung { heap.lock(self.object) } else { heap.begin(self.object) }?;
                if !is_swung && self.is_trash_empty(&heap.space)? {
                    self.swing(&heap.space, &guard, &mut note)?;
                    is_swung = true;
                }
                self.empty_trash(&heap.space, &guard, &mut step)?;
            }
            if is_swung && step.is_empty() {
                return Ok(());
            }
            heap.follow_up(step)?;
        }
    }

    fn is_trash_empty<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        Ok(space.memory.load(self.object.body(TRASH) + LINK)? == 0)
    }

    /// Moves everything to the trash, which is empty.
    fn swing<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        note: &mut impl FnMut(&Space<M>, &mut Change) -> Result<()>,
    ) -> Result<()> {
        let mut change = Change::new();
        note(space, &mut change)?;
        for (word, trash) in [(ROOT, TRASH), (ROOT + LINK, TRASH + LINK), (HEIGHT, TRASH_HEIGHT)] {
            change.write(self.object.body(trash), space.memory.load(self.object.body(word))?);
            change.write(self.object.body(word), 0);
        }
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
            self.discard_some(space, guard, step)?;
        }
        Ok(())
    }

    /// Frees some values of a leaf in the trash, and the leaf or a node that is empty.
    fn discard_some<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        step: &mut Step,
    ) -> Result<()> {
        let mut level = space.memory.load(self.object.body(TRASH_HEIGHT))?;
        if level > HEIGHT_MAX {
            return corrupt("a list is too high");
        }
        let mut parent = None;
        let mut node = Node::read(space, self.object.body(TRASH), level)?;
        while level > 0 && node.ring.count > 0 {
            let (ring, index) = node.ring.nearest();
            parent = Some((node.ring_at, ring.without(index)));
            level -= 1;
            node = Node::read(space, node.slot_at(ring.slot(index)), level)?;
        }
        let mut change = Change::new();
        if level == 0 && self.discard_values(space, &mut node, &mut change, step)? {
            change.write(node.ring_at, node.ring.word());
            return guard.commit(&change);
        }
        change.turn(node.block(space)?, State::Free);
        if let Some((ring_at, ring)) = parent {
            change.write(ring_at, ring.word());
        } else {
            for word in [TRASH, TRASH + LINK, TRASH_HEIGHT] {
                change.write(self.object.body(word), 0);
            }
        }
        guard.commit(&change)
    }

    /// Lists values of a leaf for freeing, unless they are another list's. Returns whether some are left.
    fn discard_values<M: Memory>(
        &self,
        space: &Space<M>,
        leaf: &mut Node,
        change: &mut Change,
        step: &mut Step,
    ) -> Result<bool> {
        let is_shell = space.memory.load(self.object.body(SHELL))? != 0;
        if is_shell && !is_planted(Bug::ShellOwnsItsValues) {
            return Ok(false);
        }
        while leaf.ring.count > 0 && change.has_room(5) {
            let (ring, index) = leaf.ring.nearest();
            let cell = Cell(space.memory.load(leaf.slot_at(ring.slot(index)))?);
            discard_value(space, cell, change, step)?;
            leaf.ring = ring.without(index);
        }
        Ok(leaf.ring.count > 0)
    }
}

/// A step of freeing what a dropped list holds (for [`Heap::finish`]).
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let (list, space) = (List { object }, &heap.space);
    let guard = lock_in(space, object, state)?;
    let mut step = Step::default();
    if list.is_trash_empty(space)? && space.memory.load(object.body(ROOT) + LINK)? != 0 {
        list.swing(space, &guard, &mut |_, _| Ok(()))?;
    }
    list.empty_trash(space, &guard, &mut step)?;
    Ok(step)
}
