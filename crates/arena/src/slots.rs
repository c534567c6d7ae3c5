//! Attached processes: one slot each.
//!
//! | offset | word |
//! | ---: | --- |
//! | 0 | state: status (2 bits), pid or sweeper (30 bits), generation (32 bits, high) |
//! | 8 | start time of the process; 0 while it is being written |
//! | 16 | inode of the process's pid namespace |
//! | 24 | name, 64 bytes padded with zeros |
//! | 128 | a bit for each class in whose slabs something was freed (`units::hint`) |
//! | 136 | 1 if the process is about to end in good order (`life`) |
//! | 192 | what the process counts (`tally`), on a line of its own |
//!
//! The pid is part of the state word, so that a slot whose process died while claiming it is recognised too.
//! A slot being swept names its sweeper's *slot*: when that one dies, whoever sweeps it takes over.

use crate::failure::{Failure, Result, corrupt};
use crate::identity::Identity;
use crate::layout::{SLOT_BYTES, SLOTS, SLOTS_AT, Space};
use crate::memory::Memory;

const STARTED: u64 = 8;
const NAMESPACE: u64 = 16;
const NAME: u64 = 24;
const NAME_BYTES: usize = 64;
const ORDERLY: u64 = 136;

/// What a slot is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Free,
    /// A process's, with this pid.
    Attached(u64),
    /// Being swept by the process in this slot.
    Sweeping(u64),
}

/// A slot's state word, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotState {
    pub status: Status,
    pub generation: u64,
}

impl SlotState {
    fn word(self) -> u64 {
        let (status, who) = match self.status {
            Status::Free => (0, 0),
            Status::Attached(pid) => (1, pid),
            Status::Sweeping(slot) => (2, slot),
        };
        status | (who & 0x3fff_ffff) << 2 | self.generation << 32
    }

    fn from_word(word: u64) -> Result<Self> {
        let who = word >> 2 & 0x3fff_ffff;
        let status = match word & 3 {
            0 => Status::Free,
            1 => Status::Attached(who),
            2 => Status::Sweeping(who),
            _ => return corrupt("a slot has no valid status"),
        };
        Ok(Self { status, generation: word >> 32 })
    }
}

pub(crate) fn slot_at(slot: u64) -> u64 {
    SLOTS_AT + slot * SLOT_BYTES
}

pub(crate) fn state<M: Memory>(space: &Space<M>, slot: u64) -> Result<SlotState> {
    SlotState::from_word(space.memory.load(slot_at(slot))?)
}

/// Gives a slot a new status if it still has the old state. Returns whether it had.
pub(crate) fn change<M: Memory>(
    space: &Space<M>,
    slot: u64,
    old: SlotState,
    status: Status,
) -> Result<bool> {
    let grown = u64::from(old.status == Status::Free);
    let generation = (old.generation + grown) & 0xffff_ffff;
    let new = SlotState { status, generation };
    Ok(space.memory.exchange(slot_at(slot), old.word(), new.word())? == old.word())
}

/// Attaches the process `identity` and returns its slot.
pub(crate) fn attach<M: Memory>(space: &Space<M>, identity: Identity, name: &str) -> Result<u64> {
    for slot in 0..SLOTS {
        let found = state(space, slot)?;
        if found.status != Status::Free
            || !change(space, slot, found, Status::Attached(identity.pid))?
        {
            continue;
        }
        let at = slot_at(slot);
        rename(space, slot, name)?;
        space.memory.store(at + ORDERLY, 0)?;
        space.memory.store(at + NAMESPACE, identity.namespace)?;
        space.memory.store(at + STARTED, identity.started)?;
        return Ok(slot);
    }
    Err(Failure::SlotsFull)
}

/// Hands a slot that was reserved by its parent to the process `identity`.
pub(crate) fn hand_over<M: Memory>(
    space: &Space<M>,
    slot: u64,
    identity: Identity,
) -> Result<bool> {
    let found = state(space, slot)?;
    if !matches!(found.status, Status::Attached(_)) {
        return Ok(false);
    }
    // Zero: until the new start time is there, the pid alone decides (see `is_dead`).
    space.memory.store(slot_at(slot) + STARTED, 0)?;
    space.memory.store(slot_at(slot) + ORDERLY, 0)?;
    let is_ours = change(space, slot, found, Status::Attached(identity.pid))?;
    space.memory.store(slot_at(slot) + STARTED, identity.started)?;
    Ok(is_ours)
}

/// Notes that a slot's process is about to end in good order.
pub(crate) fn set_orderly<M: Memory>(space: &Space<M>, slot: u64) -> Result<()> {
    if slot < SLOTS { space.memory.store(slot_at(slot) + ORDERLY, 1) } else { Ok(()) }
}

/// Whether it has.
pub(crate) fn is_orderly<M: Memory>(space: &Space<M>, slot: u64) -> Result<bool> {
    Ok(slot < SLOTS && space.memory.load(slot_at(slot) + ORDERLY)? != 0)
}

/// Gives a swept slot back.
pub(crate) fn free<M: Memory>(space: &Space<M>, slot: u64, old: SlotState) -> Result<()> {
    space.memory.store(slot_at(slot) + STARTED, 0)?;
    change(space, slot, old, Status::Free)?;
    Ok(())
}

/// Whether the process that attached to `slot` is certainly gone.
pub(crate) fn is_dead<M: Memory>(space: &Space<M>, slot: u64, own: Identity) -> Result<bool> {
    let Status::Attached(pid) = state(space, slot)?.status else { return Ok(false) };
    let started = space.memory.load(slot_at(slot) + STARTED)?;
    if started == 0 {
        // Attaching just now, or dead half-way: its namespace is not known yet, so assume ours.
        return Ok(Identity { pid, ..own }.is_dead_pid());
    }
    let namespace = space.memory.load(slot_at(slot) + NAMESPACE)?;
    Ok(Identity { pid, started, namespace }.is_dead())
}

/// An attached process, for the tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// Its slot.
    pub slot: u64,
    /// Its pid, in its own namespace.
    pub pid: u64,
    /// How often the slot has been given out.
    pub generation: u64,
    /// The name it attached with.
    pub name: String,
}

/// What the process in a slot calls itself.
pub(crate) fn name<M: Memory>(space: &Space<M>, slot: u64) -> Result<String> {
    let mut name = [0; NAME_BYTES];
    space.memory.read(slot_at(slot) + NAME, &mut name)?;
    let length = name.iter().position(|&byte| byte == 0).unwrap_or(NAME_BYTES);
    Ok(String::from_utf8_lossy(&name[..length]).into_owned())
}

/// Has the process in a slot be called so, as far as there is room.
pub(crate) fn rename<M: Memory>(space: &Space<M>, slot: u64, name: &str) -> Result<()> {
    let mut padded = [0; NAME_BYTES];
    for (place, byte) in padded.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    space.memory.write(slot_at(slot) + NAME, &padded)
}

/// Everyone who is attached.
pub(crate) fn list<M: Memory>(space: &Space<M>) -> Result<Vec<SlotInfo>> {
    let mut attached = Vec::new();
    for slot in 0..SLOTS {
        let found = state(space, slot)?;
        if let Status::Attached(pid) = found.status {
            let (generation, name) = (found.generation, name(space, slot)?);
            attached.push(SlotInfo { slot, pid, generation, name });
        }
    }
    Ok(attached)
}
