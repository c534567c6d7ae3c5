//! Threads that are killed while they meet (for tests).

use super::{Arrival, Barrier, Met};
use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, exhaust};
use crate::life::{self, LifeId};
use crate::wait::{Look, Ticket};

/// A barrier for three, the actor's life, and the tickets of those who wait.
struct Scene {
    barrier: Barrier,
    me: LifeId,
    tickets: Vec<Ticket>,
}

fn come(heap: &Stage, barrier: Barrier, thread: u32) -> Ticket {
    match barrier.arrive(heap, life::play(heap, thread)).unwrap() {
        Arrival::Waits(ticket) => ticket,
        Arrival::Over(met) => panic!("{met:?}"),
    }
}

/// `waiters` threads of the bystander wait.
fn scene(heap: &Stage, waiters: usize) -> Scene {
    let barrier = Barrier::create(heap, 3, 0).unwrap();
    let me = life::play(heap, 1);
    let tickets =
        as_bystander(heap, |heap| (0..waiters).map(|_| come(heap, barrier, BYSTANDER)).collect());
    Scene { barrier, me, tickets }
}

/// How the barrier stands, and how the waits have ended.
fn view(heap: &Stage, scene: &Scene) -> Result<(u64, bool, Vec<Look<Met>>)> {
    let looks = scene.tickets.iter().map(|&ticket| {
        let look = scene.barrier.look(heap, ticket)?;
        Ok(if let Look::Over(_) = look { look } else { Look::Behind(None) })
    });
    let looks = looks.collect::<Result<_>>()?;
    Ok((scene.barrier.waiting(heap)?, scene.barrier.is_broken(heap)?, looks))
}

fn killed(waiters: usize, act: &dyn Fn(&Stage, &Scene)) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &|heap| scene(heap, waiters),
        act,
        look: &view,
        meanwhile: None,
        shared: true,
    })
}

/// The actor comes as the last one.
pub(crate) fn last_one_comes() -> Finding<Report> {
    killed(2, &|heap, scene| {
        let arrival = scene.barrier.arrive(heap, scene.me).unwrap();
        assert_eq!(arrival, Arrival::Over(Met::All(2)));
    })
}

#[test]
fn meeting_survives_every_kill() {
    assert!(last_one_comes().unwrap().cuts > 8);
}

fn ended_by(end: fn(&Barrier, &Stage) -> Result<()>) {
    for (waiters, cuts) in [(2, 4), (0, 1)] {
        let report = killed(waiters, &|heap, scene| end(&scene.barrier, heap).unwrap());
        assert!(report.unwrap().cuts > cuts);
    }
}

#[test]
fn breaking_and_resetting_survive_every_kill() {
    ended_by(Barrier::abort);
    ended_by(Barrier::reset);
}

/// The actor's own wait, which its death ends otherwise than itself.
fn killed_waiter(comes_first: bool, act: &dyn Fn(&Stage, &Scene)) -> Finding<Report> {
    let prepare = |heap: &Stage| {
        let mut scene = scene(heap, usize::from(!comes_first));
        if comes_first {
            scene.tickets.push(come(heap, scene.barrier, 1));
            scene.tickets.push(as_bystander(heap, |heap| come(heap, scene.barrier, BYSTANDER)));
        }
        scene
    };
    exhaust(&Scenario {
        prepare: &prepare,
        act,
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: true,
    })
}

#[test]
fn coming_and_going_survive_every_kill() {
    for is_late in [false, true] {
        let report = killed_waiter(false, &|heap, scene| {
            let Arrival::Waits(ticket) = scene.barrier.arrive(heap, scene.me).unwrap() else {
                panic!("nobody to wait for");
            };
            let met = scene.barrier.abandon(heap, ticket, is_late).unwrap();
            assert_eq!(met, is_late.then_some(Met::Broken));
            assert_eq!(scene.barrier.is_broken(heap), Ok(is_late));
        });
        assert!(report.unwrap().cuts > 10);
    }
}

#[test]
fn the_death_of_one_who_waits_breaks_the_barrier() {
    assert!(killed_waiter(true, &|_, _| ()).unwrap().cuts_of_recovery > 4);
    // And it does so for whoever looks before the sweep.
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let mut scene = scene(heap, 1);
            scene.tickets.push(come(heap, scene.barrier, 1));
            scene
        },
        act: &|_, _| (),
        look: &|_, _| Ok(()),
        meanwhile: Some(&|heap, scene: &Scene| {
            assert_eq!(scene.barrier.look(heap, scene.tickets[0]), Ok(Look::Over(Met::Broken)));
            assert_eq!(scene.barrier.is_broken(heap), Ok(true));
        }),
        shared: true,
    });
    assert_eq!(report.unwrap().cuts, 1);
}

#[test]
fn a_barrier_that_is_dropped_takes_its_line_along() {
    let report = exhaust(&Scenario {
        prepare: &|heap| scene(heap, 2),
        act: &|heap, scene: &Scene| heap.let_go(scene.barrier.handle()).unwrap(),
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 4);
}
