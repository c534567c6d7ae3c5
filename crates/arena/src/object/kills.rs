//! Everything that decides how long objects live, killed after every store.

use std::rc::Rc;

use crate::dict::kills::{LONG, View, filled, key, view};
use crate::dict::{Dict, Key};
use crate::harness::{Report, Scenario, Stage, exhaust, sweep_beside};
use crate::heap::Heap;
use crate::identity::Identity;
use crate::list::List;
use crate::memory::recorder::Recorder;
use crate::object::Handle;
use crate::value::{Kind, Value};

type Verdict = Result<Report, String>;

/// A dict and another one beside it.
fn pair(heap: &Stage) -> (Dict, Dict) {
    (filled(heap, 1), filled(heap, 2))
}

fn both(heap: &Stage, (outer, inner): &(Dict, Dict)) -> crate::failure::Result<(View, View)> {
    Ok((view(heap, *outer)?, view(heap, *inner)?))
}

/// Stores one dict in another.
pub(crate) fn store_reference() -> Verdict {
    exhaust(&Scenario {
        prepare: &pair,
        act: &|heap, (outer, inner)| {
            let _ = outer.set(heap, &key(0), &Value::Object(inner.handle()));
        },
        look: &both,
        meanwhile: None,
        shared: true,
    })
}

/// The only process that holds a dict lets it go.
pub(crate) fn drop_with_contents() -> Verdict {
    exhaust(&Scenario {
        prepare: &|heap| filled(heap, 3),
        act: &|heap, dict: &Dict| {
            let _ = heap.let_go(dict.handle());
        },
        look: &gone,
        meanwhile: None,
        shared: false,
    })
}

/// Whoever dies holding a dict alone takes it along: only the audit has something to say.
fn gone(_: &Stage, _: &Dict) -> crate::failure::Result<()> {
    Ok(())
}

fn survives(verdict: Verdict) {
    let report = verdict.unwrap();
    assert!(report.cuts > 3, "{report:?}");
}

#[test]
fn storing_a_reference_survives_every_kill() {
    survives(store_reference());
}

#[test]
fn dropping_a_dict_survives_every_kill() {
    survives(drop_with_contents());
}

/// A dict that only another one holds.
fn nested(heap: &Stage) -> Dict {
    let (outer, inner) = pair(heap);
    outer.set(heap, &key(0), &Value::Object(inner.handle())).unwrap();
    heap.let_go(inner.handle()).unwrap();
    outer
}

#[test]
fn removing_the_last_reference_survives_every_kill() {
    for act in [
        &(|heap: &Stage, outer: &Dict| drop(outer.pop(heap, &key(0)).unwrap()))
            as &dyn Fn(&Stage, &Dict),
        &|heap, outer| assert!(!outer.set(heap, &key(0), &Value::Int(1)).unwrap()),
        &|heap, outer| outer.clear(heap).unwrap(),
    ] {
        survives(exhaust(&Scenario {
            prepare: &nested,
            act,
            look: &|heap, outer| outer.len(heap).map(|_| ()),
            meanwhile: None,
            shared: true,
        }));
    }
}

#[test]
fn a_sweep_of_somebody_else_takes_nothing_that_is_being_popped() {
    let in_dict = |heap: &Stage| {
        let (outer, inner) = pair(heap);
        outer.set(heap, &key(0), &Value::Object(inner.handle())).unwrap();
        (outer.handle(), inner.handle())
    };
    let in_list = |heap: &Stage| {
        let (list, inner) = (List::create(heap).unwrap(), filled(heap, 1));
        list.append(heap, &Value::Object(inner.handle())).unwrap();
        (list.handle(), inner.handle())
    };
    type Prepare<'a> = &'a dyn Fn(&Stage) -> (Handle, Handle);
    type Act<'a> = &'a dyn Fn(&Stage, &(Handle, Handle));
    let cases: [(Prepare<'_>, Act<'_>); 3] = [
        (&in_dict, &|heap, (outer, _)| {
            drop(Dict::open(heap, *outer).unwrap().pop(heap, &key(0)).unwrap());
        }),
        (&in_dict, &|heap, (outer, _)| {
            drop(Dict::open(heap, *outer).unwrap().pop_newest(heap).unwrap());
        }),
        (&in_list, &|heap, (list, _)| drop(List::open(heap, *list).unwrap().pop(heap, 0).unwrap())),
    ];
    for (prepare, act) in cases {
        let sweeps = sweep_beside(&Scenario {
            prepare: &|heap| {
                let found = prepare(heap);
                heap.let_go(found.1).unwrap(); // Only the container holds it.
                found
            },
            act,
            look: &|heap, (_, inner)| Ok(Dict::open(heap, *inner).is_ok()),
            meanwhile: None,
            shared: false,
        });
        assert!(sweeps.unwrap() > 1);
    }
}

