//! Telling whether a value is still the one that was read.

use super::Cell;
use crate::failure::Result;
use crate::layout::Space;
use crate::memory::Memory;

/// What a value was when it was read: for replacing it only if it still is that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    cell: Cell,
    /// The header of the value's block: the same memory may hold another value later.
    header: u64,
}

impl Witness {
    pub(crate) fn take<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Self> {
        let header = match cell.block() {
            Some(at) => space.memory.load(at)?,
            None => 0,
        };
        Ok(Self { cell, header })
    }
}
