//! Waiting under a model checker (for tests).
//!
//! # Theory of operation
//!
//! A [`Model`] is two to four threads, each of a process of its own, that do something with the same objects: the arena's
//! own code, down to the loop in which a wait sleeps, on [`crate::memory::interleaved`]. It is run again and again:
//!
//! * [`Model::explore`] tries every way in which threads take turns, up to a number of interruptions ([`bounded`]), and,
//!   if one of them is to be killed, at every moment for that;
//! * [`Model::sample`] tries some ways with more of them: at random, and by priorities that change at a few moments.
//!   These follow from a seed, which a failure prints: `MANOR_SEED=` repeats it.
//!
//! What is found: two holders at once ([`Section`]), a thread that waits for ever, a failure of an operation, an audit
//! that fails when all have ended.

mod bounded;
mod conditions;
mod futexes;
mod hasty;
mod locks;
mod meetings;
mod mutants;
mod permits;
mod queues;
mod reservations;
mod seekers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner, thread};

use crate::audit::audit;
use crate::block::{Header, State};
use crate::failure::Result;
use crate::heap::Heap;
use crate::identity::Identity;
use crate::layout::Space;
use crate::life::{self, LifeId, MUTEX};
use crate::memory::interleaved::{Footprints, Machine, Moment, Rechecks, Seat};
use crate::object::{self, Handle};
use crate::slots;
use crate::wait::Ticket;
use bounded::{Bounded, Unkind};

/// As small as has room for a slab of each thread.
pub(crate) const ARENA_BYTES: u64 = 512 << 10;
/// So many moments at which priorities change.
const CHANGES: usize = 3;
/// Coroutines of unoptimised code.
const STACK_BYTES: usize = 256 << 10;
/// More accesses than a thread makes.
const ACCESSES_MAX: usize = 300;

/// A thread of a model.
pub(crate) struct Actor {
    pub heap: Heap<Seat>,
    pub me: LifeId,
}

impl Actor {
    pub fn seat(&self) -> &Seat {
        &self.heap.space.memory
    }

    /// Is killed right here.
    pub fn die(&self) -> Result<()> {
        self.seat().die_at(Moment::Access(1));
        self.seat().pause()
    }
}

/// What a thread does with a `T`.
pub(crate) type Act<T> = fn(&Actor, &T) -> Result<()>;

/// Threads that do something with a `T`.
pub(crate) struct Model<T: 'static> {
    pub prepare: fn(&Heap<Seat>) -> T,
    pub threads: &'static [Act<T>],
    /// What must hold when all have ended; the second is whether the first thread was killed.
    pub finish: fn(&Heap<Seat>, &T, bool),
    /// What may make up for wake-ups that a killed thread owes.
    pub rechecks: Rechecks,
    /// Whether one of the threads cleans up behind the first one ([`sweep`]).
    pub is_swept: bool,
}

/// Something that only so many threads may do at a time.
pub(crate) struct Section {
    limit: usize,
    inside: [AtomicBool; crate::memory::interleaved::THREADS + 1],
}

impl Section {
    pub fn new(limit: usize) -> Self {
        Self { limit, inside: Default::default() }
    }

    /// The thread begins, and enough of those before have ended or are dead.
    pub fn enter(&self, actor: &Actor) -> Result<()> {
        self.inside[actor.seat().number() as usize].store(true, Relaxed);
        let lives = |number: &u32| !actor.seat().machine().has_died(*number);
        let inside = (0..).zip(&self.inside).filter(|(_, is_inside)| is_inside.load(Relaxed));
        let holders = inside.map(|(number, _)| number).filter(lives).count();
        assert!(holders <= self.limit, "{holders} holders, not {}", self.limit);
        actor.seat().pause()
    }

    /// The thread begins and ends.
    pub fn pass(&self, actor: &Actor) -> Result<()> {
        self.enter(actor)?;
        self.leave(actor);
        Ok(())
    }

    /// The thread ends.
    pub fn leave(&self, actor: &Actor) {
        self.inside[actor.seat().number() as usize].store(false, Relaxed);
    }
}

/// Waits for the end of the first thread, as the server does, and cleans up behind it if it was killed.
pub(crate) fn sweep(actor: &Actor) -> Result<()> {
    if actor.seat().await_end(1) {
        actor.heap.sweep(0)?;
    }
    Ok(())
}

fn identity(thread: u32) -> Identity {
    Identity { pid: thread.into(), started: 1, namespace: 1 }
}

/// The heap of a thread's process, which has memory for nodes and holds all objects.
fn enter(machine: &Arc<Machine>, thread: u32) -> Heap<Seat> {
    let space = Space::open(Seat::new(machine, thread)).unwrap();
    let heap = Heap::new(space, u64::from(thread) - 1);
    heap.rediscover().unwrap();
    Ticket::new(&heap, LifeId::GONE_IN_ORDER, 0).unwrap().free(&heap).unwrap();
    for at in object::places(&heap.space).unwrap() {
        let header = Header(crate::memory::Memory::load(&heap.space.memory, at).unwrap());
        if header.is(State::Live) {
            heap.hold(Handle { at, generation: header.generation() }).unwrap();
        }
    }
    heap
}

