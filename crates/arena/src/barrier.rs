//! Meeting points: `Barrier`.
//!
//! # Theory of operation
//!
//! A number of threads, the **parties**, wait for each other. Each round is a **generation**; a node notes the one of its
//! arrival. The last one to come raises the generation and counts down to none in one change, which ends the wait of
//! all. So does whoever breaks or resets the barrier; a bit says how the last generation ended. Before the next
//! one ends, and whenever somebody works on the barrier, those who have not been told yet how theirs ended are told.
//! Each takes itself out of the line.
//!
//! A thread that is killed while it waits will never go on with the others: the change that takes it out of the
//! line breaks the barrier. One that gives up, or whose process ends in good order, leaves as if it had not come.

#[cfg(test)]
mod check;
#[cfg(test)]
pub(crate) mod kills;
mod line;
mod meeting;
#[cfg(test)]
mod tests;

use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::{self, Handle, Object, ObjectKind};
use crate::wait::tell::wake_all;
use crate::wait::{Line, Waiter};

#[cfg(test)]
pub(crate) use check::check;
pub(crate) use line::{drain, end};
pub use meeting::{Arrival, Met};

/// Words of the object's body: how many have to come; the generation and how the barrier stands; how many have come; the
/// line; what the user said of time limits.
const PARTIES: u64 = 0;
const STATE: u64 = 8;
const COUNT: u64 = 16;
pub(crate) const LINE: u64 = 24;
const TIMEOUT: u64 = 40;

/// In the state: the barrier is broken, until it is reset.
const BROKEN: u64 = 1;
/// In the state: the last generation was broken. The rest is the generation.
const BROKE: u64 = 2;
const GENERATION_SHIFT: u32 = 2;

/// A barrier of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Barrier {
    object: Object,
}

/// How a generation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    /// All have come.
    Passed,
    /// Whoever waits has waited in vain, and whoever comes does not even begin.
    Broken,
    /// Whoever waits has waited in vain.
    Reset,
}

impl Barrier {
    /// Makes a barrier for `parties` threads that this process has a hold on. `timeout` is any word, for its users.
    pub fn create<M: Memory>(heap: &Heap<M>, parties: u64, timeout: u64) -> Result<Self> {
        let object = heap.create_object(ObjectKind::Barrier)?;
        let mut change = Change::new();
        change.write(object.body(PARTIES), parties);
        change.write(object.body(TIMEOUT), timeout);
        heap.lock(object)?.commit(&change)?;
        Ok(Self { object })
    }

    /// The barrier that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self { object: object::open(heap, handle, ObjectKind::Barrier)? })
    }

    /// What names this barrier in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    fn line(&self) -> Line {
        Line::of(self.object, LINE)
    }

    fn word<M: Memory>(&self, space: &Space<M>, word: u64) -> Result<u64> {
        space.memory.load(self.object.body(word))
    }

    /// How many have to come.
    pub fn parties<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.word(&heap.space, PARTIES)
    }

    /// What was said of time limits when it was made.
    pub fn timeout<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.word(&heap.space, TIMEOUT)
    }

    /// How many have come and wait for the others.
    pub fn waiting<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.word(&heap.space, COUNT)
    }

    /// Whether it is broken.
    pub fn is_broken<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        Ok(self.word(&heap.space, STATE)? & BROKEN != 0)
    }

    /// Breaks it: whoever waits has waited in vain, and so has whoever comes, until it is reset.
    pub fn abort<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        self.finish_all(heap, Finish::Broken)
    }

    /// Starts afresh; whoever waits has waited in vain.
    pub fn reset<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        self.finish_all(heap, Finish::Reset)
    }

    fn finish_all<M: Memory>(&self, heap: &Heap<M>, how: Finish) -> Result<()> {
        heap.check_not_forked()?;
        let space = &heap.space;
        let mut wakes = Vec::new();
        {
            let guard = heap.begin(self.object)?;
            self.settle(space, &guard, None, &mut wakes)?;
            let mut change = Change::new();
            self.finish(space, &mut change, how)?;
            guard.commit(&change)?;
            self.tell(space, &mut wakes)?;
        }
        wake_all(space, &wakes)
    }

    /// Who waits there.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        self.line().waiters(&heap.space)
    }
}

#[test]
fn the_words_of_a_barrier_do_not_move() {
    assert_eq!([PARTIES, STATE, COUNT, LINE, TIMEOUT], [0, 8, 16, 24, 40]);
    assert_eq!((BROKEN, BROKE, GENERATION_SHIFT), (1, 2, 2));
}
