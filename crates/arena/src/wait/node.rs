//! Nodes: one for each wait.
//!
//! | offset | word |
//! | ---: | --- |
//! | 0 | header: live while it stands in a line, else pending and its thread's to free |
//! | 8 | how the wait stands ([`Standing`]): what its thread sleeps on |
//! | 16, 24 | the next and the previous node |
//! | 32 | the life of the thread |
//! | 40 | since when, in ns |
//! | 48 | the slot of the process |
//! | 56 | what else the kind of object has to know |

use super::Line;
use super::tell::wake_all;
use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::classes::SIZES;
use crate::clock;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::Object;
use crate::units;

pub(super) const WORD: u64 = 8;
pub(super) const NEXT: u64 = 16;
pub(super) const PREVIOUS: u64 = 24;
const LIFE: u64 = 32;
const SINCE: u64 = 40;
const SLOT: u64 = 48;
const ARGUMENT: u64 = 56;
const BYTES: u64 = 64;

/// How a wait stands, as its thread sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Standing {
    /// Awake, or about to sleep.
    Waiting = 0,
    /// Asleep, or about to be: whoever changes the word has to wake it.
    Sleeping = 1,
    /// What it waited for is its own.
    Granted = 2,
    /// Told to look for itself; if it dies first, somebody else is to be told.
    Notified = 3,
    /// As waiting; but whom it was about to watch is not whom it stands behind any more.
    Stirred = 4,
}

impl Standing {
    /// Whether the thread has something to do.
    pub fn is_told(self) -> bool {
        matches!(self, Self::Granted | Self::Notified)
    }
}

/// A wait that has begun: where its node is, and the header it has while it stands in no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) block: Block,
}

/// A node that stands in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub at: u64,
    pub header: Header,
    pub life: LifeId,
    slot: u64,
}

impl Node {
    /// The node at `at`, which a line links.
    pub fn read<M: Memory>(space: &Space<M>, at: u64) -> Result<Self> {
        let run = units::run_at(space, space.map.unit_of(at)?)?;
        let header = Header(space.memory.load(at)?);
        let is_block = run.kind == units::Kind::Slab && SIZES[run.class] == BYTES;
        let base = space.map.unit_at(space.map.unit_of(at)?);
        if !is_block || !(at - base).is_multiple_of(BYTES) || !header.is(State::Live) {
            return corrupt("a line links what is no node");
        }
        let Some(life) = LifeId::from_word(space.memory.load(at + LIFE)?) else {
            return corrupt("a node is nobody's");
        };
        Ok(Self { at, header, life, slot: space.memory.load(at + SLOT)? })
    }

    /// Since when it waits, in ns.
    pub fn since_ns<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.at + SINCE)
    }

    /// What the kind of object noted.
    pub fn argument<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.at + ARGUMENT)
    }

    /// Lists what notes something else.
    pub fn note(&self, change: &mut Change, argument: u64) {
        change.write(self.at + ARGUMENT, argument);
    }

    pub fn standing<M: Memory>(&self, space: &Space<M>) -> Result<Standing> {
        standing(space, self.at)
    }

    /// The header that it gets where it leaves its line: its thread's to free.
    pub fn left(&self) -> Header {
        Header::new(self.header.generation(), State::Pending, self.slot)
    }

    /// Whoever stands before it.
    pub fn before<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.at + PREVIOUS)
    }

    /// Whether its process has the slot.
    pub fn is_of_slot(&self, slot: u64) -> bool {
        self.slot == slot
    }

    /// Lists what tells its thread how the wait stands; that is to be woken then, asleep or not.
    pub fn list_tell(&self, change: &mut Change, standing: Standing) {
        change.write(self.at + WORD, standing as u64);
    }

    /// Tells its thread how the wait stands. Returns whether that is to be woken. The caller has the object's lock, so
    /// the thread does not free the node before.
    pub fn tell<M: Memory>(&self, space: &Space<M>, standing: Standing) -> Result<bool> {
        let before = space.memory.swap(self.at + WORD, standing as u64)?;
        // Whoever has stirred it may not have woken it yet, and die first.
        Ok(before == Standing::Sleeping as u64 || before == Standing::Stirred as u64)
    }

    /// Has its thread look again before it sleeps, or sleeps on. Returns whether that is to be woken. The caller has the
    /// object's lock.
    pub fn stir<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        if is_planted(Bug::OnlyWoken) {
            return Ok(self.standing(space)? == Standing::Sleeping);
        }
        // Its thread may be falling asleep, but does not get up without the lock.
        for standing in [Standing::Waiting, Standing::Sleeping] {
            let (at, seen) = (self.at + WORD, standing as u64);
            if space.memory.exchange(at, seen, Standing::Stirred as u64)? == seen {
                return Ok(standing == Standing::Sleeping);
            }
        }
        Ok(self.standing(space)? == Standing::Stirred)
    }
}

fn standing<M: Memory>(space: &Space<M>, at: u64) -> Result<Standing> {
    Ok(match space.memory.load(at + WORD)? {
        0 => Standing::Waiting,
        1 => Standing::Sleeping,
        2 => Standing::Granted,
        3 => Standing::Notified,
        4 => Standing::Stirred,
        _ => return corrupt("a node stands in no valid way"),
    })
}

