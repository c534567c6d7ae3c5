//! Threads that look out for a lock, which is left to them or to who stands in line.

use super::locks::{FEW, Locks, SOME, dying, fair, model, once};
use super::{Actor, Model};
use crate::failure::Result;
use crate::mutex::{Freed, Glimpse};

/// Looks out for it first, having looked many times already.
fn seeking(actor: &Actor, scene: &Locks) -> Result<()> {
    let (lock, section, heap) = (scene.locks[0], &scene.sections[0], &actor.heap);
    if lock.glimpse(heap, actor.me, u32::MAX)? != Glimpse::Taken {
        return once(actor, scene);
    }
    section.pass(actor)?;
    assert_eq!(lock.release(heap, actor.me)?, Freed::Done);
    Ok(())
}

pub(super) fn two_seek() -> Model<Locks> {
    model(&[seeking, seeking])
}

fn three_seek() -> Model<Locks> {
    model(&[seeking, seeking, once])
}

fn three_seek_and_die() -> Model<Locks> {
    dying(&[seeking, seeking, once])
}

#[test]
fn a_lock_that_is_sought_has_one_holder_and_nobody_waits_for_ever() {
    two_seek().explore(1);
    three_seek().explore(0);
    fair(three_seek()).explore(0);
}

#[test]
fn a_lock_that_is_sought_survives_everybody_at_every_moment() {
    three_seek_and_die().explore_deaths(0, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn a_lock_that_is_sought_has_one_holder_in_many_more_runs() {
    two_seek().explore(3);
    three_seek().explore(1);
    fair(three_seek()).explore(1);
    three_seek_and_die().explore_deaths(1, SOME);
}
