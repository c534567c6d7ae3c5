//! Life words: how others notice at once that a thread has died.
//!
//! # Theory of operation
//!
//! A thread that owns something for its user, or waits for something, has a record in the arena:
//!
//! | offset | word |
//! | ---: | --- |
//! | 0 | owner: slot + 1 (16 bits; 0 is free), generation of the record (48 bits, high) |
//! | 8 | process id (32 bits) and thread id (32 bits, high), for tools and messages |
//! | 16 | from where it acquires or waits, a number of [`crate::site`] |
//! | 64 | a robust, process-shared mutex of the C library, locked by the thread as long as it lives |
//!
//! The first word of that mutex is the **life word**. When the thread dies, however it does, the kernel marks
//! it in a tenth of a millisecond (a socket or pidfd takes as long as tearing the process down, up to a second)
//! and wakes one sleeper. What a thread owns is marked with its [`LifeId`], never with a bare pid or thread id.
//!
//! An end in good order looks the same to the kernel. So a process says in its slot beforehand that it is about to
//! leave ([`Heap::leave_in_order`]), and what it owned stays as it was: see [`Ending`].
//!
//! The mutex is the one thing here that [`crate::memory::Memory`] does not store: it must be linked in the C
//! library's list, which only the C library may change. Nothing that survives a death depends on its contents.

mod deputy;
#[cfg(test)]
mod tests;

use crate::Error;
use crate::block::NOBODY;
use crate::failure::{Failure, Result};
use crate::fork::Birthplace;
use crate::heap::Heap;
use crate::layout::{PAGE, RECORDS_USED, Space};
use crate::layout::{THREAD_BYTES, THREADS, THREADS_AT};
use crate::memory::{Memory, Shared};
use crate::robust::OWNER_DIED;
use crate::slots;

pub use deputy::Deputy;

const OWNER: u64 = 0;
const WHO: u64 = 8;
const SITE: u64 = 16;
pub(crate) const MUTEX: u64 = 64;

/// Names one life of one thread, for as long as the arena exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LifeId(u64);

/// How a life stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The thread lives.
    Lives,
    /// It, or its process, ended in good order: what it owned stays owned.
    InOrder,
    /// It was killed: what it owned is to be given back.
    Died,
}

/// Who a thread is, for messages: known until another one gets its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Who {
    /// The process's id; 0 if that is not known any more.
    pub pid: u32,
    /// The thread's id, as the kernel has it.
    pub thread: u32,
    /// The process's slot, if it still is there.
    pub slot: Option<u64>,
}

impl LifeId {
    /// The owner of what somebody owned who is gone, in good order. It never dies.
    pub const GONE_IN_ORDER: Self = Self(1 << 58);

    /// As a word of the arena: not 0, and below 2⁵⁹.
    #[must_use]
    pub fn word(self) -> u64 {
        self.0
    }

    /// From a word of the arena.
    #[must_use]
    pub fn from_word(word: u64) -> Option<Self> {
        (word != 0).then_some(Self(word))
    }

    pub(crate) fn at(self) -> u64 {
        THREADS_AT + self.0 % THREADS * THREAD_BYTES
    }

    fn generation(self) -> u64 {
        self.0 / THREADS
    }
}

/// The record of the calling thread. It must be ended by the thread that began it, before that ends in good
/// order; dying without is what the record is for.
pub struct Life {
    id: LifeId,
    birthplace: Birthplace,
}

impl Life {
    /// Begins the calling thread's life in the arena.
    pub fn begin(heap: &Heap<Shared>) -> Result<Self> {
        let space = &heap.space;
        let birthplace = Birthplace::here();
        // SAFETY: plain system call.
        let thread = u64::from(unsafe { libc::gettid() }.cast_unsigned());
        let who = u64::from(std::process::id()) | thread << 32;
        let id = claim(space, heap.slot(), who)?;
        lock_new_mutex(space.memory.address(id.at() + MUTEX, 64)?.cast())?;
        Ok(Self { id, birthplace })
    }

