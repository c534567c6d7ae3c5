//! Conditions among threads.

use super::*;
use crate::heap::Heap;
use crate::life::Life;
use crate::memory::Shared;
use crate::mutex::{Freed, Taken};
use crate::wait::patience::Until;

fn condition(is_reentrant: bool) -> (Heap<Shared>, Condition) {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let lock = Mutex::create(&heap, is_reentrant).unwrap();
    let condition = Condition::create(&heap, lock).unwrap();
    (heap, condition)
}

/// Waits in a thread of its own, holding the lock `levels` times; returns how that ended.
fn waited(heap: &Heap<Shared>, condition: Condition, levels: u64, mut patience: Until) -> Waited {
    let life = Life::begin(heap).unwrap();
    for _ in 0..levels {
        while condition.mutex().try_acquire(heap, life.id()) == Ok(Taken::Busy) {
            std::thread::yield_now();
        }
    }
    let waited = condition.wait(heap, life.id(), &mut patience).unwrap().unwrap();
    for _ in 0..levels {
        assert_eq!(condition.mutex().release(heap, life.id()), Ok(Freed::Done));
    }
    life.end(heap).unwrap();
    waited
}

fn await_waiters(heap: &Heap<Shared>, condition: Condition, count: usize) {
    while condition.waiters(heap).unwrap().len() != count {
        std::thread::yield_now();
    }
}

#[test]
fn only_who_has_the_lock_may_wait_and_notify() {
    for is_reentrant in [false, true] {
        let (heap, condition) = condition(is_reentrant);
        let life = Life::begin(&heap).unwrap();
        let me = life.id();
        assert_eq!(condition.wait(&heap, me, &mut Until::the_end()), Ok(None));
        assert_eq!(condition.notify(&heap, me, 1), Ok(false));
        assert_eq!(condition.notify_all(&heap, me), Ok(false));
        assert_eq!(condition.mutex().try_acquire(&heap, me), Ok(Taken::Now));
        assert_eq!(condition.notify(&heap, me, 1), Ok(true));
        assert_eq!(condition.mutex().release(&heap, me), Ok(Freed::Done));
        life.end(&heap).unwrap();
    }
}

#[test]
fn a_wait_ends_with_the_lock_held_as_often_as_before() {
    let (heap, condition) = condition(true);
    let waited = |patience| waited(&heap, condition, 3, patience);
    let late = waited(Until::milliseconds(1));
    assert_eq!(late, Waited { notified: false, given_up: false, taken: Taken::Now });
    let given_up = waited(Until::no_rest());
    assert_eq!(given_up, Waited { notified: false, given_up: true, taken: Taken::Now });
    assert_eq!(condition.mutex().is_locked(&heap), Ok(false));
    assert_eq!(condition.waiters(&heap), Ok(vec![]));
}

#[test]
fn as_many_go_on_as_are_told() {
    let (heap, condition) = condition(true);
    let life = Life::begin(&heap).unwrap();
    std::thread::scope(|scope| {
        let wait = || waited(&heap, condition, 2, Until::the_end());
        let mut waiters: Vec<_> = (0..4).map(|_| scope.spawn(wait)).collect();
        await_waiters(&heap, condition, 4);
        let lock = condition.mutex();
        let (ticket_taken, ticket) = lock.enqueue(&heap, life.id(), 1).unwrap();
        assert_eq!((ticket_taken, ticket), (Taken::Now, None));
        assert_eq!(condition.notify(&heap, life.id(), 2), Ok(true));
        // What was told stands there until it has the lock.
        assert_eq!(condition.waiters(&heap).unwrap().len(), 4);
        assert_eq!(lock.release(&heap, life.id()), Ok(Freed::Done));
        await_waiters(&heap, condition, 2);
        while lock.try_acquire(&heap, life.id()) == Ok(Taken::Busy) {
            std::thread::yield_now();
        }
        assert_eq!(condition.notify_all(&heap, life.id()), Ok(true));
        assert_eq!(lock.release(&heap, life.id()), Ok(Freed::Done));
        for waiter in waiters.drain(..) {
            let over = Waited { notified: true, given_up: false, taken: Taken::Now };
            assert_eq!(waiter.join().unwrap(), over);
        }
    });
    life.end(&heap).unwrap();
}

#[test]
fn what_was_told_in_vain_is_passed_on() {
    let (heap, condition) = condition(false);
    let (first, second) = (Life::begin(&heap).unwrap().id(), LifeId::GONE_IN_ORDER);
    assert_eq!(condition.mutex().try_acquire(&heap, first), Ok(Taken::Now));
    let tickets = [first, first].map(|me| condition.stand(&heap, me).unwrap().unwrap());
    assert_ne!(first, second);
    for is_for_all in [false, true] {
        if is_for_all {
            assert_eq!(condition.notify_all(&heap, first), Ok(true));
        } else {
            assert_eq!(condition.notify(&heap, first, 1), Ok(true));
        }
        let told: Vec<_> = tickets.iter().map(|t| t.standing(&heap.space).unwrap()).collect();
        let expected = if is_for_all { Standing::Granted } else { Standing::Waiting };
        assert_eq!(told[1], expected);
    }
    condition.leave(&heap, tickets[0], true).unwrap();
    assert_eq!(tickets[1].standing(&heap.space), Ok(Standing::Granted));
    let third = condition.stand(&heap, first).unwrap().unwrap();
    condition.leave(&heap, tickets[1], true).unwrap();
    // Who came after a `notify_all` is not meant by it.
    assert_eq!(third.standing(&heap.space), Ok(Standing::Stirred));
    let fourth = condition.stand(&heap, first).unwrap().unwrap();
    assert_eq!(condition.notify(&heap, first, 1), Ok(true));
    condition.leave(&heap, third, true).unwrap();
    assert_eq!(fourth.standing(&heap.space), Ok(Standing::Notified));
}
