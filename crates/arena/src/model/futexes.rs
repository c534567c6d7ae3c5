//! The checker itself: what it must find in a few lines, and what it must not.

use super::{ARENA_BYTES, Act, Actor, Model, find};
use crate::failure::Result;
use crate::memory::Memory;
use crate::memory::interleaved::Rechecks;

/// A word that no object has.
const FLAG: u64 = ARENA_BYTES - 64;

fn raise(actor: &Actor, (): &()) -> Result<()> {
    actor.seat().store(FLAG, 1)?;
    actor.seat().wake(FLAG, 1)
}

/// The kernel compares once more, so nothing can be missed.
fn wait(actor: &Actor, (): &()) -> Result<()> {
    while actor.seat().load(FLAG)? == 0 {
        actor.seat().sleep(FLAG, 0, u64::MAX)?;
    }
    Ok(())
}

/// Falls asleep whatever the flag is by now.
fn wait_without_a_second_look(actor: &Actor, (): &()) -> Result<()> {
    while actor.seat().load(FLAG)? == 0 {
        let now = crate::life::low(actor.seat().load(FLAG)?);
        actor.seat().sleep(FLAG, now, u64::MAX)?;
    }
    Ok(())
}

fn model(threads: &'static [Act<()>]) -> Model<()> {
    let rechecks = Rechecks::default();
    Model { prepare: |_| (), threads, finish: |_, (), _| (), rechecks, is_swept: false }
}

#[test]
fn a_flag_that_is_compared_by_the_kernel_is_never_missed() {
    model(&[wait, raise]).explore(usize::MAX);
}

#[test]
fn a_flag_is_missed_by_one_who_looks_and_then_sleeps() {
    let missed = || model(&[wait_without_a_second_look, raise]);
    assert!(find(|| missed().explore(1)).contains("deadlock"));
    assert!(find(|| missed().sample(1000, false)).contains("deadlock"));
}

#[test]
fn one_wake_up_for_two_is_too_few() {
    assert!(find(|| model(&[wait, wait, raise]).explore(0)).contains("deadlock"));
}

#[test]
fn a_timeout_rescues_only_whom_a_model_allows_to_be_rescued() {
    let rechecks = Rechecks { short: 1, long: 0 };
    Model { rechecks, ..model(&[wait, wait, raise]) }.explore(3);
}
