//! Threads that are killed while they take, give back or wait for permits (for tests).

use super::{Given, Semaphore};
use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, exhaust};
use crate::life::{self, LifeId};
use crate::mutex::Taken;
use crate::wait::Ticket;

/// A semaphore, the lives of the actor and of two threads of the bystander, and the tickets of those who wait.
pub(crate) struct Scene {
    semaphore: Semaphore,
    lives: [LifeId; 3],
    tickets: Vec<Ticket>,
}

/// What the scene begins with.
struct Setting {
    value: u64,
    is_bounded: bool,
    /// Numbers of lives that have a recorded permit.
    holders: &'static [usize],
    /// Numbers of lives that wait.
    waiters: &'static [usize],
}

const BOUNDED: Setting = Setting { value: 2, is_bounded: true, holders: &[], waiters: &[] };
const PLAIN: Setting = Setting { value: 0, is_bounded: false, holders: &[], waiters: &[] };

fn scene(heap: &Stage, setting: &Setting) -> Scene {
    let semaphore = Semaphore::create(heap, setting.value, setting.is_bounded, false).unwrap();
    let lives = [1, BYSTANDER, BYSTANDER].map(|thread| life::play(heap, thread));
    for &holder in setting.holders {
        let me = lives[holder];
        assert_eq!(semaphore.try_acquire(heap, me, true), Ok(Taken::Now));
    }
    let stand = |heap: &Stage, me: usize| {
        let (taken, ticket) = semaphore.enqueue(heap, lives[me], setting.is_bounded).unwrap();
        assert_eq!(taken, Taken::Busy);
        ticket.unwrap()
    };
    let waiters = setting.waiters.iter();
    let tickets = waiters
        .map(|&me| match me {
            0 => stand(heap, me),
            _ => as_bystander(heap, |heap| stand(heap, me)),
        })
        .collect();
    Scene { semaphore, lives, tickets }
}

/// How many permits there are, free ones and those on record.
fn total(heap: &Stage, scene: &Scene) -> Result<u64> {
    let records = scene.semaphore.records(&heap.space)?;
    let noted = u64::from(scene.semaphore.word(heap)?.noted().is_some());
    let recorded = records.iter().map(|record| record.count).sum::<u64>();
    Ok(scene.semaphore.value(heap)? + noted + recorded)
}

/// How many permits are free or were handed over.
fn given(heap: &Stage, scene: &Scene) -> Result<u64> {
    let mut given = scene.semaphore.value(heap)?;
    for ticket in &scene.tickets {
        given += u64::from(!ticket.is_in_line(&heap.space)?);
    }
    Ok(given)
}

type Look = dyn Fn(&Stage, &Scene) -> Result<u64>;

fn killed(setting: &Setting, look: &Look, act: &dyn Fn(&Stage, &Scene)) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &|heap| scene(heap, setting),
        act,
        look,
        meanwhile: None,
        shared: true,
    })
}

/// The actor gives a permit back that a thread of the bystander waits for.
pub(crate) fn release_to_a_waiter() -> Finding<Report> {
    let setting = Setting { value: 1, holders: &[0], waiters: &[1], ..BOUNDED };
    killed(&setting, &total, &|heap, scene| {
        assert_eq!(scene.semaphore.release(heap, scene.lives[0], 1), Ok(Given::Done));
        assert_eq!(scene.semaphore.value(heap), Ok(0));
    })
}

#[test]
fn taking_and_giving_back_survive_every_kill() {
    let report = killed(&BOUNDED, &total, &|heap, scene| {
        let (semaphore, me) = (scene.semaphore, scene.lives[0]);
        for taken in [Taken::Now, Taken::Now, Taken::Busy] {
            assert_eq!(semaphore.try_acquire(heap, me, false), Ok(taken));
        }
        assert_eq!(semaphore.release(heap, me, 2), Ok(Given::Done));
        assert_eq!(semaphore.release(heap, me, 1), Ok(Given::TooMany));
    });
    assert!(report.unwrap().cuts > 10);
    let setting = Setting { holders: &[1, 1], ..BOUNDED };
    let report = killed(&setting, &total, &|heap, scene| {
        assert_eq!(scene.semaphore.release(heap, scene.lives[0], 1), Ok(Given::Done));
    });
    assert!(report.unwrap().cuts > 3);
}

#[test]
fn handing_over_survives_every_kill() {
    assert!(release_to_a_waiter().unwrap().cuts > 8);
    let setting = Setting { waiters: &[1, 2], ..PLAIN };
    let report = killed(&setting, &given, &|heap, scene| {
        assert_eq!(scene.semaphore.release(heap, scene.lives[0], 3), Ok(Given::Done));
        assert_eq!(scene.semaphore.value(heap), Ok(1));
    });
    assert!(report.unwrap().cuts > 8);
}

