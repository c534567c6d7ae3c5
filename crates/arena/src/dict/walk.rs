//! Walking over the items in order of insertion.

use super::{AFTER, BEFORE, CHAIN, Dict, HASH, HEAD, KEY, SHAPE, TAIL, VALUE};
use super::{checked, find::Spot, key};
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::value::{self, Cell, Copied, Loaded};

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

/// What of each item is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Keys,
    /// The value.
    Values,
    /// Both.
    Items,
}

/// Where a walk has got to. Valid until a key comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    way: Way,
    part: Part,
    next: u64,
    shape: u64,
    /// How many items there can still be: links of damaged items may lead round in a circle.
    left: u64,
}

impl Position {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.next == 0
    }

    /// The same place, for a walk that takes only a part of each item: the other one is given as `None`.
    #[must_use]
    pub fn only(self, part: Part) -> Self {
        Self { part, ..self }
    }
}

/// A key and its value.
pub type Item = (Loaded, Loaded);
/// An item as it was copied.
pub type CopiedItem = (Copied, Copied);

/// Bytes that are copied at one look, if one value is not longer.
const BYTES_MAX: usize = 1 << 16;

/// The item that was copied.
#[inline]
pub fn item((key, value): CopiedItem) -> Result<Item> {
    Ok((key.loaded()?, value.loaded()?))
}

impl Dict {
    /// The beginning of a walk.
    pub fn begin<M: Memory>(&self, heap: &Heap<M>, way: Way) -> Result<Position> {
        let _guard = heap.begin(self.object)?;
        let end = if way == Way::Forward { HEAD } else { TAIL };
        let (next, shape) = (self.word(&heap.space, end)?, self.word(&heap.space, SHAPE)?);
        let left = self.most(&heap.space)?;
        Ok(Position { way, part: Part::Items, next, shape, left })
    }

    /// Whether no key came or went since the walk began. Takes no lock.
    #[inline]
    pub fn is_unchanged<M: Memory>(&self, heap: &Heap<M>, position: &Position) -> Result<bool> {
        Ok(self.word(&heap.space, SHAPE)? == position.shape)
    }

    /// Copies up to `count` items to `items` and moves on; under the lock, so `count` should be some dozens. Fewer if they
    /// are long, but at least one.
    ///
    /// [`Failure::Changed`] if a key came or went since the walk began; replaced values do not disturb it.
    pub fn advance<M: Memory>(
        &self,
        heap: &Heap<M>,
        position: &mut Position,
        count: usize,
        items: &mut Vec<CopiedItem>,
    ) -> Result<()> {
        let space = &heap.space;
        let _guard = heap.begin(self.object)?;
        if self.word(space, SHAPE)? != position.shape {
            return Err(Failure::Changed);
        }
        let link = if position.way == Way::Forward { AFTER } else { BEFORE };
        let mut bytes = 0;
        for _ in 0..count {
            let item = checked(space, position.next)?;
            if item == 0 {
                break;
            }
            if position.left == 0 {
                return corrupt("a dict has more items than it counts");
            }
            position.left -= 1;
            let word = |word| space.memory.load(item + word);
            let key = || Copied::of(space, Cell(word(KEY)?), key::load);
            let value = || Copied::of(space, Cell(word(VALUE)?), value::load);
            let copied = match position.part {
                Part::Keys => (key()?, Copied::NONE),
                Part::Values => (Copied::NONE, value()?),
                Part::Items => (key()?, value()?),
            };
            position.next = word(link)?;
            bytes += copied.0.bytes() + copied.1.bytes();
            items.push(copied);
            if bytes > BYTES_MAX {
                break;
            }
        }
        Ok(())
    }

    /// Where the item at `item` is linked in its bucket. The caller holds the lock.
    pub(super) fn spot_of<M: Memory>(&self, space: &Space<M>, item: u64) -> Result<Spot> {
        let hash = space.memory.load(item + HASH)?;
        let mut link = self.bucket_of_hash(space, hash)?;
        for _ in 0..=self.most(space)? {
            let next = checked(space, space.memory.load(link)?)?;
            if next == item {
                return Ok(Spot { link, next, hit: true });
            }
            if next == 0 {
                break;
            }
            link = next + CHAIN;
        }
        corrupt("an item is not in its bucket")
    }
}
