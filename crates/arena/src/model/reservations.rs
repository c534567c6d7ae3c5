//! Reservations of objects: what one thread does is not interrupted, and nobody waits for ever.

use super::{Act, Actor, Model, Section};
use crate::dict::Dict;
use crate::failure::Result;
use crate::heap::Heap;
use crate::lock::reserve;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::object::{self, Object};

/// An object, and what is done to it by one thread at a time.
pub(super) struct Reserved {
    dict: Dict,
    section: Section,
}

impl Reserved {
    fn object(&self, actor: &Actor) -> Result<Object> {
        object::resolve(&actor.heap.space, self.dict.handle())
    }
}

/// Does several things while others are kept out.
fn reserving(actor: &Actor, scene: &Reserved) -> Result<()> {
    let object = scene.object(actor)?;
    let guard = actor.heap.begin(object)?;
    guard.reserve()?;
    drop(guard);
    scene.section.enter(actor)?;
    drop(actor.heap.begin(object)?);
    scene.section.leave(actor);
    reserve::clear(&actor.heap.space, object.at)
}

/// Does one thing.
fn beginning(actor: &Actor, scene: &Reserved) -> Result<()> {
    let _guard = actor.heap.begin(scene.object(actor)?)?;
    scene.section.pass(actor)?;
    Ok(())
}

/// Does what heeds no reservation.
fn counting(actor: &Actor, scene: &Reserved) -> Result<()> {
    drop(actor.heap.lock(scene.object(actor)?)?);
    Ok(())
}

fn reserved(heap: &Heap<Seat>) -> Reserved {
    Reserved { dict: Dict::create(heap).unwrap(), section: Section::new(1) }
}

fn model(threads: &'static [Act<Reserved>]) -> Model<Reserved> {
    let rechecks = Rechecks::default();
    Model { prepare: reserved, threads, finish: |_, _, _| (), rechecks, is_swept: false }
}

pub(super) fn one_reserves() -> Model<Reserved> {
    model(&[reserving, beginning])
}

fn dying(threads: &'static [Act<Reserved>]) -> Model<Reserved> {
    Model { rechecks: Rechecks { short: 2, long: 0 }, ..model(threads) }
}

#[test]
fn a_reserved_object_is_one_threads_and_nobody_waits_for_ever() {
    one_reserves().explore(3);
    model(&[reserving, reserving]).explore(2);
    model(&[reserving, counting]).explore(3);
    model(&[reserving, beginning, counting]).explore(1);
}

#[test]
fn a_reservation_ends_with_its_thread() {
    dying(&[reserving, beginning]).explore_deaths(1, 1);
    dying(&[reserving, reserving, counting]).explore_deaths(0, 1);
    dying(&[counting, reserving, beginning]).explore_deaths(0, 1);
}
