//! A change of several words that happens wholly or not at all.
//!
//! # Theory of operation
//!
//! An operation on an object is prepared without touching anything reachable: new blocks are filled while
//! pending, and every word that has to change is listed in a [`Change`], together with the blocks that become
//! live, dropped or free. Under the object's lock the list is then written to the object's log, announced by
//! **one store** of the intent word (version, number of entries), applied, and closed by one more store of the
//! intent word (next version, no entries).
//!
//! * Death before the announcement: the log is noise, and the pending blocks are swept. Nothing happened.
//! * Death after it: the next locker applies the whole list again, which does no harm. A word entry stores a
//!   value that nobody else may have changed since (its lock is still the dead one's). A block entry names the
//!   block by its whole header: if the header is another one by now, the step was done, and perhaps its memory
//!   given out anew.
//!
//! So recovery is the same for all operations of all types, and a container's author has two rules to keep:
//! list every word that changes, and never list a word inside of a block that the same change frees.
//!
//! The version makes the intent word a sequence lock for readers that take no lock: the same quiet word before
//! and after means that no change was applied between.

use crate::block::{Block, Header, State};
use crate::failure::{Result, corrupt};
use crate::layout::{Space, lockable};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::units;

/// The low bits of an entry's first word say what it does: 0 stores a word, else 1 + the block's new state.
const KIND: u64 = 7;
/// The low bits of the intent word that hold the number of entries.
const COUNT: u64 = 0xff;

/// Whether no change is being applied in an object with this intent word.
#[inline]
pub(crate) fn is_quiet(intent: u64) -> bool {
    intent & COUNT == 0
}

/// The list of what an operation changes. It touches nothing until [`commit`].
pub(crate) struct Change {
    entries: [(u64, u64); lockable::ENTRIES],
    count: usize,
}

impl Change {
    #[inline]
    pub fn new() -> Self {
        Self { entries: [(0, 0); lockable::ENTRIES], count: 0 }
    }

    /// Whether `more` entries still fit.
    pub fn has_room(&self, more: usize) -> bool {
        self.count + more <= lockable::ENTRIES
    }

    /// The word at `at` becomes `value`.
    #[inline]
    pub fn write(&mut self, at: u64, value: u64) {
        self.push(at, value);
    }

    /// `block` gets the new state, if it still has the header it was found with.
    #[inline]
    pub fn turn(&mut self, block: Block, state: State) {
        self.push(block.at | (1 + state as u64), block.header.0);
    }

    #[inline]
    fn push(&mut self, what: u64, value: u64) {
        if let Some(entry) = self.entries.get_mut(self.count) {
            *entry = (what, value);
        }
        self.count += 1; // One too many is noticed by `commit`.
    }
}

/// Makes the change. The caller holds the lock of the lockable at `owner`, whose words these are.
#[inline]
pub(crate) fn commit<M: Memory>(space: &Space<M>, owner: u64, change: &Change) -> Result<()> {
    let memory = &space.memory;
    let Some(entries) = change.entries.get(..change.count) else {
        return corrupt("a change has too many parts");
    };
    if is_planted(Bug::NoIntent) {
        return entries.iter().try_for_each(|&(what, value)| apply(space, what, value));
    }
    let quiet = memory.load(owner + lockable::INTENT)?;
    if is_planted(Bug::IntentBeforeItsEntries) {
        memory.store(owner + lockable::INTENT, quiet | change.count as u64)?;
    }
    let mut place = owner + lockable::LOG;
    for &(what, value) in entries {
        memory.store(place, what)?;
        memory.store(place + 8, value)?;
        place += 16;
    }
    memory.store(owner + lockable::INTENT, quiet | change.count as u64)?;
    for &(what, value) in entries {
        if is_planted(Bug::IntentClearedEarly) {
            close(space, owner, quiet)?;
        }
        apply(space, what, value)?;
    }
    close(space, owner, quiet)
}

#[inline]
fn close<M: Memory>(space: &Space<M>, owner: u64, intent: u64) -> Result<()> {
    space.memory.store(owner + lockable::INTENT, ((intent >> 8) + 1) << 8)
}

/// Completes a change whose author died after announcing it. The caller holds the lock.
#[cold]
pub(crate) fn complete<M: Memory>(space: &Space<M>, owner: u64) -> Result<()> {
    let intent = space.memory.load(owner + lockable::INTENT)?;
    let count = intent & COUNT;
    if count > lockable::ENTRIES as u64 {
        return corrupt("an intent has too many parts");
    }
    for entry in 0..count {
        let place = owner + lockable::LOG + entry * 16;
        let (what, value) = (space.memory.load(place)?, space.memory.load(place + 8)?);
        apply(space, what, value)?;
    }
    close(space, owner, intent)
}

#[inline]
fn apply<M: Memory>(space: &Space<M>, what: u64, value: u64) -> Result<()> {
    let at = what & !KIND;
    let state = match what & KIND {
        0 => return space.memory.store(at, value),
        1 => State::Free,
        3 => State::Counted,
        4 => State::Live,
        5 => State::Dropped,
        _ => return corrupt("an intent has an unknown part"),
    };
    turn(space, Block { at, header: Header(value) }, state)
}

/// Gives a block another state, if it still has the header it was found with. Doing so twice does no harm.
#[inline]
pub(crate) fn turn<M: Memory>(space: &Space<M>, block: Block, state: State) -> Result<()> {
    let now = space.memory.load(block.at)?;
    let turned = block.header.turned(state);
    if now == block.header.0 || is_planted(Bug::DoubleFreeOnRecovery) {
        space.memory.store(block.at, turned.0)?;
    } else if now != turned.0 {
        return Ok(());
    }
    // Also when the store had been made: its author may have died before the hint.
    if state == State::Free { units::hint(space, block.at) } else { Ok(()) }
}
