//! Locks: never two holders, and whoever waits for one has it in the end.

use super::hasty::Hasty;
use super::{Act, Actor, Model, Section};
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::mutex::{Freed, Mutex, Taken};
use crate::object::{self, Object};
use crate::wait::patience::Until;
use crate::wait::sleep::{Ended, Patience, await_node};

/// Two locks, and what they guard.
pub(crate) struct Locks {
    pub(super) locks: [Mutex; 2],
    pub(super) sections: [Section; 2],
}

fn sections() -> [Section; 2] {
    [Section::new(1), Section::new(1)]
}

fn locks(heap: &Heap<Seat>) -> Locks {
    let lock = || Mutex::create(heap, false).unwrap();
    Locks { locks: [lock(), lock()], sections: sections() }
}

/// They are always handed over.
fn fair_locks(heap: &Heap<Seat>) -> Locks {
    heap.space.memory.let_time_pass();
    locks(heap)
}

fn reentrant_locks(heap: &Heap<Seat>) -> Locks {
    let lock = || Mutex::create(heap, true).unwrap();
    Locks { locks: [lock(), lock()], sections: sections() }
}

/// Takes a lock, if patience allows. Returns whether it did.
pub(super) fn take(
    actor: &Actor,
    lock: Mutex,
    levels: u64,
    patience: &mut impl Patience,
) -> Result<bool> {
    let (heap, me) = (&actor.heap, actor.me);
    if levels == 1 && lock.try_acquire(heap, me)? != Taken::Busy {
        return Ok(true);
    }
    let (_, ticket) = lock.enqueue(heap, me, levels)?;
    let Some(ticket) = ticket else { return Ok(true) };
    match await_node(heap, ticket, patience, || lock.look(heap, me, ticket))? {
        Ended::Over(Taken::Busy) => corrupt("a wait ended without the lock"),
        Ended::Over(_) => Ok(true),
        Ended::TimedOut => Ok(lock.abandon(heap, me, ticket)? != Taken::Busy),
        Ended::GivenUp => {
            if lock.abandon(heap, me, ticket)? != Taken::Busy {
                lock.give_back(heap, me)?;
            }
            Ok(false)
        }
    }
}

/// Takes lock `number`, does what only its holder may, and leaves it.
fn use_lock(
    actor: &Actor,
    scene: &Locks,
    number: usize,
    patience: &mut impl Patience,
) -> Result<()> {
    let (lock, section) = (scene.locks[number], &scene.sections[number]);
    if take(actor, lock, 1, patience)? {
        section.pass(actor)?;
        assert_eq!(lock.release(&actor.heap, actor.me)?, Freed::Done);
    }
    Ok(())
}

pub(super) fn once(actor: &Actor, scene: &Locks) -> Result<()> {
    use_lock(actor, scene, 0, &mut Until::the_end())
}

fn the_other(actor: &Actor, scene: &Locks) -> Result<()> {
    use_lock(actor, scene, 1, &mut Until::the_end())
}

fn twice(actor: &Actor, scene: &Locks) -> Result<()> {
    once(actor, scene)?;
    once(actor, scene)
}

fn late(actor: &Actor, scene: &Locks) -> Result<()> {
    use_lock(actor, scene, 0, &mut Hasty::late(actor))
}

fn interrupted(actor: &Actor, scene: &Locks) -> Result<()> {
    use_lock(actor, scene, 0, &mut Hasty::interrupted(actor))
}

/// Takes it twice over, and again after having left it wholly.
fn nested(actor: &Actor, scene: &Locks) -> Result<()> {
    let (lock, section, heap) = (scene.locks[0], &scene.sections[0], &actor.heap);
    let mut levels = 1;
    for _ in 0..2 {
        take(actor, lock, levels, &mut Until::the_end())?;
        section.enter(actor)?;
        if levels == 1 {
            assert_eq!(lock.try_acquire(heap, actor.me)?, Taken::Now);
        }
        section.leave(actor);
        levels = lock.release_wholly(heap, actor.me)?.unwrap();
        assert_eq!(levels, 2);
    }
    Ok(())
}

/// Is killed while it holds the lock.
fn killed_holder(actor: &Actor, scene: &Locks) -> Result<()> {
    take(actor, scene.locks[0], 1, &mut Until::the_end())?;
    actor.seat().pause()?;
    actor.die()
}

/// Is killed while it holds both locks.
fn killed_holder_of_two(actor: &Actor, scene: &Locks) -> Result<()> {
    for number in [1, 0] {
        take(actor, scene.locks[number], 1, &mut Until::the_end())?;
        scene.sections[number].enter(actor)?;
    }
    actor.die()
}

/// Uses the lock of the object itself, which is never held for long.
fn inside(actor: &Actor, scene: &Locks) -> Result<()> {
    let object: Object = object::resolve(&actor.heap.space, scene.locks[0].handle())?;
    let _guard = actor.heap.lock(object)?;
    scene.sections[0].pass(actor)?;
    Ok(())
}

fn sweep(actor: &Actor, _: &Locks) -> Result<()> {
    super::sweep(actor)
}

pub(super) fn model(threads: &'static [Act<Locks>]) -> Model<Locks> {
    let rechecks = Rechecks::default();
    Model { prepare: locks, threads, finish: |_, _, _| (), rechecks, is_swept: false }
}

