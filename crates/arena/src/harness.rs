//! The exhaustive kill harness (for tests).
//!
//! # Theory of operation
//!
//! A SIGKILL leaves a prefix of the victim's stores. So for one operation there are as many ways to die as it
//! makes stores, and all of them can be tried: run it once on recorded memory, then for every prefix
//!
//! 1. rebuild the arena as it was, and do to the victim's lock words what the kernel does when it dies;
//! 2. let a survivor sweep the victim's slot, which recovers what it had announced;
//! 3. check every invariant ([`crate::audit`]), and that the operation happened wholly or not at all;
//! 4. do the same to the survivor: for every prefix of *its* stores, a second survivor sweeps both.
//!
//! A container supplies scenarios: how to prepare, what to do, and what one sees. Prefixes are rebuilt by undoing
//! the record from its end, so a check costs what the sweep costs and no copies of the arena.

#[cfg(test)]
mod mutants;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Debug;
use std::rc::Rc;

use crate::audit::{Finding, audit, found};
use crate::block::{Header, State};
use crate::heap::Heap;
use crate::identity::Identity;
use crate::layout::{ALLOCATOR, Space, lockable};
use crate::life;
use crate::memory::Memory;
use crate::memory::recorder::{Recorder, Store};
use crate::object::{self, Handle};
use crate::robust::{OWNER, OWNER_DIED, WAITERS};
use crate::slots;

/// A heap on recorded memory.
pub(crate) type Stage = Heap<Rc<Recorder>>;

/// The thread ids of the three processes; their slots are one less.
const ACTOR: u32 = 1;
const SURVIVOR: u32 = 2;
pub(crate) const BYSTANDER: u32 = 3;

/// Small, and with small units: a sweep reads every header.
const ARENA_BYTES: u64 = 1 << 20;

/// One operation to be killed in.
pub(crate) struct Scenario<'a, T, V> {
    /// Makes the arena as it is before the operation.
    pub prepare: &'a dyn Fn(&Stage) -> T,
    /// The operation.
    pub act: &'a dyn Fn(&Stage, &T),
    /// What a bystander can see of the operation.
    pub look: &'a dyn Fn(&Stage, &T) -> crate::failure::Result<V>,
    /// What the survivor does before it recovers, as one that has not noticed the death would.
    #[allow(clippy::type_complexity)] // A name for it would say less.
    pub meanwhile: Option<&'a dyn Fn(&Stage, &T)>,
    /// Whether the survivors hold every object too, so that they outlive the actor.
    pub shared: bool,
}

/// How much was tried.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub cuts: usize,
    pub cuts_of_recovery: usize,
}

struct Theatre {
    memory: Rc<Recorder>,
    /// Recoveries that were cut already. Victims that die before their announcement leave arenas that differ in
    /// unreachable words only, and their recoveries are the same stores over the same words.
    cut: RefCell<HashSet<Vec<(u64, u64, u64)>>>,
}

/// The survivor, for preparations that need a second process.
pub(crate) fn as_survivor<R>(heap: &Stage, job: impl FnOnce(&Stage) -> R) -> R {
    as_process(heap, SURVIVOR, job)
}

/// The third process, which outlives both others, for preparations that need it; its thread is [`BYSTANDER`].
pub(crate) fn as_bystander<R>(heap: &Stage, job: impl FnOnce(&Stage) -> R) -> R {
    as_process(heap, BYSTANDER, job)
}

fn as_process<R>(heap: &Stage, thread: u32, job: impl FnOnce(&Stage) -> R) -> R {
    let memory = heap.space.memory.clone();
    let before = memory.thread().unwrap();
    memory.become_thread(thread);
    let other = Heap::new(Space::open(memory.clone()).unwrap(), u64::from(thread) - 1);
    other.rediscover().unwrap();
    let outcome = job(&other);
    memory.become_thread(before);
    outcome
}

impl Theatre {
    fn stage(&self, thread: u32) -> Stage {
        self.enter(thread).unwrap()
    }

