//! Damaged arenas (for tests): bits flip anywhere, and every operation still returns, with an answer or an error.

mod waiting;

use std::rc::Rc;

use crate::dict::kills::{LONG, filled, key};
use crate::dict::{Dict, Key, Way};
use crate::failure::{Failure, Result};
use crate::harness::Stage;
use crate::heap::Heap;
use crate::identity::Identity;
use crate::layout::Space;
use crate::list::{self, End, List, with_small_nodes};
use crate::memory::Memory;
use crate::memory::recorder::Recorder;
use crate::object::Handle;
use crate::queue::{self, Queue};
use crate::value::{Kind, Value};

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 17
}

/// Everything that a process does with an arena that it finds.
fn use_everything(heap: &Stage, handle: Handle) -> Result<()> {
    let dict = Dict::open(heap, handle)?;
    let mut failures = Vec::new();
    for number in 0..6 {
        failures.push(dict.get(heap, &key(number)).err());
        failures.push(dict.set(heap, &key(number * 3), &Value::Int(1)).err());
        failures.push(dict.add(heap, &key(number), 1, 0).err());
        failures.push(dict.pop(heap, &key(number + 2)).err());
    }
    let long = Value::Data(Kind::Str, &[LONG]);
    failures.push(dict.set(heap, &Key::data(1, Kind::Str, LONG), &long).err());
    failures.push(dict.set(heap, &key(9), &Value::Object(dict.handle())).err());
    if let Ok(mut position) = dict.begin(heap, Way::Backward) {
        failures.push(dict.advance(heap, &mut position, 50, &mut Vec::new()).err());
    }
    failures.push(dict.pop_newest(heap).err());
    failures.push(heap.names().err());
    failures.push(heap.stats().err());
    failures.push(heap.counts().err());
    failures.push(heap.sweep(0).err());
    failures.push(dict.clear(heap).err());
    failures.push(heap.let_go(dict.handle()).err());
    failures.push(heap.trim(0).err());
    damage(failures)
}

/// Everything that a process does with a list that it finds.
fn use_list(heap: &Stage, handle: Handle) -> Result<()> {
    let list = List::open(heap, handle)?;
    let (mut failures, mut items) = (Vec::new(), Vec::new());
    for number in 0..6 {
        failures.push(list.get(heap, number * 9).err());
        failures.push(list.set(heap, number * 7, &Value::Int(1)).err());
        failures.push(list.add(heap, number * 7, 1).err());
        failures.push(list.insert(heap, number * 5, &Value::Data(Kind::Str, &[LONG])).err());
        failures.push(list.pop(heap, number * 8).err());
    }
    failures.push(list.append(heap, &Value::Object(list.handle())).err());
    failures.push(list.read_range(heap, 3, 50, &mut items).err());
    failures.push(list.extend(heap, &[Value::Int(1); 12]).err());
    if let Ok(version) = list.version(heap) {
        let order: Vec<u64> = (0..list.len(heap)?.min(100)).rev().collect();
        failures.push(list.permute(heap, version, &order).err());
    }
    if let Ok(version) = list.version(heap) {
        failures.push(list.rebuild(heap, version, &[Value::Int(1); 50]).err());
    }
    for number in 0..45 {
        failures.push(list.pop(heap, number * 7 % 50).err());
    }
    failures.push(list.snapshot(heap).err());
    failures.push(heap.sweep(0).err());
    failures.push(list.clear(heap).err());
    failures.push(heap.let_go(list.handle()).err());
    damage(failures)
}

/// Everything that a process does with a queue that it finds.
fn use_queue(heap: &Stage, handle: Handle) -> Result<()> {
    let queue = Queue::open(heap, handle)?;
    let (mut failures, mut items) = (Vec::new(), Vec::new());
    let long = Value::Data(Kind::Str, &[LONG]);
    for end in [End::Front, End::Back] {
        failures.push(queue.put(heap, &long).err());
        failures.push(queue.put_many(heap, &[Value::Int(1); 12]).err());
        failures.push(queue.get(heap, end).err());
        failures.push(queue.get_many(heap, end, 20, &mut items).err());
        failures.push(queue.task_done(heap).err());
    }
    failures.push(queue.put(heap, &Value::Object(queue.handle())).err());
    failures.push(queue.counts(heap).err());
    failures.push(heap.sweep(0).err());
    failures.push(queue.close(heap, true).err());
    failures.push(queue.get(heap, End::Front).err());
    failures.push(heap.let_go(queue.handle()).err());
    damage(failures)
}

/// The first failure that is a finding about the arena.
fn damage(failures: Vec<Option<Failure>>) -> Result<()> {
    let is_damage = |failure: &Failure| matches!(failure, Failure::Shared(_));
    match failures.into_iter().flatten().find(is_damage) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

#[test]
fn no_flipped_bit_makes_an_operation_crash_or_hang() {
    flip(4000, &|heap| filled(heap, 12).handle(), &use_everything);
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_list_crash_or_hang() {
    let make = |heap: &Stage| {
        let list = list::kills::filled(heap, 50);
        list.insert(heap, 20, &Value::Object(filled(heap, 1).handle())).unwrap();
        list.handle()
    };
    with_small_nodes(|| flip(4000, &make, &use_list));
}

#[test]
fn no_flipped_bit_makes_an_operation_of_a_queue_crash_or_hang() {
    let make = |heap: &Stage| {
        let queue = queue::kills::filled(heap, 3, 50);
        queue.put(heap, &Value::Object(filled(heap, 1).handle())).unwrap();
        queue.handle()
    };
    with_small_nodes(|| flip(4000, &make, &use_queue));
}

/// Damages an arena in many ways, and lets `job` use an object of it each time.
fn flip(cases: u64, make: &dyn Fn(&Stage) -> Handle, job: &dyn Fn(&Stage, Handle) -> Result<()>) {
    let memory = Rc::new(Recorder::new(1 << 20));
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    let heap = Heap::format(memory.clone(), own, "test").unwrap();
    let handle = make(&heap);
    heap.add_name("object", handle).unwrap();
    // Another process, which opens the arena as it finds it.
    let job = |memory: &Rc<Recorder>| job(&Heap::new(Space::open(memory.clone())?, 1), handle);
    let used: Vec<u64> =
        (0..memory.bytes()).step_by(8).filter(|&at| memory.peek(at) != 0).collect();
    let (mut seed, mut noticed) = (7, 0);
    for case in 0..cases {
        memory.take_log();
        // Mostly words that mean something; now and then any word.
        let at = match case % 8 {
            0 => random(&mut seed) % (memory.bytes() / 8) * 8,
            _ => used[(random(&mut seed) as usize) % used.len()],
        };
        let old = memory.peek(at);
        let damaged = match case % 3 {
            0 => old ^ 1 << (random(&mut seed) % 64),
            1 => random(&mut seed),
            _ => old.wrapping_add(8 * (random(&mut seed) % 9)),
        };
        memory.poke(at, damaged);
        noticed += u32::from(job(&memory).is_err());
        memory.undo(&memory.take_log());
        memory.poke(at, old);
    }
    assert!(noticed > 100, "{noticed}");
    assert_eq!(job(&memory), Ok(()));
}
