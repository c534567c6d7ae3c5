//! Several values by one change: in at the end, out at either end.
//!
//! A queue is a list that has words of its own, which change together with the items: it takes part as the [`Owner`].
//!
//! What is taken out is kept by the process that takes it, as it keeps what it has allocated, so that it can be read
//! and freed without the lock; if that process dies, the sweeper frees it.

use std::cell::Cell;

use super::node::LINK;
use super::path::{Aim, Path};
use super::spares::Spares;
use super::{Index, List, ROOT};
use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::value::{self, Kind, Loaded, Staged};

/// Entries of a change beside those of the values and the nodes: an owner's.
const OWNERS: usize = 1;

/// One end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first item.
    Front,
    /// The last item.
    Back,
}

/// What has a part in each change of a list.
pub(crate) trait Owner<M: Memory> {
    /// How many of `wanted` values may be added to `length` items. The lock is held.
    fn admit(&self, space: &Space<M>, length: u64, wanted: u64) -> Result<u64>;

    /// Lists what else changes when `count` values come: one word at most.
    fn note(&self, space: &Space<M>, change: &mut Change, count: u64) -> Result<()>;
}

/// A list of its own.
impl<M: Memory> Owner<M> for () {
    #[inline]
    fn admit(&self, _: &Space<M>, _: u64, wanted: u64) -> Result<u64> {
        Ok(wanted)
    }

    #[inline]
    fn note(&self, _: &Space<M>, _: &mut Change, _: u64) -> Result<()> {
        Ok(())
    }
}

/// A value that was taken out, and is this process's to free.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    cell: value::Cell,
    header: Header,
}

impl Taken {
    pub const NONE: Self = Self { cell: value::Cell(0), header: Header(0) };
}