/// Wakes the thread of a node, without the object's lock: the node may be something else by now, which does no harm.
pub(crate) fn wake<M: Memory>(space: &Space<M>, at: u64) -> Result<()> {
    space.memory.wake(at + WORD, 1)
}

impl Ticket {
    /// The node of a wait that begins.
    pub(crate) fn new<M: Memory>(heap: &Heap<M>, me: LifeId, argument: u64) -> Result<Self> {
        let block = heap.allocate(BYTES - 8)?;
        let memory = &heap.space.memory;
        memory.store(block.at + WORD, Standing::Waiting as u64)?;
        memory.store(block.at + LIFE, me.word())?;
        memory.store(block.at + SINCE, clock::now_ns())?;
        memory.store(block.at + SLOT, heap.slot())?;
        memory.store(block.at + ARGUMENT, argument)?;
        Ok(Self { block })
    }

    /// What was noted when the wait began.
    pub(crate) fn argument<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        space.memory.load(self.block.at + ARGUMENT)
    }

    /// Notes something else, while nobody knows the node.
    pub(crate) fn note<M: Memory>(&self, space: &Space<M>, argument: u64) -> Result<()> {
        space.memory.store(self.block.at + ARGUMENT, argument)
    }

    pub(crate) fn standing<M: Memory>(&self, space: &Space<M>) -> Result<Standing> {
        standing(space, self.block.at)
    }

    /// Whether it stands in a line.
    pub(crate) fn is_in_line<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        Ok(space.memory.load(self.block.at)? == self.block.header.turned(State::Live).0)
    }

    /// Whether its node has been freed by somebody else: a deputy's, that has ended.
    pub(crate) fn is_gone<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        let header = space.memory.load(self.block.at)?;
        Ok(header != self.block.header.0 && header != self.block.header.turned(State::Live).0)
    }

    /// Whoever stands before it in its line.
    pub(crate) fn before<M: Memory>(&self, space: &Space<M>) -> Result<Option<Node>> {
        match space.memory.load(self.block.at + PREVIOUS)? {
            0 => Ok(None),
            before => Node::read(space, before).map(Some),
        }
    }

    /// The life to watch: that of whom it stands behind, else that of `holder`.
    pub(crate) fn behind<M: Memory>(
        &self,
        space: &Space<M>,
        holder: Option<LifeId>,
    ) -> Result<Option<LifeId>> {
        Ok(self.before(space)?.map(|node| node.life).or(holder))
    }

    /// Says that the thread goes to sleep. Returns whether it may: not when the wait stands otherwise by now.
    pub(crate) fn fall_asleep<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        let (at, asleep) = (self.block.at + WORD, Standing::Sleeping as u64);
        if is_planted(Bug::AsleepByStore) {
            space.memory.store(at, Standing::Waiting as u64)?;
        }
        let seen = space.memory.exchange(at, Standing::Waiting as u64, asleep)?;
        if seen == Standing::Stirred as u64 {
            space.memory.exchange(at, seen, Standing::Waiting as u64)?;
        }
        Ok(seen == Standing::Waiting as u64 || seen == asleep)
    }

    /// Whether nobody has told the thread anything. One load, for spinning.
    #[must_use]
    pub(crate) fn is_untold<M: Memory>(&self, space: &Space<M>) -> bool {
        matches!(space.memory.load(self.block.at + WORD), Ok(0 | 1))
    }

    /// Has the thread wait again. The caller has the object's lock, and the node stands in a line.
    pub(crate) fn rearm<M: Memory>(&self, space: &Space<M>) -> Result<()> {
        space.memory.store(self.block.at + WORD, Standing::Waiting as u64)
    }

    pub(crate) fn word_at(&self) -> u64 {
        self.block.at + WORD
    }

    /// The node, while it stands in a line.
    pub(crate) fn node<M: Memory>(&self, space: &Space<M>) -> Result<Node> {
        Node::read(space, self.block.at)
    }

    /// Frees the node. It stands in no line any more.
    pub(crate) fn free<M: Memory>(self, heap: &Heap<M>) -> Result<()> {
        heap.give_back(self.block)
    }

    /// Leaves a line, if it still stands there, and frees the node. Returns who is to be woken behind it.
    pub(crate) fn leave<M: Memory>(self, heap: &Heap<M>, object: Object, line: Line) -> Result<()> {
        let behind = {
            let guard = heap.lock(object)?;
            if self.is_in_line(&heap.space)? {
                line.take_out(&heap.space, &guard, &self.node(&heap.space)?)?
            } else {
                None
            }
        };
        self.free(heap)?;
        wake_all(&heap.space, behind.as_slice())
    }
}

/// Whether the block at `at` can be the node of a wait that is over, and whose thread lives to free it (for tests).
#[cfg(test)]
pub(crate) fn is_about_to_be_freed<M: Memory>(space: &Space<M>, at: u64) -> Result<bool> {
    let header = Header(space.memory.load(at)?);
    let run = units::run_at(space, space.map.unit_of(at)?)?;
    let is_node = run.kind == units::Kind::Slab && SIZES[run.class] == BYTES;
    let life = space.memory.load(at + LIFE)?;
    Ok(match LifeId::from_word(life) {
        Some(life) if is_node && header.is(State::Pending) && life.word() < 1 << 58 => {
            crate::life::ending(space, life)? == crate::life::Ending::Lives
                && crate::life::slot_of(space, life)? == Some(header.slot())
        }
        _ => false,
    })
}
