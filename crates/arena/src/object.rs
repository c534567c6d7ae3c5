//! Objects: what a proxy or a container names, and how long it lives.
//!
//! # Theory of operation
//!
//! An object is a lockable in a slab of its own class, which never becomes anything else, so that its lock word
//! is a lock word for ever. A **handle** is its offset and generation; the block's header must be live with that
//! generation, else the object is gone.
//!
//! | offset | word |
//! | ---: | --- |
//! | 32 | kind |
//! | 40 | references that containers hold |
//! | 48 | lease: until when (`CLOCK_MONOTONIC`, ns) a pickle of a proxy may still arrive |
//! | 56 | tag: what its users call it; set before anybody else knows the object |
//! | 64 | presence: a bit for each slot whose process holds proxies (4 words) |
//! | 96 | who watches a container: the first and last node of a line ([`crate::watch`]) |
//! | 128 | the kind's own words |
//!
//! References, presence and lease keep it alive; whoever removes the last one decides that under its lock, in
//! the same change. Then it is *dropped*: no handle finds it, and its contents are freed in short steps
//! (`Heap::finish`) before its own block is. If that is interrupted, the sweeper goes on.
//!
//! A reference in a container is a block that names the object. The block is also the *count*: it becomes
//! counted in the change that raises the object's number, and free in the one that lowers it, so a death
//! between two locks leaves a block that says what is still to be done.

mod finish;
#[cfg(test)]
pub(crate) mod kills;
mod kind;
mod leases;
mod reference;
mod survey;

use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::classes::OBJECTS;
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::units;

pub use kind::ObjectKind;

pub(crate) use finish::{Step, discard_value};

pub(crate) const KIND: u64 = 32;
pub(crate) const REFERENCES: u64 = 40;
const LEASE: u64 = 48;
const TAG: u64 = 56;
pub(crate) const PRESENCE: u64 = 64;
const PRESENCE_WORDS: u64 = 4;
pub(crate) const WATCHERS: u64 = 96;

/// Names an object for good: never matches another one in the same memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    /// Its offset in the arena.
    pub at: u64,
    /// Its generation.
    pub generation: u64,
}

/// A handle that was checked to name a place for objects. Whether that one still lives shows under its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object {
    pub at: u64,
    pub live: Header,
}

impl Object {
    pub fn handle(self) -> Handle {
        Handle { at: self.at, generation: self.live.generation() }
    }

    pub fn block(self) -> Block {
        Block { at: self.at, header: self.live }
    }

    /// The offset of a word of the object's kind.
    #[inline]
    pub fn body(self, word: u64) -> u64 {
        self.at + lockable::BODY + word
    }
}

/// Checks that a handle names a place for objects.
pub(crate) fn resolve<M: Memory>(space: &Space<M>, handle: Handle) -> Result<Object> {
    let run = units::run_at(space, space.map.unit_of(handle.at)?)?;
    let is_object = run.kind == units::Kind::Slab && run.class == OBJECTS;
    if !is_object || !handle.at.is_multiple_of(lockable::BYTES) {
        return corrupt("a handle names no place for objects");
    }
    Ok(Object { at: handle.at, live: Header::live(handle.generation) })
}

/// The object of a handle, which must be alive and of this kind.
pub(crate) fn open<M: Memory>(heap: &Heap<M>, handle: Handle, kind: ObjectKind) -> Result<Object> {
    let object = resolve(&heap.space, handle)?;
    if Header(heap.space.memory.load(object.at)?) != object.live {
        return Err(Failure::ObjectGone);
    }
    if heap.space.memory.load(object.at + KIND)? != kind as u64 {
        return Err(Failure::WrongType);
    }
    Ok(object)
}

/// Takes the lock of an object that is in `state`.
#[inline]
pub(crate) fn lock_in<M: Memory>(
    space: &Space<M>,
    object: Object,
    state: State,
) -> Result<Guard<'_, M>> {
    checked_in(Guard::acquire(space, object.at)?, space, object, state)
}

/// The lock that was taken, if the object is in `state`.
#[inline]
fn checked_in<'s, M: Memory>(
    guard: Guard<'s, M>,
    space: &Space<M>,
    object: Object,
    state: State,
) -> Result<Guard<'s, M>> {
    if space.memory.load(object.at)? != object.live.turned(state).0 {
        return Err(Failure::ObjectGone);
    }
    Ok(guard)
}

pub(crate) fn presence_at(object: Object, slot: u64) -> (u64, u64) {
    (object.at + PRESENCE + slot / 64 % PRESENCE_WORDS * 8, 1 << (slot % 64))
}