    fn enter(&self, thread: u32) -> Finding<Stage> {
        self.memory.become_thread(thread);
        let space = found(Space::open(self.memory.clone()), "opening")?;
        Ok(Heap::new(space, u64::from(thread) - 1))
    }

    /// Does what the kernel does to the lock words of a dead thread. Returns how to undo it.
    fn kill(&self, space: &Space<Rc<Recorder>>, thread: u32) -> Finding<Vec<Store>> {
        let mut pokes = Vec::new();
        let places = found(object::places(space), "objects")?;
        for at in std::iter::once(ALLOCATOR).chain(places) {
            let word = at + lockable::LOCK;
            let old = self.memory.peek(word);
            if old & u64::from(OWNER) == u64::from(thread) {
                let new = old & u64::from(WAITERS) | u64::from(OWNER_DIED);
                self.memory.poke(word, new);
                pokes.push(Store { at: word, old, new });
            }
        }
        for word in life::words_of(space, u64::from(thread) - 1) {
            let old = self.memory.peek(word);
            let new = old & !u64::from(OWNER) | u64::from(OWNER_DIED);
            self.memory.poke(word, new);
            pokes.push(Store { at: word, old, new });
        }
        Ok(pokes)
    }

    /// Runs `job` and takes back everything that it stored.
    fn rehearse<R>(&self, job: impl FnOnce() -> R) -> R {
        self.memory.take_log();
        let outcome = job();
        self.memory.undo(&self.memory.take_log());
        outcome
    }

    /// Three processes attached; what the first one prepared is held by all if `shared`.
    fn open<T, V>(scenario: &Scenario<'_, T, V>) -> (Self, Stage, T) {
        let memory = Rc::new(Recorder::new(ARENA_BYTES));
        let theatre = Self { memory, cut: RefCell::default() };
        let identity = |thread: u32| Identity { pid: thread.into(), started: 1, namespace: 1 };
        theatre.memory.become_thread(ACTOR);
        let actor = Heap::format(theatre.memory.clone(), identity(ACTOR), "actor").unwrap();
        for thread in [SURVIVOR, BYSTANDER] {
            slots::attach(&actor.space, identity(thread), "survivor").unwrap();
        }
        let prepared = (scenario.prepare)(&actor);
        for at in object::places(&actor.space).unwrap() {
            let header = Header(theatre.memory.peek(at));
            if scenario.shared && header.is(State::Live) {
                let handle = Handle { at, generation: header.generation() };
                theatre.stage(SURVIVOR).hold(handle).unwrap();
                theatre.stage(BYSTANDER).hold(handle).unwrap();
            }
        }
        theatre.memory.become_thread(ACTOR);
        (theatre, actor, prepared)
    }
}

/// Kills the operation after every store, and every recovery after every store of its own.
pub(crate) fn exhaust<T, V: PartialEq + Debug>(scenario: &Scenario<'_, T, V>) -> Finding<Report> {
    let (theatre, actor, prepared) = Theatre::open(scenario);
    let look = |thread| found((scenario.look)(&theatre.enter(thread)?, &prepared), "looking");
    found_audit(&actor.space, "before the operation")?;
    let before = theatre.rehearse(|| look(SURVIVOR))?;
    theatre.memory.become_thread(ACTOR);
    theatre.memory.take_log();
    (scenario.act)(&actor, &prepared);
    let log = theatre.memory.take_log();
    let after = theatre.rehearse(|| look(SURVIVOR))?;
    let mut report = Report::default();
    let judge = |thread| -> Finding<()> {
        let seen = theatre.rehearse(|| look(thread))?;
        if seen != before && seen != after {
            return Err(format!("half done: {seen:?}, not {before:?} and not {after:?}"));
        }
        Ok(())
    };
    for cut in (0..=log.len()).rev() {
        if let Some(store) = log.get(cut) {
            theatre.memory.undo(&[*store]);
        }
        let pokes = theatre.kill(&actor.space, ACTOR)?;
        let meanwhile = scenario.meanwhile.map(|job| |heap: &Stage| job(heap, &prepared));
        let meanwhile = meanwhile.as_ref().map(|job| job as &dyn Fn(&Stage));
        let outcome =
            theatre.rehearse(|| recover_and_cut(&theatre, meanwhile, &judge, &mut report));
        outcome.map_err(|finding| format!("cut after {cut} of {}: {finding}", log.len()))?;
        theatre.memory.undo(&pokes);
        report.cuts += 1;
    }
    Ok(report)
}

