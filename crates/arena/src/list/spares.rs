//! Nodes for a change that may need them, allocated without the lock.

use super::{limits, node};
use crate::block::Block;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::memory::Memory;

/// Pending nodes, allocated without the lock.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    leaf: Option<(Block, u64)>,
    inner: [Option<Block>; 2],
}

/// What has to be allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// A leaf of at least so many cells; 0 for none.
    pub leaf: u64,
    pub inner: usize,
}

/// Whether something can be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// There is more room now: look again.
    More,
    /// Allocate this first.
    Needs(Need),
}

impl Spares {
    pub(super) fn allocate<M: Memory>(&mut self, heap: &Heap<M>, need: Need) -> Result<()> {
        if need.leaf > self.leaf.map_or(0, |(_, capacity)| capacity) {
            if let Some((block, _)) = self.leaf.take() {
                heap.give_back(block)?;
            }
            self.leaf = Some((node::allocate(heap, 0, need.leaf)?, need.leaf));
        }
        for place in self.inner.iter_mut().take(need.inner) {
            if place.is_none() {
                *place = Some(node::allocate(heap, 1, limits::fan())?);
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, need: Need) -> bool {
        self.leaf.map_or(0, |(_, capacity)| capacity) >= need.leaf
            && self.inner.iter().flatten().count() >= need.inner
    }

    pub(super) fn take_inner(&mut self) -> Option<Block> {
        self.inner.iter_mut().find_map(Option::take)
    }

    /// Takes a node of a level, and what it can hold.
    pub(super) fn take(&mut self, level: u64) -> Result<(Block, u64)> {
        let taken = match level {
            0 => self.leaf.take(),
            _ => self.take_inner().map(|block| (block, limits::fan())),
        };
        let Some(taken) = taken else { return corrupt("a spare node is missing") };
        Ok(taken)
    }

    pub fn give_back<M: Memory>(&mut self, heap: &Heap<M>) -> Result<()> {
        let leaf = self.leaf.take().map(|(block, _)| block);
        for block in leaf.into_iter().chain(self.inner.iter_mut().filter_map(Option::take)) {
            heap.give_back(block)?;
        }
        Ok(())
    }
}

impl Need {
    pub const INNER: Self = Self { leaf: 0, inner: 1 };
}
