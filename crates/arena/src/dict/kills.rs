//! Every operation of the dict, killed after every store.

mod long;
mod sets;

use super::{Dict, Item, Key, Way, item};
use crate::audit::audit;
use crate::failure::{Failure, Result};
use crate::harness::{Report, Scenario, Stage, exhaust};
use crate::heap::Heap;
use crate::identity::Identity;
use crate::memory::recorder::Recorder;
use crate::value::{Kind, Loaded, Value};

pub(crate) const LONG: &[u8] = b"a value that does not fit a word";

pub(crate) fn key(number: i64) -> Key<'static> {
    Key::int(number.cast_unsigned(), number)
}

fn long_key() -> Key<'static> {
    Key::data(77, Kind::Str, b"a key that needs a block of its own")
}

/// What a bystander sees: the items in both orders and the length, or that the dict is gone.
pub(crate) type View = Option<(Vec<Item>, Vec<Item>, u64)>;

pub(crate) fn view(heap: &Stage, dict: Dict) -> Result<View> {
    let walk = |way| -> Result<Vec<Item>> {
        let (mut position, mut items) = (dict.begin(heap, way)?, Vec::new());
        while !position.is_end() {
            dict.advance(heap, &mut position, 100, &mut items)?;
        }
        items.into_iter().map(item).collect()
    };
    let forward = match walk(Way::Forward) {
        Err(Failure::ObjectGone) => return Ok(None),
        other => other?,
    };
    for (shown, value) in &forward {
        if let Loaded::Int(number) = shown {
            assert_eq!(dict.get(heap, &key(*number))?.as_ref(), Some(value));
        }
    }
    Ok(Some((forward, walk(Way::Backward)?, dict.len(heap)?)))
}

/// A dict with `count` items of every kind.
pub(crate) fn filled(heap: &Stage, count: i64) -> Dict {
    let dict = Dict::create(heap).unwrap();
    for number in 0..count {
        let value =
            if number % 2 == 0 { Value::Int(number) } else { Value::Data(Kind::Str, &[LONG]) };
        dict.set(heap, &key(number), &value).unwrap();
    }
    dict
}

pub(crate) fn kill(count: i64, act: &dyn Fn(&Stage, &Dict)) -> std::result::Result<Report, String> {
    exhaust(&Scenario {
        prepare: &|heap| filled(heap, count),
        act,
        look: &|heap, dict| view(heap, *dict),
        meanwhile: None,
        shared: true,
    })
}

fn survives(count: i64, act: &dyn Fn(&Stage, &Dict)) {
    let report = kill(count, act).unwrap();
    assert!(report.cuts > 3, "{report:?}");
}

#[test]
fn inserting_survives_every_kill() {
    for count in [0, 3, 8] {
        survives(count, &|heap, dict| {
            dict.set(heap, &key(1000), &Value::Int(1)).unwrap();
        });
    }
}

#[test]
fn inserting_a_large_key_and_value_survives_every_kill() {
    survives(3, &|heap, dict| {
        dict.set(heap, &long_key(), &Value::Data(Kind::Pickle, &[LONG, LONG])).unwrap();
    });
}

#[test]
fn replacing_survives_every_kill() {
    survives(4, &|heap, dict| {
        dict.set(heap, &key(0), &Value::Int(7)).unwrap();
    });
    survives(4, &|heap, dict| {
        dict.set(heap, &key(1), &Value::Data(Kind::Bytes, &[LONG])).unwrap();
    });
}

#[test]
fn adding_survives_every_kill() {
    survives(2, &|heap, dict| {
        dict.add(heap, &key(0), 5, 0).unwrap();
    });
    survives(2, &|heap, dict| {
        dict.add(heap, &key(0), i64::MAX, 0).unwrap();
    });
    survives(2, &|heap, dict| assert_eq!(dict.add(heap, &key(7), 5, 1), Ok(6)));
}

#[test]
fn storing_what_depends_on_what_is_there_survives_every_kill() {
    let long = Value::Data(Kind::Bytes, &[LONG, LONG]);
    survives(3, &|heap, dict| assert_eq!(dict.set_default(heap, &key(9), &long), Ok(None)));
    survives(3, &|heap, dict| assert_eq!(dict.replace_if(heap, &key(9), None, &long), Ok(true)));
    for number in [0, 1] {
        survives(3, &|heap, dict| {
            let (_, witness) = dict.get_witnessed(heap, &key(number)).unwrap().unwrap();
            assert_eq!(dict.replace_if(heap, &key(number), Some(witness), &long), Ok(true));
        });
    }
    // What leaves everything as it is makes few stores, and gives back what it has staged.
    let nothing = kill(3, &|heap, dict| {
        assert!(dict.set_default(heap, &key(1), &long).unwrap().is_some());
        assert_eq!(dict.replace_if(heap, &key(1), None, &long), Ok(false));
    });
    assert!(nothing.unwrap().cuts > 3);
}

#[test]
fn removing_survives_every_kill() {
    for victim in [0, 1, 2] {
        survives(3, &|heap, dict| {
            dict.pop(heap, &key(victim)).unwrap();
        });
    }
    survives(3, &|heap, dict| {
        dict.pop_newest(heap).unwrap();
    });
}

#[test]
fn clearing_survives_every_kill() {
    survives(10, &|heap, dict| dict.clear(heap).unwrap());
}

#[test]
fn growing_survives_every_kill() {
    // The first segment is copied after 8 items, buckets are split after that.
    for count in [8, 9, 32] {
        survives(count, &|heap, dict| {
            dict.set(heap, &key(1000), &Value::Int(1)).unwrap();
        });
    }
}

#[test]
#[ignore = "half a minute: more than five hundred cuts in a dict of five hundred items"]
fn the_first_directory_and_segment_survive_every_kill() {
    for count in [512, 513] {
        let report = exhaust(&Scenario {
            prepare: &|heap| filled(heap, count),
            act: &|heap, dict: &Dict| {
                dict.set(heap, &key(1000), &Value::Int(1)).unwrap();
            },
            look: &|heap, dict| dict.len(heap),
            meanwhile: None,
            shared: true,
        });
        assert!(report.unwrap().cuts > 30);
    }
}

#[test]
fn a_full_arena_is_an_error_and_leaves_everything_as_it_was() {
    let memory = std::rc::Rc::new(Recorder::new(1 << 20));
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    let heap = Heap::format(memory, own, "test").unwrap();
    let dict = filled(&heap, 4);
    let long = Value::Data(Kind::Bytes, &[&[1; 5000]]);
    let mut number = 100;
    let full = loop {
        match dict.set(&heap, &key(number), &long) {
            Ok(_) => number += 1,
            Err(failure) => break failure,
        }
    };
    assert_eq!(full, Failure::ArenaFull { bytes: heap.space.map.unit_bytes() });
    for number in 4..20_000 {
        let before = dict.len(&heap).unwrap();
        if dict.set(&heap, &key(number + 1000), &Value::None).is_err() {
            assert_eq!(dict.len(&heap), Ok(before));
            break;
        }
    }
    audit(&heap.space).unwrap();
    for number in 100..110 {
        assert!(dict.remove(&heap, &key(number)).unwrap());
    }
    assert_eq!(dict.set(&heap, &key(-5), &long), Ok(true));
    dict.clear(&heap).unwrap();
    audit(&heap.space).unwrap();
    assert_eq!(dict.set(&heap, &key(-5), &long), Ok(true));
}
