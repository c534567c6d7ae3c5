//! Threads that are killed while they wait for a condition, or tell those who do (for tests).

use super::Condition;
use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, exhaust};
use crate::life::{self, LifeId};
use crate::mutex::{Freed, Mutex, Taken};
use crate::wait::Ticket;

/// A condition with a lock of its own, the actor's life, and the tickets of those who wait.
struct Scene {
    condition: Condition,
    me: LifeId,
    tickets: Vec<Ticket>,
}

/// Stands in line, and leaves the lock.
fn wait(heap: &Stage, condition: Condition, me: LifeId) -> Ticket {
    let lock = condition.mutex();
    assert_eq!(lock.try_acquire(heap, me), Ok(Taken::Now));
    let ticket = condition.stand(heap, me).unwrap().unwrap();
    assert_eq!(lock.release_wholly(heap, me), Ok(Some(1)));
    ticket
}

/// `waiters` says for each whether it is of the actor's process. The actor has the lock.
fn scene(heap: &Stage, waiters: &[bool]) -> Scene {
    let condition = Condition::create_with_lock(heap, 0).unwrap();
    let lock = condition.mutex();
    let me = life::play(heap, 1);
    let mut tickets = Vec::new();
    for &is_actors in waiters {
        tickets.push(if is_actors {
            wait(heap, condition, me)
        } else {
            as_bystander(heap, |heap| wait(heap, condition, life::play(heap, BYSTANDER)))
        });
    }
    assert_eq!(lock.try_acquire(heap, me), Ok(Taken::Now));
    Scene { condition, me, tickets }
}

/// How many of those in line have been told.
fn told(heap: &Stage, scene: &Scene) -> Result<usize> {
    Ok(scene.condition.line().told(&heap.space)?.len())
}

fn killed(waiters: &[bool], act: &dyn Fn(&Stage, &Scene)) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &|heap| scene(heap, waiters),
        act,
        look: &told,
        meanwhile: None,
        shared: true,
    })
}

#[test]
fn telling_one_survives_every_kill() {
    let report = killed(&[false, false], &|heap, scene| {
        assert_eq!(scene.condition.notify(heap, scene.me, 1), Ok(true));
        assert_eq!(told(heap, scene), Ok(1));
    });
    assert!(report.unwrap().cuts > 2);
}

#[test]
fn standing_in_line_and_leaving_it_survive_every_kill() {
    let report = killed(&[false], &|heap, scene| {
        let ticket = scene.condition.stand(heap, scene.me).unwrap().unwrap();
        assert_eq!(scene.condition.mutex().release(heap, scene.me), Ok(Freed::Done));
        assert_eq!(scene.condition.give_up(heap, ticket), Ok(false));
    });
    assert!(report.unwrap().cuts > 10);
}

/// The actor is the first in line, and was told.
fn told_first(heap: &Stage) -> Scene {
    let scene = scene(heap, &[true, false, false]);
    assert_eq!(scene.condition.notify(heap, scene.me, 1), Ok(true));
    scene
}

/// The actor, who has been told, dies; or passes on by itself what it was told.
pub(crate) fn pass_on(by_itself: bool) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &told_first,
        act: &|heap, scene: &Scene| {
            if by_itself {
                scene.condition.leave(heap, scene.tickets[0], true).unwrap();
            }
        },
        look: &told,
        meanwhile: None,
        shared: true,
    })
}

#[test]
fn what_a_dead_one_was_told_is_passed_on() {
    assert!(pass_on(false).unwrap().cuts_of_recovery > 8);
    assert!(pass_on(true).unwrap().cuts > 8);
}

#[test]
fn a_condition_that_is_dropped_takes_its_lock_along() {
    let report = exhaust(&Scenario {
        prepare: &|heap| scene(heap, &[false, false]),
        act: &|heap, scene: &Scene| heap.let_go(scene.condition.handle()).unwrap(),
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 8);
}

#[test]
fn making_one_survives_every_kill() {
    let report = exhaust(&Scenario {
        prepare: &|heap| Mutex::create(heap, false).unwrap(),
        act: &|heap, &lock| {
            let condition = Condition::create(heap, lock).unwrap();
            let again = Condition::open(heap, condition.handle()).unwrap();
            assert_eq!(again, condition);
        },
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 8);
}
