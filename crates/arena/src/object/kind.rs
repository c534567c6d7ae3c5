//! The kinds of objects.

use crate::failure::{Result, corrupt};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A mapping that keeps insertion order.
    Dict = 1,
    /// Keys without values.
    Set = 2,
    /// One value.
    Variable = 3,
    /// A sequence.
    List = 4,
    /// A lock that any thread may leave.
    Lock = 5,
    /// A lock that its thread may take again.
    RLock = 6,
    /// A counter of permits.
    Semaphore = 7,
    /// A counter of permits that has no more of them than at first.
    BoundedSemaphore = 8,
    /// A flag that can be waited for.
    Event = 9,
    /// A lock, and a line of those who wait for something that it guards.
    Condition = 10,
    /// A meeting point for a number of threads.
    Barrier = 11,
    /// Items that are taken once.
    Queue = 12,
}

impl ObjectKind {
    pub(crate) fn from_word(word: u64) -> Result<Self> {
        match word {
            1 => Ok(Self::Dict),
            2 => Ok(Self::Set),
            3 => Ok(Self::Variable),
            4 => Ok(Self::List),
            5 => Ok(Self::Lock),
            6 => Ok(Self::RLock),
            7 => Ok(Self::Semaphore),
            8 => Ok(Self::BoundedSemaphore),
            9 => Ok(Self::Event),
            10 => Ok(Self::Condition),
            11 => Ok(Self::Barrier),
            12 => Ok(Self::Queue),
            _ => corrupt("an object has no valid kind"),
        }
    }
}
