//! Every operation of the queue, killed after every store.

pub(crate) mod waiting;

use super::{Counts, Got, Put, Queue};
use crate::failure::{Failure, Result};
use crate::harness::{Report, Scenario, Stage, as_survivor, exhaust, sweep_beside};
use crate::list::kills::LONG;
use crate::list::{End, List, with_small_nodes};
use crate::value::{Kind, Loaded, Value};

/// What a bystander sees: the items and what is counted, or that the queue is gone.
type View = Option<(Vec<Loaded>, Counts)>;

pub(crate) type Verdict = std::result::Result<Report, String>;

fn view(heap: &Stage, queue: &Queue) -> Result<View> {
    match queue.list().snapshot(heap) {
        Err(Failure::ObjectGone) => Ok(None),
        other => Ok(Some((other?.0, queue.counts(heap)?))),
    }
}

fn value(number: u64) -> Value<'static> {
    if number % 3 == 1 { Value::Data(Kind::Str, &[LONG]) } else { Value::Int(number.cast_signed()) }
}

/// A queue of which `gone` items were taken, and `count` are left.
pub(crate) fn filled(heap: &Stage, gone: u64, count: u64) -> Queue {
    let queue = Queue::create(heap, 0).unwrap();
    for number in 0..gone + count {
        assert_eq!(queue.put(heap, &value(number)), Ok(Put::Done));
    }
    for _ in 0..gone {
        assert!(matches!(queue.get(heap, End::Front), Ok(Got::Item(_))));
    }
    queue
}

/// Leaves slabs with free blocks of every size that is needed: making them was killed elsewhere, store by store.
fn warm_up(heap: &Stage) {
    let queue = filled(heap, 0, 60);
    queue.put(heap, &Value::Object(queue.handle())).unwrap();
    queue.close(heap, true).unwrap();
    heap.let_go(queue.handle()).unwrap();
}

pub(crate) fn kill(prepare: &dyn Fn(&Stage) -> Queue, act: &dyn Fn(&Stage, &Queue)) -> Verdict {
    with_small_nodes(|| {
        exhaust(&Scenario {
            prepare: &|heap| {
                warm_up(heap);
                prepare(heap)
            },
            act,
            look: &view,
            meanwhile: None,
            shared: true,
        })
    })
}

#[track_caller]
fn survives(gone: u64, count: u64, act: &dyn Fn(&Stage, &Queue)) {
    let report = kill(&|heap| filled(heap, gone, count), act).unwrap();
    assert!(report.cuts > 3, "{report:?}");
}

#[test]
fn putting_survives_every_kill() {
    // An empty queue; room; a larger leaf; a first split; a split; a higher root; behind a gap in the middle.
    for (gone, count) in [(0, 0), (0, 2), (0, 3), (0, 7), (0, 13), (0, 31), (5, 4), (20, 6)] {
        for number in [0, 1] {
            survives(gone, count, &|heap, queue| {
                assert_eq!(queue.put(heap, &value(number)), Ok(Put::Done));
            });
        }
    }
}

#[test]
fn taking_survives_every_kill() {
    // The last one; of a leaf; the last of a leaf; a root that becomes lower; more levels.
    for (gone, count) in [(0, 1), (0, 2), (1, 1), (0, 5), (5, 3), (6, 2), (6, 40), (33, 9), (36, 1)]
    {
        for end in [End::Front, End::Back] {
            survives(gone, count, &|heap, queue| {
                assert!(matches!(queue.get(heap, end), Ok(Got::Item(_))));
            });
        }
    }
}

#[test]
fn putting_in_the_middle_or_back_survives_every_kill() {
    for (count, index) in [(0, 0), (4, 2), (7, 3), (31, 20)] {
        survives(0, count, &|heap, queue| {
            let before = queue.version(heap).unwrap();
            let mut put = Put::Changed;
            for _ in 0..9 {
                if put == Put::Changed {
                    let version = queue.version(heap).unwrap();
                    put = queue.put_at(heap, version, index, &value(1)).unwrap();
                }
            }
            assert_eq!(put, Put::Done);
            assert_eq!(queue.put_at(heap, before, index, &value(1)), Ok(Put::Changed));
        });
    }
    for end in [End::Front, End::Back] {
        survives(3, 4, &|heap, queue| queue.put_back(heap, end, &value(1)).unwrap());
    }
}

