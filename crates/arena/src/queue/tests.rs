//! The queue against a model, without crashes.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::list::End;
use crate::memory::Shared;
use crate::value::{Kind, Loaded, Value};

fn arena() -> Heap<Shared> {
    Heap::create(256 << 20, "test").unwrap().0
}

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// A queue and what it should be.
struct Pair {
    queue: Queue,
    items: VecDeque<Loaded>,
    maxsize: usize,
    unfinished: u64,
    next: i64,
}

impl Pair {
    fn new(heap: &Heap<Shared>, maxsize: usize) -> Self {
        let queue = Queue::create(heap, maxsize as i64).unwrap();
        let maxsize = if maxsize == 0 { usize::MAX } else { maxsize };
        Self { queue, items: VecDeque::new(), maxsize, unfinished: 0, next: 0 }
    }

    fn fresh(&mut self) -> Loaded {
        self.next += 1;
        match self.next % 4 {
            0 => Loaded::Data(Kind::Bytes, vec![b'x'; (self.next % 90) as usize].into()),
            _ => Loaded::Int(self.next),
        }
    }

    fn put(&mut self, heap: &Heap<Shared>, count: usize) {
        let fresh: Vec<Loaded> = (0..count).map(|_| self.fresh()).collect();
        let slices: Vec<Vec<&[u8]>> = fresh
            .iter()
            .map(|item| if let Loaded::Data(_, bytes) = item { vec![&bytes[..]] } else { vec![] })
            .collect();
        let values: Vec<Value<'_>> = std::iter::zip(&fresh, &slices)
            .map(|(item, slices)| match item {
                Loaded::Int(int) => Value::Int(*int),
                _ => Value::Data(Kind::Bytes, slices),
            })
            .collect();
        let admitted = count.min(self.maxsize - self.items.len());
        let expected = if admitted < count { Put::Full } else { Put::Done };
        if count == 1 {
            assert_eq!(self.queue.put(heap, &values[0]), Ok(expected));
        } else {
            assert_eq!(self.queue.put_many(heap, &values), Ok((admitted, expected)));
        }
        self.unfinished += admitted as u64;
        self.items.extend(fresh.into_iter().take(admitted));
    }

    fn take(&mut self, heap: &Heap<Shared>, end: End, most: usize) {
        let mut expected = Vec::new();
        while expected.len() < most
            && let Some(item) =
                if end == End::Front { self.items.pop_front() } else { self.items.pop_back() }
        {
            expected.push(item);
        }
        let mut items = Vec::new();
        if most == 1 {
            match self.queue.get(heap, end).unwrap() {
                Got::Item(item) => items.push(item),
                other => assert_eq!(other, Got::Empty),
            }
        } else {
            let nothing = self.queue.get_many(heap, end, most, &mut items);
            assert_eq!(nothing, Ok(expected.is_empty().then_some(Got::Empty)));
        }
        assert_eq!(items, expected);
    }

    fn check(&self, heap: &Heap<Shared>) {
        let counts = Counts {
            length: self.items.len() as u64,
            unfinished: self.unfinished,
            is_closed: false,
        };
        assert_eq!(self.queue.counts(heap), Ok(counts));
        assert_eq!(self.items, self.queue.list().snapshot(heap).unwrap().0);
    }
}

fn history(heap: &Heap<Shared>, maxsize: usize, ends: &[End]) {
    let before = heap.stats().unwrap().bytes_used;
    let (mut pair, mut seed) = (Pair::new(heap, maxsize), maxsize as u64);
    for step in 0..4000u64 {
        let count = [1, 1, 3, 30, 150][(random(&mut seed) % 5) as usize];
        // Waves, so that it becomes long and empty.
        if random(&mut seed) % 8 < 3 + step / 500 % 3 {
            pair.put(heap, count);
        } else {
            pair.take(heap, ends[random(&mut seed) as usize % ends.len()], count);
        }
        if random(&mut seed).is_multiple_of(16) && pair.unfinished > 0 {
            pair.unfinished -= 1;
            assert_eq!(pair.queue.task_done(heap), Ok(Some(pair.unfinished)));
        }
        if step % 100 == 0 {
            pair.check(heap);
            crate::audit::audit(&heap.space).unwrap();
        }
    }
    pair.check(heap);
    heap.let_go(pair.queue.handle()).unwrap();
    assert_eq!(heap.stats().unwrap().bytes_used, before);
}

#[test]
fn a_random_history_gives_what_a_deque_gives() {
    let heap = arena();
    for maxsize in [0, 1, 7, 100, 1000] {
        history(&heap, maxsize, &[End::Front]);
        history(&heap, maxsize, &[End::Back]);
        history(&heap, maxsize, &[End::Front, End::Back]);
    }
}

#[test]
fn a_random_history_of_a_high_tree_gives_what_a_deque_gives() {
    let heap = arena();
    crate::list::with_small_nodes(|| {
        for maxsize in [0, 30] {
            history(&heap, maxsize, &[End::Front]);
            history(&heap, maxsize, &[End::Front, End::Back]);
        }
    });
}