#[test]
fn with_statements_survive_every_kill() {
    let setting = Setting { value: 2, ..PLAIN };
    let report = killed(&setting, &total, &|heap, scene| {
        let (semaphore, me) = (scene.semaphore, scene.lives[0]);
        // The first one is noted, the other one is recorded, and so is the first one then.
        for _ in 0..2 {
            assert_eq!(semaphore.try_acquire(heap, me, true), Ok(Taken::Now));
        }
        for _ in 0..2 {
            assert_eq!(semaphore.leave(heap, me), Ok(Given::Done));
        }
    });
    assert!(report.unwrap().cuts > 20);
}

#[test]
fn standing_in_line_and_leaving_it_survive_every_kill() {
    let setting = Setting { holders: &[1, 2], ..BOUNDED };
    let report = killed(&setting, &total, &|heap, scene| {
        let (taken, ticket) = scene.semaphore.enqueue(heap, scene.lives[0], true).unwrap();
        assert_eq!(taken, Taken::Busy);
        assert_eq!(scene.semaphore.abandon(heap, ticket.unwrap()), Ok(Taken::Busy));
    });
    assert!(report.unwrap().cuts > 10);
    for waiters in [&[0, 1], &[1, 0]] {
        let setting = Setting { holders: &[1, 2], waiters, ..BOUNDED };
        let report = killed(&setting, &total, &|heap, scene| {
            let mine = waiters.iter().position(|&life| life == 0).unwrap();
            let ticket = scene.tickets[mine];
            assert_eq!(scene.semaphore.abandon(heap, ticket), Ok(Taken::Busy));
        });
        assert!(report.unwrap().cuts > 4);
    }
}

#[test]
fn the_permits_of_a_dead_holder_go_to_whoever_waits() {
    let setting = Setting { holders: &[0, 0], waiters: &[1, 2], ..BOUNDED };
    assert!(killed(&setting, &total, &|_, _| ()).unwrap().cuts_of_recovery > 10);
    let setting = Setting { holders: &[0, 1], waiters: &[], ..BOUNDED };
    assert!(killed(&setting, &total, &|_, _| ()).unwrap().cuts_of_recovery > 4);
}

#[test]
fn room_for_more_records_is_made_whenever_one_is_killed() {
    let crowded = |heap: &Stage, others: u64| {
        let semaphore = Semaphore::create(heap, others + 2, true, false).unwrap();
        for _ in 0..others {
            let other = life::play(heap, BYSTANDER);
            assert_eq!(semaphore.try_acquire(heap, other, true), Ok(Taken::Now));
        }
        let lives = [1, BYSTANDER, BYSTANDER].map(|thread| life::play(heap, thread));
        Scene { semaphore, lives, tickets: Vec::new() }
    };
    for others in [4, 12] {
        let report = exhaust(&Scenario {
            prepare: &|heap| crowded(heap, others),
            act: &|heap, scene: &Scene| {
                let (semaphore, me) = (scene.semaphore, scene.lives[0]);
                for _ in 0..2 {
                    assert_eq!(semaphore.try_acquire(heap, me, true), Ok(Taken::Now));
                }
                assert!(semaphore.records(&heap.space).unwrap().len() as u64 >= others);
            },
            look: &total,
            meanwhile: None,
            shared: true,
        });
        assert!(report.unwrap().cuts > 20);
    }
}

#[test]
fn an_end_in_good_order_survives_every_kill() {
    let setting = Setting { value: 3, is_bounded: true, holders: &[0, 1], waiters: &[] };
    let report = killed(&setting, &total, &|heap, scene| {
        for life in [scene.lives[1], scene.lives[0]] {
            heap.orphan_all(life).unwrap();
        }
    });
    assert!(report.unwrap().cuts > 4);
}

#[test]
fn a_semaphore_that_is_dropped_takes_all_along() {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let semaphore = Semaphore::create(heap, 5, true, false).unwrap();
            let lives = [1, BYSTANDER, BYSTANDER].map(|thread| life::play(heap, thread));
            for _ in 0..5 {
                let other = life::play(heap, BYSTANDER);
                assert_eq!(semaphore.try_acquire(heap, other, true), Ok(Taken::Now));
            }
            let stand = |heap: &Stage| semaphore.enqueue(heap, lives[1], true).unwrap();
            as_bystander(heap, stand);
            Scene { semaphore, lives, tickets: Vec::new() }
        },
        act: &|heap, scene: &Scene| heap.let_go(scene.semaphore.handle()).unwrap(),
        look: &|_, _| Ok(()),
        meanwhile: None,
        shared: false,
    });
    assert!(report.unwrap().cuts > 8);
}
