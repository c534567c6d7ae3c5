//! Counters of permits: `Semaphore` and `BoundedSemaphore`.
//!
//! # Theory of operation
//!
//! One word says how many permits are free. While nobody waits, taking and giving back is one exchange of that word each.
//! With its highest bit set, the word is *guarded*: it changes under the object's own lock only. Whoever works there sets
//! the bit first, and takes it away at the end if nobody waits.
//!
//! A permit may be a signal, that whoever took it never gives back, so the death of a thread gives back what was
//! **recorded** as its own and no more: every permit of a semaphore that was made so, and those of with statements.
//! Records are pairs of words, the life of a thread and how many permits it has; four in the object, more in a block
//! that is copied aside and swung when it is full. One permit of one thread can be noted in the first word itself
//! ([`word`]), so that the same exchange takes and records it; whoever works under the lock moves that note to the
//! records first.
//!
//! Permits that are given back go to the free ones first, then one by one to whoever waits, in the order of coming: the
//! change that takes a node out of the line takes the permit and records it. If a killed process has left that
//! undone, whoever comes next does it.
//!
//! The first in line watches the threads that have permits on record. A death is told to the next one who takes a
//! permit, its **heir**, and is over when that one gives a permit back.

#[cfg(test)]
mod check;
mod give;
mod held;
#[cfg(test)]
pub(crate) mod kills;
mod line;
mod records;
mod take;
#[cfg(test)]
mod tests;
mod word;

use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex::Taken;
use crate::object::{self, Handle, Object, ObjectKind};
use crate::wait::{Line, Waiter};
use word::Word;

#[cfg(test)]
pub(crate) use check::check;
pub use give::Given;
pub(crate) use line::{drain, end};

/// Words of the object's body: how many permits are free; how many there may be; the line; the block of records, or 0;
/// the pid of a process that died having a permit, and from where it had taken that, if that is told to the next one; who
/// was told; whether all permits are recorded; the first records.
const VALUE: u64 = 0;
const BOUND: u64 = 8;
pub(crate) const LINE: u64 = 16;
const RECORDS: u64 = 32;
const DEAD: u64 = 40;
const HEIR: u64 = 48;
const RECORDS_ALL: u64 = 56;
const FIRST_RECORDS: u64 = 64;

/// In the word of the dead: there is one, even if its pid is not known.
const IS_DEAD: u64 = 1 << 32;
/// From here on: from where it had taken the permit, a number of [`crate::site`].
const DEAD_SITE_SHIFT: u32 = 33;
/// A semaphore that is not bounded has as many permits as anybody will count.
const UNBOUNDED: u64 = (1 << 62) - 1;

/// A semaphore of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Semaphore {
    object: Object,
    is_bounded: bool,
    records_all: bool,
}

fn kind_of(is_bounded: bool) -> ObjectKind {
    if is_bounded { ObjectKind::BoundedSemaphore } else { ObjectKind::Semaphore }
}

impl Semaphore {
    /// The most permits that a semaphore can have.
    pub const VALUE_MAX: u64 = UNBOUNDED;

    /// Makes a semaphore that this process has a hold on. `value` is at most [`Self::VALUE_MAX`]. The permits of a
    /// bounded one are all recorded, those of another one if `records_all`.
    pub fn create<M: Memory>(
        heap: &Heap<M>,
        value: u64,
        is_bounded: bool,
        records_all: bool,
    ) -> Result<Self> {
        let object = heap.create_object(kind_of(is_bounded))?;
        let records_all = records_all || is_bounded;
        let value = value.min(UNBOUNDED);
        let mut change = Change::new();
        change.write(object.body(VALUE), Word::open(value).unwrap_or(Word::guarded(value)).0);
        change.write(object.body(BOUND), if is_bounded { value } else { UNBOUNDED });
        change.write(object.body(RECORDS_ALL), u64::from(records_all));
        heap.lock(object)?.commit(&change)?;
        Ok(Self { object, is_bounded, records_all })
    }

