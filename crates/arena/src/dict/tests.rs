//! The dict against a model, without crashes.

use super::*;
use crate::attach::Stats;
use crate::memory::Shared;
use crate::value::{Kind, Loaded, Value};

fn arena() -> Heap<Shared> {
    Heap::create(256 << 20, "test").unwrap().0
}

fn key(number: u64) -> Key<'static> {
    Key::int(number, number.cast_signed())
}

fn items(dict: Dict, heap: &Heap<Shared>, way: Way) -> Vec<Item> {
    let (mut position, mut items) = (dict.begin(heap, way).unwrap(), Vec::new());
    while !position.is_end() {
        dict.advance(heap, &mut position, 7, &mut items).unwrap();
    }
    items.into_iter().map(|copy| item(copy).unwrap()).collect()
}

#[test]
fn values_of_every_kind_come_back_as_they_went_in() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    let large = vec![7u8; 300_000];
    let floats = [0.0, -0.0, 1.5, -2.5e300, 5e-324, f64::INFINITY, f64::MAX, 1e-70, -1e70];
    for (number, float) in floats.into_iter().enumerate() {
        dict.set(&heap, &key(number as u64), &Value::Float(float)).unwrap();
        let Some(Loaded::Float(back)) = dict.get(&heap, &key(number as u64)).unwrap() else {
            panic!("not a float");
        };
        assert_eq!(back.to_bits(), float.to_bits());
    }
    for int in [0, 1, -1, 1 << 60, (1 << 60) - 1, -(1 << 60), i64::MIN, i64::MAX] {
        dict.set(&heap, &key(1), &Value::Int(int)).unwrap();
        assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Int(int))));
    }
    for truth in [true, false] {
        dict.set(&heap, &key(1), &Value::Bool(truth)).unwrap();
        assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Bool(truth))));
    }
    dict.set(&heap, &key(1), &Value::None).unwrap();
    assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::None)));
    for kind in [Kind::Str, Kind::Bytes, Kind::Pickle, Kind::BigInt] {
        for bytes in [&b""[..], b"short", b"seven77", b"eight888", &large] {
            dict.set(&heap, &key(2), &Value::Data(kind, &[bytes])).unwrap();
            let expected = Loaded::Data(kind, bytes.to_vec().into());
            assert_eq!(dict.get(&heap, &key(2)), Ok(Some(expected)));
        }
    }
    dict.set(&heap, &key(2), &Value::Data(Kind::Pickle, &[b"abc", b"", b"defghijkl"])).unwrap();
    let joined = Loaded::Data(Kind::Pickle, b"abcdefghijkl".to_vec().into());
    assert_eq!(dict.get(&heap, &key(2)), Ok(Some(joined)));
}

#[test]
fn keys_of_every_form_are_found_and_shown() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    let long = vec![b'x'; 200];
    let keys = [
        (Key::int(5, 5), Loaded::Int(5)),
        (Key::int(1, i64::MIN), Loaded::Int(i64::MIN)),
        (Key::int(1, i64::MAX), Loaded::Int(i64::MAX)),
        (Key::data(5, Kind::Str, b"five"), Loaded::Data(Kind::Str, b"five".to_vec().into())),
        (Key::data(5, Kind::Bytes, b"five"), Loaded::Data(Kind::Bytes, b"five".to_vec().into())),
        (Key::data(9, Kind::Str, &long), Loaded::Data(Kind::Str, long.clone().into())),
        (Key::data(9, Kind::Str, &long[1..]), Loaded::Data(Kind::Str, long[1..].to_vec().into())),
        (
            Key::int(6, 6).shown_as(Kind::Other, b"six"),
            Loaded::Data(Kind::Other, b"six".to_vec().into()),
        ),
        (
            Key::data(7, Kind::Other, b"canonical").shown_as(Kind::Pickle, b"original"),
            Loaded::Data(Kind::Pickle, b"original".to_vec().into()),
        ),
    ];
    for (number, (key, _)) in (0..).zip(&keys) {
        assert_eq!(dict.set(&heap, key, &Value::Int(number)), Ok(true));
    }
    for (number, (key, _)) in (0..).zip(&keys) {
        assert_eq!(dict.get(&heap, key), Ok(Some(Loaded::Int(number))));
    }
    assert_eq!(dict.get(&heap, &Key::int(6, 6)), Ok(Some(Loaded::Int(7))));
    assert_eq!(dict.get(&heap, &Key::data(9, Kind::Bytes, &long)), Ok(None));
    let shown: Vec<_> = items(dict, &heap, Way::Forward).into_iter().map(|item| item.0).collect();
    assert_eq!(shown, keys.map(|(_, shown)| shown));
}

/// Python's dict, as a list of pairs.
#[derive(Default)]
struct Model(Vec<(i64, i64)>);

impl Model {
    fn set(&mut self, key: i64, value: i64) {
        match self.0.iter_mut().find(|pair| pair.0 == key) {
            Some(pair) => pair.1 = value,
            None => self.0.push((key, value)),
        }
    }

    fn pop(&mut self, key: i64) -> Option<i64> {
        let index = self.0.iter().position(|pair| pair.0 == key)?;
        Some(self.0.remove(index).1)
    }

    fn items(&self) -> Vec<Item> {
        self.0.iter().map(|&(key, value)| (Loaded::Int(key), Loaded::Int(value))).collect()
    }
}

