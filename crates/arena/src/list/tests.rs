//! The list against a model, without crashes.

mod pair;

use super::*;
use crate::harness::Stage;
use crate::identity::Identity;
use crate::memory::Shared;
use crate::memory::recorder::Recorder;
use crate::value::{Kind, Loaded, Value};
use pair::Pair;
pub(super) use pair::random;

pub(super) fn arena() -> Heap<Shared> {
    Heap::create(256 << 20, "test").unwrap().0
}

fn history(steps: u64, typical: u64, check_every: u64) {
    let heap = arena();
    let before = heap.stats().unwrap().bytes_used;
    let (mut pair, mut seed) = (Pair::new(&heap), typical);
    for step in 0..steps {
        pair.step(&mut seed, typical);
        if step % check_every == 0 {
            pair.check();
            crate::audit::audit(&heap.space).unwrap();
        }
    }
    pair.check();
    heap.let_go(pair.list.handle()).unwrap();
    assert_eq!(heap.stats().unwrap().bytes_used, before);
}

#[test]
fn a_random_history_gives_what_a_vec_gives() {
    for typical in [3, 40, 500] {
        history(20_000, typical, 200);
    }
}

#[test]
fn a_random_history_of_a_high_tree_gives_what_a_vec_gives() {
    with_small_nodes(|| {
        for typical in [10, 100, 3000] {
            history(20_000, typical, 400);
        }
    });
}

#[test]
fn a_long_list_has_a_low_tree() {
    let heap = arena();
    let mut pair = Pair::new(&heap);
    let before = heap.stats().unwrap().bytes_used;
    for _ in 0..130_000 {
        let number = pair.fresh() * 5 + 1;
        pair.list.append(&heap, &Value::Int(number.cast_signed())).unwrap();
        pair.model.push(number);
    }
    let each = (heap.stats().unwrap().bytes_used - before) as f64 / 130_000.0;
    assert!(each < 9.0, "{each} bytes for one item");
    assert_eq!(pair.list.height(&heap.space), Ok(3));
    let mut seed = 1;
    for _ in 0..20_000 {
        pair.step(&mut seed, 0);
    }
    pair.check();
    crate::audit::audit(&heap.space).unwrap();
}

#[test]
fn memory_comes_back_when_items_go() {
    let heap = arena();
    for (from, step) in [(0, 0), (u64::MAX, 0), (0, 17)] {
        let list = List::create(&heap).unwrap();
        for number in 0..20_000 {
            list.append(&heap, &Value::Int(number)).unwrap();
        }
        let full = heap.stats().unwrap().bytes_used;
        for number in 0..19_000 {
            let length = 20_000 - number;
            let index = if from == 0 { number * step % length } else { length - 1 };
            list.pop(&heap, index).unwrap().unwrap();
        }
        let sparse = heap.stats().unwrap().bytes_used;
        assert!(sparse < full - 120_000, "{full} {sparse}");
        for _ in 0..1000 {
            list.pop(&heap, 0).unwrap().unwrap();
        }
        assert_eq!((list.len(&heap), list.height(&heap.space)), (Ok(0), Ok(0)));
        assert_eq!(list.pop_last(&heap), Ok(None));
        let empty = heap.stats().unwrap().bytes_used;
        heap.let_go(list.handle()).unwrap();
        assert!(empty - heap.stats().unwrap().bytes_used <= 512 + 32);
    }
}

#[test]
fn a_queue_in_one_leaf_or_many_stays_as_it_is() {
    let heap = arena();
    for length in [3, 50, 63, 500] {
        let mut pair = Pair::new(&heap);
        pair.extend(length);
        let before = heap.stats().unwrap().bytes_used;
        for _ in 0..2000 {
            pair.insert(u64::MAX);
            pair.pop(0);
        }
        for _ in 0..2000 {
            pair.insert(0);
            pair.pop(length);
        }
        pair.check();
        let after = heap.stats().unwrap().bytes_used;
        assert!(after < before + before / 2 + 4096, "{length}: {before} {after}");
        heap.let_go(pair.list.handle()).unwrap();
    }
}

