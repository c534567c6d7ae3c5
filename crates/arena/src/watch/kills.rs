//! Threads that are killed while they change what others watch, or watch it themselves (for tests).

use super::Watch;
use crate::audit::Finding;
use crate::dict::kills::{LONG, filled, key};
use crate::dict::{Dict, Set};
use crate::failure::{Failure, Result};
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, as_survivor, exhaust};
use crate::heap::Heap;
use crate::life::{self, Life, LifeId};
use crate::list::{self, List};
use crate::memory::Memory;
use crate::object::Handle;
use crate::value::{Kind, Value};
use crate::variable::Variable;
use crate::wait::Look;
use crate::wait::patience::Until;
use crate::wait::sleep::Ended;

/// What is done to a dict.
type Act<'a> = &'a dyn Fn(&Stage, &Dict);

/// A container, the actor's life, and the watches of two threads of the bystander.
struct Scene<C> {
    container: C,
    me: LifeId,
    watches: [Watch; 2],
}

fn scene<C>(heap: &Stage, container: C, handle: Handle) -> Scene<C> {
    let me = life::play(heap, 1);
    // The actor does not watch as well: taking it out, once it is dead, tells the others, who may not have been told.
    let watches = as_bystander(heap, |heap| {
        [BYSTANDER; 2].map(|thread| {
            heap.hold(handle).unwrap();
            Watch::begin(heap, handle, life::play(heap, thread)).unwrap()
        })
    });
    Scene { container, me, watches }
}

fn is_told<C>(heap: &Stage, scene: &Scene<C>) -> Result<bool> {
    let mut all = true;
    for watch in scene.watches {
        all &= watch.look(heap)? == Look::Over(());
    }
    Ok(all)
}

/// Kills a change of a container. Whoever sees it done must find that all were told, be there more or less to see.
fn killed<C, V: PartialEq + std::fmt::Debug>(
    make: impl Fn(&Stage) -> (C, Handle),
    act: impl Fn(&Stage, &C),
    see: impl Fn(&Stage, &C) -> Result<V>,
) -> Finding<Report> {
    let prepare = |heap: &Stage| {
        let (container, handle) = make(heap);
        let before = see(heap, &container).unwrap();
        (scene(heap, container, handle), before)
    };
    exhaust(&Scenario {
        prepare: &prepare,
        act: &|heap, (scene, _): &(Scene<C>, V)| {
            act(heap, &scene.container);
            assert_eq!(is_told(heap, scene), Ok(true));
        },
        look: &|heap, (scene, before)| {
            let seen = see(heap, &scene.container)?;
            let is_missed = seen != *before && !is_told(heap, scene)?;
            Ok((seen, is_missed))
        },
        meanwhile: None,
        shared: true,
    })
}

fn of_a_dict(act: impl Fn(&Stage, &Dict)) -> Finding<Report> {
    let see = |heap: &Stage, dict: &Dict| {
        Ok((dict.len(heap)?, dict.get(heap, &key(0))?, dict.get(heap, &key(7))?))
    };
    let make = |heap: &Stage| {
        let dict = filled(heap, 2);
        (dict, dict.handle())
    };
    killed(make, act, see)
}

/// A change that is one store, and one that takes several.
pub(crate) fn change_what_is_watched() -> Finding<Report> {
    of_a_dict(|heap, dict| {
        dict.set(heap, &key(0), &Value::Int(70)).unwrap();
    })?;
    of_a_dict(|heap, dict| {
        dict.set(heap, &key(7), &Value::Int(7)).unwrap();
    })
}

#[test]
fn who_watches_a_dict_misses_no_change_whoever_dies() {
    assert!(change_what_is_watched().unwrap().cuts > 20);
    let long = Value::Data(Kind::Str, &[LONG]);
    let acts: [Act<'_>; 4] = [
        &|heap, dict| assert!(dict.remove(heap, &key(0)).unwrap()),
        &|heap, dict| dict.clear(heap).unwrap(),
        &|heap, dict| assert!(!dict.set(heap, &key(0), &long).unwrap()),
        &|heap, dict| assert_eq!(dict.add(heap, &key(7), 1, 0), Ok(1)),
    ];
    for act in acts {
        assert!(of_a_dict(act).unwrap().cuts > 4);
    }
}

