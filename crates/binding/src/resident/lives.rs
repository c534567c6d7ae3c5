//! The lives of this process's threads in its arenas, begun when they are first needed.
//!
//! A life ends with its thread, and only the thread itself can end it: the C library keeps a list for each. So an arena
//! that Python lets go of stays mapped until the last of its threads has ended its life there.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard};

use ::arena::Failure;
use ::arena::fork::Birthplace;
use ::arena::fork::mutex::PrivateMutex;
use ::arena::heap::Heap;
use ::arena::life::{Life, LifeId};
use ::arena::memory::Shared;

/// Where an arena's heap is.
enum Place {
    /// In the arena's Python object, which lives.
    Arena(*const Heap<Shared>),
    /// Here, for the threads that have lives in it.
    Buried(Box<Heap<Shared>>),
}

// SAFETY: the pointer is used under the mutex around this only, and replaced before the heap moves.
unsafe impl Send for Place {}

/// One arena, as the threads know it that have lives there.
pub struct Lives {
    serial: u64,
    /// The same, or no arena's where there is no short way.
    serial_of_usual: u64,
    place: PrivateMutex<Option<Place>>,
}

/// Which life the current thread acts as: the arena's serial, and the life; of this process.
#[derive(Clone, Copy)]
struct Acting {
    serial: u64,
    life: Option<LifeId>,
    birthplace: Option<Birthplace>,
}

const NOBODY: Acting = Acting { serial: 0, life: None, birthplace: None };

static SERIALS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static ACTING: Cell<Acting> = const { Cell::new(NOBODY) };
    static OWN: RefCell<HashMap<u64, Own>> = RefCell::default();
}

/// A life of this thread, until the thread ends.
struct Own {
    lives: Arc<Lives>,
    life: Option<Life>,
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(life) = self.life.take() else { return };
        if !life.is_here() {
            return; // The parent's thread's, of which this one is a copy.
        }
        let place = self.lives.place();
        let heap = match &*place {
            // SAFETY: the arena's object takes the pointer out before it goes.
            Some(Place::Arena(heap)) => unsafe { &**heap },
            Some(Place::Buried(heap)) => heap,
            None => return,
        };
        // Nobody is there to be told; the sweeper finds what is left.
        let _ = heap.orphan_all(life.id()).and_then(|()| life.end(heap));
    }
}

impl Lives {
    /// Of a new arena's Python object.
    /// `is_unusual`: its threads never take the short way of `usual`.
    pub fn new(is_unusual: bool) -> Arc<Self> {
        // Relaxed: only the numbers matter.
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        let serial_of_usual = if is_unusual { u64::MAX } else { serial };
        Arc::new(Self { serial, serial_of_usual, place: PrivateMutex::default() })
    }

    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        self.place.lock() // Threads that end hold it without the GIL, while another one may fork.
    }

    /// The life of the calling thread. `heap` is in the arena's Python object.
    #[inline]
    pub fn current(self: &Arc<Self>, heap: &Heap<Shared>) -> Result<LifeId, Failure> {
        match self.known() {
            Some(life) => Ok(life),
            None => self.look_up(heap),
        }
    }

    /// The life of the calling thread, if it acted in this arena last.
    #[inline]
    pub fn known(&self) -> Option<LifeId> {
        Self::known_by(self.serial)
    }

    /// The same, for the short way of `usual`.
    #[inline]
    pub fn known_as_usual(&self) -> Option<LifeId> {
        Self::known_by(self.serial_of_usual)
    }

    #[inline]
    fn known_by(serial: u64) -> Option<LifeId> {
        let acting = ACTING.get();
        let is_here = acting.serial == serial && acting.birthplace?.is_here();
        if is_here { acting.life } else { None }
    }

    #[cold]
    fn look_up(self: &Arc<Self>, heap: &Heap<Shared>) -> Result<LifeId, Failure> {
        let id = OWN.with_borrow_mut(|own| {
            let found = own.get(&self.serial).and_then(|own| own.life.as_ref());
            if let Some(life) = found.filter(|life| life.is_here()) {
                return Ok::<_, Failure>(life.id());
            }
            let life = Life::begin(heap)?;
            let id = life.id();
            *self.place() = Some(Place::Arena(heap));
            own.insert(self.serial, Own { lives: self.clone(), life: Some(life) });
            Ok(id)
        })?;
        self.act_as(id);
        Ok(id)
    }

    fn act_as(&self, life: LifeId) {
        let birthplace = Some(Birthplace::here());
        ACTING.set(Acting { serial: self.serial, life: Some(life), birthplace });
    }

    /// Runs `job`, which acts as another life.
    pub fn acting_as<R>(&self, life: LifeId, job: impl FnOnce() -> R) -> R {
        let before = ACTING.get();
        self.act_as(life);
        let outcome = job();
        ACTING.set(before);
        outcome
    }

    /// The arena's Python object goes: ends this thread's life there, and keeps the heap for the others'.
    pub fn bury(self: &Arc<Self>, heap: Heap<Shared>) {
        // Until then the heap is where the pointer says.
        let mut heap = Some(heap);
        {
            let mut place = self.place();
            if place.is_some() {
                *place = heap.take().map(|heap| Place::Buried(Box::new(heap)));
            }
        }
        let own = OWN
            .try_with(|own| own.try_borrow_mut().ok().and_then(|mut own| own.remove(&self.serial)));
        drop(own);
        if ACTING.get().serial == self.serial {
            ACTING.set(NOBODY);
        }
    }
}
