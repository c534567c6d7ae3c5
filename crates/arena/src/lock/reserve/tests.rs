//! What reservations are for, by real threads; and killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::{WAITERS, lockable, reserved_for};
use crate::dict::Dict;
use crate::dict::kills::{key, kill};
use crate::heap::Heap;
use crate::memory::{Memory, Shared};
use crate::value::{Loaded, Value};

fn arena() -> Arc<Heap<Shared>> {
    Arc::new(Heap::create(8 << 20, "test").unwrap().0)
}

fn word(heap: &Heap<Shared>, dict: Dict) -> u64 {
    heap.space.memory.load(dict.handle().at + lockable::LOCK).unwrap()
}

fn set(heap: &Heap<Shared>, dict: Dict, value: i64) {
    dict.set(heap, &key(1), &Value::Int(value)).unwrap();
}

#[test]
fn others_wait_until_it_ends() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    assert_eq!(heap.begin_reservation(dict.handle()), Ok(true));
    assert_eq!(heap.begin_reservation(dict.handle()), Ok(false));
    let is_done = Arc::new(AtomicBool::new(false));
    let other = {
        let (heap, is_done) = (heap.clone(), is_done.clone());
        thread::spawn(move || {
            set(&heap, dict, 2);
            is_done.store(true, Ordering::SeqCst);
        })
    };
    while word(&heap, dict) & u64::from(WAITERS) == 0 {
        thread::yield_now();
    }
    for value in 10..20 {
        set(&heap, dict, value);
        heap.hold(dict.handle()).unwrap();
    }
    assert!(!is_done.load(Ordering::SeqCst));
    assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Int(19))));
    heap.end_reservation(dict.handle()).unwrap();
    other.join().unwrap();
    assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Int(2))));
    assert_eq!(word(&heap, dict), 0);
}

#[test]
fn nobody_waits_for_a_thread_that_has_ended() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    let reserver = heap.clone();
    thread::spawn(move || reserver.begin_reservation(dict.handle())).join().unwrap().unwrap();
    assert_ne!(reserved_for(word(&heap, dict)), 0);
    let began = Instant::now();
    set(&heap, dict, 1);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(word(&heap, dict), 0);
}

#[test]
fn two_that_need_what_the_other_has_reserved_go_on() {
    let heap = arena();
    let dicts = [0, 1].map(|_| Dict::create(&heap).unwrap());
    let both = Arc::new(Barrier::new(2));
    let began = Instant::now();
    let threads = [[0, 1], [1, 0]].map(|[mine, other]| {
        let (heap, both) = (heap.clone(), both.clone());
        thread::spawn(move || {
            heap.begin_reservation(dicts[mine].handle()).unwrap();
            both.wait();
            set(&heap, dicts[other], 1);
            heap.end_reservation(dicts[mine].handle()).unwrap();
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(dicts.map(|dict| word(&heap, dict)), [0, 0]);
}

#[test]
fn a_thread_reserves_one_object_at_a_time() {
    let heap = arena();
    let [first, second] = [0, 1].map(|_| Dict::create(&heap).unwrap());
    heap.begin_reservation(first.handle()).unwrap();
    heap.begin_reservation(second.handle()).unwrap();
    assert_eq!(word(&heap, first), 0);
    heap.end_reservation(first.handle()).unwrap();
    assert_ne!(reserved_for(word(&heap, second)), 0);
    heap.end_reservation(second.handle()).unwrap();
    assert_eq!(word(&heap, second), 0);
}

#[test]
fn changes_of_a_reserved_object_survive_every_kill() {
    let report = kill(2, &|heap, dict| {
        heap.begin_reservation(dict.handle()).unwrap();
        dict.set(heap, &key(9), &Value::Int(9)).unwrap();
        heap.end_reservation(dict.handle()).unwrap();
    });
    assert!(report.unwrap().cuts > 10);
}
