//! Locks that users ask for: `Lock` and `RLock`.
//!
//! # Theory of operation
//!
//! One word says who holds the lock: the life of the thread, and some bits. While these are clear, taking and leaving
//! it is one exchange of that word each, and nothing else. With a bit set, the exchange fails, and whoever leaves has to
//! look: somebody waits, or the last holder died.
//!
//! A lock that somebody waits for is *handed over*: the change that takes the first node out of the line makes its
//! thread the holder. So the order is that of coming, nobody who was woken finds the lock taken, and a thread that
//! dies between being made the holder and waking up is a dead holder, as any other.
//!
//! But a sleeper takes many microseconds to wake, in which nobody could have the lock. So it is handed over at most once
//! in `HANDED_OVER_EACH_NS`. In between, whoever leaves it leaves it *free*, and rouses the first in line, which takes
//! it if nobody who runs was faster. Such a thread may overtake the line, for no longer than that.
//! A lock that is left less often than that is always handed over; so is a dead holder's.
//!
//! Whoever is roused looks under the object's lock, and sleeps again if it comes too late. [`ROUSED`] says that this look
//! is still to come: until then, nobody has to be roused. It is cleared only by the first in line, or with the line.
//!
//! Before it stands in line, a thread may look out for a while whether the lock is left ([`Mutex::glimpse`]). One that has
//! looked in vain says so ([`SOUGHT`]), and is given way to.
//!
//! A holder that dies leaves the word as it is. Whoever comes across that, under the object's lock, hands the lock over,
//! or leaves it free and marked. The mark stays until the next holder leaves.
//!
//! Where sites are noted, taking a free lock is a change under the object's lock, that also says from where it was taken;
//! so it is always that holder's.

#[cfg(test)]
mod check;
mod give_way;
mod glimpse;
mod hold;
#[cfg(test)]
pub(crate) mod kills;
mod line;
mod overtake;
mod survey;
mod wait;

use crate::clock;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{self, Handle, Object, ObjectKind};
use crate::wait::Line;

#[cfg(test)]
pub(crate) use check::check;
pub use glimpse::Glimpse;
pub use hold::Freed;
pub(crate) use line::{drain, drop_line, end};
pub use survey::Holder;

/// Words of the object's body: who holds it; how often (a reentrant one); the line; since when; the pid of the last
/// holder that died, and above it from where that had taken it; from where the holder has (see [`crate::site`]); when it
/// was last handed over.
const STATE: u64 = 0;
const COUNT: u64 = 8;
pub(crate) const LINE: u64 = 16;
const SINCE: u64 = 32;
const DEAD: u64 = 40;
const SITE: u64 = 48;
const HANDED: u64 = 56;

/// In the state: the life of the holder.
const OWNER: u64 = (1 << 59) - 1;
/// In the state: somebody who does not stand in line looks out for it. Only ever beside a holder.
const SOUGHT: u64 = 1 << 59;
/// In the state: who has the object's lock is the only one who changes it.
const FROZEN: u64 = 1 << 60;
/// In the state: the first in line is awake, or about to be, and will look.
const ROUSED: u64 = 1 << 61;
/// In the state: the last holder died, and no other one has left since.
const DIED: u64 = 1 << 62;
/// In the state: somebody may wait.
const WAITERS: u64 = 1 << 63;
/// The state of a lock that is free although somebody stands in line.
const LEFT_FREE: u64 = WAITERS | ROUSED;

/// A lock of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mutex {
    object: Object,
    is_reentrant: bool,
}

/// What became of an attempt to take a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The caller holds it.
    Now,
    /// The caller holds it; the last holder was killed, process `pid` (0 if that is not known).
    FromDead {
        /// The process that was killed.
        pid: u32,
    },
    /// Somebody else holds it.
    Busy,
}

impl Mutex {
    /// Makes a lock that this process has a hold on, and nobody has taken.
    pub fn create<M: Memory>(heap: &Heap<M>, is_reentrant: bool) -> Result<Self> {
        let kind = if is_reentrant { ObjectKind::RLock } else { ObjectKind::Lock };
        Ok(Self { object: heap.create_object(kind)?, is_reentrant })
    }

