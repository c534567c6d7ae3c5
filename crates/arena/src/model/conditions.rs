//! Conditions and events: whoever is told goes on, and if it is gone, somebody else is told.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use super::hasty::Hasty;
use super::{Act, Actor, Model};
use crate::condition::Condition;
use crate::event::Event;
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::mutex::{Freed, Taken};
use crate::wait::patience::Until;
use crate::wait::sleep::{Patience, await_node};

/// A condition that something is there, which is counted under its lock; an event.
pub(crate) struct Scene {
    condition: Condition,
    things: AtomicU32,
    /// Whether there ever was something.
    has_come: AtomicBool,
    event: Event,
}

fn scene(heap: &Heap<Seat>) -> Scene {
    let condition = Condition::create_with_lock(heap, 0).unwrap();
    let event = Event::create(heap).unwrap();
    Scene { condition, things: AtomicU32::new(0), has_come: AtomicBool::new(false), event }
}

impl Scene {
    fn take_lock(&self, actor: &Actor) -> Result<()> {
        let (heap, me, lock) = (&actor.heap, actor.me, self.condition.mutex());
        let mut taken = lock.try_acquire(heap, me)?;
        if taken == Taken::Busy {
            let (at_once, ticket) = lock.enqueue(heap, me, 1)?;
            taken = at_once;
            if let Some(ticket) = ticket {
                let look = || lock.look(heap, me, ticket);
                await_node(heap, ticket, &mut Until::the_end(), look)?;
                taken = Taken::FromDead { pid: 0 }; // Perhaps.
            }
        }
        self.heal(actor, taken)
    }

    /// A holder that was killed may have been told before, or have been about to tell.
    fn heal(&self, actor: &Actor, taken: Taken) -> Result<()> {
        if taken != Taken::Now {
            self.tell(actor, 1)?;
        }
        Ok(())
    }

    fn tell(&self, actor: &Actor, count: u64) -> Result<()> {
        assert!(self.condition.notify(&actor.heap, actor.me, count)?);
        Ok(())
    }

    fn make(&self, count: u32) {
        self.things.fetch_add(count, Relaxed);
        self.has_come.store(true, Relaxed);
    }

    fn leave_lock(&self, actor: &Actor) -> Result<()> {
        assert_eq!(self.condition.mutex().release(&actor.heap, actor.me)?, Freed::Done);
        Ok(())
    }

    /// Waits once. Returns whether it was told something for itself.
    fn wait(&self, actor: &Actor, patience: &mut impl Patience) -> Result<bool> {
        let waited = self.condition.wait(&actor.heap, actor.me, patience)?.unwrap();
        if waited.taken != Taken::Now {
            self.heal(actor, waited.taken)?;
        }
        Ok(waited.notified && !waited.given_up)
    }

    /// Waits for something once, and leaves that to others.
    fn peep(&self, actor: &Actor, patience: &mut impl Patience) -> Result<()> {
        self.take_lock(actor)?;
        if !self.has_come.load(Relaxed) && self.wait(actor, patience)? {
            self.tell(actor, 1)?;
        }
        self.leave_lock(actor)
    }
}

fn take_a_thing(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.take_lock(actor)?;
    while scene.things.load(Relaxed) == 0 {
        scene.wait(actor, &mut Until::the_end())?;
    }
    scene.things.fetch_sub(1, Relaxed);
    scene.tell(actor, 1)?;
    scene.leave_lock(actor)
}

fn peep(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.peep(actor, &mut Until::the_end())
}

fn peep_late(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.peep(actor, &mut Hasty::late(actor))
}

fn peep_interrupted(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.peep(actor, &mut Hasty::interrupted(actor))
}

fn make_one(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.take_lock(actor)?;
    scene.make(1);
    scene.tell(actor, 1)?;
    scene.leave_lock(actor)
}

fn make_two(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.take_lock(actor)?;
    scene.make(2);
    assert!(scene.condition.notify_all(&actor.heap, actor.me)?);
    scene.leave_lock(actor)
}

/// Cleans up, and looks whether the dead one had the lock.
fn sweep(actor: &Actor, scene: &Scene) -> Result<()> {
    super::sweep(actor)?;
    scene.take_lock(actor)?;
    scene.leave_lock(actor)
}

fn await_flag(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.event.wait(&actor.heap, actor.me, &mut Until::the_end())?;
    Ok(())
}

fn await_flag_late(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.event.wait(&actor.heap, actor.me, &mut Hasty::late(actor))?;
    Ok(())
}

fn wave(actor: &Actor, scene: &Scene) -> Result<()> {
    scene.event.set(&actor.heap)?;
    scene.event.clear(&actor.heap)?;
    scene.event.set(&actor.heap)
}

pub(super) fn model(threads: &'static [Act<Scene>]) -> Model<Scene> {
    let rechecks = Rechecks::default();
    Model { prepare: scene, threads, finish: |_, _, _| (), rechecks, is_swept: false }
}

/// Whoever is killed is swept: then nobody needs a timeout, but for the internal locks.
fn dying(threads: &'static [Act<Scene>]) -> Model<Scene> {
    let rechecks = Rechecks { short: 2, long: 0 };
    Model { rechecks, is_swept: true, ..model(threads) }
}

/// A short test tries one of so many moments.
const FEW: usize = 17;

#[test]
fn whoever_waits_for_a_condition_is_told() {
    model(&[take_a_thing, make_one]).explore(1);
    model(&[take_a_thing, take_a_thing, make_two]).explore(0);
    model(&[peep_late, take_a_thing, make_one]).explore(0);
    model(&[peep_interrupted, take_a_thing, make_one]).explore(0);
}

#[test]
fn what_a_dead_one_was_told_is_told_to_the_next() {
    dying(&[peep, take_a_thing, make_one, sweep]).explore_deaths(0, FEW);
}

#[test]
fn whoever_waits_for_an_event_goes_on() {
    model(&[await_flag, await_flag, wave]).explore(0);
    model(&[await_flag_late, await_flag, wave]).explore(0);
}

#[test]
#[ignore = "takes minutes"]
fn whoever_waits_is_told_in_many_more_runs() {
    model(&[take_a_thing, make_one]).explore(2);
    model(&[take_a_thing, take_a_thing, make_two]).explore(1);
    model(&[peep_late, take_a_thing, make_one]).explore(1);
    model(&[peep_interrupted, take_a_thing, make_one]).explore(1);
    model(&[await_flag, await_flag, wave]).explore(1);
    model(&[await_flag_late, await_flag, wave]).explore(1);
    model(&[peep_late, peep_interrupted, take_a_thing, make_one]).sample(100_000, false);
    dying(&[peep, take_a_thing, make_one, sweep]).explore_deaths(0, 1);
    dying(&[peep, take_a_thing, make_one, sweep]).sample(100_000, true);
}
