//! Semaphores among threads, and with the dead.

use std::sync::mpsc;

use super::*;
use crate::heap::Heap;
use crate::life::{Ending, Life};
use crate::memory::Shared;
use crate::wait::Look;
use crate::wait::patience::Until;
use crate::wait::sleep::Ended;

fn stage() -> (Heap<Shared>, Life) {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let life = Life::begin(&heap).unwrap();
    (heap, life)
}

/// Runs `job` in a thread that ends without a word, as one that is killed does.
fn killed_after<T: Send>(heap: &Heap<Shared>, job: impl FnOnce(LifeId) -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| job(Life::begin(heap).unwrap().id()));
        thread.join().unwrap()
    })
}

/// Waits until so many threads wait.
fn await_waiters(heap: &Heap<Shared>, semaphore: Semaphore, count: usize) {
    while semaphore.waiters(heap).unwrap().len() != count {
        std::thread::yield_now();
    }
}

#[test]
fn permits_are_counted() {
    let (heap, life) = stage();
    let me = life.id();
    let plain = Semaphore::create(&heap, 1, false, false).unwrap();
    assert_eq!(plain.try_acquire(&heap, me, false), Ok(Taken::Now));
    assert_eq!(plain.try_acquire(&heap, me, false), Ok(Taken::Busy));
    assert_eq!(plain.release(&heap, me, 3), Ok(Given::Done));
    assert_eq!(plain.value(&heap), Ok(3));
    assert_eq!(plain.release(&heap, me, UNBOUNDED), Ok(Given::TooMany));
    let bounded = Semaphore::create(&heap, 1, true, false).unwrap();
    assert_eq!(bounded.release(&heap, me, 1), Ok(Given::TooMany));
    assert_eq!(bounded.try_acquire(&heap, me, false), Ok(Taken::Now));
    let again = Semaphore::open(&heap, bounded.handle(), true).unwrap();
    assert_eq!((again, again.value(&heap)), (bounded, Ok(0)));
    life.end(&heap).unwrap();
}

#[test]
fn a_wait_ends_in_time_or_when_it_is_given_up() {
    let (heap, life) = stage();
    let semaphore = Semaphore::create(&heap, 0, false, false).unwrap();
    let wait = |mut patience| semaphore.acquire(&heap, life.id(), false, &mut patience);
    assert_eq!(wait(Until::milliseconds(1)), Ok(Ended::TimedOut));
    assert_eq!(wait(Until::no_rest()), Ok(Ended::GivenUp));
    assert_eq!(semaphore.waiters(&heap), Ok(vec![]));
    // Nobody waits any more, so the fast way is open again.
    assert_eq!(semaphore.release(&heap, life.id(), 1), Ok(Given::Done));
    assert_eq!(heap.space.memory.load(semaphore.object.body(VALUE)), Ok(1));
    life.end(&heap).unwrap();
}

#[test]
fn permits_go_to_those_who_wait_in_the_order_of_coming() {
    let (heap, life) = stage();
    let semaphore = Semaphore::create(&heap, 0, false, false).unwrap();
    let (done, order) = mpsc::channel();
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (heap, done) = (&heap, done.clone());
            scope.spawn(move || {
                let life = Life::begin(heap).unwrap();
                let mut patience = Until::the_end();
                let ended = semaphore.acquire(heap, life.id(), false, &mut patience);
                done.send((number, ended)).unwrap();
                life.end(heap).unwrap();
            });
            await_waiters(heap, semaphore, number + 1);
        }
        for number in 0..3 {
            assert_eq!(semaphore.release(&heap, life.id(), 1), Ok(Given::Done));
            assert_eq!(order.recv(), Ok((number, Ok(Ended::Over(Taken::Now)))));
        }
    });
    assert_eq!(semaphore.value(&heap), Ok(0));
    life.end(&heap).unwrap();
}

#[test]
fn a_permit_that_is_no_signal_comes_back_from_the_dead() {
    let (heap, life) = stage();
    let me = life.id();
    let pid = std::process::id();
    let semaphore = Semaphore::create(&heap, 2, false, false).unwrap();
    let dead = killed_after(&heap, |other| {
        assert_eq!(semaphore.try_acquire(&heap, other, false), Ok(Taken::Now));
        assert_eq!(semaphore.try_acquire(&heap, other, true), Ok(Taken::Now));
        other
    });
    assert_eq!(heap.ending(dead), Ok(Ending::Died));
    assert_eq!(semaphore.try_acquire(&heap, me, true), Ok(Taken::FromDead { pid }));
    assert_eq!(semaphore.try_acquire(&heap, me, true), Ok(Taken::Busy));
    assert_eq!(semaphore.owner_died(&heap), Ok(true));
    assert_eq!(semaphore.leave(&heap, me), Ok(Given::Done));
    assert_eq!(semaphore.owner_died(&heap), Ok(false));
    assert_eq!(semaphore.try_acquire(&heap, me, false), Ok(Taken::Now));
    life.end(&heap).unwrap();
}