#[test]
fn who_watches_anything_else_misses_no_change_whoever_dies() {
    let variable = killed(
        |heap| {
            let variable = Variable::create(heap, &Value::Int(1)).unwrap();
            (variable, variable.handle())
        },
        |heap, variable| assert_eq!(variable.add(heap, 1), Ok(2)),
        |heap, variable| Ok(variable.get(heap)?.0),
    );
    assert!(variable.unwrap().cuts > 2);
    let list = killed(
        |heap| {
            let list = list::kills::filled(heap, 3);
            (list, list.handle())
        },
        |heap, list: &List| assert_eq!(list.append(heap, &Value::Int(1)), Ok(4)),
        |heap, list| list.len(heap),
    );
    assert!(list.unwrap().cuts > 4);
    let set = killed(
        |heap| {
            let set = Set::create(heap).unwrap();
            (set, set.handle())
        },
        |heap, set| assert!(set.add(heap, &key(1)).unwrap()),
        |heap, set| set.contains(heap, &key(1)),
    );
    assert!(set.unwrap().cuts > 4);
}

#[test]
fn beginning_and_ending_to_watch_survive_every_kill() {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 1);
            scene(heap, dict, dict.handle())
        },
        act: &|heap, scene: &Scene<Dict>| {
            let watch = Watch::begin(heap, scene.container.handle(), scene.me).unwrap();
            assert_eq!(watch.look(heap), Ok(Look::Behind(None)));
            scene.container.set(heap, &key(0), &Value::Int(0)).unwrap();
            assert_eq!(watch.look(heap), Ok(Look::Over(())));
            watch.arm(heap).unwrap();
            assert_eq!(watch.look(heap), Ok(Look::Behind(None)));
            watch.end(heap).unwrap();
        },
        look: &|heap, scene| scene.container.len(heap),
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 10);
}

#[test]
fn a_container_that_is_dropped_takes_along_who_watches_it() {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 1);
            let watch = Watch::begin(heap, dict.handle(), life::play(heap, 1)).unwrap();
            (dict, watch)
        },
        act: &|heap, (dict, watch): &(Dict, Watch)| {
            heap.let_go(dict.handle()).unwrap();
            assert_eq!(watch.look(heap), Ok(Look::Over(())));
            assert_eq!(watch.arm(heap), Err(Failure::ObjectGone));
            watch.end(heap).unwrap();
        },
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 4);
}

#[test]
fn who_died_watching_is_taken_out_by_those_who_tell_it_twice() {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 1);
            as_survivor(heap, |heap| {
                let life = life::play(heap, 2);
                heap.hold(dict.handle()).unwrap();
                Watch::begin(heap, dict.handle(), life).unwrap();
                life::end_all_of(&heap.space, 1).unwrap();
            });
            dict
        },
        act: &|heap, dict: &Dict| {
            for _ in 0..2 {
                dict.set(heap, &key(0), &Value::Int(1)).unwrap();
            }
            let line = crate::wait::Line::watching(dict.handle().at);
            assert_eq!(line.is_empty(&heap.space), Ok(true));
        },
        look: &|heap, dict| dict.len(heap),
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 4);
}

#[test]
fn what_is_no_container_cannot_be_watched() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let event = crate::event::Event::create(&heap).unwrap();
    let life = Life::begin(&heap).unwrap();
    assert_eq!(Watch::begin(&heap, event.handle(), life.id()), Err(Failure::WrongType));
    life.end(&heap).unwrap();
}

#[test]
fn who_watches_goes_on_with_each_change() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap();
    let watched = |keys: i64| {
        let life = Life::begin(&heap).unwrap();
        let watch = Watch::begin(&heap, dict.handle(), life.id()).unwrap();
        while dict.len(&heap).unwrap() < keys.cast_unsigned() {
            assert_eq!(watch.wait(&heap, &mut Until::the_end()), Ok(Ended::Over(())));
        }
        watch.end(&heap).unwrap();
        life.end(&heap).unwrap();
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| watched(500));
        }
        for number in 0..500 {
            dict.set(&heap, &key(number), &Value::Int(1)).unwrap();
        }
    });
    assert_eq!(heap.waits(), Ok(vec![]));
    let life = Life::begin(&heap).unwrap();
    let watch = Watch::begin(&heap, dict.handle(), life.id()).unwrap();
    assert_eq!(watch.wait(&heap, &mut Until::no_rest()), Ok(Ended::GivenUp));
    assert_eq!(watch.wait(&heap, &mut Until::milliseconds(1)), Ok(Ended::TimedOut));
    assert_eq!(heap.waits().unwrap().len(), 1);
    watch.end(&heap).unwrap();
    life.end(&heap).unwrap();
    let lock = dict.handle().at + crate::layout::lockable::LOCK;
    assert_eq!(heap.space.memory.load(lock), Ok(0));
}
