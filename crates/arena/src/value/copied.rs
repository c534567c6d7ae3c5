//! A value as it is copied out of a container that others wait for: understood later.

use super::{Cell, Loaded};
use crate::failure::{Result, corrupt};
use crate::layout::Space;
use crate::memory::Memory;

/// A value that was copied, or only its cell where that is all of it. A word is copied faster than what it stands for.
#[derive(Debug, Clone)]
pub struct Copied(Content);

#[derive(Debug, Clone)]
enum Content {
    Cell(Cell),
    Loaded(Loaded),
}

impl Copied {
    pub(crate) const NONE: Self = Self(Content::Cell(Cell::NONE));

    /// Copies the value of a cell; that of a block by `load`.
    #[inline]
    pub(crate) fn of<M: Memory>(
        space: &Space<M>,
        cell: Cell,
        load: impl FnOnce(&Space<M>, Cell) -> Result<Loaded>,
    ) -> Result<Self> {
        match cell.block() {
            None => Ok(Self(Content::Cell(cell))),
            Some(_) => load(space, cell).map(Content::Loaded).map(Self),
        }
    }

    /// How many bytes were copied beside the cell.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        match &self.0 {
            Content::Loaded(Loaded::Data(_, data)) => data.len(),
            _ => 0,
        }
    }

    /// The value.
    #[inline]
    pub fn loaded(self) -> Result<Loaded> {
        match self.0 {
            Content::Loaded(loaded) => Ok(loaded),
            Content::Cell(cell) => match cell.inline() {
                Some(loaded) => Ok(loaded),
                None => corrupt("a cell has no valid form"),
            },
        }
    }
}