#[test]
fn the_death_of_any_holder_wakes_the_first_in_line() {
    let (heap, life) = stage();
    let semaphore = Semaphore::create(&heap, 2, true, false).unwrap();
    assert_eq!(semaphore.try_acquire(&heap, life.id(), false), Ok(Taken::Now));
    let (end, told) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let heap = &heap;
        scope.spawn(move || {
            let mortal = Life::begin(heap).unwrap();
            assert_eq!(semaphore.try_acquire(heap, mortal.id(), false), Ok(Taken::Now));
            told.recv().unwrap();
        });
        let waiter = scope.spawn(move || {
            let life = Life::begin(heap).unwrap();
            while semaphore.value(heap).unwrap() > 0 {
                std::thread::yield_now();
            }
            let mut patience = Until::the_end();
            let ended = semaphore.acquire(heap, life.id(), false, &mut patience);
            assert_eq!(semaphore.release(heap, life.id(), 1), Ok(Given::Done));
            life.end(heap).unwrap();
            ended
        });
        await_waiters(heap, semaphore, 1);
        end.send(()).unwrap();
        let pid = std::process::id();
        assert_eq!(waiter.join().unwrap(), Ok(Ended::Over(Taken::FromDead { pid })));
    });
    assert_eq!(semaphore.release(&heap, life.id(), 1), Ok(Given::Done));
    life.end(&heap).unwrap();
}

#[test]
fn the_first_in_line_watches_a_hundred_holders() {
    let (heap, life) = stage();
    let semaphore = Semaphore::create(&heap, 100, true, false).unwrap();
    let holders: Vec<_> = (0..100).map(|_| crate::life::play(&heap, 1)).collect();
    for &holder in &holders {
        assert_eq!(semaphore.try_acquire(&heap, holder, false), Ok(Taken::Now));
    }
    let (taken, ticket) = semaphore.enqueue(&heap, life.id(), false).unwrap();
    assert_eq!(taken, Taken::Busy);
    let ticket = ticket.unwrap();
    let Ok(Look::BehindAny(mut watched)) = semaphore.look(&heap, ticket) else { panic!() };
    watched.sort_by_key(|life| life.word());
    assert_eq!(watched, holders);
    assert_eq!(semaphore.abandon(&heap, ticket), Ok(Taken::Busy));
    life.end(&heap).unwrap();
}

#[test]
fn a_permit_that_was_undone_tells_the_next_one_of_the_death() {
    let (heap, life) = stage();
    let (me, pid) = (life.id(), std::process::id());
    let semaphore = Semaphore::create(&heap, 1, true, false).unwrap();
    killed_after(&heap, |other| {
        assert_eq!(semaphore.try_acquire(&heap, other, false), Ok(Taken::Now));
    });
    for _ in 0..2 {
        assert_eq!(semaphore.try_acquire(&heap, me, false), Ok(Taken::FromDead { pid }));
        semaphore.undo(&heap, me, false).unwrap();
    }
    assert_eq!(semaphore.owner_died(&heap), Ok(true));
    life.end(&heap).unwrap();
}

#[test]
fn what_a_thread_has_that_ends_in_order_stays_taken() {
    let (heap, life) = stage();
    let semaphore = Semaphore::create(&heap, 2, true, false).unwrap();
    for _ in 0..2 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let other = Life::begin(&heap).unwrap();
                let taken = semaphore.try_acquire(&heap, other.id(), false);
                assert_eq!(taken, Ok(Taken::Now));
                heap.orphan_all(other.id()).unwrap();
                other.end(&heap).unwrap();
            });
        });
    }
    assert_eq!(semaphore.try_acquire(&heap, life.id(), false), Ok(Taken::Busy));
    assert_eq!(semaphore.release(&heap, life.id(), 2), Ok(Given::Done));
    assert_eq!(semaphore.records(&heap.space).unwrap(), []);
    life.end(&heap).unwrap();
}
