//! The heap, seen through values of dicts.

use crate::dict::{Dict, kills::key};
use crate::heap::{Heap, LARGE_UNITS};
use crate::value::{Kind, Loaded, Value};

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
    let memory = std::rc::Rc::new(crate::memory::recorder::Recorder::new(4 << 20));
    let own = crate::identity::Identity { pid: 1, started: 1, namespace: 1 };
    let heap = Heap::format(memory, own, "test").unwrap();
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
