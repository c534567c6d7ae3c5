//! The word of the unit table.

use crate::block::NOBODY;
use crate::classes::SIZES;
use crate::failure::{Result, corrupt};

/// What a run of units is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Inside of a run, or beyond the frontier.
    None = 0,
    Free = 1,
    Claimed = 2,
    Slab = 3,
    Extent = 4,
}

/// Which pages of a run exist. Ordered: less is always safe to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Backing {
    None = 0,
    /// Unknown, or in part.
    Some = 1,
    All = 2,
}

/// A table word: kind (3 bits), slot (9), class (8), backing (2), length (32, high).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub kind: Kind,
    pub slot: u64,
    pub class: usize,
    pub backing: Backing,
    pub length: u64,
}

impl Run {
    pub fn free(length: u64, backing: Backing) -> Self {
        Self { kind: Kind::Free, slot: NOBODY, class: 0, backing, length }
    }

    pub fn word(self) -> u64 {
        self.kind as u64
            | self.slot << 3
            | (self.class as u64) << 12
            | (self.backing as u64) << 20
            | self.length << 32
    }

    #[inline]
    pub fn from_word(word: u64) -> Result<Self> {
        let kind = match word & 7 {
            0 if word == 0 => Kind::None,
            1 => Kind::Free,
            2 => Kind::Claimed,
            3 => Kind::Slab,
            4 => Kind::Extent,
            _ => return corrupt("a unit has no valid kind"),
        };
        let class = (word >> 12 & 0xff) as usize;
        if class >= SIZES.len() {
            return corrupt("a slab has no valid class");
        }
        let backing = match word >> 20 & 3 {
            0 => Backing::None,
            2 => Backing::All,
            _ => Backing::Some,
        };
        Ok(Self { kind, slot: word >> 3 & NOBODY, class, backing, length: word >> 32 })
    }
}