pub(super) fn two_inside() -> Model<Locks> {
    model(&[inside, inside])
}

pub(super) fn three_inside() -> Model<Locks> {
    model(&[inside, inside, inside])
}

pub(super) fn two_fight() -> Model<Locks> {
    model(&[once, once])
}

fn three_fight() -> Model<Locks> {
    model(&[once, once, once])
}

fn one_is_late() -> Model<Locks> {
    model(&[once, late, once])
}

fn one_is_interrupted() -> Model<Locks> {
    model(&[once, interrupted, once])
}

/// One who was roused gives up, and nobody stands behind it.
fn one_is_interrupted_alone() -> Model<Locks> {
    model(&[twice, interrupted, once])
}

pub(super) fn one_comes_again() -> Model<Locks> {
    model(&[twice, once])
}

pub(super) fn fair(model: Model<Locks>) -> Model<Locks> {
    Model { prepare: fair_locks, ..model }
}

fn two_nest() -> Model<Locks> {
    Model { prepare: reentrant_locks, ..model(&[nested, nested]) }
}

/// Those who wait watch the holder, so nobody needs a timeout, but for the internal lock.
pub(super) fn dying(threads: &'static [Act<Locks>]) -> Model<Locks> {
    Model { rechecks: Rechecks { short: 2, long: 0 }, ..model(threads) }
}

fn swept(threads: &'static [Act<Locks>]) -> Model<Locks> {
    Model { is_swept: true, ..dying(threads) }
}

pub(super) fn a_holder_dies_and_one_is_late() -> Model<Locks> {
    dying(&[killed_holder, late, once])
}

pub(super) fn a_holder_of_two_dies() -> Model<Locks> {
    dying(&[killed_holder_of_two, once, the_other])
}

/// A short test tries one of so many moments.
pub(super) const FEW: usize = 17;
/// And a long one, where threads are interrupted.
pub(super) const SOME: usize = 11;

#[test]
fn an_internal_lock_has_one_holder_and_nobody_waits_for_ever() {
    two_inside().explore(4);
    three_inside().explore(1);
}

#[test]
fn an_internal_lock_survives_its_holder() {
    dying(&[inside, inside, inside]).explore_deaths(0, 1);
}

#[test]
fn a_lock_has_one_holder_and_nobody_waits_for_ever() {
    two_fight().explore(1);
    three_fight().explore(0);
    one_is_late().explore(0);
    one_is_interrupted().explore(0);
    one_comes_again().explore(1);
    one_is_interrupted_alone().explore(0);
    two_nest().explore(0);
}

#[test]
fn a_lock_that_is_handed_over_has_one_holder_and_nobody_waits_for_ever() {
    fair(two_fight()).explore(1);
    fair(three_fight()).explore(0);
    fair(one_is_late()).explore(0);
    fair(one_is_interrupted()).explore(0);
}

#[test]
fn a_lock_survives_everybody_at_every_moment() {
    dying(&[once, once, once]).explore_deaths(0, FEW);
    dying(&[late, once, once]).explore_deaths(0, FEW);
    dying(&[once, late, once]).explore_deaths(0, FEW);
    a_holder_of_two_dies().explore(0);
    swept(&[once, once, sweep]).explore_deaths(0, FEW);
    dying(&[twice, once, once]).explore_deaths(0, FEW);
    fair(dying(&[once, once, once])).explore_deaths(0, FEW);
    fair(dying(&[once, late, once])).explore_deaths(0, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn a_lock_has_one_holder_in_many_more_runs() {
    two_inside().explore(6);
    three_inside().explore(3);
    two_fight().explore(3);
    three_fight().explore(1);
    one_is_late().explore(1);
    one_is_interrupted().explore(1);
    two_nest().explore(2);
    one_comes_again().explore(3);
    one_is_interrupted_alone().explore(1);
    fair(two_fight()).explore(3);
    fair(three_fight()).explore(1);
    fair(one_is_late()).explore(1);
    fair(one_is_interrupted()).explore(1);
    model(&[twice, late, twice]).sample(200_000, false);
    model(&[twice, interrupted, twice]).sample(200_000, false);
    fair(model(&[twice, late, twice])).sample(200_000, false);
}

#[test]
fn one_who_falls_asleep_while_the_one_before_leaves_notices_the_holders_death() {
    a_holder_dies_and_one_is_late().explore(1);
}

#[test]
#[ignore = "takes minutes"]
fn a_lock_survives_everybody_in_many_more_runs() {
    dying(&[inside, inside, inside]).explore_deaths(1, 1);
    a_holder_of_two_dies().explore(1);
    dying(&[once, once, once]).explore_deaths(0, 1);
    dying(&[once, once, once]).explore_deaths(1, SOME);
    dying(&[late, once, once]).explore_deaths(1, SOME);
    dying(&[once, late, once]).explore_deaths(1, SOME);
    swept(&[once, once, sweep]).explore_deaths(1, SOME);
    dying(&[twice, once, once]).explore_deaths(1, SOME);
    fair(dying(&[once, once, once])).explore_deaths(1, SOME);
    fair(dying(&[once, late, once])).explore_deaths(1, SOME);
    Model { prepare: reentrant_locks, ..dying(&[nested, nested, once]) }.sample(100_000, true);
    swept(&[twice, once, late, sweep]).sample(200_000, true);
}
