//! Damaged arenas in which somebody waits.

use std::cell::Cell;

use super::{damage, flip};
use crate::barrier::{Arrival, Barrier};
use crate::condition::Condition;
use crate::dict::Dict;
use crate::dict::kills::{filled, key};
use crate::event::Event;
use crate::failure::Result;
use crate::harness::Stage;
use crate::life::{self, LifeId};
use crate::mutex::Mutex;
use crate::object::Handle;
use crate::semaphore::Semaphore;
use crate::value::Value;
use crate::watch::Watch;

/// Damages an arena with an object that `make` makes, which is given six lives of two processes.
fn flip_waits(
    make: &dyn Fn(&Stage, &[LifeId]) -> Handle,
    job: &dyn Fn(&Stage, Handle, LifeId) -> Result<()>,
) {
    let me = Cell::new(LifeId::GONE_IN_ORDER);
    flip(
        1000,
        &|heap| {
            let lives = [1, 1, 1, 2, 2, 2].map(|thread| life::play(heap, thread));
            me.set(lives[5]);
            make(heap, &lives)
        },
        &|heap, handle| job(heap, handle, me.get()),
    );
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_semaphore_crash_or_hang() {
    let make = |heap: &Stage, lives: &[LifeId]| {
        let semaphore = Semaphore::create(heap, 5, true, false).unwrap();
        for &life in lives {
            semaphore.enqueue(heap, life, true).unwrap();
        }
        semaphore.handle()
    };
    flip_waits(&make, &|heap, handle, me| {
        let semaphore = Semaphore::open(heap, handle, true)?;
        let mut failures = vec![semaphore.release(heap, me, 1).err()];
        failures.push(semaphore.waiters(heap).err());
        match semaphore.enqueue(heap, me, true) {
            Ok((_, Some(ticket))) => {
                failures.push(semaphore.look(heap, ticket).err());
                failures.push(semaphore.abandon(heap, ticket).err());
            }
            other => failures.push(other.err()),
        }
        failures.push(semaphore.leave(heap, me).err());
        failures.push(heap.orphan_all(me).err());
        failures.push(heap.sweep(0).err());
        failures.push(heap.let_go(handle).err());
        damage(failures)
    });
}

#[test]
fn no_flipped_bit_makes_an_operation_of_an_event_crash_or_hang() {
    let make = |heap: &Stage, lives: &[LifeId]| {
        let event = Event::create(heap).unwrap();
        for &life in &lives[..5] {
            event.enqueue(heap, life).unwrap();
        }
        event.handle()
    };
    flip_waits(&make, &|heap, handle, me| {
        let event = Event::open(heap, handle)?;
        let mut failures = vec![event.clear(heap).err()];
        match event.enqueue(heap, me) {
            Ok(Some(ticket)) => {
                failures.push(event.look(heap, ticket).err());
                failures.push(event.abandon(heap, ticket).err());
            }
            other => failures.push(other.err()),
        }
        failures.push(event.set(heap).err());
        failures.push(heap.sweep(0).err());
        failures.push(heap.let_go(handle).err());
        damage(failures)
    });
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_condition_crash_or_hang() {
    let make = |heap: &Stage, lives: &[LifeId]| {
        let lock = Mutex::create(heap, false).unwrap();
        let condition = Condition::create(heap, lock).unwrap();
        lock.try_acquire(heap, lives[5]).unwrap();
        for &life in &lives[..5] {
            condition.stand(heap, life).unwrap();
        }
        condition.handle()
    };
    flip_waits(&make, &|heap, handle, me| {
        let condition = Condition::open(heap, handle)?;
        let mut failures = vec![condition.notify(heap, me, 2).err()];
        match condition.stand(heap, me) {
            Ok(Some(ticket)) => {
                failures.push(condition.look(heap, ticket).err());
                failures.push(condition.notify_all(heap, me).err());
                failures.push(condition.leave(heap, ticket, true).err());
            }
            other => failures.push(other.err()),
        }
        failures.push(condition.mutex().release(heap, me).err());
        failures.push(heap.sweep(0).err());
        failures.push(heap.let_go(handle).err());
        damage(failures)
    });
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_barrier_crash_or_hang() {
    let make = |heap: &Stage, lives: &[LifeId]| {
        let barrier = Barrier::create(heap, 7, 0).unwrap();
        for &life in &lives[..5] {
            barrier.arrive(heap, life).unwrap();
        }
        barrier.handle()
    };
    flip_waits(&make, &|heap, handle, me| {
        let barrier = Barrier::open(heap, handle)?;
        let mut failures = vec![barrier.waiters(heap).err()];
        match barrier.arrive(heap, me) {
            Ok(Arrival::Waits(ticket)) => {
                failures.push(barrier.look(heap, ticket).err());
                failures.push(barrier.abandon(heap, ticket, false).err());
            }
            other => failures.push(other.err()),
        }
        failures.push(heap.sweep(0).err());
        failures.push(barrier.abort(heap).err());
        failures.push(barrier.reset(heap).err());
        failures.push(heap.let_go(handle).err());
        damage(failures)
    });
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_watched_dict_crash_or_hang() {
    let make = |heap: &Stage, lives: &[LifeId]| {
        let dict = filled(heap, 3);
        for &life in &lives[..5] {
            Watch::begin(heap, dict.handle(), life).unwrap();
        }
        dict.handle()
    };
    flip_waits(&make, &|heap, handle, me| {
        let dict = Dict::open(heap, handle)?;
        let mut failures = vec![dict.set(heap, &key(0), &Value::Int(1)).err()];
        match Watch::begin(heap, handle, me) {
            Ok(watch) => {
                failures.push(dict.set(heap, &key(1), &Value::Int(1)).err());
                failures.push(watch.look(heap).err());
                failures.push(watch.arm(heap).err());
                failures.push(watch.end(heap).err());
            }
            other => failures.push(other.err()),
        }
        failures.push(dict.pop(heap, &key(1)).err());
        failures.push(heap.waits().err());
        failures.push(heap.sweep(0).err());
        failures.push(heap.let_go(handle).err());
        damage(failures)
    });
}