#[test]
fn dropping_nested_dicts_survives_every_kill() {
    survives(exhaust(&Scenario {
        prepare: &nested,
        act: &|heap, outer: &Dict| heap.let_go(outer.handle()).unwrap(),
        look: &gone,
        meanwhile: None,
        shared: false,
    }));
}

#[test]
fn creating_a_dict_survives_every_kill() {
    survives(exhaust(&Scenario {
        prepare: &|heap| filled(heap, 1),
        act: &|heap, _: &Dict| {
            filled(heap, 1);
        },
        look: &|heap, dict| view(heap, *dict),
        meanwhile: None,
        shared: true,
    }));
}

#[test]
fn naming_and_unnaming_survive_every_kill() {
    let look = |heap: &Stage, _: &Dict| heap.names();
    survives(exhaust(&Scenario {
        prepare: &|heap| filled(heap, 1),
        act: &|heap, dict: &Dict| {
            heap.add_name("scores", dict.handle()).unwrap();
        },
        look: &look,
        meanwhile: None,
        shared: true,
    }));
    survives(exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 1);
            heap.add_name("scores", dict.handle()).unwrap();
            heap.let_go(dict.handle()).unwrap();
            dict
        },
        act: &|heap, _: &Dict| {
            heap.remove_name("scores").unwrap();
        },
        look: &look,
        meanwhile: None,
        shared: false,
    }));
}

#[test]
fn trimming_and_full_arenas_survive_every_kill() {
    let large = [1; 30_000];
    survives(exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 2);
            for _ in 0..2 {
                dict.set(heap, &key(0), &Value::Data(Kind::Bytes, &[&large])).unwrap();
            }
            dict.set(heap, &key(0), &Value::Int(0)).unwrap();
            let brief = filled(heap, 140);
            heap.let_go(brief.handle()).unwrap();
            dict
        },
        act: &|heap, dict: &Dict| {
            heap.space.memory.pages_left.set(0);
            let full = dict.set(heap, &Key::int(9, 9), &Value::Data(Kind::Str, &[&[0; 99_999]]));
            assert!(matches!(full, Err(crate::Failure::ArenaFull { .. })), "{full:?}");
            heap.space.memory.pages_left.set(u64::MAX);
            heap.trim(0).unwrap();
            dict.set(heap, &key(1), &Value::Data(Kind::Str, &[LONG])).unwrap();
        },
        look: &|heap, dict| view(heap, *dict),
        meanwhile: None,
        shared: true,
    }));
}

#[test]
fn a_stale_handle_names_nothing() {
    let (memory, _fd) = crate::memory::Shared::create(8 << 20).unwrap();
    let identity = Identity::own().unwrap();
    let heap = Heap::format(memory, identity, "test").unwrap();
    let old = Dict::create(&heap).unwrap();
    heap.let_go(old.handle()).unwrap();
    // The same memory may be given out again at once.
    let new: Vec<Dict> = (0..64).map(|_| Dict::create(&heap).unwrap()).collect();
    assert!(new.iter().any(|dict| dict.handle().at == old.handle().at));
    assert_eq!(old.len(&heap), Err(crate::Failure::ObjectGone));
    assert_eq!(old.get(&heap, &key(1)), Err(crate::Failure::ObjectGone));
    assert_eq!(heap.hold(old.handle()), Err(crate::Failure::ObjectGone));
    for at in [0, 8, 4096, old.handle().at + 8, u64::MAX, u64::MAX / 512 * 512] {
        assert!(heap.hold(Handle { at, generation: 1 }).is_err());
    }
}

#[test]
fn a_lease_keeps_what_nobody_holds() {
    let memory = Rc::new(Recorder::new(4 << 20));
    let own = Identity { pid: 1, started: 1, namespace: 1 };
    let heap = Heap::format(memory, own, "test").unwrap();
    let now_ns = &heap.space.memory.now_ns;
    let dict = Dict::create(&heap).unwrap();
    assert_eq!(heap.next_lease_end(), Ok(None));
    heap.lease(dict.handle(), u64::MAX).unwrap();
    assert_eq!(heap.next_lease_end(), Ok(Some(u64::MAX)));
    heap.let_go(dict.handle()).unwrap();
    assert_eq!(dict.len(&heap), Ok(0));
    assert_eq!(heap.reap(), Ok(0));
    let brief = Dict::create(&heap).unwrap();
    heap.lease(brief.handle(), now_ns.get() + 1).unwrap();
    heap.let_go(brief.handle()).unwrap();
    assert_eq!(heap.reap(), Ok(0));
    now_ns.set(now_ns.get() + 1);
    assert_eq!(heap.reap(), Ok(1));
    assert_eq!(brief.len(&heap), Err(crate::Failure::ObjectGone));
}
