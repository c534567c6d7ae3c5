//! Reading items, without the lock if possible.

use super::node::Node;
use super::{Index, List, version_of};
use crate::block::Header;
use crate::change::is_quiet;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::{self, Memory};
use crate::value::{self, Cell, Loaded, Witness};

/// Tries without the lock. A writer that is always there would starve a reader otherwise.
const TRIES: usize = 4;
/// Items that are read at one look.
const ITEMS_MAX: u64 = 128;
/// Bytes that are read at one look, if one value is not longer.
const BYTES_MAX: usize = 1 << 16;
/// Tries of a snapshot; from the second half on, others are kept out.
const SNAPSHOT_TRIES: usize = 8;

impl List {
    /// The item `index`; `None` if there are not so many.
    #[inline]
    pub fn get<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
    ) -> Result<Option<Loaded>> {
        let index = index.into();
        let look = |space: &Space<M>| match self.cell(space, index)? {
            Some(cell) => value::load(space, cell).map(Some),
            None => Ok(None),
        };
        self.look(heap, &mut 0, look)
    }

    /// The item `index`, and what [`Self::replace_if`] and [`Self::remove_if`] need to know of it.
    pub fn get_witnessed<M: Memory>(
        &self,
        heap: &Heap<M>,
        index: impl Into<Index>,
    ) -> Result<Option<(Loaded, Witness)>> {
        let index = index.into();
        let look = |space: &Space<M>| match self.cell(space, index)? {
            Some(cell) => Ok(Some((value::load(space, cell)?, Witness::take(space, cell)?))),
            None => Ok(None),
        };
        self.look(heap, &mut 0, look)
    }

    /// Copies up to `count` items from `start` on to `items`, at one moment, and returns the version that the list
    /// had. Fewer if they are long or more than some dozens, but at least one unless `start` is behind the end.
    ///
    /// Whoever reads on and gets the same version has read one state of the list.
    pub fn read_range<M: Memory>(
        &self,
        heap: &Heap<M>,
        start: u64,
        count: usize,
        items: &mut Vec<Loaded>,
    ) -> Result<u64> {
        let before = items.len();
        let mut version = 0;
        self.look(heap, &mut version, |space| {
            items.truncate(before);
            self.read_items(space, start, count, items)
        })?;
        Ok(version)
    }

    /// All items at one moment, and the version that the list had.
    ///
    /// [`Failure::Changed`] if others change it also while they are kept out ([`Heap::begin_reservation`]).
    pub fn snapshot<M: Memory>(&self, heap: &Heap<M>) -> Result<(Vec<Loaded>, u64)> {
        let mut items = Vec::new();
        for attempt in 0..SNAPSHOT_TRIES {
            let mut read = || self.read_all(heap, &mut items);
            let version = if attempt < SNAPSHOT_TRIES / 2 {
                read()?
            } else {
                heap.reserving(self.handle(), read)?
            };
            if let Some(version) = version {
                return Ok((items, version));
            }
        }
        Err(Failure::Changed)
    }

    /// All items, if nothing changes meanwhile.
    fn read_all<M: Memory>(&self, heap: &Heap<M>, items: &mut Vec<Loaded>) -> Result<Option<u64>> {
        items.clear();
        let version = self.read_range(heap, 0, usize::MAX, items)?;
        loop {
            let before = items.len();
            if self.read_range(heap, before as u64, usize::MAX, items)? != version {
                return Ok(None);
            }
            if items.len() == before {
                return Ok(Some(version));
            }
        }
    }

    fn read_items<M: Memory>(
        &self,
        space: &Space<M>,
        start: u64,
        count: usize,
        items: &mut Vec<Loaded>,
    ) -> Result<()> {
        let mut bytes = 0;
        self.each_cell(space, start, count, |cell| {
            let item = value::load(space, cell)?;
            bytes += if let Loaded::Data(_, data) = &item { data.len() } else { 0 };
            items.push(item);
            Ok(bytes < BYTES_MAX)
        })
    }

    /// Hands the cells from `start` on to `job`, until it says no; at most some dozens.
    pub(super) fn each_cell<M: Memory>(
        &self,
        space: &Space<M>,
        start: u64,
        count: usize,
        mut job: impl FnMut(Cell) -> Result<bool>,
    ) -> Result<()> {
        let end = start.saturating_add((count as u64).min(ITEMS_MAX)).min(self.length(space)?);
        let mut index = start;
        while index < end {
            let (leaf, first) = self.find(space, index)?;
            for inside in first..leaf.ring.count.min(first + end - index) {
                if !job(cell_in(space, &leaf, inside)?)? {
                    return Ok(());
                }
                index += 1;
            }
        }
        Ok(())
    }

    /// The cell of an item; `None` if there are not so many.
    #[inline]
    fn cell<M: Memory>(&self, space: &Space<M>, index: Index) -> Result<Option<Cell>> {
        let Some(index) = index.of_item(self.length(space)?) else { return Ok(None) };
        let (leaf, inside) = self.find(space, index)?;
        cell_in(space, &leaf, inside).map(Some)
    }

    /// What `look` sees at one moment; `version` becomes the version at that moment. It may be called again.
    #[inline]
    pub(crate) fn look<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        version: &mut u64,
        mut look: impl FnMut(&Space<M>) -> Result<T>,
    ) -> Result<T> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        for _ in 0..TRIES {
            // Acquire (in `load`) pairs with the Release stores of `change::commit`.
            let before = space.memory.load(intent_at)?;
            if !is_quiet(before) {
                break;
            }
            if Header(space.memory.load(self.object.at)?) != self.object.live {
                return Err(Failure::ObjectGone);
            }
            let outcome = look(space);
            memory::validate_after_read();
            if space.memory.load(intent_at)? == before {
                *version = version_of(before);
                return outcome;
            }
        }
        let _guard = heap.begin(self.object)?;
        *version = self.locked_version(space)?;
        look(space)
    }
}

#[inline]
fn cell_in<M: Memory>(space: &Space<M>, leaf: &Node, index: u64) -> Result<Cell> {
    Ok(Cell(space.memory.load(leaf.item_at(index))?))
}
