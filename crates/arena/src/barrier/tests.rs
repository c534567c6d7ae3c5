//! Barriers among threads.

use super::*;
use crate::heap::Heap;
use crate::life::Life;
use crate::memory::Shared;
use crate::wait::patience::Until;
use crate::wait::sleep::Ended;

fn barrier(parties: u64) -> (Heap<Shared>, Barrier) {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let barrier = Barrier::create(&heap, parties, 7).unwrap();
    (heap, barrier)
}

fn met(heap: &Heap<Shared>, barrier: Barrier, mut patience: Until) -> Result<Ended<Met>> {
    let life = Life::begin(heap).unwrap();
    let met = barrier.wait(heap, life.id(), true, &mut patience);
    life.end(heap).unwrap();
    met
}

#[test]
fn all_go_on_when_the_last_one_has_come_again_and_again() {
    let (heap, barrier) = barrier(3);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let life = Life::begin(&heap).unwrap();
                    let mut sum = 0;
                    for _ in 0..200 {
                        let mut patience = Until::the_end();
                        let met = barrier.wait(&heap, life.id(), true, &mut patience).unwrap();
                        let Ended::Over(Met::All(index)) = met else { panic!("{met:?}") };
                        sum += index;
                    }
                    life.end(&heap).unwrap();
                    sum
                })
            })
            .collect();
        let sum: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(sum, 200 * 3);
    });
    assert_eq!((barrier.waiting(&heap), barrier.parties(&heap)), (Ok(0), Ok(3)));
    assert_eq!(barrier.timeout(&heap), Ok(7));
}

#[test]
fn who_waits_too_long_breaks_it_until_it_is_reset() {
    let (heap, barrier) = barrier(2);
    let broken = Ok(Ended::Over(Met::Broken));
    assert_eq!(met(&heap, barrier, Until::milliseconds(1)), broken);
    assert_eq!(barrier.is_broken(&heap), Ok(true));
    assert_eq!(met(&heap, barrier, Until::the_end()), broken);
    barrier.reset(&heap).unwrap();
    assert_eq!(barrier.is_broken(&heap), Ok(false));
    assert_eq!(met(&heap, barrier, Until::no_rest()), Ok(Ended::GivenUp));
    assert_eq!((barrier.is_broken(&heap), barrier.waiting(&heap)), (Ok(false), Ok(0)));
}

#[test]
fn numbers_stay_different_when_somebody_leaves() {
    let (heap, barrier) = barrier(4);
    let life = Life::begin(&heap).unwrap();
    let come = || match barrier.arrive(&heap, life.id()).unwrap() {
        Arrival::Waits(ticket) => ticket,
        Arrival::Over(met) => panic!("{met:?}"),
    };
    let (first, second) = (come(), come());
    barrier.abandon(&heap, first, false).unwrap();
    let (third, fourth) = (come(), come());
    assert_eq!(barrier.arrive(&heap, life.id()), Ok(Arrival::Over(Met::All(3))));
    for (ticket, index) in [(second, 1), (third, 0), (fourth, 2)] {
        assert_eq!(barrier.abandon(&heap, ticket, true), Ok(Some(Met::All(index))));
    }
    life.end(&heap).unwrap();
}

#[test]
fn whoever_waits_hears_of_abort_and_reset() {
    let (heap, barrier) = barrier(2);
    for is_reset in [false, true] {
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| met(&heap, barrier, Until::the_end()));
            while barrier.waiting(&heap).unwrap() == 0 {
                std::thread::yield_now();
            }
            if is_reset {
                barrier.reset(&heap).unwrap()
            } else {
                barrier.abort(&heap).unwrap()
            }
            assert_eq!(waiter.join().unwrap(), Ok(Ended::Over(Met::Broken)));
        });
        assert_eq!(barrier.is_broken(&heap), Ok(!is_reset));
        barrier.reset(&heap).unwrap();
    }
    assert_eq!(Barrier::open(&heap, barrier.handle()), Ok(barrier));
}
