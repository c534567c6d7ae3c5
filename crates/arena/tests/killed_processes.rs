//! Processes that are really killed, at random moments, while others go on.

#![allow(clippy::unwrap_used, clippy::panic)] // A test fails by panicking.

mod processes;

use std::time::{Duration, Instant};

use arena::dict::{Dict, Key, Way, item};
use arena::heap::Heap;
use arena::memory::Shared;
use arena::value::{Kind, Loaded, Value};
use processes::{child, join, kill};

const ARENA_BYTES: u64 = 256 << 20;

fn key(number: i64) -> Key<'static> {
    Key::int(number.cast_unsigned(), number)
}

#[test]
fn no_addition_of_several_processes_is_lost() {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let dict = Dict::create(&heap).unwrap();
    let handle = dict.handle();
    let children: Vec<_> = (0..3)
        .map(|_| {
            child(|| {
                let heap = Heap::attach(&fd, "child").unwrap();
                let dict = Dict::open(&heap, handle).unwrap();
                for number in 0..20_000 {
                    dict.add(&heap, &key(number % 3), 1, 0).unwrap();
                }
                // SAFETY: leaves as if killed, but with good news.
                unsafe { libc::_exit(0) };
            })
        })
        .collect();
    children.into_iter().for_each(join);
    let sum: i64 = (0..3).map(|number| dict.add(&heap, &key(number), 0, 0).unwrap()).sum();
    assert_eq!(sum, 60_000);
}

/// A str of one letter, whose length follows from the letter.
fn uniform(seed: u64) -> Vec<u8> {
    let letter = b'a' + u8::try_from(seed % 26).unwrap();
    vec![letter; usize::from(letter - b'a') * 17 + 9]
}

#[test]
fn readers_without_the_lock_never_see_a_mixture() {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let dict = Dict::create(&heap).unwrap();
    let handle = dict.handle();
    dict.set(&heap, &key(0), &Value::Data(Kind::Str, &[&uniform(0)])).unwrap();
    let writer = child(|| {
        let heap = Heap::attach(&fd, "child").unwrap();
        let dict = Dict::open(&heap, handle).unwrap();
        for seed in 0.. {
            dict.set(&heap, &key(0), &Value::Data(Kind::Str, &[&uniform(seed)])).unwrap();
            let other = key((seed % 50).cast_signed() + 1);
            if !dict.remove(&heap, &other).unwrap() {
                dict.set(&heap, &other, &Value::Data(Kind::Str, &[&uniform(seed + 7)])).unwrap();
            }
        }
    });
    while heap.attached().unwrap().len() < 2 {
        std::thread::yield_now();
    }
    for round in 0..60_000 {
        match dict.get(&heap, &key(round % 50)).unwrap() {
            None => assert_ne!(round % 50, 0),
            Some(Loaded::Data(Kind::Str, bytes)) => {
                assert_eq!(*bytes, *uniform(u64::from(bytes[0] - b'a')));
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    kill(writer);
    assert_eq!(heap.sweep_dead(), Ok(1));
    inspect(&heap, dict);
}

/// A long history of every operation, from a seed.
fn churn(heap: &Heap<Shared>, dict: Dict, mut seed: u64) {
    loop {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (number, long) = ((seed >> 33 & 0xff).cast_signed(), [b'x'; 100]);
        match seed >> 60 {
            0..6 => drop(dict.set(heap, &key(number), &Value::Data(Kind::Str, &[&long])).unwrap()),
            6..9 => drop(dict.set(heap, &key(number), &Value::Int(number)).unwrap()),
            9..13 => drop(dict.pop(heap, &key(number)).unwrap()),
            13 => drop(dict.pop_newest(heap).unwrap()),
            14 => {
                let inner = Dict::create(heap).unwrap();
                inner.set(heap, &key(1), &Value::Data(Kind::Bytes, &[&long])).unwrap();
                dict.set(heap, &key(number), &Value::Object(inner.handle())).unwrap();
                heap.let_go(inner.handle()).unwrap();
            }
            _ if seed >> 50 & 0x3f == 0 => dict.clear(heap).unwrap(),
            _ => {}
        }
    }
}

/// Reads the whole dict in both directions and checks what can be checked.
fn inspect(heap: &Heap<Shared>, dict: Dict) {
    let walk = |way| {
        let (mut position, mut items) = (dict.begin(heap, way).unwrap(), Vec::new());
        while !position.is_end() {
            dict.advance(heap, &mut position, 1000, &mut items).unwrap();
        }
        items.into_iter().map(|copy| item(copy).unwrap()).collect::<Vec<_>>()
    };
    let (forward, mut backward) = (walk(Way::Forward), walk(Way::Backward));
    backward.reverse();
    assert_eq!(forward, backward);
    assert_eq!(dict.len(heap), Ok(forward.len() as u64));
    for (shown, value) in forward {
        let Loaded::Int(number) = shown else { panic!("a key of another kind") };
        assert_eq!(dict.get(heap, &key(number)), Ok(Some(value)));
    }
}

fn rounds(count: u64) {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let baseline = heap.stats().unwrap().bytes_used;
    let dict = Dict::create(&heap).unwrap();
    let handle = dict.handle();
    for round in 0..count {
        let children: Vec<_> = (0..2)
            .map(|index| {
                child(|| {
                    let heap = Heap::attach(&fd, "child").unwrap();
                    let dict = Dict::open(&heap, handle).unwrap();
                    heap.hold(handle).unwrap();
                    churn(&heap, dict, round * 2 + index + 1);
                })
            })
            .collect();
        // Go on beside them for a while that differs from round to round.
        let end = Instant::now() + Duration::from_micros(300 + round * 7919 % 3000);
        while Instant::now() < end {
            dict.add(&heap, &key(-1), 1, 0).unwrap();
        }
        for pid in children {
            kill(pid);
            dict.add(&heap, &key(-2), 1, 0).unwrap();
        }
        heap.sweep_dead().unwrap();
        assert_eq!(heap.attached().unwrap().len(), 1);
        inspect(&heap, dict);
    }
    dict.clear(&heap).unwrap();
    heap.let_go(handle).unwrap();
    assert_eq!(heap.stats().unwrap().bytes_used, baseline);
}

#[test]
fn killed_writers_leave_nothing_half_done_and_no_memory() {
    rounds(60);
}

#[test]
#[ignore = "minutes"]
fn thousands_of_killed_writers_leave_nothing_half_done_and_no_memory() {
    rounds(3000);
}

#[test]
fn attaching_and_detaching_again_and_again_leaves_nothing() {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let dict = Dict::create(&heap).unwrap();
    dict.set(&heap, &key(1), &Value::Data(Kind::Str, &[&[b'x'; 100]])).unwrap();
    let before = heap.stats().unwrap();
    for number in 0..300 {
        let guest = Heap::attach(&fd, "guest").unwrap();
        let theirs = Dict::open(&guest, dict.handle()).unwrap();
        guest.hold(dict.handle()).unwrap();
        theirs.set(&guest, &key(1), &Value::Data(Kind::Str, &[&[b'y'; 100]])).unwrap();
        theirs.set(&guest, &key(number), &Value::None).unwrap();
        guest.detach().unwrap();
    }
    let after = heap.stats().unwrap();
    assert_eq!(after.slots, before.slots);
    assert!(after.bytes_backed <= before.bytes_backed + (1 << 20), "{before:?} {after:?}");
}
