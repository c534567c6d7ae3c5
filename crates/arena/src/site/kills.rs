//! Threads that are killed where sites are noted (for tests): whoever holds something, or died holding it, is named with
//! its own site, and the sites themselves neither leak nor dangle.

use crate::audit::Finding;
use crate::failure::Result;
use crate::harness::{BYSTANDER, Report, Scenario, Stage, as_bystander, exhaust};
use crate::life::{self, LifeId};
use crate::mutex::{Freed, Mutex, Taken};
use crate::semaphore::Semaphore;

/// The actor's site, and that of the bystander's thread.
const OURS: u64 = 1;
const THEIRS: u64 = 2;

/// What is fought for, and the lives of the actor and of a thread of the bystander.
struct Scene {
    lock: Mutex,
    permits: Semaphore,
    lives: [LifeId; 2],
}

fn scene(heap: &Stage, is_reentrant: bool) -> Scene {
    heap.note_sites().unwrap();
    let lock = Mutex::create(heap, is_reentrant).unwrap();
    let permits = Semaphore::create(heap, 1, true, false).unwrap();
    let lives = [1, BYSTANDER].map(|thread| life::play(heap, thread));
    for (number, text, life) in [(OURS, "a.py:1", lives[0]), (THEIRS, "b.py:2", lives[1])] {
        assert_eq!(heap.number_site(number, text), Ok(None));
        assert_eq!(heap.note_site(life, number), Ok(0));
    }
    // What another one leaves behind is not to be taken for the actor's.
    assert_eq!(lock.try_acquire_noted(heap, lives[1]), Ok(Taken::Now));
    assert_eq!(lock.release(heap, lives[1]), Ok(Freed::Done));
    Scene { lock, permits, lives }
}

/// Whether who holds the lock, and who died holding anything, did so from its own site.
fn is_right(heap: &Stage, scene: &Scene) -> Result<bool> {
    let holder = scene.lock.holder(heap)?;
    let is_holders = holder.is_none_or(|holder| {
        holder.site == if holder.life == scene.lives[0] { OURS } else { THEIRS }
    });
    let is_locks = match scene.lock.owner_died(heap)? && holder.is_none() {
        true => scene.lock.dead_site(heap)? == OURS,
        false => true,
    };
    let is_permits = match scene.permits.owner_died(heap)? {
        true => scene.permits.dead_site(heap)? == OURS,
        false => true,
    };
    let is_there = heap.site(OURS)?.as_deref() == Some("a.py:1");
    Ok(is_holders && is_locks && is_permits && is_there)
}

fn killed(
    is_reentrant: bool,
    prepare: &dyn Fn(&Stage, &Scene),
    act: &dyn Fn(&Stage, &Scene),
) -> Finding<Report> {
    exhaust(&Scenario {
        prepare: &|heap| {
            let scene = scene(heap, is_reentrant);
            prepare(heap, &scene);
            scene
        },
        act,
        look: &is_right,
        meanwhile: None,
        shared: true,
    })
}

/// The actor takes a lock that another one had before.
pub(crate) fn take_a_lock() -> Finding<Report> {
    killed(false, &|_, _| (), &|heap, scene| {
        assert_eq!(scene.lock.try_acquire_noted(heap, scene.lives[0]), Ok(Taken::Now));
    })
}

#[test]
fn a_holder_that_is_killed_at_any_moment_is_named_with_its_own_site() {
    assert!(take_a_lock().unwrap().cuts > 6);
    let report = killed(true, &|_, _| (), &|heap, scene| {
        let me = scene.lives[0];
        for _ in 0..2 {
            assert_eq!(scene.lock.try_acquire_noted(heap, me), Ok(Taken::Now));
        }
        assert_eq!(scene.lock.holder(heap).unwrap().unwrap().count, 2);
    });
    assert!(report.unwrap().cuts > 6);
}

#[test]
fn a_lock_that_is_handed_over_is_its_new_holders_from_where_that_waited() {
    let report = killed(
        false,
        &|heap, scene| {
            let me = scene.lives[0];
            assert_eq!(scene.lock.try_acquire_noted(heap, me), Ok(Taken::Now));
            as_bystander(heap, |heap| scene.lock.enqueue(heap, scene.lives[1], 1).unwrap());
        },
        &|heap, scene| {
            assert_eq!(scene.lock.release(heap, scene.lives[0]), Ok(Freed::Done));
            assert_eq!(scene.lock.holder(heap).unwrap().unwrap().site, THEIRS);
        },
    );
    let report = report.unwrap();
    assert!(report.cuts > 6 && report.cuts_of_recovery > 4);
}

#[test]
fn a_permit_of_a_killed_thread_is_named_with_its_site() {
    let report = killed(false, &|_, _| (), &|heap, scene| {
        let me = scene.lives[0];
        assert_eq!(scene.permits.try_acquire_noted(heap, me, true), Ok(Taken::Now));
    });
    assert!(report.unwrap().cuts > 6);
    let report = killed(
        false,
        &|heap, scene| {
            let me = scene.lives[0];
            assert_eq!(scene.permits.try_acquire_noted(heap, me, true), Ok(Taken::Now));
        },
        &|heap, scene| {
            scene.permits.leave(heap, scene.lives[0]).unwrap();
        },
    );
    assert!(report.unwrap().cuts > 2);
}

#[test]
fn a_site_is_there_wholly_or_not_at_all() {
    let report = exhaust(&Scenario {
        prepare: &|heap| heap.note_sites().unwrap(),
        act: &|heap, ()| {
            assert_eq!(heap.number_site(OURS, &"a".repeat(100)), Ok(None));
            assert_eq!(heap.number_site(THEIRS, "b.py:2"), Ok(None));
        },
        look: &|heap, ()| {
            let whole = |site: Option<String>, text: &str| site.is_none_or(|found| found == text);
            Ok(whole(heap.site(OURS)?, &"a".repeat(100)) && whole(heap.site(THEIRS)?, "b.py:2"))
        },
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 10);
}