    /// The semaphore that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle, is_bounded: bool) -> Result<Self> {
        let object = object::open(heap, handle, kind_of(is_bounded))?;
        Self::of(heap, object)
    }

    fn of<M: Memory>(heap: &Heap<M>, object: Object) -> Result<Self> {
        let word = |word| heap.space.memory.load(object.body(word));
        let is_bounded = word(BOUND)? != UNBOUNDED;
        Ok(Self { object, is_bounded, records_all: word(RECORDS_ALL)? != 0 })
    }

    /// The semaphore at a place, for its words only.
    fn found(object: Object) -> Self {
        Self { object, is_bounded: false, records_all: true }
    }

    /// What names this semaphore in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// Whether it has no more permits than at first.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    fn line(&self) -> Line {
        Line::of(self.object, LINE)
    }

    /// Takes a permit if that is possible at once. `recorded`: it comes back if this thread is killed.
    #[inline]
    pub fn try_acquire<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
    ) -> Result<Taken> {
        if self.take_at_once(heap, me, recorded)? {
            return Ok(Taken::Now);
        }
        self.try_slowly(heap, me, recorded)
    }

    /// Takes a permit if that is one exchange. Otherwise nothing changes.
    #[inline]
    pub fn take_at_once<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
    ) -> Result<bool> {
        heap.check_not_forked()?;
        let seen = self.word(heap)?;
        let mut next = seen.less_one();
        if recorded || self.records_all {
            next = next.and_then(|next| next.noting(me));
        }
        self.exchange(heap, seen, next)
    }

    /// As [`Self::try_acquire`], in an arena in which sites are noted.
    pub fn try_acquire_noted<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        recorded: bool,
    ) -> Result<Taken> {
        self.try_slowly(heap, me, recorded)
    }

    #[inline]
    fn word<M: Memory>(&self, heap: &Heap<M>) -> Result<Word> {
        heap.space.memory.load(self.object.body(VALUE)).map(Word)
    }

    /// Replaces the first word, if there is something to replace it by and it still is `seen`. Returns whether it was.
    #[inline]
    fn exchange<M: Memory>(&self, heap: &Heap<M>, seen: Word, next: Option<Word>) -> Result<bool> {
        let Some(next) = next else { return Ok(false) };
        // Acquire and Release (in `exchange`) pair: who takes a permit sees what its giver stored.
        Ok(heap.space.memory.exchange(self.object.body(VALUE), seen.0, next.0)? == seen.0)
    }

    /// Adds `count` permits, at least one, whoever has taken them.
    #[inline]
    pub fn release<M: Memory>(&self, heap: &Heap<M>, me: LifeId, count: u64) -> Result<Given> {
        if self.give_at_once(heap, me, count)? {
            return Ok(Given::Done);
        }
        self.give(heap, me, count, give::Why::Release)
    }

    /// Adds `count` permits if that is one exchange. Otherwise nothing changes.
    #[inline]
    pub fn give_at_once<M: Memory>(&self, heap: &Heap<M>, me: LifeId, count: u64) -> Result<bool> {
        heap.check_not_forked()?;
        let seen = self.word(heap)?;
        let next = match self.records_all {
            false => seen.more(count),
            // What is noted was taken, so there is room for it.
            true if count == 1 => seen.without(me).and_then(|next| next.more(1)),
            true => None,
        };
        self.exchange(heap, seen, next)
    }

    /// Gives back a permit that this thread has on record, at the end of a with statement.
    #[inline]
    pub fn leave<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<Given> {
        if self.leave_at_once(heap, me)? {
            return Ok(Given::Done);
        }
        self.give(heap, me, 1, give::Why::Leave)
    }

    /// Gives such a permit back if that is one exchange. Otherwise nothing changes.
    #[inline]
    pub fn leave_at_once<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        heap.check_not_forked()?;
        let seen = self.word(heap)?;
        let next = seen.without(me).and_then(|next| next.more(1));
        self.exchange(heap, seen, next)
    }

    /// Gives back a permit of which the user never learnt.
    pub fn undo<M: Memory>(&self, heap: &Heap<M>, me: LifeId, recorded: bool) -> Result<()> {
        let why = give::Why::Undo { recorded: recorded || self.records_all };
        self.give(heap, me, 1, why).map(|_| ())
    }

    /// How many permits are free.
    pub fn value<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        Ok(self.word(heap)?.value())
    }

    /// Whether some process has died having a permit, and the next one to take one has given none back since.
    pub fn owner_died<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        Ok(heap.space.memory.load(self.object.body(DEAD))? != 0)
    }

    /// From where the last one that died having a permit had taken it, a number of [`crate::site`].
    pub fn dead_site<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        Ok(heap.space.memory.load(self.object.body(DEAD))? >> DEAD_SITE_SHIFT)
    }

    /// Whether some thread has permits that come back if it is killed.
    pub fn is_held<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        let _guard = heap.begin(self.object)?;
        Ok(self.word(heap)?.noted().is_some() || !self.records(&heap.space)?.is_empty())
    }

    /// Who waits for a permit.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        self.line().waiters(&heap.space)
    }
}

#[test]
fn the_words_of_a_semaphore_do_not_move() {
    assert_eq!([VALUE, BOUND, LINE, RECORDS], [0, 8, 16, 32]);
    assert_eq!([DEAD, HEIR, RECORDS_ALL, FIRST_RECORDS], [40, 48, 56, 64]);
    assert_eq!((IS_DEAD, UNBOUNDED), (1 << 32, (1 << 62) - 1));
}
