//! Damaged arenas (for tests): bits flip anywhere, and every operation still returns, with an answer or an error.

use std::rc::Rc;

use crate::dict::kills::{LONG, filled, key};
use crate::dict::{Dict, Key, Way};
use crate::failure::{Failure, Result};
use crate::harness::Stage;
use crate::heap::Heap;
use crate::identity::Identity;
use crate::layout::Space;
use crate::memory::Memory;
use crate::memory::recorder::Recorder;
use crate::value::{Kind, Value};

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 17
}

/// Everything that a process does with an arena that it finds.
fn use_everything(memory: &Rc<Recorder>, dict: Dict) -> Result<()> {
    let heap: Stage = Heap::new(Space::open(memory.clone())?, 1);
    let dict = Dict::open(&heap, dict.handle())?;
    let mut failures = Vec::new();
    for number in 0..6 {
        failures.push(dict.get(&heap, &key(number)).err());
        failures.push(dict.set(&heap, &key(number * 3), &Value::Int(1)).err());
        failures.push(dict.add(&heap, &key(number), 1, 0).err());
        failures.push(dict.pop(&heap, &key(number + 2)).err());
    }
    let long = Value::Data(Kind::Str, &[LONG]);
    failures.push(dict.set(&heap, &Key::data(1, Kind::Str, LONG), &long).err());
    failures.push(dict.set(&heap, &key(9), &Value::Object(dict.handle())).err());
    if let Ok(mut position) = dict.begin(&heap, Way::Backward) {
        failures.push(dict.advance(&heap, &mut position, 50, &mut Vec::new()).err());
    }
    failures.push(dict.pop_newest(&heap).err());
    failures.push(heap.names().err());
    failures.push(heap.stats().err());
    failures.push(heap.sweep(0).err());
    failures.push(dict.clear(&heap).err());
    failures.push(heap.let_go(dict.handle()).err());
    failures.push(heap.trim(0).err());
    let is_damage = |failure: &Failure| matches!(failure, Failure::Shared(_));
    match failures.into_iter().flatten().find(is_damage) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

#[test]
fn no_flipped_bit_makes_an_operation_crash_or_hang() {
    let memory = Rc::new(Recorder::new(1 << 20));
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    let heap = Heap::format(memory.clone(), own, "test").unwrap();
    let dict = filled(&heap, 12);
    heap.add_name("dict", dict.handle()).unwrap();
    let used: Vec<u64> =
        (0..memory.bytes()).step_by(8).filter(|&at| memory.peek(at) != 0).collect();
    let (mut seed, mut noticed) = (7, 0);
    for case in 0..4000 {
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
        noticed += u32::from(use_everything(&memory, dict).is_err());
        memory.undo(&memory.take_log());
        memory.poke(at, old);
    }
    assert!(noticed > 100, "{noticed}");
    assert_eq!(use_everything(&memory, dict), Ok(()));
}
