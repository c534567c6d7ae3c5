//! The heap, seen through values of dicts.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::dict::{Dict, kills::key};
use crate::heap::{Heap, LARGE_UNITS};
use crate::identity::Identity;
use crate::layout::Space;
use crate::memory::recorder::Recorder;
use crate::slots;
use crate::value::{Kind, Loaded, Value};

/// What the caches of two processors take from each other.
const LINE: u64 = 64;

fn recorded() -> Heap<Rc<Recorder>> {
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    Heap::format(Rc::new(Recorder::new(4 << 20)), own, "test").unwrap()
}

/// The lines that `job` looks at or stores to, and those that it stores to.
fn lines(memory: &Recorder, job: impl Fn()) -> (BTreeSet<u64>, BTreeSet<u64>) {
    memory.take_log();
    memory.touched.replace(Some(BTreeSet::new()));
    job();
    let touched = memory.touched.take().unwrap();
    let stored = memory.take_log().iter().map(|store| store.at / LINE).collect();
    (touched.iter().map(|at| at / LINE).collect(), stored)
}

#[test]
fn objects_get_clean_memory_where_something_else_was() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap();
    for number in 0..60 {
        let value = Value::Data(Kind::Bytes, &[&[0xab; 100_000]]);
        dict.set(&heap, &key(number), &value).unwrap();
    }
    for number in 0..60 {
        assert!(dict.remove(&heap, &key(number)).unwrap());
    }
    for _ in 0..2_000 {
        let object = Dict::create(&heap).unwrap();
        object.set(&heap, &key(1), &Value::Int(1)).unwrap();
        assert_eq!(object.get(&heap, &key(1)), Ok(Some(Loaded::Int(1))));
    }
    crate::sweep::recover_all(&heap.space).unwrap();
}

#[test]
fn a_large_value_that_comes_where_another_one_was_needs_no_more_pages() {
    let heap = recorded();
    let dict = Dict::create(&heap).unwrap();
    let bytes = heap.space.map.unit_bytes() * LARGE_UNITS + 100;
    let large = vec![1; usize::try_from(bytes).unwrap()];
    for number in 0..2 {
        dict.set(&heap, &key(number), &Value::Data(Kind::Bytes, &[&large])).unwrap();
    }
    assert!(dict.remove(&heap, &key(0)).unwrap());
    heap.space.memory.pages_left.set(0);
    for _ in 0..5 {
        dict.set(&heap, &key(1), &Value::Data(Kind::Bytes, &[&large])).unwrap();
    }
}

#[test]
fn two_processes_that_write_to_a_dict_each_take_no_line_from_each_other() {
    let ours = recorded();
    let memory = &ours.space.memory;
    let identity = Identity { pid: 2, started: 1, namespace: 1 };
    let slot = slots::attach(&ours.space, identity, "other").unwrap();
    let theirs = Heap::new(Space::open(memory.clone()).unwrap(), slot);
    for length in [5, 30, 100, 1_000, 5_000] {
        let text = vec![b'x'; length];
        let writes = |heap, dict: Dict| {
            for _ in 0..500 {
                dict.set(heap, &key(1), &Value::Data(Kind::Str, &[&text])).unwrap();
            }
        };
        let dicts = [Dict::create(&ours).unwrap(), Dict::create(&ours).unwrap()];
        for dict in dicts {
            dict.set(&ours, &key(1), &Value::Data(Kind::Str, &[&text])).unwrap();
        }
        // At first each of them takes a slab, and frees what the other one had made.
        writes(&ours, dicts[0]);
        writes(&theirs, dicts[1]);
        let (touched, stored) = lines(memory, || writes(&ours, dicts[0]));
        let (others_touched, others_stored) = lines(memory, || writes(&theirs, dicts[1]));
        assert!(!stored.is_empty() && !others_stored.is_empty());
        assert!(stored.is_disjoint(&others_touched), "{length}");
        assert!(others_stored.is_disjoint(&touched), "{length}");
    }
}

#[test]
fn who_reads_stores_nothing() {
    let heap = recorded();
    let dict = Dict::create(&heap).unwrap();
    for (number, length) in [(1, 5), (2, 30), (3, 100), (4, 5_000), (5, 100_000)] {
        let text = vec![b'x'; length];
        dict.set(&heap, &key(number), &Value::Data(Kind::Str, &[&text])).unwrap();
        let (touched, stored) = lines(&heap.space.memory, || {
            assert!(dict.get(&heap, &key(number)).unwrap().is_some());
        });
        assert!(!touched.is_empty() && stored.is_empty(), "{length}");
    }
}
