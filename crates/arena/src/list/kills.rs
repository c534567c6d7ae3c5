//! Every operation of the list, killed after every store.

mod references;

use super::{List, with_small_nodes};
use crate::failure::{Failure, Result};
use crate::harness::{Report, Scenario, Stage, exhaust};
use crate::value::{Kind, Loaded, Value};

pub(crate) const LONG: &[u8] = b"a value that does not fit a word";

/// What a bystander sees: the items, or that the list is gone.
pub(crate) type View = Option<Vec<Loaded>>;

pub(crate) fn view(heap: &Stage, list: List) -> Result<View> {
    let (items, _) = match list.snapshot(heap) {
        Err(Failure::ObjectGone) => return Ok(None),
        other => other?,
    };
    assert_eq!(list.len(heap), Ok(items.len() as u64));
    for (index, item) in items.iter().enumerate() {
        assert_eq!(list.get(heap, index as u64)?.as_ref(), Some(item));
    }
    Ok(Some(items))
}

fn value(number: u64) -> Value<'static> {
    if number % 3 == 1 { Value::Data(Kind::Str, &[LONG]) } else { Value::Int(number.cast_signed()) }
}

/// A list with `count` items of every kind.
pub(crate) fn filled(heap: &Stage, count: u64) -> List {
    let list = List::create(heap).unwrap();
    for number in 0..count {
        list.append(heap, &value(number)).unwrap();
    }
    list
}

/// Leaves slabs with free blocks of every size that is needed: making them was killed elsewhere, store by store.
fn warm_up(heap: &Stage) {
    let list = filled(heap, 60);
    list.append(heap, &Value::Object(list.handle())).unwrap();
    list.clear(heap).unwrap();
    heap.let_go(list.handle()).unwrap();
}

type Verdict = std::result::Result<Report, String>;

pub(crate) fn kill(prepare: &dyn Fn(&Stage) -> List, act: &dyn Fn(&Stage, &List)) -> Verdict {
    with_small_nodes(|| {
        exhaust(&Scenario {
            prepare: &|heap| {
                warm_up(heap);
                prepare(heap)
            },
            act,
            look: &|heap, list| view(heap, *list),
            meanwhile: None,
            shared: true,
        })
    })
}

fn survives(count: u64, act: &dyn Fn(&Stage, &List)) {
    let report = kill(&|heap| filled(heap, count), act).unwrap();
    assert!(report.cuts > 3, "{report:?}");
}

#[test]
fn appending_survives_every_kill() {
    // An empty list; room; a larger leaf; a first split; a split; a higher root; a split below the root.
    for count in [0, 2, 3, 7, 13, 31, 55] {
        survives(count, &|heap, list| {
            list.append(heap, &Value::Int(1000)).unwrap();
        });
    }
    for count in [2, 13] {
        survives(count, &|heap, list| {
            list.append(heap, &Value::Data(Kind::Bytes, &[LONG])).unwrap();
        });
    }
}

#[test]
fn inserting_survives_every_kill() {
    // Into the gap; a gap that moves in one stride; in several; splits at either end and in the middle; high trees.
    for (count, index) in [(5, 0), (5, 3), (6, 3), (7, 0), (7, 3), (31, 0), (40, 20), (55, 50)] {
        survives(count, &|heap, list| {
            list.insert(heap, index, &Value::Data(Kind::Bytes, &[LONG])).unwrap();
        });
    }
}

#[test]
fn splitting_a_middle_node_survives_every_kill() {
    let prepare = |heap: &Stage| {
        let list = filled(heap, 60);
        for number in 0..11 {
            list.insert(heap, 20 + number / 2, &value(number)).unwrap();
        }
        list
    };
    for index in [18, 24, 31] {
        let report = kill(&prepare, &|heap, list| {
            list.insert(heap, index, &Value::Int(-1)).unwrap();
        });
        assert!(report.unwrap().cuts > 3);
    }
}

#[test]
fn replacing_survives_every_kill() {
    for (count, index) in [(4, 0), (4, 1), (40, 21), (40, 22)] {
        survives(count, &|heap, list| assert!(list.set(heap, index, &Value::None).unwrap()));
        survives(count, &|heap, list| {
            list.set(heap, index, &Value::Data(Kind::Bytes, &[LONG])).unwrap();
        });
    }
    survives(4, &|heap, list| assert_eq!(list.add(heap, 0, 5), Ok(Some(5))));
    survives(4, &|heap, list| assert_eq!(list.add(heap, 0, i64::MAX), Ok(Some(i64::MAX))));
}

#[test]
fn removing_survives_every_kill() {
    for (count, index) in [(1, 0), (4, 1), (7, 3), (8, 7), (8, 0), (33, 20), (40, 0)] {
        survives(count, &|heap, list| drop(list.pop(heap, index).unwrap().unwrap()));
    }
    for count in [1, 8, 36] {
        survives(count, &|heap, list| drop(list.pop_last(heap).unwrap().unwrap()));
    }
    survives(40, &|heap, list| {
        let (_, witness) = list.get_witnessed(heap, 22).unwrap().unwrap();
        assert!(list.remove_if(heap, 22, witness).unwrap());
    });
}