#[test]
fn a_random_history_gives_what_a_dict_gives() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    let (mut model, mut seed) = (Model::default(), 1u64);
    for step in 0..20_000i64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = seed >> 33 & 0x1ff;
        match seed >> 59 {
            0..18 => {
                dict.set(&heap, &key(number), &Value::Int(step)).unwrap();
                model.set(number.cast_signed(), step);
            }
            18..30 => {
                let popped = dict.pop(&heap, &key(number)).unwrap();
                assert_eq!(popped, model.pop(number.cast_signed()).map(Loaded::Int));
            }
            30 => {
                let newest = dict.pop_newest(&heap).unwrap();
                assert_eq!(newest, model.items().pop());
                model.0.pop();
            }
            _ if step % 50 == 0 => {
                dict.clear(&heap).unwrap();
                model.0.clear();
            }
            _ => {}
        }
        assert_eq!(dict.len(&heap), Ok(model.0.len() as u64));
    }
    let mut expected = model.items();
    assert_eq!(items(dict, &heap, Way::Forward), expected);
    expected.reverse();
    assert_eq!(items(dict, &heap, Way::Backward), expected);
}

#[test]
fn read_modify_write_is_one_step() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    assert_eq!(dict.add(&heap, &key(1), 5, 100), Ok(105));
    assert_eq!(dict.add(&heap, &key(1), 1 << 62, 0), Ok(105 + (1 << 62)));
    assert_eq!(dict.add(&heap, &key(1), i64::MAX, 0), Err(Failure::Overflow));
    let (_, witness) = dict.get_witnessed(&heap, &key(1)).unwrap().unwrap();
    assert_eq!(dict.replace_if(&heap, &key(1), None, &Value::Int(0)), Ok(false));
    assert_eq!(dict.replace_if(&heap, &key(1), Some(witness), &Value::Int(7)), Ok(true));
    assert_eq!(dict.replace_if(&heap, &key(1), Some(witness), &Value::Int(8)), Ok(false));
    assert_eq!(dict.set_default(&heap, &key(1), &Value::None), Ok(Some(Loaded::Int(7))));
    assert_eq!(dict.set_default(&heap, &key(2), &Value::None), Ok(None));
    assert_eq!(dict.add(&heap, &key(2), 1, 0), Err(Failure::WrongType));
}

#[test]
fn a_walk_notices_that_keys_came_or_went() {
    let heap = arena();
    let dict = Dict::create(&heap).unwrap();
    for number in 0..10 {
        dict.set(&heap, &key(number), &Value::None).unwrap();
    }
    let (mut position, mut seen) = (dict.begin(&heap, Way::Forward).unwrap(), Vec::new());
    dict.advance(&heap, &mut position, 5, &mut seen).unwrap();
    dict.set(&heap, &key(7), &Value::Bool(true)).unwrap();
    dict.advance(&heap, &mut position, 3, &mut seen).unwrap();
    assert_eq!(item(seen[7].clone()), Ok((Loaded::Int(7), Loaded::Bool(true))));
    dict.remove(&heap, &key(0)).unwrap();
    assert_eq!(dict.advance(&heap, &mut position, 3, &mut seen), Err(Failure::Changed));
}

fn used(heap: &Heap<Shared>) -> Stats {
    heap.stats().unwrap()
}

#[test]
fn deleting_half_and_inserting_again_does_not_grow_the_arena() {
    let heap = arena();
    let before = used(&heap).bytes_used;
    let dict = Dict::create(&heap).unwrap();
    for number in 0..20_000 {
        dict.set(&heap, &key(number), &Value::Int(1)).unwrap();
    }
    let full = used(&heap);
    assert!((full.bytes_used - before) / 20_000 < 80, "{full:?}");
    for round in 0..4 {
        for number in (0..20_000).filter(|number| number % 2 == round % 2) {
            assert!(dict.remove(&heap, &key(number)).unwrap());
        }
        for number in (0..20_000).filter(|number| number % 2 == round % 2) {
            dict.set(&heap, &key(number), &Value::Int(2)).unwrap();
        }
    }
    assert_eq!(used(&heap).bytes_used, full.bytes_used);
    assert_eq!(used(&heap).bytes_backed, full.bytes_backed);
    dict.clear(&heap).unwrap();
    heap.let_go(dict.handle()).unwrap();
    assert_eq!(used(&heap).bytes_used, before);
    assert_eq!(dict.get(&heap, &key(1)), Err(Failure::ObjectGone));
}

#[test]
fn a_chain_that_is_a_ring_is_found_out_whatever_the_length_says() {
    let heap = Heap::create(1 << 20, "test").unwrap().0;
    let dict = Dict::create(&heap).unwrap();
    dict.set(&heap, &key(1), &Value::Int(1)).unwrap();
    let item = dict.find(&heap.space, &key(1), 1).unwrap().next;
    heap.space.memory.store(item + CHAIN, item).unwrap();
    heap.space.memory.store(dict.object.body(LENGTH), 1 << 61).unwrap();
    let others = (2..64).map(key);
    let lost = others.filter(|other| {
        let failed = dict.remove(&heap, other).is_err();
        assert_eq!(dict.get(&heap, other).is_err(), failed);
        failed
    });
    assert_ne!(lost.count(), 0);
}
