//! Life words: how others notice at once that a thread has died.
//!
//! # Theory of operation
//!
//! A thread that owns something for its user, or waits for something, has a record in the arena:
//!
//! | offset | word |
//! | ---: | --- |
//! | 0 | owner: slot + 1 (16 bits; 0 is free), generation of the record (48 bits, high) |
//! | 8 | the thread's own word: what it sleeps on, and others change to wake it |
//! | 64 | a robust, process-shared mutex of the C library, locked by the thread as long as it lives |
//!
//! The first word of that mutex is the **life word**. When the thread dies, however it does, the kernel marks
//! it in a tenth of a millisecond (a socket or pidfd takes as long as tearing the process down, up to a second)
//! and wakes one sleeper. What a thread owns is marked with its [`LifeId`], never with a bare pid or thread id.
//!
//! A waiter sleeps on its own word and on the life word of whom it waits for, both at once. Only one of several
//! sleepers is woken by a death: whoever finds one wakes the others on record.
//!
//! The mutex is the one thing here that [`crate::memory::Memory`] does not store: it must be linked in the C
//! library's list, which only the C library may change. Nothing that survives a death depends on its contents.

use crate::Error;
use crate::block::NOBODY;
use crate::failure::{Failure, Result};
use crate::fork::Birthplace;
use crate::futex;
use crate::heap::Heap;
use crate::layout::{Space, THREAD_BYTES, THREADS, THREADS_AT};
use crate::memory::{Memory, Shared};
use crate::robust::{OWNER_DIED, WAITERS};

const OWNER: u64 = 0;
const WORD: u64 = 8;
const MUTEX: u64 = 64;
/// Longest sleep where the kernel cannot watch two words.
const RECHECK_NS: u64 = 50_000_000;

/// Names one life of one thread, for as long as the arena exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LifeId(u64);

impl LifeId {
    /// As a word of the arena (never 0).
    #[must_use]
    pub fn word(self) -> u64 {
        self.0
    }

    /// From a word of the arena.
    #[must_use]
    pub fn from_word(word: u64) -> Option<Self> {
        (word != 0).then_some(Self(word))
    }

    fn at(self) -> u64 {
        THREADS_AT + self.0 % THREADS * THREAD_BYTES
    }

    fn generation(self) -> u64 {
        self.0 / THREADS
    }
}

