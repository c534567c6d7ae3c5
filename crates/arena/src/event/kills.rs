//! Threads that are killed while they raise a flag, or wait for one (for tests).

use super::Event;
use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, exhaust};
use crate::heap::Heap;
use crate::life::{self, Life, LifeId};
use crate::wait::patience::Until;
use crate::wait::sleep::Ended;
use crate::wait::{Look, Ticket};

/// An event, the actor's life, and the tickets of two threads of the bystander.
struct Scene {
    event: Event,
    me: LifeId,
    tickets: [Ticket; 2],
}

fn scene(heap: &Stage) -> Scene {
    let event = Event::create(heap).unwrap();
    let me = life::play(heap, 1);
    let tickets = as_bystander(heap, |heap| {
        [BYSTANDER; 2].map(|thread| event.enqueue(heap, life::play(heap, thread)).unwrap().unwrap())
    });
    Scene { event, me, tickets }
}

/// Whether the flag is raised, and how many waits are over.
fn view(heap: &Stage, scene: &Scene) -> Result<(bool, usize)> {
    let mut over = 0;
    for ticket in scene.tickets {
        over += usize::from(scene.event.look(heap, ticket)? == Look::Over(()));
    }
    Ok((scene.event.is_set(heap)?, over))
}

fn killed(act: &dyn Fn(&Stage, &Scene)) -> Finding<Report> {
    exhaust(&Scenario { prepare: &scene, act, look: &view, meanwhile: None, shared: true })
}

#[test]
fn raising_the_flag_survives_every_kill() {
    let report = killed(&|heap, scene| {
        scene.event.set(heap).unwrap();
        assert_eq!(view(heap, scene), Ok((true, 2)));
    });
    assert!(report.unwrap().cuts > 4);
}

#[test]
fn a_flag_that_is_lowered_at_once_has_ended_all_waits() {
    let prepare = |heap: &Stage| {
        let scene = scene(heap);
        scene.event.set(heap).unwrap();
        scene
    };
    let report = exhaust(&Scenario {
        prepare: &prepare,
        act: &|heap, scene: &Scene| scene.event.clear(heap).unwrap(),
        look: &view,
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 1);
}

#[test]
fn standing_in_line_and_leaving_it_survive_every_kill() {
    let report = killed(&|heap, scene| {
        let ticket = scene.event.enqueue(heap, scene.me).unwrap().unwrap();
        assert_eq!(scene.event.abandon(heap, ticket), Ok(false));
    });
    assert!(report.unwrap().cuts > 10);
}

#[test]
fn an_event_that_is_dropped_takes_its_line_along() {
    let report = exhaust(&Scenario {
        prepare: &scene,
        act: &|heap, scene: &Scene| heap.let_go(scene.event.handle()).unwrap(),
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 4);
}

#[test]
fn who_waits_goes_on_when_the_flag_is_raised() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let event = Event::create(&heap).unwrap();
    let wait = |mut patience| {
        let life = Life::begin(&heap).unwrap();
        let ended = event.wait(&heap, life.id(), &mut patience);
        life.end(&heap).unwrap();
        ended
    };
    assert_eq!(wait(Until::milliseconds(1)), Ok(Ended::TimedOut));
    assert_eq!(wait(Until::no_rest()), Ok(Ended::GivenUp));
    assert_eq!(event.waiters(&heap), Ok(vec![]));
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| wait(Until::the_end()))).collect();
        while event.waiters(&heap).unwrap().len() < 3 {
            std::thread::yield_now();
        }
        event.set(&heap).unwrap();
        event.clear(&heap).unwrap();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == Ok(Ended::Over(()))));
    });
    event.set(&heap).unwrap();
    let again = Event::open(&heap, event.handle()).unwrap();
    assert_eq!(again.is_set(&heap), Ok(true));
    assert_eq!(wait(Until::milliseconds(0)), Ok(Ended::Over(())));
}