#[test]
fn a_closed_queue_accepts_nothing_and_is_drained() {
    let heap = arena();
    let queue = Queue::create(&heap, 2).unwrap();
    for number in 0..2 {
        assert_eq!(queue.put(&heap, &Value::Int(number)), Ok(Put::Done));
    }
    assert_eq!(queue.put(&heap, &Value::None), Ok(Put::Full));
    queue.close(&heap, false).unwrap();
    assert_eq!(queue.put(&heap, &Value::None), Ok(Put::Closed));
    assert_eq!(queue.put_many(&heap, &[Value::None; 3]), Ok((0, Put::Closed)));
    for number in 0..2 {
        assert_eq!(queue.get(&heap, End::Front), Ok(Got::Item(Loaded::Int(number))));
    }
    assert_eq!(queue.get(&heap, End::Front), Ok(Got::Closed));
    assert_eq!(queue.get_many(&heap, End::Back, 5, &mut Vec::new()), Ok(Some(Got::Closed)));
    assert_eq!([queue.task_done(&heap), queue.task_done(&heap)], [Ok(Some(1)), Ok(Some(0))]);
    assert_eq!(queue.task_done(&heap), Ok(None));
}

#[test]
fn closing_at_once_drops_the_items_and_counts_them_as_done() {
    let heap = arena();
    let queue = Queue::create(&heap, 0).unwrap();
    for number in 0..200 {
        queue.put(&heap, &Value::Int(number)).unwrap();
    }
    queue.get(&heap, End::Front).unwrap();
    queue.close(&heap, true).unwrap();
    let counts = Counts { length: 0, unfinished: 1, is_closed: true };
    assert_eq!(queue.counts(&heap), Ok(counts));
    assert_eq!(queue.get(&heap, End::Front), Ok(Got::Closed));
}

#[test]
fn an_object_that_is_taken_is_held_by_who_takes_it() {
    let heap = arena();
    let (queue, inner) = (Queue::create(&heap, 0).unwrap(), List::create(&heap).unwrap().handle());
    queue.put(&heap, &Value::Object(inner)).unwrap();
    heap.let_go(inner).unwrap();
    assert_eq!(queue.get(&heap, End::Front), Ok(Got::Item(Loaded::Object(inner))));
    assert_eq!(heap.is_held_here_only(inner), Ok(true));
    heap.let_go(inner).unwrap();
    assert_eq!(heap.describe(inner), Err(crate::Failure::ObjectGone));
}

#[test]
fn a_batch_that_does_not_fit_the_arena_is_put_as_far_as_it_does() {
    let (heap, _fd) = Heap::create(4 << 20, "test").unwrap();
    let queue = Queue::create(&heap, 0).unwrap();
    let large = vec![7; 100_000];
    let slices = [&large[..]];
    let values = [Value::Data(Kind::Bytes, &slices); 100];
    let (done, put) = queue.put_many(&heap, &values).unwrap();
    assert!((10..50).contains(&done) && put == Put::Full, "{done}");
    assert_eq!(queue.len(&heap), Ok(done as u64));
    assert!(matches!(queue.put(&heap, &values[0]), Err(crate::Failure::ArenaFull { .. })));
    crate::audit::audit(&heap.space).unwrap();
    let mut items = Vec::new();
    assert_eq!(queue.get_many(&heap, End::Front, 1000, &mut items), Ok(None));
    assert_eq!(items, vec![Loaded::Data(Kind::Bytes, large.clone().into()); done]);
}

#[test]
fn who_looks_out_sees_what_ends_its_wait() {
    let heap = arena();
    for maxsize in [0, 1] {
        let queue = Queue::create(&heap, maxsize).unwrap();
        let seen = |wait| queue.glimpse(&heap, wait);
        assert_eq!(Wait::ALL.map(seen), [false, true, true]);
        queue.put(&heap, &Value::Int(1)).unwrap();
        assert_eq!(Wait::ALL.map(seen), [true, maxsize == 0, false]);
        queue.get(&heap, End::Front).unwrap();
        assert_eq!(Wait::ALL.map(seen), [false, true, false]);
        assert!(!queue.has_line(&heap, Wait::Item));
        let me = crate::life::play(&heap, 1);
        let ticket = queue.stand(&heap, me, Wait::Item).unwrap().unwrap();
        assert!(queue.has_line(&heap, Wait::Item));
        queue.abandon(&heap, ticket, Wait::Item).unwrap();
    }
}

#[test]
fn threads_take_each_item_once() {
    let heap = arena();
    let queue = Queue::create(&heap, 100).unwrap();
    let (heap, total, taken) = (&heap, &Mutex::new(Vec::new()), &AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..2i64 {
            scope.spawn(move || {
                let (mut number, end) = (worker * 10_000, worker * 10_000 + 10_000);
                while number < end {
                    let rest = (end - number).min(number % 7 + 1);
                    let values: Vec<_> = (number..number + rest).map(Value::Int).collect();
                    number += queue.put_many(heap, &values).unwrap().0 as i64;
                }
            });
            scope.spawn(move || {
                let mut items = Vec::new();
                while taken.load(Ordering::Relaxed) < 20_000 {
                    let before = items.len();
                    queue.get_many(heap, End::Front, 9, &mut items).unwrap();
                    taken.fetch_add(items.len() - before, Ordering::Relaxed);
                }
                total.lock().unwrap().append(&mut items);
            });
        }
    });
    let total = total.lock().unwrap();
    let numbers = total.iter().map(|item| if let Loaded::Int(int) = item { *int } else { -1 });
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20_000).collect::<Vec<_>>());
}
