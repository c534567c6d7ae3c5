//! Threads that are killed while they wait for a queue, or do what others wait for.

use super::{Verdict, value};
use crate::failure::{Result, corrupt};
use crate::harness::{Scenario, Stage, as_survivor, exhaust};
use crate::life::{self, Ending, LifeId};
use crate::list::{End, with_small_nodes};
use crate::queue::{Counts, Got, Put, Queue, Wait};
use crate::value::{Loaded, Value};
use crate::wait::node::Standing;
use crate::wait::{Look, Ticket};

/// A queue, and who waits for it, in the order of coming.
pub(crate) struct Scene {
    queue: Queue,
    wait: Wait,
    lives: Vec<LifeId>,
    tickets: Vec<(usize, Ticket)>,
}

/// The numbers of the actor and the survivor.
const ACTOR: usize = 0;
const SURVIVOR: usize = 1;

/// A queue that has room for one item, and of which one item is not done.
fn scene(heap: &Stage, wait: Wait, waiters: &[usize]) -> Scene {
    let queue = Queue::create(heap, 1).unwrap();
    let lives: Vec<LifeId> = [1, 2, 3].map(|thread| life::play(heap, thread)).into();
    queue.put(heap, &value(1)).unwrap();
    if wait != Wait::Room {
        drop(queue.get(heap, End::Front).unwrap());
    }
    let stand = |heap: &Stage, me: usize| queue.stand(heap, lives[me], wait).unwrap().unwrap();
    let stand = |&me: &usize| match me {
        SURVIVOR => (me, as_survivor(heap, |heap| stand(heap, me))),
        _ => (me, stand(heap, me)),
    };
    let tickets = waiters.iter().map(stand).collect();
    Scene { queue, wait, lives, tickets }
}

/// What is in the queue. If the survivor waits for that, it, or somebody alive before it, must have been told.
fn look(heap: &Stage, scene: &Scene) -> Result<(Vec<Loaded>, Counts)> {
    let queue = scene.queue;
    let mut is_told = !queue.is_promising(heap, scene.wait);
    for &(who, ticket) in &scene.tickets {
        if !ticket.is_in_line(&heap.space)? || heap.ending(scene.lives[who])? != Ending::Lives {
            continue;
        }
        is_told |= ticket.standing(&heap.space)? == Standing::Notified;
        if who == SURVIVOR && !is_told {
            return corrupt("a wake-up was lost");
        }
    }
    Ok((queue.list().snapshot(heap)?.0, queue.counts(heap)?))
}

fn kill(wait: Wait, waiters: &[usize], act: &dyn Fn(&Stage, &Scene)) -> Verdict {
    kill_after(wait, waiters, &|_, _| {}, act)
}

fn kill_after(
    wait: Wait,
    waiters: &[usize],
    before: &dyn Fn(&Stage, &Scene),
    act: &dyn Fn(&Stage, &Scene),
) -> Verdict {
    with_small_nodes(|| {
        exhaust(&Scenario {
            prepare: &|heap| {
                let scene = scene(heap, wait, waiters);
                before(heap, &scene);
                scene
            },
            act,
            look: &look,
            meanwhile: None,
            shared: true,
        })
    })
}

#[track_caller]
fn survives(verdict: Verdict) {
    let report = verdict.unwrap();
    assert!(report.cuts > 3, "{report:?}");
}

fn do_it(heap: &Stage, scene: &Scene) {
    match scene.wait {
        Wait::Item => assert_eq!(scene.queue.put(heap, &Value::Int(7)), Ok(Put::Done)),
        Wait::Room => drop(scene.queue.get(heap, End::Front).unwrap()),
        Wait::Done => assert_eq!(scene.queue.task_done(heap), Ok(Some(0))),
    }
}

#[test]
fn standing_in_line_survives_every_kill() {
    for wait in Wait::ALL {
        for waiters in [&[][..], &[SURVIVOR]] {
            survives(kill(wait, waiters, &|heap, scene| {
                let me = life::play(heap, 1);
                assert!(scene.queue.stand(heap, me, wait).unwrap().is_some());
            }));
        }
    }
}

#[test]
fn doing_what_another_waits_for_survives_every_kill() {
    for wait in Wait::ALL {
        survives(kill(wait, &[SURVIVOR], &do_it));
        survives(kill(wait, &[SURVIVOR], &|heap, scene| {
            scene.queue.close(heap, true).unwrap();
        }));
    }
}

/// The actor, which stands before the survivor, has been told what it waits for, and `end`s its wait.
fn told(wait: Wait, end: &dyn Fn(&Stage, &Scene, Ticket)) -> Verdict {
    kill_after(wait, &[ACTOR, SURVIVOR], &do_it, &|heap, scene| {
        end(heap, scene, scene.tickets[0].1);
    })
}

#[test]
fn taking_what_was_waited_for_survives_every_kill() {
    survives(told(Wait::Item, &|heap, scene, ticket| {
        let attempt = || match scene.queue.get(heap, End::Front)? {
            Got::Item(item) => Ok(Some(item)),
            _ => Ok(None),
        };
        let over = scene.queue.look(heap, ticket, Wait::Item, attempt);
        assert_eq!(over, Ok(Look::Over(Loaded::Int(7))));
    }));
}

pub(crate) fn give_up_what_was_told() -> Verdict {
    told(Wait::Item, &|heap, scene, ticket| {
        let _ = scene.queue.abandon(heap, ticket, Wait::Item);
    })
}

pub(crate) fn die_after_being_told() -> Verdict {
    told(Wait::Item, &|_, _, _| {})
}

#[test]
fn giving_up_survives_every_kill() {
    survives(give_up_what_was_told());
    survives(told(Wait::Room, &|heap, scene, ticket| {
        scene.queue.abandon(heap, ticket, Wait::Room).unwrap();
    }));
    for waiters in [&[ACTOR][..], &[ACTOR, SURVIVOR], &[SURVIVOR, ACTOR]] {
        for wait in Wait::ALL {
            survives(kill(wait, waiters, &|heap, scene| {
                let (_, ticket) = scene.tickets.iter().find(|(who, _)| *who == ACTOR).unwrap();
                scene.queue.abandon(heap, *ticket, wait).unwrap();
            }));
        }
    }
}

#[test]
fn looking_in_vain_survives_every_kill() {
    die_after_being_told().unwrap();
    for wait in Wait::ALL {
        let before = |heap: &Stage, scene: &Scene| {
            do_it(heap, scene); // The actor is told, and finds that it is for nobody any more.
            match wait {
                Wait::Item => drop(scene.queue.get(heap, End::Front).unwrap()),
                _ => assert_eq!(scene.queue.put(heap, &Value::Int(8)), Ok(Put::Done)),
            }
        };
        survives(kill_after(wait, &[ACTOR, SURVIVOR], &before, &|heap, scene| {
            let look = scene.queue.look(heap, scene.tickets[0].1, wait, || Ok(None::<()>));
            assert_eq!(look, Ok(Look::Behind(None)));
        }));
    }
}
