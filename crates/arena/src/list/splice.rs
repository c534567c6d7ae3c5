//! Putting values in the place of a part of the list, at one moment.
//!
//! What begins and ends in one leaf and fits one change is one. Anything else is made of *cells*, aside (see
//! [`super::aside`]), without a copy of any value that stays:
//!
//! | list | holds | owns its values before, and after the swap |
//! | --- | --- | --- |
//! | the new contents | all cells that are to be there | no; swapped in, and the old nodes have none |
//! | the new values | | yes; no: they are in the contents |
//! | the removed ones | | no: they are still in the list; yes |
//!
//! The change that swaps the contents in also turns the owners around.

use super::aside::CONTENTS;
use super::merge::is_sparse;
use super::path::{Aim, Path};
use super::spares::{Room, Spares};
use super::{Index, List, SHELL, limits};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Step, discard_value};
use crate::value::{Cell, Staged, Value};

/// So many values are stored by one change, at most; and half a leaf, so that splitting makes room for them.
const DIRECT_MAX: usize = 8;

/// A part of a list, whatever its length is when the operation happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    from: Index,
    to: Index,
}

impl Part {
    /// From an index up to another one; `None` is the beginning, or the end.
    #[must_use]
    pub fn new(from: Option<i64>, to: Option<i64>) -> Self {
        Self { from: from.unwrap_or(0).into(), to: to.map_or(Index::END, Index::from) }
    }

    /// The first item of it, and how many there are, in a list of so many.
    fn of(self, length: u64) -> (u64, u64) {
        let from = self.from.of_place(length);
        (from, self.to.of_place(length).saturating_sub(from))
    }
}