    /// The lock that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle, is_reentrant: bool) -> Result<Self> {
        let kind = if is_reentrant { ObjectKind::RLock } else { ObjectKind::Lock };
        Ok(Self { object: object::open(heap, handle, kind)?, is_reentrant })
    }

    /// What names this lock in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// Whether its thread may take it again.
    #[must_use]
    pub fn is_reentrant(&self) -> bool {
        self.is_reentrant
    }

    fn line(&self) -> Line {
        Line::of(self.object, LINE)
    }

    /// Takes the lock if that is possible at once.
    #[inline]
    pub fn try_acquire<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Taken> {
        if self.take_at_once(heap, me)? {
            return Ok(Taken::Now);
        }
        self.try_slowly(heap, me, heap.space.memory.load(self.object.body(STATE))?)
    }

    /// As [`Self::try_acquire`], in an arena in which sites are noted.
    pub fn try_acquire_noted<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Taken> {
        let seen = self.state(&heap.space)?;
        if self.is_reentrant && seen & OWNER == me.word() {
            return self.try_acquire(heap, me);
        }
        self.try_slowly(heap, me, seen)
    }

    /// Takes the lock if nobody else has it or waits for it, and the last holder did not die. Otherwise nothing changes.
    #[inline]
    pub fn take_at_once<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        heap.check_not_forked()?;
        let (memory, at) = (&heap.space.memory, self.object.body(STATE));
        if is_planted(Bug::TakenAfterALook) && memory.load(at)? == 0 {
            memory.store(at, 0)?;
        }
        // Acquire and Release (in `exchange`) pair: what one holder stored, the next one sees.
        let seen = memory.exchange(at, 0, me.word())?;
        if seen == 0 {
            self.note_taken(&heap.space)?;
            return Ok(true);
        }
        if self.is_reentrant && seen & OWNER == me.word() {
            let count = self.object.body(COUNT);
            memory.store(count, memory.load(count)? + 1)?; // Nobody else's: we hold it.
            return Ok(true);
        }
        self.overtake(heap, me, seen)
    }

    #[inline]
    fn note_taken<M: Memory>(&self, space: &Space<M>) -> Result<()> {
        if self.is_reentrant {
            space.memory.store(self.object.body(COUNT), 1)?;
        }
        space.memory.store(self.object.body(SINCE), clock::coarse_ns())
    }

    /// Leaves the lock: one level of it, for a reentrant one.
    #[inline]
    pub fn release<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Freed> {
        if self.leave_at_once(heap, me)? {
            return Ok(Freed::Done);
        }
        self.release_slowly(heap, me)
    }

    /// Leaves the lock as [`Self::release`] does, if the caller has it and nobody waits. Otherwise nothing changes.
    #[inline]
    pub fn leave_at_once<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        heap.check_not_forked()?;
        let (memory, at) = (&heap.space.memory, self.object.body(STATE));
        if self.is_reentrant {
            let count = self.object.body(COUNT);
            if memory.load(at)? & OWNER == me.word() {
                let levels = memory.load(count)?;
                if levels > 1 {
                    return memory.store(count, levels - 1).map(|()| true);
                }
            }
        }
        if is_planted(Bug::FreedByStore) {
            memory.store(at, me.word())?;
        }
        let seen = memory.exchange(at, me.word(), 0)?;
        Ok(seen == me.word()
            || self.give_way(heap, me, seen)?
            || self.leave_free(heap, me, seen)?)
    }

    /// Whether somebody holds it.
    pub fn is_locked<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        Ok(heap.space.memory.load(self.object.body(STATE))? & OWNER != 0)
    }

    /// Whether this thread holds it.
    pub fn is_held_by<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        Ok(heap.space.memory.load(self.object.body(STATE))? & OWNER == me.word())
    }
}

#[test]
fn the_words_of_a_lock_do_not_move() {
    assert_eq!([STATE, COUNT, LINE, SINCE, DEAD, SITE, HANDED], [0, 8, 16, 32, 40, 48, 56]);
    assert_eq!((OWNER, SOUGHT, FROZEN), ((1 << 59) - 1, 1 << 59, 1 << 60));
    assert_eq!((ROUSED, DIED, WAITERS), (1 << 61, 1 << 62, 1 << 63));
}