impl<T: Send + Sync + 'static> Model<T> {
    /// Runs it once, as the checker wants it. Returns whether the first thread was killed.
    fn play(&self, footprints: &Arc<Footprints>, death: Option<Moment>) -> bool {
        let machine = Machine::new(footprints, self.rechecks);
        let first = Heap::format(Seat::new(&machine, 1), identity(1), "1").unwrap();
        let prepared = Arc::new((self.prepare)(&first));
        let mut actors = Vec::new();
        for thread in (1..).take(self.threads.len()) {
            if thread > 1 {
                slots::attach(&first.space, identity(thread), "other").unwrap();
            }
            let mut heap = enter(&machine, thread);
            let me = life::play(&heap, thread);
            heap.space.memory.begin(me.at() + MUTEX);
            actors.push(Actor { heap, me });
        }
        if let Some(moment) = death {
            actors[0].seat().die_at(moment);
        }
        let mut threads = Vec::new();
        for (actor, &act) in actors.into_iter().zip(self.threads) {
            let prepared = prepared.clone();
            threads.push(thread::spawn(move || {
                let outcome = act(&actor, &prepared);
                assert!(outcome.is_ok() || actor.seat().is_dead(), "{outcome:?}");
                actor.seat().end();
            }));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let has_died = machine.has_died(1);
        if !has_died || self.is_swept {
            audit(&first.space).unwrap();
        }
        (self.finish)(&first, &prepared, has_died);
        has_died
    }

    /// Runs it as a scheduler wants it. `death` says for each run when the first thread is killed. Returns whether it ever
    /// was.
    fn run(
        self: &Arc<Self>,
        footprints: &Arc<Footprints>,
        scheduler: impl Scheduler + 'static,
        death: impl Fn() -> Option<Moment> + Send + Sync + 'static,
    ) -> bool {
        let mut config = Config::new();
        config.stack_size = STACK_BYTES;
        let (model, footprints) = (self.clone(), footprints.clone());
        let has_died = Arc::new(AtomicBool::new(false));
        let note = has_died.clone();
        Runner::new(scheduler, config).run(move || {
            let is_killed = model.play(&footprints, death());
            note.fetch_or(is_killed, Relaxed);
        });
        has_died.load(Relaxed)
    }

    fn explore_dying(
        self: &Arc<Self>,
        interruptions: usize,
        death: Option<Moment>,
    ) -> (usize, bool) {
        let footprints = Arc::new(Footprints::new(ARENA_BYTES));
        let runs = Arc::new(AtomicUsize::new(0));
        let bounded = Bounded::new(interruptions, &footprints, &runs);
        let has_died = self.run(&footprints, bounded, move || death);
        (runs.load(Relaxed) - 1, has_died)
    }

    /// Tries every way in which threads take turns, with so many interruptions. Panics with what it finds.
    pub fn explore(self, interruptions: usize) {
        let (runs, _) = Arc::new(self).explore_dying(interruptions, None);
        eprintln!("{runs} runs");
    }

    /// The same, where the first thread is killed: at one of so many of its accesses, and in any of its sleeps.
    pub fn explore_deaths(self, interruptions: usize, one_of: usize) {
        let model = Arc::new(self);
        let mut total = 0;
        for (kind, step) in [(Moment::Access as fn(usize) -> _, one_of), (Moment::Sleep, 1)] {
            for number in (1..).step_by(step) {
                let (runs, has_died) = model.explore_dying(interruptions, Some(kind(number)));
                total += runs;
                if !has_died {
                    break;
                }
            }
        }
        eprintln!("{total} runs");
    }

    /// Tries so many ways with any number of interruptions. `dies`: the first thread is killed at any moment.
    pub fn sample(self, runs: usize, dies: bool) {
        let seed = std::env::var("MANOR_SEED").map_or(1, |seed| seed.parse().unwrap());
        eprintln!("MANOR_SEED={seed}");
        let model = Arc::new(self);
        let death = move || {
            let moment = Moment::Access(thread_rng().gen_range(1..ACCESSES_MAX));
            dies.then_some(moment)
        };
        let footprints = Arc::new(Footprints::new(ARENA_BYTES));
        let random = RandomScheduler::new_from_seed(seed, runs / 2);
        model.run(&footprints, Unkind(random, footprints.clone()), death);
        let pct = PctScheduler::new_from_seed(seed, CHANGES, runs / 2);
        model.run(&footprints, Unkind(pct, footprints.clone()), death);
    }
}

/// Does what should find something. Returns what.
pub(crate) fn find(search: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(search)) {
        Ok(()) => "nothing".to_owned(),
        Err(panic) => match panic.downcast::<String>() {
            Ok(message) => *message,
            Err(panic) => {
                panic.downcast::<&str>().map_or_else(|_| "?".to_owned(), |text| (*text).to_owned())
            }
        },
    }
}
