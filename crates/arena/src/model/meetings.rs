//! Barriers: all go on, or all learn that it is broken.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::hasty::Hasty;
use super::{Act, Actor, Model};
use crate::barrier::{Barrier, Met};
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::wait::patience::Until;
use crate::wait::sleep::{Ended, Patience};

/// A barrier, and the numbers of those who have met there, a bit for each.
pub(crate) struct Meeting {
    barrier: Barrier,
    parties: u64,
    met: AtomicU64,
}

fn meeting(heap: &Heap<Seat>, parties: u64) -> Meeting {
    let barrier = Barrier::create(heap, parties, 0).unwrap();
    Meeting { barrier, parties, met: AtomicU64::new(0) }
}

fn come(actor: &Actor, scene: &Meeting, patience: &mut impl Patience) -> Result<()> {
    let ended = scene.barrier.wait(&actor.heap, actor.me, true, patience)?;
    if let Ended::Over(Met::All(number)) = ended {
        assert_eq!(scene.met.fetch_or(1 << number, Relaxed) & 1 << number, 0, "the same number");
    }
    Ok(())
}

fn meet(actor: &Actor, scene: &Meeting) -> Result<()> {
    come(actor, scene, &mut Until::the_end())
}

/// For two rounds.
fn meet_again(actor: &Actor, scene: &Meeting) -> Result<()> {
    for _ in 0..2 {
        let patience = &mut Until::the_end();
        let ended = scene.barrier.wait(&actor.heap, actor.me, true, patience)?;
        assert!(matches!(ended, Ended::Over(Met::All(_))), "{ended:?}");
    }
    Ok(())
}

fn late(actor: &Actor, scene: &Meeting) -> Result<()> {
    come(actor, scene, &mut Hasty::late(actor))
}

/// Leaves as if it had not come; or if it met somebody, the others are too few.
fn interrupted(actor: &Actor, scene: &Meeting) -> Result<()> {
    let patience = &mut Hasty::interrupted(actor);
    scene.barrier.wait(&actor.heap, actor.me, true, patience)?;
    scene.barrier.abort(&actor.heap)
}

/// Whoever has not come cannot break the barrier by its death.
fn sweep(actor: &Actor, scene: &Meeting) -> Result<()> {
    super::sweep(actor)?;
    scene.barrier.abort(&actor.heap)
}

fn all_or_none(_: &Heap<Seat>, scene: &Meeting, has_died: bool) {
    let all = (1 << scene.parties) - 1;
    let met = scene.met.load(Relaxed);
    assert!(met == 0 || met == all || has_died, "{met:b} of {all:b}");
}

fn of_two(threads: &'static [Act<Meeting>]) -> Model<Meeting> {
    let (prepare, rechecks) = (|heap: &_| meeting(heap, 2), Rechecks::default());
    Model { prepare, threads, finish: all_or_none, rechecks, is_swept: false }
}

fn of_three(threads: &'static [Act<Meeting>]) -> Model<Meeting> {
    Model { prepare: |heap| meeting(heap, 3), ..of_two(threads) }
}

fn one_is_interrupted() -> Model<Meeting> {
    Model { finish: |_, _, _| (), ..of_two(&[interrupted, meet, meet]) }
}

fn one_dies() -> Model<Meeting> {
    let rechecks = Rechecks { short: 2, long: 0 };
    Model { rechecks, is_swept: true, ..of_three(&[meet, meet, meet, sweep]) }
}

/// A short test tries one of so many moments.
const FEW: usize = 41;

#[test]
fn all_who_meet_go_on() {
    of_two(&[meet, meet]).explore(1);
    of_two(&[meet_again, meet_again]).explore(0);
    of_three(&[meet, meet, meet]).explore(0);
    of_two(&[late, meet]).explore(0);
    one_is_interrupted().explore(0);
}

#[test]
fn nobody_waits_for_ever_for_a_dead_one() {
    one_dies().explore_deaths(0, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn all_who_meet_go_on_in_many_more_runs() {
    of_two(&[meet_again, meet_again]).explore(2);
    of_three(&[meet, meet, meet]).explore(1);
    of_two(&[late, meet]).explore(2);
    one_is_interrupted().explore(1);
    one_dies().explore_deaths(0, 1);
    one_dies().sample(100_000, true);
}