/// Has somebody sweep another process after every store of an operation, whose actor lives and is about to go on.
/// Returns how often that was possible: not while the actor has a lock.
pub(crate) fn sweep_beside<T, V: PartialEq + Debug>(
    scenario: &Scenario<'_, T, V>,
) -> Finding<usize> {
    let (theatre, actor, prepared) = Theatre::open(scenario);
    let look = || (scenario.look)(&theatre.stage(SURVIVOR), &prepared);
    let before = theatre.rehearse(look);
    theatre.memory.become_thread(ACTOR);
    theatre.memory.take_log();
    (scenario.act)(&actor, &prepared);
    let log = theatre.memory.take_log();
    let after = theatre.rehearse(look);
    let mut sweeps = 0;
    for cut in (0..log.len()).rev() {
        theatre.memory.undo(&[log[cut]]);
        let seen = theatre.rehearse(|| {
            let swept = theatre.stage(SURVIVOR).sweep(u64::from(BYSTANDER) - 1);
            swept.is_ok().then(look)
        });
        if let Some(seen) = seen {
            sweeps += 1;
            if seen != before && seen != after {
                return Err(format!("after {cut} of {}: {seen:?}", log.len()));
            }
        }
    }
    Ok(sweeps)
}

fn found_audit(space: &Space<Rc<Recorder>>, when: &str) -> Finding<()> {
    audit(space).map_err(|finding| format!("{when}: {finding}"))
}

/// Recovers as the survivor, checks, and then dies in that recovery in every way.
fn recover_and_cut(
    theatre: &Theatre,
    meanwhile: Option<&dyn Fn(&Stage)>,
    judge: &dyn Fn(u32) -> Finding<()>,
    report: &mut Report,
) -> Finding<()> {
    let survivor = theatre.enter(SURVIVOR)?;
    theatre.memory.take_log();
    if let Some(meanwhile) = meanwhile {
        meanwhile(&survivor);
    }
    let ignorant = theatre.memory.take_log();
    found(survivor.sweep(0), "sweeping")?;
    let log = theatre.memory.take_log();
    let outcome = check(theatre, &survivor, judge);
    let stores = log.iter().map(|store| (store.at, store.old, store.new)).collect();
    let is_new = theatre.cut.borrow_mut().insert(stores);
    for cut in (0..log.len()).rev() {
        theatre.memory.undo(&[log[cut]]);
        outcome.clone()?;
        if meanwhile.is_some() || !is_new {
            continue; // What the survivor did meanwhile would be swept with it.
        }
        let pokes = theatre.kill(&survivor.space, SURVIVOR)?;
        let second = theatre.enter(BYSTANDER)?;
        let outcome = theatre.rehearse(|| {
            found(second.sweep(0).and_then(|_| second.sweep(1)), "sweeping again")?;
            let log = theatre.memory.take_log();
            let outcome = check(theatre, &second, judge);
            theatre.memory.undo(&log);
            outcome
        });
        outcome.map_err(|finding| format!("recovery cut after {cut}: {finding}"))?;
        theatre.memory.undo(&pokes);
        report.cuts_of_recovery += 1;
    }
    theatre.memory.undo(&ignorant);
    outcome
}

fn check(theatre: &Theatre, stage: &Stage, judge: &dyn Fn(u32) -> Finding<()>) -> Finding<()> {
    found_audit(&stage.space, "after recovery")?;
    let thread = u32::try_from(stage.slot() + 1).unwrap();
    let outcome = judge(thread);
    theatre.memory.take_log();
    outcome
}