impl List {
    /// Appends the first of `staged`, as many as fit the last leaf and one change, at one moment. Returns how many,
    /// and how many items there are then; if `least` do not fit, or the owner does not admit them, none.
    #[inline]
    pub(crate) fn append_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        staged: &[Staged],
        least: u64,
        spares: &mut Spares,
        owner: &impl Owner<M>,
    ) -> Result<(usize, u64)> {
        let admitted = Cell::new(0);
        let admit = |space: &Space<M>, length| {
            self.fetch(space);
            admitted.set(owner.admit(space, length, staged.len() as u64)?);
            Ok(admitted.get() >= least)
        };
        let counts = (least, staged.len() as u64);
        let done =
            self.with_room(heap, Index::END, counts, spares, admit, |space, guard, path| {
                let most = usize::try_from(admitted.get()).unwrap_or(usize::MAX);
                let staged = staged.get(..most).unwrap_or(staged);
                let count = self.append_some(space, guard, path, staged, least, owner)?;
                Ok((count as usize, self.length(space)?))
            })?;
        Ok(done.unwrap_or((0, 0)))
    }

    /// Has both of the lines come at once that a change writes for certain.
    #[inline]
    fn fetch<M: Memory>(&self, space: &Space<M>) {
        for word in [lockable::BODY, lockable::LOG] {
            space.memory.fetch(self.object.at + word);
        }
    }

    /// The same for one who is about to take the lock, and has seen that nobody else is: the lock comes along, and the
    /// leaf of a short list.
    pub(crate) fn fetch_all<M: Memory>(&self, space: &Space<M>) {
        space.memory.fetch(self.object.at + lockable::LOCK);
        self.fetch(space);
        if let Ok(leaf) = space.memory.load(self.object.body(ROOT) + LINK) {
            space.memory.fetch(leaf);
        }
    }

    /// Appends some at the place of a path, which is the end.
    #[inline]
    fn append_some<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &mut Path,
        staged: &[Staged],
        least: u64,
        owner: &impl Owner<M>,
    ) -> Result<u64> {
        let end = path.leaf.ring.count;
        Self::settle_gap(space, guard, &mut path.leaf, end)?;
        let node = &path.leaf;
        let (mut change, mut count) = (Change::new(), 0);
        let (first, _) = node.ring.filled(1, true);
        for value in staged.iter().take(node.ring.width() as usize) {
            // Beside the blocks: the ring, the sizes, and what is the owner's.
            if value.block.is_some() && !change.has_room(path.height as usize + 2 + OWNERS) {
                break;
            }
            let slot = node.ring.wrap(first + count);
            space.memory.store(node.slot_at(slot), value.cell.0)?;
            count += 1;
            if let Some(block) = value.block {
                change.turn(block, State::Live);
            }
        }
        if count < least {
            return Ok(0);
        }
        let (_, ring) = node.ring.filled(count, true);
        change.write(node.ring_at, ring.word());
        path.count(space, &mut change, 1, count)?;
        if is_planted(Bug::CountedApart) {
            guard.commit(&change)?;
            change = Change::new();
        }
        owner.note(space, &mut change, count)?;
        guard.commit(&change)?;
        Ok(count)
    }

    /// Takes items out at one end, at one moment: as many as there are in its leaf, and fit one change and `taken`.
    /// Returns how many.
    #[inline]
    pub(crate) fn take_some<M: Memory>(
        &self,
        heap: &Heap<M>,
        end: End,
        taken: &mut [Taken],
    ) -> Result<usize> {
        let (space, slot) = (&heap.space, heap.slot());
        let guard = heap.begin_apart(self.object)?;
        self.fetch(space);
        let length = self.length(space)?;
        let Some(last) = length.checked_sub(1) else { return Ok(0) };
        let mut path = Path::new();
        let item = if end == End::Front { 0 } else { last };
        self.descend(space, item, Aim::Item, &mut path)?;
        let place = if end == End::Front { 0 } else { path.leaf.ring.count };
        Self::open_gap(space, &guard, &mut path.leaf, place)?;
        let node = &path.leaf;
        let (mut change, mut count) = (Change::new(), 0u64);
        for taken in taken.iter_mut().take(node.ring.count as usize) {
            let index = if end == End::Front { count } else { node.ring.count - 1 - count };
            let cell = value::Cell(space.memory.load(node.item_at(index))?);
            // Beside the blocks: the ring and the sizes.
            if cell.block().is_some() && !change.has_room(path.height as usize + 2) {
                break;
            }
            *taken = keep(space, cell, slot, &mut change)?;
            count += 1;
        }
        let ring = node.ring.cut(place, count);
        change.write(node.ring_at, ring.word());
        path.count(space, &mut change, 1, count.wrapping_neg())?;
        guard.commit(&change)?;
        if path.height > 0 && ring.count == 0 {
            self.tidy(space, &guard, &path)?;
        }
        Ok(count as usize)
    }
}

/// Lists the block of a value that is taken out for being this process's.
#[inline]
fn keep<M: Memory>(
    space: &Space<M>,
    cell: value::Cell,
    slot: u64,
    change: &mut Change,
) -> Result<Taken> {
    let Some(at) = cell.block() else { return Ok(Taken { cell, header: Header(0) }) };
    let (kind, _) = value::describe(space, at)?;
    let header = Header(space.memory.load(at)?);
    if !header.is(State::Live) {
        return corrupt("a linked value is not live");
    }
    let state = if kind == Kind::Object { State::Counted } else { State::Pending };
    // No turn, which would not know the slot. Until this change is made, or completed, nobody turns the block.
    let kept = Header::new(header.generation(), state, slot);
    if !is_planted(Bug::TakenIsNobodys) {
        change.write(at, kept.0);
    }
    Ok(Taken { cell, header: kept })
}

impl<M: Memory> Heap<M> {
    /// The value that was taken, whose memory is freed; an object is held by this process then.
    #[inline]
    pub(crate) fn receive(&self, taken: Taken) -> Result<Loaded> {
        let loaded = value::load(&self.space, taken.cell);
        let Some(at) = taken.cell.block() else { return loaded };
        let block = Block { at, header: taken.header };
        if !taken.header.is(State::Counted) {
            self.give_back(block)?;
            return loaded;
        }
        let held = loaded.and_then(|loaded| self.hold_taken(&loaded).map(|()| loaded));
        self.release(block)?;
        held
    }
}
