//! The first word of every block: its state and generation.
//!
//! | state | whose it is | who may change it |
//! | --- | --- | --- |
//! | free | the slab's owner's, to allocate | that owner |
//! | pending | the allocating process's, not reachable | that process; the sweeper once it is dead |
//! | counted | a reference that its object has counted, in no container yet, or not any more | as pending |
//! | live | reachable from exactly one place | whoever holds that place's lock |
//! | dropped | unlinked; what it refers to is not released yet | whoever holds the lock of what it refers to |
//!
//! The generation grows with every allocation, so a block is named by its whole header word: an intent that
//! frees "the block with this header" does nothing when it runs again after the block was given out anew.

use crate::failure::{Result, corrupt};

/// What a block is; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Free = 0,
    Pending = 1,
    Counted = 2,
    Live = 3,
    Dropped = 4,
}

/// In the place of a slot's number: no process.
pub(crate) const NOBODY: u64 = 0x1ff;

const STATE: u64 = 7;
const SLOT_SHIFT: u32 = 3;
const GENERATION_SHIFT: u32 = 12;

/// A block's header word: 3 bits of state, 9 bits of slot, 52 bits of generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header(pub u64);

impl Header {
    pub fn new(generation: u64, state: State, slot: u64) -> Self {
        Self(generation << GENERATION_SHIFT | (slot & NOBODY) << SLOT_SHIFT | state as u64)
    }

    pub fn live(generation: u64) -> Self {
        Self::new(generation, State::Live, 0)
    }

    #[inline]
    pub fn state(self) -> Result<State> {
        Ok(match self.0 & STATE {
            0 => State::Free,
            1 => State::Pending,
            2 => State::Counted,
            3 => State::Live,
            4 => State::Dropped,
            _ => return corrupt("a block has no valid state"),
        })
    }

    #[inline]
    pub fn is(self, state: State) -> bool {
        self.0 & STATE == state as u64
    }

    #[inline]
    pub fn slot(self) -> u64 {
        self.0 >> SLOT_SHIFT & NOBODY
    }

    #[inline]
    pub fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    /// The same block in another state; only a counted one still needs its owner's name.
    #[inline]
    pub fn turned(self, state: State) -> Self {
        let slot = if state == State::Counted { self.slot() } else { 0 };
        Self::new(self.generation(), state, slot)
    }

    /// The header after the block's next allocation by `slot`.
    #[inline]
    pub fn allocated(self, slot: u64) -> Self {
        Self::new(self.generation() + 1, State::Pending, slot)
    }
}

/// A block and the header by which it was found or allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub at: u64,
    pub header: Header,
}

#[test]
fn a_header_keeps_its_parts_apart() {
    let header = Header::new(77, State::Pending, 255);
    assert_eq!((header.state(), header.slot(), header.generation()), (Ok(State::Pending), 255, 77));
    assert_eq!(header.turned(State::Counted), Header::new(77, State::Counted, 255));
    assert_eq!(header.turned(State::Live), Header::live(77));
    assert_eq!(header.turned(State::Free).allocated(3), Header::new(78, State::Pending, 3));
    assert!(Header(7).state().is_err());
}