/// Several at a time are several changes: after each of them, a prefix is in or out.
#[test]
fn each_change_of_several_survives_every_kill() {
    for (gone, count, more) in [(0, 0, 5), (0, 3, 3), (2, 3, 4), (6, 1, 6)] {
        survives(gone, count, &|heap, queue| {
            let values: Vec<_> = (0..more).map(Value::Int).collect();
            let first = values.len().min(7 - count as usize);
            assert_eq!(queue.put_many(heap, &values[..first]), Ok((first, Put::Done)));
        });
    }
    for (gone, count, most) in [(0, 5, 3), (0, 5, 5), (3, 4, 9), (4, 4, 2)] {
        for end in [End::Front, End::Back] {
            survives(gone, count, &|heap, queue| {
                let mut items = Vec::new();
                assert_eq!(
                    queue.get_many(heap, end, most.min(count as usize), &mut items),
                    Ok(None)
                );
            });
        }
    }
}

#[test]
fn saying_that_items_are_done_survives_every_kill() {
    survives(2, 1, &|heap, queue| assert_eq!(queue.task_done(heap), Ok(Some(2))));
}

#[test]
fn closing_survives_every_kill() {
    for count in [0, 3, 20] {
        for immediate in [false, true] {
            survives(1, count, &|heap, queue| queue.close(heap, immediate).unwrap());
        }
    }
}

/// A queue that alone holds a list.
fn nested(heap: &Stage) -> Queue {
    let (queue, inner) = (Queue::create(heap, 0).unwrap(), List::create(heap).unwrap());
    inner.append(heap, &Value::Data(Kind::Str, &[LONG])).unwrap();
    queue.put(heap, &Value::Object(inner.handle())).unwrap();
    queue.put(heap, &value(1)).unwrap();
    heap.let_go(inner.handle()).unwrap();
    queue
}

#[test]
fn references_survive_every_kill() {
    for act in [
        &(|heap: &Stage, queue: &Queue| drop(queue.get(heap, End::Front).unwrap()))
            as &dyn Fn(&Stage, &Queue),
        &|heap, queue| drop(queue.get_many(heap, End::Back, 2, &mut Vec::new()).unwrap()),
        &|heap, queue| queue.close(heap, true).unwrap(),
        &|heap, queue| {
            let Some(Loaded::Object(inner)) = queue.list().get(heap, 0).unwrap() else { panic!() };
            assert_eq!(queue.put(heap, &Value::Object(inner)), Ok(Put::Done));
        },
    ] {
        let look = |heap: &Stage, queue: &Queue| queue.counts(heap);
        let scenario =
            Scenario { prepare: &nested, act, look: &look, meanwhile: None, shared: true };
        assert!(with_small_nodes(|| exhaust(&scenario)).unwrap().cuts > 3);
    }
}

#[test]
fn creating_and_dropping_survive_every_kill() {
    let gone = |_: &Stage, _: &Queue| Ok(());
    for (act, shared) in [
        (
            &(|heap: &Stage, queue: &Queue| heap.let_go(queue.handle()).unwrap())
                as &dyn Fn(&Stage, &Queue),
            false,
        ),
        (&|heap, _| assert!(filled(heap, 0, 4).len(heap) == Ok(4)), true),
    ] {
        let scenario = Scenario { prepare: &nested, act, look: &gone, meanwhile: None, shared };
        assert!(with_small_nodes(|| exhaust(&scenario)).unwrap().cuts > 3);
    }
}

/// The actor takes what the survivor put; the survivor gives the memory out anew before it recovers.
pub(crate) fn take_what_another_put() -> Verdict {
    exhaust(&Scenario {
        prepare: &|heap| {
            let (queue, other) = (filled(heap, 0, 0), filled(heap, 0, 1));
            as_survivor(heap, |survivor| queue.put(survivor, &value(1)).unwrap());
            (queue, other)
        },
        act: &|heap, (queue, _): &(Queue, Queue)| drop(queue.get(heap, End::Front)),
        look: &|heap, (queue, _)| view(heap, queue),
        meanwhile: Some(&|survivor, (_, other)| {
            survivor.rediscover().unwrap();
            other.put(survivor, &value(1)).unwrap();
        }),
        shared: true,
    })
}

#[test]
fn memory_of_what_was_taken_is_not_freed_twice() {
    assert!(take_what_another_put().unwrap().cuts > 3);
}

#[test]
fn sweeping_another_process_takes_nothing_from_who_is_taking() {
    let sweeps = sweep_beside(&Scenario {
        prepare: &nested,
        act: &|heap, queue: &Queue| drop(queue.get_many(heap, End::Front, 2, &mut Vec::new())),
        look: &|heap, queue| queue.counts(heap),
        meanwhile: None,
        shared: true,
    });
    assert!(sweeps.unwrap() > 3);
}
