//! Lists, in processes that are really killed while others go on.

#![allow(clippy::unwrap_used, clippy::panic)] // A test fails by panicking.

mod processes;

use std::time::{Duration, Instant};

use arena::heap::Heap;
use arena::list::List;
use arena::memory::Shared;
use arena::value::{Kind, Loaded, Value};
use processes::{child, join, kill};

const ARENA_BYTES: u64 = 256 << 20;

/// A long history of every operation of a list, from a seed. Each item is its length, or a str of its length.
fn churn_list(heap: &Heap<Shared>, list: List, mut seed: u64) {
    let values: Vec<_> = (0..150).map(Value::Int).collect();
    loop {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (number, long) = (seed >> 33 & 0x3ff, [b'x'; 100]);
        match seed >> 60 {
            0..2 => drop(list.append(heap, &Value::Data(Kind::Str, &[&long])).unwrap()),
            2..4 => drop(list.append(heap, &Value::Int(7)).unwrap()),
            4..6 => drop(list.insert(heap, number, &Value::Int(7)).unwrap()),
            6 => drop(list.insert(heap, number, &Value::Data(Kind::Str, &[&long])).unwrap()),
            7..9 => drop(list.pop_last(heap).unwrap()),
            9..11 => drop(list.pop(heap, 0).unwrap()),
            11..13 => drop(list.pop(heap, number).unwrap()),
            13 => drop(list.set(heap, number, &Value::Data(Kind::Str, &[&long])).unwrap()),
            14 if seed >> 50 & 0xf == 0 => {
                let inner = List::create(heap).unwrap();
                inner.append(heap, &Value::Data(Kind::Bytes, &[&long])).unwrap();
                list.set(heap, number, &Value::Object(inner.handle())).unwrap();
                heap.let_go(inner.handle()).unwrap();
            }
            15 => match seed >> 50 & 0xff {
                0 => list.clear(heap).unwrap(),
                1..4 => drop(list.extend(heap, &values).unwrap()),
                4..6 => {
                    // In this order: if the length is of a later state, the version is not.
                    let version = list.version(heap).unwrap();
                    let order: Vec<_> = (0..list.len(heap).unwrap()).rev().collect();
                    list.permute(heap, version, &order).unwrap();
                }
                6 => {
                    let version = list.version(heap).unwrap();
                    list.rebuild(heap, version, &values).unwrap();
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Reads the whole list in two ways.
fn inspect_list(heap: &Heap<Shared>, list: List) {
    let (items, _) = list.snapshot(heap).unwrap();
    assert_eq!(list.len(heap), Ok(items.len() as u64));
    for (index, item) in items.iter().enumerate() {
        assert_eq!(list.get(heap, index as u64).unwrap().as_ref(), Some(item));
    }
}

/// An object that was popped is held.
fn forget(heap: &Heap<Shared>, item: Option<Loaded>) {
    if let Some(Loaded::Object(handle)) = item {
        heap.let_go(handle).unwrap();
    }
}

fn list_rounds(count: u64) {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let baseline = heap.stats().unwrap().bytes_used;
    let list = List::create(&heap).unwrap();
    let handle = list.handle();
    for round in 0..count {
        let children: Vec<_> = (0..2)
            .map(|index| {
                child(|| {
                    let heap = Heap::attach(&fd, "child").unwrap();
                    let list = List::open(&heap, handle).unwrap();
                    heap.hold(handle).unwrap();
                    churn_list(&heap, list, round * 2 + index + 1);
                })
            })
            .collect();
        let end = Instant::now() + Duration::from_micros(300 + round * 7919 % 3000);
        while Instant::now() < end {
            list.append(&heap, &Value::Int(1)).unwrap();
            forget(&heap, list.pop(&heap, 0).unwrap());
        }
        for pid in children {
            kill(pid);
            list.append(&heap, &Value::Int(1)).unwrap();
        }
        heap.sweep_dead().unwrap();
        assert_eq!(heap.attached().unwrap().len(), 1);
        inspect_list(&heap, list);
    }
    while list.len(&heap).unwrap() > 0 {
        forget(&heap, list.pop(&heap, 3).unwrap());
        forget(&heap, list.pop_last(&heap).unwrap());
    }
    heap.let_go(handle).unwrap();
    assert_eq!(heap.stats().unwrap().bytes_used, baseline);
}

#[test]
fn killed_writers_of_a_list_leave_nothing_half_done_and_no_memory() {
    list_rounds(60);
}

#[test]
#[ignore = "minutes"]
fn thousands_of_killed_writers_of_a_list_leave_nothing_half_done_and_no_memory() {
    list_rounds(3000);
}

#[test]
fn no_item_of_several_processes_is_lost_or_comes_twice() {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let (list, taken) = (List::create(&heap).unwrap(), List::create(&heap).unwrap());
    let children: Vec<_> = (0..4)
        .map(|index| {
            child(|| {
                let heap = Heap::attach(&fd, "child").unwrap();
                let list = List::open(&heap, list.handle()).unwrap();
                let taken = List::open(&heap, taken.handle()).unwrap();
                let mut left: i64 = 5000;
                while left > 0 {
                    let number = index * 5000 + left;
                    if index % 2 == 0 {
                        let place = if left % 2 == 0 { u64::MAX } else { left.cast_unsigned() };
                        list.insert(&heap, place, &Value::Int(number)).unwrap();
                        left -= 1;
                    } else if let Some(Loaded::Int(item)) = list.pop(&heap, 0).unwrap() {
                        taken.append(&heap, &Value::Int(item)).unwrap();
                        left -= 1;
                    }
                }
                // SAFETY: leaves as if killed, but with good news.
                unsafe { libc::_exit(0) };
            })
        })
        .collect();
    children.into_iter().for_each(join);
    let (items, _) = taken.snapshot(&heap).unwrap();
    let number = |item: &Loaded| if let Loaded::Int(number) = item { *number } else { 0 };
    let mut numbers: Vec<_> = items.iter().map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq((1..=5000).chain(10_001..=15_000)));
    assert_eq!(list.len(&heap), Ok(0));
}

#[test]
fn what_is_read_at_one_version_is_one_state() {
    let (heap, fd) = Heap::create(ARENA_BYTES, "parent").unwrap();
    let list = List::create(&heap).unwrap();
    let handle = list.handle();
    // The writer turns the list by one place at a time: each state is a run of numbers, or lacks one of them.
    let values: Vec<_> = (0..1000).map(Value::Int).collect();
    list.extend(&heap, &values).unwrap();
    let writer = child(|| {
        let heap = Heap::attach(&fd, "child").unwrap();
        let list = List::open(&heap, handle).unwrap();
        for number in 0.. {
            let first = list.pop(&heap, 0).unwrap();
            assert_eq!(first, Some(Loaded::Int(number)));
            list.append(&heap, &Value::Int(number + 1000)).unwrap();
            if number % 1000 == 0 {
                std::thread::yield_now();
            }
        }
    });
    let mut read = 0;
    for _ in 0..3000 {
        let mut items = Vec::new();
        let version = list.read_range(&heap, 100, 128, &mut items).unwrap();
        let first = list.read_range(&heap, 500, 128, &mut items).unwrap();
        let number = |index: usize| match items[index] {
            Loaded::Int(number) => number,
            _ => -1,
        };
        assert!((1..128).all(|index| number(index) == number(index - 1) + 1));
        assert!((129..256).all(|index| number(index) == number(index - 1) + 1));
        if version == first {
            assert_eq!(number(128), number(0) + 400);
            read += 1;
        }
    }
    assert!(read > 0);
    kill(writer);
    heap.sweep_dead().unwrap();
    inspect_list(&heap, list);
}