    /// What others know this life by.
    #[must_use]
    pub fn id(&self) -> LifeId {
        self.id
    }

    /// Whether this process is the one in which it began.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.birthplace.is_here()
    }

    /// Ends the life in good order. The thread must own nothing any more.
    pub fn end(self, heap: &Heap<Shared>) -> Result<()> {
        if !self.is_here() {
            return Err(Error::Forked.into());
        }
        let memory = &heap.space.memory;
        let mutex = memory.address(self.id.at() + MUTEX, 64)?;
        // SAFETY: locked by this thread in `begin`, and nobody else uses it as a mutex.
        unsafe { libc::pthread_mutex_unlock(mutex.cast()) };
        memory.store(self.id.at() + OWNER, self.id.generation() << 16)?;
        wake_watchers(heap, self.id)
    }
}

/// Claims a free record.
fn claim<M: Memory>(space: &Space<M>, slot: u64, who: u64) -> Result<LifeId> {
    let memory = &space.memory;
    for record in 0..THREADS {
        let at = THREADS_AT + record * THREAD_BYTES;
        let used = memory.load(RECORDS_USED)?;
        if record >= used {
            memory.populate(at / PAGE * PAGE, PAGE)?;
            memory.exchange(RECORDS_USED, used, record + 1)?;
        }
        let seen = memory.load(at + OWNER)?;
        let generation = (seen >> 16) + 1;
        let claimed = (slot + 1) | (generation << 16);
        if seen & 0xffff == 0 && memory.exchange(at + OWNER, seen, claimed)? == seen {
            memory.store(at + WHO, who)?;
            memory.store(at + SITE, 0)?;
            return Ok(LifeId(generation * THREADS + record));
        }
    }
    Err(Failure::ThreadsFull)
}

impl<M: Memory> Heap<M> {
    /// Whether a thread lives, and if not, how it ended.
    pub fn ending(&self, id: LifeId) -> Result<Ending> {
        ending(&self.space, id)
    }

    /// Who a thread is.
    pub fn who(&self, id: LifeId) -> Result<Who> {
        who(&self.space, id)
    }

    /// This process is about to end in good order: what its threads own stays owned.
    pub fn leave_in_order(&self) -> Result<()> {
        slots::set_orderly(&self.space, self.slot())
    }
}

/// The slot of the process whose thread this is or was; `None` if its record has been freed.
pub(crate) fn slot_of<M: Memory>(space: &Space<M>, id: LifeId) -> Result<Option<u64>> {
    let owner = space.memory.load(id.at() + OWNER)?;
    let is_same = owner >> 16 == id.generation() && owner & 0xffff != 0;
    Ok(is_same.then(|| (owner & 0xffff) - 1))
}

pub(crate) fn ending<M: Memory>(space: &Space<M>, id: LifeId) -> Result<Ending> {
    if id == LifeId::GONE_IN_ORDER {
        return Ok(Ending::InOrder);
    }
    let Some(slot) = slot_of(space, id)? else { return Ok(Ending::Died) };
    if low(space.memory.load(id.at() + MUTEX)?) & OWNER_DIED == 0 {
        return Ok(Ending::Lives);
    }
    Ok(if slots::is_orderly(space, slot)? { Ending::InOrder } else { Ending::Died })
}

/// As [`ending`], where the slot `victim` is being swept: its threads have ended, whatever their life words say.
pub(crate) fn ending_in_sweep<M: Memory>(
    space: &Space<M>,
    id: LifeId,
    victim: Option<u64>,
) -> Result<Ending> {
    match slot_of(space, id)? {
        Some(slot) if victim == Some(slot) => {
            Ok(if slots::is_orderly(space, slot)? { Ending::InOrder } else { Ending::Died })
        }
        _ => ending(space, id),
    }
}

