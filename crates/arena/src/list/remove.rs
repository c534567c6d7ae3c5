//! Removing items.

use super::merge::is_sparse;
use super::node::LINK;
use super::path::{Aim, Path};
use super::split::LEAF_MIN;
use super::{Index, List, ROOT};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Step, discard_value};
use crate::value::{self, Cell, Loaded, Witness};

/// What an item is removed for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Value,
    /// Nothing, if it still is the one that a witness saw.
    If(Witness),
}

impl List {
    /// Removes the item `index` and returns it, `None` if there are not so many; an object is held by this
    /// process then.
    pub fn pop<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
    ) -> Result<Option<Loaded>> {
        self.take(heap, index.into(), Wanted::Value)
    }

    /// Removes the last item and returns it as [`Self::pop`] does; `None` if there is none.
    pub fn pop_last<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Loaded>> {
        self.pop(heap, -1)
    }

    /// Removes the item `index` if it still is the one that `witness` saw. Returns whether it was.
    pub fn remove_if<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
        witness: Witness,
    ) -> Result<bool> {
        Ok(self.take(heap, index.into(), Wanted::If(witness))?.is_some())
    }

    /// Removes the item `index`. Returns whether there are so many.
    pub fn delete<M: Memory>(&self, heap: &Heap<M>, index: impl Into<Index>) -> Result<bool> {
        Ok(self.take(heap, index.into(), Wanted::Nothing)?.is_some())
    }

    /// Removes the item `index`, and returns its value if that is wanted, or else anything.
    #[inline]
    fn take<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: Index,
        wanted: Wanted,
    ) -> Result<Option<Loaded>> {
        let (space, mut loaded) = (&heap.space, None);
        let keeper = (wanted == Wanted::Value).then(|| heap.slot());
        let mut step = Step { keeper, ..Step::default() };
        let cell = {
            let guard = heap.begin(self.object)?;
            let Some(index) = index.of_item(self.length(space)?) else { return Ok(None) };
            let mut path = Path::new();
            self.descend(space, index, Aim::Item, &mut path)?;
            let cell = Cell(space.memory.load(path.leaf.item_at(path.index(0)))?);
            match wanted {
                Wanted::If(witness) if Witness::take(space, cell)? != witness => return Ok(None),
                Wanted::Value if cell.block().is_some() => {
                    loaded = value::load_short(space, cell)?;
                }
                _ => {}
            }
            self.remove(space, &guard, &mut path, cell, &mut step)?;
            cell
        };
        let taken = match (loaded, wanted) {
            (Some(loaded), _) => loaded,
            (None, Wanted::Value) => value::load(space, cell)?,
            (None, _) => Loaded::None,
        };
        if wanted == Wanted::Value {
            heap.hold_taken(&taken)?;
        }
        heap.follow_up(step)?;
        Ok(Some(taken))
    }

    /// Removes the item of a path, whose cell is `cell`.
    #[inline]
    fn remove<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &mut Path,
        cell: Cell,
        step: &mut Step,
    ) -> Result<()> {
        let inside = path.index(0);
        let ring = path.leaf.ring;
        let to =
            if ring.distance(inside) < ring.distance(inside + 1) { inside } else { inside + 1 };
        Self::open_gap(space, guard, &mut path.leaf, to)?;
        let node = &path.leaf;
        let ring = node.ring.without(inside);
        let mut change = Change::new();
        if path.height == 0 && ring.count == 0 && ring.capacity > LEAF_MIN {
            change.write(self.object.body(ROOT), 0);
            change.write(self.object.body(ROOT) + LINK, 0);
            change.turn(node.block(space)?, State::Free);
        } else {
            change.write(node.ring_at, ring.word());
        }
        if is_planted(Bug::SizesApart) && path.height > 0 {
            let mut sizes = Change::new();
            path.count(space, &mut sizes, 1, 1u64.wrapping_neg())?;
            guard.commit(&sizes)?;
        } else {
            path.count(space, &mut change, 1, 1u64.wrapping_neg())?;
        }
        discard_value(space, cell, &mut change, step)?;
        guard.commit(&change)?;
        if path.height > 0 && is_sparse(ring.count, 0) {
            self.tidy(space, guard, path)?;
        }
        Ok(())
    }
}