/// How a wait ended. It may also end for no reason: look at what was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// The own word changed, the time is over, or a signal came.
    Look,
    /// The thread that was waited for is dead.
    Died,
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
        let memory = &heap.space.memory;
        for record in 0..THREADS {
            let at = THREADS_AT + record * THREAD_BYTES;
            let seen = memory.load(at + OWNER)?;
            let generation = (seen >> 16) + 1;
            let id = LifeId(generation * THREADS + record);
            let claimed = (heap.slot() + 1) | (generation << 16);
            // A thread of ours that ended without a word has left its record too.
            let is_left =
                seen & 0xffff == heap.slot() + 1 && low(memory.load(at + MUTEX)?) & OWNER_DIED != 0;
            let is_free = seen & 0xffff == 0 || is_left;
            if is_free && memory.exchange(at + OWNER, seen, claimed)? == seen {
                memory.store(at + WORD, 0)?;
                lock_new_mutex(memory.address(at + MUTEX, 64)?.cast())?;
                return Ok(Self { id, birthplace: Birthplace::here() });
            }
        }
        Err(Failure::SlotsFull)
    }

    /// What others know this life by.
    #[must_use]
    pub fn id(&self) -> LifeId {
        self.id
    }

    /// Ends the life in good order. The thread must own nothing any more.
    pub fn end(self, heap: &Heap<Shared>) -> Result<()> {
        if !self.birthplace.is_here() {
            return Err(Error::Forked.into());
        }
        let mutex = heap.space.memory.address(self.id.at() + MUTEX, 64)?;
        // SAFETY: locked by this thread in `begin`, and nobody else uses it as a mutex.
        unsafe { libc::pthread_mutex_unlock(mutex.cast()) };
        heap.space.memory.store(self.id.at() + OWNER, self.id.generation() << 16)
    }

    /// The value of the own word, to be read before looking at what is waited for.
    pub fn word<M: Memory>(&self, heap: &Heap<M>) -> Result<u32> {
        own_word(&heap.space, self.id)
    }

    /// Sleeps until the own word is not `seen`, `holder` dies, or `timeout_ns` have passed.
    pub fn wait(
        &self,
        heap: &Heap<Shared>,
        seen: u32,
        holder: Option<LifeId>,
        timeout_ns: u64,
    ) -> Result<Wake> {
        let memory = &heap.space.memory;
        let own = memory.address(self.id.at() + WORD, 8)?;
        let Some(holder) = holder else {
            futex::wait(own, seen, timeout_ns);
            return Ok(Wake::Look);
        };
        // The kernel wakes only if the life word says that somebody may sleep on it.
        let at = holder.at() + MUTEX;
        let life = life_word(&heap.space, holder)?;
        let announced = life | WAITERS;
        if life & OWNER_DIED == 0 && !is_dead(&heap.space, holder)? {
            let whole = memory.load(at)?;
            if low(whole) == life {
                memory.exchange(at, whole, whole | u64::from(WAITERS))?;
            }
            let words =
                [(own.cast_const(), seen), (memory.address(at, 8)?.cast_const(), announced)];
            futex::wait_both(words, timeout_ns, RECHECK_NS);
        }
        Ok(if is_dead(&heap.space, holder)? { Wake::Died } else { Wake::Look })
    }
}

/// Changes another thread's own word and wakes it. Returns whether it lives.
pub fn wake(heap: &Heap<Shared>, id: LifeId) -> Result<bool> {
    let (memory, at) = (&heap.space.memory, id.at() + WORD);
    if is_dead(&heap.space, id)? {
        return Ok(false);
    }
    let mut seen = memory.load(at)?;
    loop {
        let next = u64::from(low(seen).wrapping_add(1));
        match memory.exchange(at, seen, next)? {
            now if now == seen => break,
            now => seen = now,
        }
    }
    memory.wake(at, 1)?;
    Ok(true)
}

impl<M: Memory> Heap<M> {
    /// Whether a thread is dead, or has ended its life here.
    pub fn is_dead(&self, id: LifeId) -> Result<bool> {
        is_dead(&self.space, id)
    }
}

fn is_dead<M: Memory>(space: &Space<M>, id: LifeId) -> Result<bool> {
    let owner = space.memory.load(id.at() + OWNER)?;
    let is_other = owner >> 16 != id.generation() || owner & 0xffff == 0;
    Ok(is_other || life_word(space, id)? & OWNER_DIED != 0)
}

fn life_word<M: Memory>(space: &Space<M>, id: LifeId) -> Result<u32> {
    Ok(low(space.memory.load(id.at() + MUTEX)?))
}

fn own_word<M: Memory>(space: &Space<M>, id: LifeId) -> Result<u32> {
    Ok(low(space.memory.load(id.at() + WORD)?))
}

#[allow(clippy::cast_possible_truncation)] // The half that the kernel knows as the futex.
fn low(word: u64) -> u32 {
    word as u32
}

/// Ends all lives of a slot that is being swept.
pub(crate) fn end_all_of<M: Memory>(space: &Space<M>, slot: u64) -> Result<()> {
    for record in 0..THREADS {
        let at = THREADS_AT + record * THREAD_BYTES;
        let owner = space.memory.load(at + OWNER)?;
        if owner & 0xffff == slot + 1 && slot < NOBODY {
            space.memory.store(at + OWNER, owner >> 16 << 16)?;
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

#[cfg(test)]
mod tests;
