//! Lists that hold other lists, and dropping them, killed after every store.

use super::{filled, reverse, warm_up};
use crate::harness::{Scenario, Stage, exhaust};
use crate::list::{List, with_small_nodes};
use crate::value::{Loaded, Value};

/// A list that alone holds another one.
fn nested(heap: &Stage) -> List {
    warm_up(heap);
    let (outer, inner) = (filled(heap, 4), filled(heap, 2));
    outer.insert(heap, 3, &Value::Object(inner.handle())).unwrap();
    heap.let_go(inner.handle()).unwrap();
    outer
}

#[test]
fn references_survive_every_kill() {
    let look = |heap: &Stage, list: &List| list.len(heap);
    for act in [
        &(|heap: &Stage, list: &List| drop(list.pop(heap, 3).unwrap())) as &dyn Fn(&Stage, &List),
        &|heap, list| assert!(list.set(heap, 3, &Value::None).unwrap()),
        &|heap, list| list.clear(heap).unwrap(),
        &reverse,
        &|heap, list| {
            let Loaded::Object(inner) = list.get(heap, 3).unwrap().unwrap() else { panic!() };
            list.extend(heap, &[Value::Object(inner), Value::Object(inner)]).unwrap();
        },
        &|heap, list| {
            let Loaded::Object(inner) = list.get(heap, 3).unwrap().unwrap() else { panic!() };
            let version = list.version(heap).unwrap();
            assert_eq!(list.rebuild(heap, version, &[Value::Object(inner); 2]), Ok(true));
        },
    ] {
        let scenario =
            Scenario { prepare: &nested, act, look: &look, meanwhile: None, shared: true };
        assert!(with_small_nodes(|| exhaust(&scenario)).unwrap().cuts > 3);
    }
}

#[test]
fn creating_and_dropping_survive_every_kill() {
    let gone = |_: &Stage, _: &List| Ok(());
    for (act, shared) in [
        (
            &(|heap: &Stage, list: &List| heap.let_go(list.handle()).unwrap())
                as &dyn Fn(&Stage, &List),
            false,
        ),
        (&|heap, _| assert!(filled(heap, 4).len(heap) == Ok(4)), true),
    ] {
        let scenario = Scenario { prepare: &nested, act, look: &gone, meanwhile: None, shared };
        assert!(with_small_nodes(|| exhaust(&scenario)).unwrap().cuts > 3);
    }
}