#[test]
fn only_what_was_seen_is_replaced_or_removed() {
    let heap = arena();
    let list = List::create(&heap).unwrap();
    assert_eq!(list.extend(&heap, &[Value::Int(1), Value::Bool(true)]), Ok(2));
    let (seen, witness) = list.get_witnessed(&heap, 0).unwrap().unwrap();
    assert_eq!((seen, list.add(&heap, 0, 4)), (Loaded::Int(1), Ok(Some(5))));
    assert_eq!(list.replace_if(&heap, 0, witness, &Value::None), Ok(false));
    assert_eq!(list.remove_if(&heap, 0, witness), Ok(false));
    assert_eq!(list.add(&heap, 0, i64::MAX - 5), Ok(Some(i64::MAX)));
    assert_eq!(list.add(&heap, 0, 1), Err(Failure::Overflow));
    assert_eq!(list.add(&heap, 1, 1), Err(Failure::WrongType));
    assert_eq!(list.add(&heap, 2, 1), Ok(None));
    let (_, witness) = list.get_witnessed(&heap, 1).unwrap().unwrap();
    assert_eq!(list.replace_if(&heap, 1, witness, &Value::None), Ok(true));
    let (_, witness) = list.get_witnessed(&heap, 1).unwrap().unwrap();
    assert_eq!(list.remove_if(&heap, 1, witness), Ok(true));
    assert_eq!((list.len(&heap), list.get_witnessed(&heap, 1)), (Ok(1), Ok(None)));
    assert!(list.permute(&heap, list.version(&heap).unwrap(), &[0, 0]).is_err());
    assert!(list.permute(&heap, list.version(&heap).unwrap(), &[1]).is_err());
    let (mut items, handle) = (Vec::new(), list.handle());
    list.read_range(&heap, 7, 7, &mut items).unwrap();
    assert_eq!((items.len(), List::open(&heap, handle)), (0, Ok(list)));
    assert_eq!(crate::dict::Dict::open(&heap, handle), Err(Failure::WrongType));
    heap.let_go(handle).unwrap();
    assert_eq!(list.get(&heap, 0), Err(Failure::ObjectGone));
    assert_eq!(list.len(&heap), Err(Failure::ObjectGone));
    assert_eq!(list.version(&heap), Err(Failure::ObjectGone));
}

#[test]
fn a_full_arena_is_an_error_and_leaves_everything_as_it_was() {
    let memory = std::rc::Rc::new(Recorder::new(1 << 20));
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    let heap: Stage = Heap::format(memory, own, "test").unwrap();
    let mut pair = Pair::new(&heap);
    pair.extend(200);
    let take =
        |payload| std::iter::repeat_with(move || payload).map_while(|p| heap.allocate(p).ok());
    let hoard: Vec<_> = [500, 24, 56, 120, 250].into_iter().flat_map(take).collect();
    let mut failed = 0;
    for number in 0..300 {
        let index = number * 7 % (pair.model.len() as u64 + 1);
        let before = pair.list.version(&heap).unwrap();
        let full = pair.list.insert(&heap, index, &Value::Data(Kind::Bytes, &[&[1; 40]]));
        assert!(matches!(full, Err(Failure::ArenaFull { .. })));
        failed += 1;
        assert_eq!(pair.list.version(&heap), Ok(before));
        match pair.list.insert(&heap, index, &Value::Int(-1)) {
            Ok(_) => drop(pair.list.pop(&heap, index).unwrap()),
            Err(Failure::ArenaFull { .. }) => failed += 1,
            other => panic!("{other:?}"),
        }
        let version = pair.list.version(&heap).unwrap();
        let many = [Value::Int(7); 100];
        assert!(pair.list.extend(&heap, &many).is_err());
        assert!(pair.list.rebuild(&heap, version, &many).is_err());
        pair.check();
    }
    assert!(failed >= 300);
    // Removing needs no memory.
    let mut seed = 9;
    while !pair.model.is_empty() {
        pair.pop(random(&mut seed) % pair.model.len() as u64);
    }
    for block in hoard {
        heap.give_back(block).unwrap();
    }
    crate::audit::audit(&heap.space).unwrap();
    assert_eq!(pair.list.height(&heap.space), Ok(0));
}