impl<M: Memory> Heap<M> {
    /// Takes the lock of a live object.
    #[inline]
    pub(crate) fn lock(&self, object: Object) -> Result<Guard<'_, M>> {
        self.check_not_forked()?;
        lock_in(&self.space, object, State::Live)
    }

    /// As [`Self::lock`], where an operation begins: nothing is done yet, and the wait may be given up.
    #[inline]
    pub(crate) fn begin(&self, object: Object) -> Result<Guard<'_, M>> {
        self.check_not_forked()?;
        checked_in(Guard::begin(&self.space, object.at)?, &self.space, object, State::Live)
    }

    /// As [`Self::begin`], for what writes several lines of memory beside the lock's.
    #[inline]
    pub(crate) fn begin_apart(&self, object: Object) -> Result<Guard<'_, M>> {
        self.check_not_forked()?;
        checked_in(Guard::begin_apart(&self.space, object.at)?, &self.space, object, State::Live)
    }

    /// Makes an object that this process holds.
    pub(crate) fn create_object(&self, kind: ObjectKind) -> Result<Object> {
        self.check_not_forked()?;
        let block = self.allocate_small(OBJECTS)?;
        // The last user of this memory may have died with its lock: let that be completed first.
        drop(Guard::acquire(&self.space, block.at)?);
        for word in (KIND..lockable::LOG).step_by(8) {
            self.space.memory.store(block.at + word, 0)?;
        }
        self.space.memory.store(block.at + KIND, kind as u64)?;
        let object = Object { at: block.at, live: block.header.turned(State::Live) };
        self.appear(object)?;
        self.space.memory.store(block.at, object.live.0)?;
        Ok(object)
    }

    /// This process holds the object from now on (a proxy arrived).
    pub fn hold(&self, handle: Handle) -> Result<()> {
        let object = resolve(&self.space, handle)?;
        let _guard = self.lock(object)?;
        self.appear(object)
    }

    /// The object lives at least until `until_ns` on `CLOCK_MONOTONIC` (a proxy was pickled).
    pub fn lease(&self, handle: Handle, until_ns: u64) -> Result<()> {
        let object = resolve(&self.space, handle)?;
        let _guard = self.begin(object)?;
        let at = object.at + LEASE;
        self.space.memory.store(at, until_ns.max(self.space.memory.load(at)?))
    }

    /// This process holds the object no longer (its last proxy went). Frees it if nobody else does.
    pub fn let_go(&self, handle: Handle) -> Result<()> {
        self.let_go_unless(handle, || false)
    }

    /// As [`Self::let_go`], unless another thread holds the object again, which `is_held` is asked after a wait.
    pub fn let_go_unless(&self, handle: Handle, is_held: impl Fn() -> bool) -> Result<()> {
        let (object, mut tries) = (resolve(&self.space, handle)?, 0);
        let dying = self.retried_quietly(|| {
            tries += 1;
            if tries > 1 && is_held() { Ok(false) } else { self.leave(object, self.slot()) }
        })?;
        if dying { self.finish(object) } else { Ok(()) }
    }

    /// Removes a process's presence; frees the object if that was all that held it.
    pub(crate) fn clear_presence(&self, object: Object, slot: u64) -> Result<()> {
        if self.leave(object, slot)? { self.finish(object) } else { Ok(()) }
    }

    /// Removes a process's presence; returns whether that was all that held the object, which is dropped then.
    fn leave(&self, object: Object, slot: u64) -> Result<bool> {
        let guard = self.lock(object)?;
        let (at, bit) = presence_at(object, slot);
        let mut change = Change::new();
        change.write(at, self.space.memory.load(at)? & !bit);
        let dying = self.is_last(object, 0, Some((at, bit)))?;
        if dying {
            change.turn(object.block(), State::Dropped);
        }
        guard.commit_around(&change)?;
        Ok(dying)
    }

    /// Whether nothing holds the object, when `references` are to be left and `leaving` to be cleared.
    fn is_last(
        &self,
        object: Object,
        references: u64,
        leaving: Option<(u64, u64)>,
    ) -> Result<bool> {
        let word = |at| self.space.memory.load(at);
        let counted = word(object.at + REFERENCES)?;
        if counted != references {
            return Ok(false);
        }
        for index in 0..PRESENCE_WORDS {
            let at = object.at + PRESENCE + index * 8;
            let gone = leaving.map_or(0, |(place, bit)| if place == at { bit } else { 0 });
            if word(at)? & !gone != 0 {
                return Ok(false);
            }
        }
        let lease = word(object.at + LEASE)?;
        Ok(lease == 0 || lease <= self.space.memory.now_ns())
    }
}

/// Every place for objects, used or not.
pub(crate) fn places<M: Memory>(space: &Space<M>) -> Result<Vec<u64>> {
    let (mut unit, mut found) = (0, Vec::new());
    while let Some((head, run)) = units::next_run(space, unit)? {
        if run.kind == units::Kind::Slab && run.class == OBJECTS {
            let base = space.map.unit_at(head);
            found.extend(
                (0..space.map.blocks_per_slab(OBJECTS)).map(|i| base + i * lockable::BYTES),
            );
        }
        unit = head + run.length.max(1);
    }
    Ok(found)
}

#[test]
fn the_words_of_version_1_do_not_move() {
    assert_eq!([KIND, REFERENCES, LEASE, TAG, PRESENCE, PRESENCE_WORDS], [32, 40, 48, 56, 64, 4]);
    assert_eq!(WATCHERS, 96);
    assert_eq!(
        [ObjectKind::Dict, ObjectKind::Set, ObjectKind::Variable, ObjectKind::List]
            .map(|k| k as u64),
        [1, 2, 3, 4]
    );
}
