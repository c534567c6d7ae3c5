//! Condition variables: `Condition`.
//!
//! # Theory of operation
//!
//! A condition has a counted reference to the lock that it uses, and a line. Who waits stands in that line, leaves the
//! lock wholly, sleeps until it is told, and takes the lock again. It leaves the line when it has the lock: a thread
//! that is killed after it was told, but before it could act on that, still stands there, and the change that takes it
//! out tells the next one. The same happens if a wait that was told ends by an exception.
//!
//! [`Condition::notify`] tells one after the other [`Standing::Notified`]; [`Condition::notify_all`] tells all
//! [`Standing::Granted`], which is passed on to nobody: who came later is not meant.

#[cfg(test)]
mod check;
#[cfg(test)]
pub(crate) mod kills;
mod line;
#[cfg(test)]
mod tests;
mod wait;

use crate::block::State;
use crate::change::Change;
use crate::failure::{Failure, Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::LifeId;
use crate::memory::Memory;
use crate::mutex::Mutex;
use crate::object::{self, Handle, Object, ObjectKind};
use crate::value::{self, Cell, Loaded, Value};
use crate::wait::node::Standing;
use crate::wait::tell::wake_all;
use crate::wait::{Line, Waiter};

#[cfg(test)]
pub(crate) use check::check;
pub(crate) use line::{drain, end};
pub use wait::Waited;

/// Words of the object's body: the cell of the lock; the line.
const LOCK: u64 = 0;
pub(crate) const LINE: u64 = 8;

/// A condition of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    object: Object,
    mutex: Mutex,
}

impl Condition {
    /// Makes a condition that this process has a hold on, and that uses `mutex`.
    pub fn create<M: Memory>(heap: &Heap<M>, mutex: Mutex) -> Result<Self> {
        let object = heap.create_object(ObjectKind::Condition)?;
        match Self::set_lock(heap, object, mutex) {
            Ok(()) => Ok(Self { object, mutex }),
            Err(failure) => {
                heap.let_go(object.handle())?;
                Err(failure)
            }
        }
    }

    /// Makes a condition with a reentrant lock of its own, which gets that tag.
    pub fn create_with_lock<M: Memory>(heap: &Heap<M>, tag: u64) -> Result<Self> {
        let mutex = Mutex::create(heap, true)?;
        let condition = heap.set_tag(mutex.handle(), tag).and_then(|()| Self::create(heap, mutex));
        heap.let_go(mutex.handle())?; // The condition has a reference.
        condition
    }

    fn set_lock<M: Memory>(heap: &Heap<M>, object: Object, mutex: Mutex) -> Result<()> {
        let staged = heap.stage(&Value::Object(mutex.handle()))?;
        let mut change = Change::new();
        change.write(object.body(LOCK), staged.cell.0);
        if let Some(block) = staged.block {
            change.turn(block, State::Live);
        }
        heap.lock(object)?.commit(&change)
    }

    /// The condition that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        let object = object::open(heap, handle, ObjectKind::Condition)?;
        let _guard = heap.lock(object)?;
        let cell = Cell(heap.space.memory.load(object.body(LOCK))?);
        let Loaded::Object(lock) = value::load(&heap.space, cell)? else {
            return corrupt("a condition has no lock");
        };
        let mutex = match Mutex::open(heap, lock, true) {
            Err(Failure::WrongType) => Mutex::open(heap, lock, false)?,
            other => other?,
        };
        Ok(Self { object, mutex })
    }

    /// What names this condition in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// The lock that it uses.
    #[must_use]
    pub fn mutex(&self) -> Mutex {
        self.mutex
    }

    fn line(&self) -> Line {
        Line::of(self.object, LINE)
    }

    /// Whether this thread may wait and notify: it holds the lock, or somebody does, if anybody may leave that.
    pub fn is_owned<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        if self.mutex.is_reentrant() {
            self.mutex.is_held_by(heap, me)
        } else {
            self.mutex.is_locked(heap)
        }
    }

    /// Tells the first `count` of those who wait. Returns false if this thread may not.
    pub fn notify<M: Memory>(&self, heap: &Heap<M>, me: LifeId, count: u64) -> Result<bool> {
        heap.check_not_forked()?;
        if !self.is_owned(heap, me)? {
            return Ok(false);
        }
        self.tell(heap, |space| self.line().tell_first(space, count))?;
        Ok(true)
    }

    /// Tells the next one what a deputy was told whose client has died before it learnt of that.
    pub fn pass_on<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        heap.check_not_forked()?;
        self.tell(heap, |space| self.line().tell_first(space, 1))
    }

    /// Tells those who wait, if there are any, as `job` does, which returns whom to wake.
    fn tell<M: Memory>(
        &self,
        heap: &Heap<M>,
        job: impl FnOnce(&Space<M>) -> Result<Vec<u64>>,
    ) -> Result<()> {
        if self.line().is_empty(&heap.space)? {
            return Ok(());
        }
        let wakes = {
            let _guard = heap.begin(self.object)?;
            job(&heap.space)?
        };
        wake_all(&heap.space, &wakes)
    }

    /// Tells all who wait now. Returns false if this thread may not.
    pub fn notify_all<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<bool> {
        heap.check_not_forked()?;
        if !self.is_owned(heap, me)? {
            return Ok(false);
        }
        self.tell(heap, |space| self.tell_all(space))?;
        Ok(true)
    }

    fn tell_all<M: Memory>(&self, space: &Space<M>) -> Result<Vec<u64>> {
        let mut wakes = Vec::new();
        for node in self.line().nodes(space)? {
            if node.tell(space, Standing::Granted)? {
                wakes.push(node.at);
            }
        }
        Ok(wakes)
    }

    /// Who waits to be told.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        self.line().waiters(&heap.space)
    }
}

#[test]
fn the_words_of_a_condition_do_not_move() {
    assert_eq!([LOCK, LINE], [0, 8]);
}