/// A list of which items were removed from `from` on, every other one at first.
fn thinned(heap: &Stage, count: u64, from: u64, times: u64) -> List {
    let list = filled(heap, count);
    for number in 0..times {
        list.pop(heap, from + number % 10).unwrap().unwrap();
    }
    list
}

#[test]
fn merging_survives_every_kill() {
    for times in [0, 2, 3, 5, 6, 8, 9, 11, 14, 17, 20, 23] {
        let report = kill(&|heap| thinned(heap, 60, 12, times), &|heap, list| {
            list.pop(heap, 12).unwrap().unwrap();
        });
        assert!(report.unwrap().cuts > 3);
    }
}

#[test]
fn emptying_a_high_tree_from_its_ends_survives_every_kill() {
    for left in [1, 2, 5, 6, 7, 8, 13, 14, 15, 36] {
        for index in [0, left - 1] {
            let prepare = |heap: &Stage| {
                let list = filled(heap, 60);
                while list.len(heap).unwrap() > left {
                    let last = list.len(heap).unwrap() - 1;
                    list.pop(heap, if index == 0 { last } else { 0 }).unwrap();
                }
                list
            };
            let act = |heap: &Stage, list: &List| drop(list.pop(heap, index).unwrap().unwrap());
            assert!(kill(&prepare, &act).unwrap().cuts > 3);
        }
    }
}

#[test]
fn clearing_survives_every_kill() {
    for count in [1, 20] {
        survives(count, &|heap, list| list.clear(heap).unwrap());
    }
}

fn extend(count: u64, more: u64) {
    survives(count, &|heap, list| {
        let values: Vec<_> = (0..more).map(value).collect();
        assert_eq!(list.extend(heap, &values), Ok(count + more));
    });
}

#[test]
fn removing_a_large_value_survives_every_kill() {
    let large = [5; 20_000];
    let prepare = |heap: &Stage| {
        let list = filled(heap, 5);
        list.insert(heap, 2, &Value::Data(Kind::Bytes, &[&large])).unwrap();
        list
    };
    let popped = kill(&prepare, &|heap, list| {
        let expected = Loaded::Data(Kind::Bytes, large.to_vec().into());
        assert_eq!(list.pop(heap, 2), Ok(Some(expected)));
    });
    assert!(popped.unwrap().cuts > 5);
    let deleted = kill(&prepare, &|heap, list| assert_eq!(list.delete(heap, 2), Ok(true)));
    assert!(deleted.unwrap().cuts > 3);
}

#[test]
fn extending_by_one_change_survives_every_kill() {
    extend(13, 1);
    let report = exhaust(&Scenario {
        prepare: &|heap| filled(heap, 4),
        act: &|heap, list: &List| {
            let values: Vec<_> = (0..5).map(value).collect();
            assert_eq!(list.extend(heap, &values), Ok(9));
        },
        look: &|heap, list| view(heap, *list),
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 3);
}

#[test]
fn extending_by_a_leaf_survives_every_kill() {
    // That is poured into the last one; that gets a new root beside it; for which a higher node is split.
    for (count, more) in [(3, 3), (7, 2), (31, 2)] {
        extend(count, more);
    }
}

#[test]
fn extending_by_a_tree_survives_every_kill() {
    // That takes an empty list's place; that is higher; as high; lower.
    for (count, more) in [(0, 8), (2, 8), (28, 8), (50, 8)] {
        extend(count, more);
    }
}

#[test]
fn rebuilding_survives_every_kill() {
    for (count, more) in [(0, 2), (4, 0), (5, 9)] {
        survives(count, &|heap, list| {
            let values: Vec<_> = (0..more).map(value).collect();
            let version = list.version(heap).unwrap();
            assert_eq!(list.rebuild(heap, version, &values), Ok(true));
        });
    }
}

pub(crate) fn reverse(heap: &Stage, list: &List) {
    let order: Vec<u64> = (0..list.len(heap).unwrap()).rev().collect();
    let version = list.version(heap).unwrap();
    assert_eq!(list.permute(heap, version, &order), Ok(true));
}

#[test]
fn permuting_survives_every_kill() {
    for count in [2, 9] {
        survives(count, &reverse);
    }
}

#[test]
fn what_comes_too_late_survives_every_kill() {
    survives(9, &|heap, list| {
        // Between the look at the version and the swap.
        let late = List::with_aside(heap, |aside| {
            let version = list.version(heap)?;
            list.set(heap, 0, &Value::None)?;
            aside.append(heap, &Value::Data(Kind::Str, &[LONG]))?;
            list.swap(heap, aside, version)
        });
        assert_eq!(late, Ok(false));
    });
}