pub(crate) fn who<M: Memory>(space: &Space<M>, id: LifeId) -> Result<Who> {
    let word = space.memory.load(id.at() + WHO)?;
    let owner = space.memory.load(id.at() + OWNER)?;
    if owner >> 16 != id.generation() {
        return Ok(Who::default()); // Another life's.
    }
    Ok(Who { pid: low(word), thread: low(word >> 32), slot: (owner & 0xffff).checked_sub(1) })
}

/// The number of the site that is noted for a life; 0 if its record has been freed.
pub(crate) fn site<M: Memory>(space: &Space<M>, id: LifeId) -> Result<u64> {
    let is_there = slot_of(space, id)?.is_some();
    if is_there { space.memory.load(id.at() + SITE) } else { Ok(0) }
}

pub(crate) fn set_site<M: Memory>(space: &Space<M>, id: LifeId, number: u64) -> Result<()> {
    space.memory.store(id.at() + SITE, number)
}

#[allow(clippy::cast_possible_truncation)] // The half that the kernel knows as the futex.
pub(crate) fn low(word: u64) -> u32 {
    word as u32
}

/// Wakes everybody who watches a life.
pub(crate) fn wake_watchers<M: Memory>(heap: &Heap<M>, id: LifeId) -> Result<()> {
    heap.space.memory.wake(id.at() + MUTEX, u32::MAX)
}

/// Ends all lives of a slot that is being swept, in which nothing names them any more.
pub(crate) fn end_all_of<M: Memory>(space: &Space<M>, slot: u64) -> Result<()> {
    for record in 0..space.memory.load(RECORDS_USED)?.min(THREADS) {
        let at = THREADS_AT + record * THREAD_BYTES;
        let owner = space.memory.load(at + OWNER)?;
        if owner & 0xffff == slot + 1 && slot < NOBODY {
            space.memory.store(at + OWNER, owner >> 16 << 16)?;
            space.memory.wake(at + MUTEX, u32::MAX)?;
        }
    }
    Ok(())
}

fn lock_new_mutex(mutex: *mut libc::pthread_mutex_t) -> Result<()> {
    const { assert!(size_of::<libc::pthread_mutex_t>() <= (THREAD_BYTES - MUTEX) as usize) };
    // SAFETY: the place is ours since the owner word was claimed, large enough and aligned to 64; the attributes
    // are initialised before use. An old mutex there has no owner alive, so nobody uses it.
    let rc = unsafe {
        let mut attributes: libc::pthread_mutexattr_t = std::mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut attributes);
        libc::pthread_mutexattr_setpshared(&raw mut attributes, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_mutexattr_setrobust(&raw mut attributes, libc::PTHREAD_MUTEX_ROBUST);
        let rc = libc::pthread_mutex_init(mutex, &raw const attributes);
        if rc == 0 { libc::pthread_mutex_lock(mutex) } else { rc }
    };
    if rc == 0 { Ok(()) } else { Err(Error::Os { call: "pthread_mutex_lock", errno: rc }.into()) }
}

/// A life on recorded memory, for the kill harness: thread `thread` of slot `thread - 1`.
#[cfg(test)]
pub(crate) fn play<M: Memory>(heap: &Heap<M>, thread: u32) -> LifeId {
    let id = claim(&heap.space, u64::from(thread) - 1, u64::from(thread)).unwrap();
    heap.space.memory.store(id.at() + MUTEX, thread.into()).unwrap();
    id
}

/// The life words of a slot's threads, for the harness, which marks them as the kernel would.
#[cfg(test)]
pub(crate) fn words_of<M: Memory>(space: &Space<M>, slot: u64) -> Vec<u64> {
    (0..space.memory.load(RECORDS_USED).unwrap().min(THREADS))
        .map(|record| THREADS_AT + record * THREAD_BYTES)
        .filter(|at| space.memory.load(at + OWNER).unwrap() & 0xffff == slot + 1)
        .map(|at| at + MUTEX)
        .collect()
}
