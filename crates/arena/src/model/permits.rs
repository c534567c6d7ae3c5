//! Semaphores: never more holders than permits, and every permit is somebody's or free in the end.

use super::hasty::Hasty;
use super::{Act, Actor, Model, Section};
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::mutex::Taken;
use crate::semaphore::{Given, Semaphore};
use crate::wait::patience::Until;
use crate::wait::sleep::{Ended, Patience};

/// A semaphore, and what may be done by as many as it has permits.
pub(crate) struct Permits {
    semaphore: Semaphore,
    section: Section,
    free: u64,
}

fn permits(heap: &Heap<Seat>, free: u64, is_bounded: bool) -> Permits {
    let semaphore = Semaphore::create(heap, free, is_bounded, false).unwrap();
    Permits { semaphore, section: Section::new(2), free }
}

fn bounded(heap: &Heap<Seat>) -> Permits {
    Permits { section: Section::new(1), ..permits(heap, 1, true) }
}

/// Takes a permit, does what only few may, and gives it back.
fn use_permit(actor: &Actor, scene: &Permits, patience: &mut impl Patience) -> Result<()> {
    let (heap, me, semaphore) = (&actor.heap, actor.me, scene.semaphore);
    if semaphore.try_acquire(heap, me, false)? == Taken::Busy
        && !matches!(semaphore.acquire(heap, me, false, patience)?, Ended::Over(_))
    {
        return Ok(());
    }
    scene.section.pass(actor)?;
    assert_eq!(semaphore.release(heap, me, 1)?, Given::Done);
    Ok(())
}

fn once(actor: &Actor, scene: &Permits) -> Result<()> {
    use_permit(actor, scene, &mut Until::the_end())
}

fn late(actor: &Actor, scene: &Permits) -> Result<()> {
    use_permit(actor, scene, &mut Hasty::late(actor))
}

fn interrupted(actor: &Actor, scene: &Permits) -> Result<()> {
    use_permit(actor, scene, &mut Hasty::interrupted(actor))
}

/// Takes a permit as a signal, and keeps it.
fn receive(actor: &Actor, scene: &Permits) -> Result<()> {
    let (heap, me) = (&actor.heap, actor.me);
    let ended = scene.semaphore.acquire(heap, me, false, &mut Until::the_end())?;
    assert_eq!(ended, Ended::Over(Taken::Now));
    Ok(())
}

fn give_two(actor: &Actor, scene: &Permits) -> Result<()> {
    assert_eq!(scene.semaphore.release(&actor.heap, actor.me, 2)?, Given::Done);
    Ok(())
}

fn sweep(actor: &Actor, _: &Permits) -> Result<()> {
    super::sweep(actor)
}

fn all_are_back(heap: &Heap<Seat>, scene: &Permits, has_died: bool) {
    if !has_died {
        assert_eq!(scene.semaphore.value(heap), Ok(scene.free));
    }
}

fn model(prepare: fn(&Heap<Seat>) -> Permits, threads: &'static [Act<Permits>]) -> Model<Permits> {
    let rechecks = Rechecks::default();
    Model { prepare, threads, finish: all_are_back, rechecks, is_swept: false }
}

fn plain(threads: &'static [Act<Permits>]) -> Model<Permits> {
    model(|heap| permits(heap, 2, false), threads)
}

fn signals() -> Model<Permits> {
    model(|heap| permits(heap, 0, false), &[receive, receive, give_two])
}

pub(super) fn single(threads: &'static [Act<Permits>]) -> Model<Permits> {
    model(bounded, threads)
}

/// Permits of the dead come back.
fn dying(threads: &'static [Act<Permits>]) -> Model<Permits> {
    Model { rechecks: Rechecks { short: 2, long: 0 }, ..single(threads) }
}

/// A short test tries one of so many moments.
const FEW: usize = 23;

#[test]
fn a_permit_has_one_holder_and_nobody_waits_for_ever() {
    single(&[once, once]).explore(1);
    single(&[once, late, once]).explore(0);
    single(&[once, interrupted, once]).explore(0);
    plain(&[once, once, once]).explore(0);
    signals().explore(0);
}

#[test]
fn permits_survive_everybody_at_every_moment() {
    dying(&[once, once, once]).explore_deaths(0, FEW);
    dying(&[late, once, once]).explore_deaths(0, FEW);
    Model { is_swept: true, ..dying(&[once, once, sweep]) }.explore_deaths(0, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn a_permit_has_one_holder_in_many_more_runs() {
    single(&[once, once]).explore(2);
    single(&[once, late, once]).explore(1);
    single(&[once, interrupted, once]).explore(1);
    plain(&[once, once, once]).explore(1);
    signals().explore(1);
    dying(&[once, once, once]).explore_deaths(0, 1);
    dying(&[once, late, once]).explore_deaths(0, 1);
    plain(&[once, once, late, interrupted]).sample(100_000, false);
    dying(&[once, once, late]).sample(100_000, true);
}
