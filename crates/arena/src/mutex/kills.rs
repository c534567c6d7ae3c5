//! Threads that are killed while they take, leave or wait for a lock (for tests).

use super::{Freed, Glimpse, Mutex, Taken};
use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{Report, Scenario, Stage, as_survivor, exhaust};
use crate::life::{self, Ending, LifeId};
use crate::wait::{Look, Ticket};

/// A lock, the lives of actor and survivors, and the tickets of those who wait.
pub(crate) struct Scene {
    lock: Mutex,
    lives: [LifeId; 3],
    tickets: Vec<Ticket>,
}

/// `waiters` are numbers of lives.
fn scene(heap: &Stage, is_reentrant: bool, holder: Option<usize>, waiters: &[usize]) -> Scene {
    let lock = Mutex::create(heap, is_reentrant).unwrap();
    let lives = [1, 2, 3].map(|thread| life::play(heap, thread));
    if let Some(holder) = holder {
        assert_eq!(lock.try_acquire(heap, lives[holder]), Ok(Taken::Now));
    }
    let stand = |heap: &Stage, me: usize| {
        let (taken, ticket) = lock.enqueue(heap, lives[me], 1).unwrap();
        assert_eq!(taken, Taken::Busy);
        ticket.unwrap()
    };
    let tickets = waiters
        .iter()
        .map(
            |&me| if me == 1 { as_survivor(heap, |heap| stand(heap, me)) } else { stand(heap, me) },
        )
        .collect();
    Scene { lock, lives, tickets }
}

/// Whether all is well with the living: the holder lives if somebody waits, and who waits will be told of its death.
fn is_sound(heap: &Stage, scene: &Scene) -> Result<bool> {
    let holder = scene.lock.holder(heap)?.map(|holder| holder.life);
    let waiters = scene.lock.waiters(heap)?;
    let is_cared_for = match holder {
        Some(life) => heap.ending(life)? == Ending::Lives,
        None => scene.tickets.iter().any(|ticket| !ticket.is_untold(&heap.space)), // And awake.
    };
    Ok(waiters.is_empty() || is_cared_for)
}

fn killed(
    is_reentrant: bool,
    holder: Option<usize>,
    waiters: &[usize],
    act: &dyn Fn(&Stage, &Scene),
) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &|heap| scene(heap, is_reentrant, holder, waiters),
        act,
        look: &is_sound,
        meanwhile: None,
        shared: true,
    })
}

/// The actor hands the lock over to the survivor.
pub(crate) fn release_to_a_waiter() -> Finding<Report> {
    killed(false, Some(0), &[1], &|heap, scene| {
        assert_eq!(scene.lock.release(heap, scene.lives[0]), Ok(Freed::Done));
    })
}

#[test]
fn taking_and_leaving_survive_every_kill() {
    for is_reentrant in [false, true] {
        let report = killed(is_reentrant, None, &[], &|heap, scene| {
            let me = scene.lives[0];
            assert_eq!(scene.lock.try_acquire(heap, me), Ok(Taken::Now));
            let again = if is_reentrant { Taken::Now } else { Taken::Busy };
            assert_eq!(scene.lock.try_acquire(heap, me), Ok(again));
            assert_eq!(scene.lock.release(heap, me), Ok(Freed::Done));
            let rest = if is_reentrant { Freed::Done } else { Freed::NotHeld };
            assert_eq!(scene.lock.release(heap, me), Ok(rest));
        });
        assert!(report.unwrap().cuts > 3);
    }
}

#[test]
fn looking_out_survives_every_kill() {
    let report = killed(false, None, &[], &|heap, scene| {
        assert_eq!(scene.lock.glimpse(heap, scene.lives[0], 0), Ok(Glimpse::Taken));
        assert_eq!(scene.lock.glimpse(heap, scene.lives[0], 0), Ok(Glimpse::Held));
        assert_eq!(scene.lock.release(heap, scene.lives[0]), Ok(Freed::Done));
    });
    assert!(report.unwrap().cuts > 1);
}