impl List {
    /// Puts values in the place of a part of the list, at one moment. Returns whether nobody else changed the list
    /// meanwhile; else nothing is done.
    pub fn splice<M: Memory>(
        &self,
        heap: &Heap<M>,
        part: Part,
        values: &[Value<'_>],
    ) -> Result<bool> {
        let is_little = values.len() <= DIRECT_MAX.min(limits::leaf() as usize / 2);
        if is_little && self.splice_directly(heap, part, values)? {
            return Ok(true);
        }
        let expected = self.version(heap)?;
        let Some(cells) = self.cells(heap, expected)? else { return Ok(false) };
        let (from, count) = part.of(cells.len() as u64);
        #[allow(clippy::cast_possible_truncation)] // Both are at most the length of `cells`.
        let (head, rest) = cells.split_at(from as usize);
        #[allow(clippy::cast_possible_truncation)]
        let (removed, tail) = rest.split_at(count as usize);
        Self::with_aside(heap, |added| {
            added.fill(heap, values.iter().map(|value| heap.stage(value)))?;
            Self::with_aside(heap, |going| {
                going.fill_shell(heap, removed.iter().copied())?;
                Self::with_aside(heap, |contents| {
                    let version = added.version(heap)?;
                    let new = added.cells(heap, version)?.unwrap_or_default();
                    let all = head.iter().chain(&new).chain(tail).copied();
                    contents.fill_shell(heap, all)?;
                    self.swap_owners(heap, contents, (added, going), expected)
                })
            })
        })
    }

    /// Fills a new list with cells of others.
    pub(super) fn fill_shell<M: Memory>(
        &self,
        heap: &Heap<M>,
        cells: impl Iterator<Item = Cell>,
    ) -> Result<()> {
        heap.space.memory.store(self.object.body(SHELL), 1)?;
        self.fill(heap, cells.map(|cell| Ok(Staged::from(cell))))
    }

    fn swap_owners<M: Memory>(
        &self,
        heap: &Heap<M>,
        contents: Self,
        (added, going): (Self, Self),
        expected: u64,
    ) -> Result<bool> {
        let space = &heap.space;
        let guard = heap.begin(self.object)?;
        if self.locked_version(space)? != expected {
            return Ok(false);
        }
        let mut change = Change::new();
        for word in CONTENTS {
            let (here, there) = (self.object.body(word), contents.object.body(word));
            change.write(here, space.memory.load(there)?);
            change.write(there, space.memory.load(here)?);
        }
        change.write(going.object.body(SHELL), 0);
        if is_planted(Bug::AddedKeepsItsValues) {
            guard.commit(&change)?;
            change = Change::new();
        }
        change.write(added.object.body(SHELL), 1);
        guard.commit(&change)?;
        Ok(true)
    }

    /// Does it by one change; returns whether that was possible.
    fn splice_directly<M: Memory>(
        &self,
        heap: &Heap<M>,
        part: Part,
        values: &[Value<'_>],
    ) -> Result<bool> {
        let (mut staged, mut spares, mut step) = (Vec::new(), Spares::default(), Step::default());
        let mut outcome = Ok(());
        for value in values {
            match heap.stage(value) {
                Ok(value) => staged.push(value),
                Err(failure) => outcome = Err(failure),
            }
        }
        let outcome = outcome
            .and_then(|()| self.splice_with_room(heap, part, &staged, &mut spares, &mut step));
        if !matches!(outcome, Ok(true)) {
            for staged in staged {
                heap.unstage(staged)?;
            }
        }
        spares.give_back(heap)?;
        heap.follow_up(step)?;
        outcome
    }

    fn splice_with_room<M: Memory>(
        &self,
        heap: &Heap<M>,
        part: Part,
        staged: &[Staged],
        spares: &mut Spares,
        step: &mut Step,
    ) -> Result<bool> {
        loop {
            let guard = heap.begin(self.object)?;
            match self.splice_in_leaf(&heap.space, &guard, part, staged, spares, step)? {
                None => return Ok(false),
                Some(Room::Enough) => return Ok(true),
                Some(Room::More) => {}
                Some(Room::Needs(need)) => {
                    drop(guard);
                    spares.allocate(heap, need)?;
                }
            }
        }
    }

    /// `None` if it cannot be one change.
    fn splice_in_leaf<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        part: Part,
        staged: &[Staged],
        spares: &mut Spares,
        step: &mut Step,
    ) -> Result<Option<Room>> {
        let (from, removed) = part.of(self.length(space)?);
        let (mut path, added) = (Path::new(), staged.len() as u64);
        self.descend(space, from, if removed > 0 { Aim::Item } else { Aim::Place }, &mut path)?;
        let (first, ring) = (path.index(0), path.leaf.ring);
        let is_emptied = path.height == 0 && ring.count + added == removed;
        if removed > ring.count - first || (is_emptied && removed > 0) {
            return Ok(None);
        }
        let mut dropped = Step::default();
        let Some(mut change) = blocks_of(space, &path, removed, staged, &mut dropped)? else {
            return Ok(None);
        };
        if added > 0 {
            match self.room_in_leaf(space, guard, &path, added, spares)? {
                Room::Enough => {}
                other => return Ok(Some(other)),
            }
        }
        Self::settle_gap(space, guard, &mut path.leaf, first)?;
        let node = &path.leaf;
        let (slot, mut ring) = node.ring.filled(added, true);
        for (place, staged) in (slot..).zip(staged) {
            space.memory.store(node.slot_at(node.ring.wrap(place)), staged.cell.0)?;
        }
        for _ in 0..removed {
            ring = ring.without(ring.gap());
        }
        change.write(node.ring_at, ring.word());
        path.count(space, &mut change, 1, added.wrapping_sub(removed))?;
        guard.commit(&change)?;
        *step = dropped;
        if path.height > 0 && is_sparse(ring.count, 0) {
            self.tidy(space, guard, &path)?;
        }
        Ok(Some(Room::Enough))
    }
}

/// The change of the blocks of values that come, and of those that go; `None` if it has no room for the rest.
fn blocks_of<M: Memory>(
    space: &Space<M>,
    path: &Path,
    removed: u64,
    staged: &[Staged],
    dropped: &mut Step,
) -> Result<Option<Change>> {
    let (mut change, first) = (Change::new(), path.index(0));
    for block in staged.iter().filter_map(|staged| staged.block) {
        change.turn(block, State::Live);
    }
    // Beside the blocks, the ring and the sizes.
    let rest = path.height as usize + 1;
    for index in first..first + removed {
        let cell = Cell(space.memory.load(path.leaf.item_at(index))?);
        discard_value(space, cell, &mut change, dropped)?;
        if !change.has_room(rest) {
            return Ok(None);
        }
    }
    Ok(change.has_room(rest).then_some(change))
}

#[cfg(test)]
pub(super) mod tests;