#[test]
fn seeking_a_lock_and_giving_way_survive_every_kill() {
    let report = killed(false, Some(1), &[], &|heap, scene| {
        for looks in [0, u32::MAX, u32::MAX] {
            assert_eq!(scene.lock.glimpse(heap, scene.lives[0], looks), Ok(Glimpse::Held));
        }
    });
    assert!(report.unwrap().cuts > 0);
    for is_reentrant in [false, true] {
        let report = exhaust(&Scenario {
            prepare: &|heap| {
                let scene = scene(heap, is_reentrant, Some(0), &[]);
                let glimpse = |heap: &Stage| scene.lock.glimpse(heap, scene.lives[1], u32::MAX);
                assert_eq!(as_survivor(heap, glimpse), Ok(Glimpse::Held));
                scene
            },
            act: &|heap, scene: &Scene| {
                assert_eq!(scene.lock.release(heap, scene.lives[0]), Ok(Freed::Done));
            },
            look: &is_sound,
            meanwhile: None,
            shared: true,
        });
        assert!(report.unwrap().cuts > 0);
    }
}

#[test]
fn handing_over_survives_every_kill() {
    assert!(release_to_a_waiter().unwrap().cuts > 8);
    let report = killed(true, Some(0), &[1, 2], &|heap, scene| {
        assert_eq!(scene.lock.release(heap, scene.lives[0]), Ok(Freed::Done));
        assert_eq!(scene.lock.holder(heap).unwrap().unwrap().life, scene.lives[1]);
    });
    assert!(report.unwrap().cuts > 8);
}

#[test]
fn leaving_a_lock_free_and_overtaking_survive_every_kill() {
    for waiters in [&[1][..], &[1, 2]] {
        let report = killed(false, Some(0), waiters, &|heap, scene| {
            heap.space.memory.now_ns.set(0); // It was handed over just now.
            let (lock, me) = (scene.lock, scene.lives[0]);
            assert_eq!(lock.release(heap, me), Ok(Freed::Done));
            assert!(!lock.is_locked(heap).unwrap());
            assert_eq!(lock.try_acquire(heap, me), Ok(Taken::Now));
            assert_eq!(lock.release(heap, me), Ok(Freed::Done));
        });
        assert!(report.unwrap().cuts > 6);
    }
}

#[test]
fn taking_what_was_left_free_survives_every_kill() {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let scene = scene(heap, false, Some(1), &[0, 2]);
            heap.space.memory.now_ns.set(0);
            let release = |heap: &Stage| scene.lock.release(heap, scene.lives[1]);
            assert_eq!(as_survivor(heap, release), Ok(Freed::Done));
            scene
        },
        act: &|heap, scene: &Scene| {
            let (lock, me, ticket) = (scene.lock, scene.lives[0], scene.tickets[0]);
            assert_eq!(lock.look(heap, me, ticket), Ok(Look::Over(Taken::Now)));
            ticket.free(heap).unwrap();
            assert_eq!(lock.release(heap, me), Ok(Freed::Done));
        },
        look: &is_sound,
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 8);
}

#[test]
fn standing_in_line_and_leaving_it_survive_every_kill() {
    let report = killed(false, Some(1), &[], &|heap, scene| {
        let me = scene.lives[0];
        let (taken, ticket) = scene.lock.enqueue(heap, me, 1).unwrap();
        assert_eq!(taken, Taken::Busy);
        assert_eq!(scene.lock.abandon(heap, me, ticket.unwrap()), Ok(Taken::Busy));
    });
    assert!(report.unwrap().cuts > 10);
    for middle in [[0, 1], [1, 0]] {
        let report = killed(false, Some(2), &middle, &|heap, scene| {
            let mine = middle.iter().position(|&life| life == 0).unwrap();
            let (me, ticket) = (scene.lives[0], scene.tickets[mine]);
            assert_eq!(scene.lock.abandon(heap, me, ticket), Ok(Taken::Busy));
        });
        assert!(report.unwrap().cuts > 4);
    }
}

#[test]
fn a_dead_holder_is_followed_by_whoever_waits() {
    let report = killed(false, Some(0), &[1, 2], &|_, _| ());
    assert!(report.unwrap().cuts_of_recovery > 4);
    let report = killed(false, Some(0), &[], &|_, _| ());
    assert!(report.unwrap().cuts_of_recovery > 1);
}

#[test]
fn a_lock_that_is_dropped_takes_its_line_along() {
    let report = exhaust(&Scenario {
        prepare: &|heap| scene(heap, false, Some(0), &[2]),
        act: &|heap, scene: &Scene| heap.let_go(scene.lock.handle()).unwrap(),
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 4);
}
