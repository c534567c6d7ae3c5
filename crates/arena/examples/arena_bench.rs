//! Nanoseconds of the hot operations, with the arena attached by another live process as well.
//!
//! `cargo run --release -p arena --example arena_bench [keys]`

use std::hint::black_box;
use std::time::Instant;

use arena::dict::{Dict, Key};
use arena::heap::Heap;
use arena::list::{End, List};
use arena::memory::Shared;
use arena::queue::Queue;
use arena::value::{Kind, Value};

type Outcome = Result<(), arena::Failure>;

fn key(number: u64) -> Key<'static> {
    Key::int(number, number.cast_signed())
}

/// Processor time of this thread, so that what else runs on the machine counts less.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place for one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Least and median over rounds of the time of one of `count` calls.
fn time(what: &str, count: u64, mut call: impl FnMut(u64) -> Outcome) -> Outcome {
    let mut rounds = Vec::new();
    for _ in 0..9 {
        let start = cpu_ns();
        for number in 0..count {
            call(black_box(number))?;
        }
        rounds.push((cpu_ns() - start) as f64 / count as f64);
    }
    rounds.sort_by(f64::total_cmp);
    println!("{what:40} {:8.1} {:8.1} ns", rounds[0], rounds[4]);
    Ok(())
}

fn hot(heap: &Heap<Shared>) -> Outcome {
    let dict = Dict::create(heap)?;
    let text = [b'x'; 100];
    let count = 200_000;
    dict.set(heap, &key(1), &Value::Int(1))?;
    dict.set(heap, &key(2), &Value::Data(Kind::Str, &[&text]))?;
    time("lease (lock, one store, unlock)", count, |_| heap.lease(dict.handle(), 1))?;
    time("get int", count, |_| dict.get(heap, &key(1)).map(|value| drop(black_box(value))))?;
    time("get missing", count, |_| dict.get(heap, &key(9)).map(|value| drop(black_box(value))))?;
    time("get 100-byte str", count, |_| {
        dict.get(heap, &key(2)).map(|value| drop(black_box(value)))
    })?;
    time("set int", count, |n| dict.set(heap, &key(1), &Value::Int(n as i64)).map(|_| ()))?;
    time("add", count, |_| dict.add(heap, &key(1), 1, 0).map(|_| ()))?;
    time("set 100-byte str", count, |_| {
        dict.set(heap, &key(2), &Value::Data(Kind::Str, &[&text])).map(|_| ())
    })?;
    time("insert + pop", count, |n| {
        dict.set(heap, &key(n + 10), &Value::Int(1))?;
        dict.pop(heap, &key(n + 10)).map(|_| ())
    })?;
    time("create + drop a dict", 20_000, |_| {
        let dict = Dict::create(heap)?;
        heap.let_go(dict.handle())
    })?;
    let large = vec![1u8; 8 << 20];
    time("set 8 MB", 10, |_| {
        dict.set(heap, &key(3), &Value::Data(Kind::Bytes, &[&large])).map(|_| ())
    })?;
    time("get 8 MB", 10, |_| dict.get(heap, &key(3)).map(|value| drop(black_box(value))))
}

fn lists(heap: &Heap<Shared>) -> Outcome {
    let list = List::create(heap)?;
    let count = 200_000;
    for number in 0..20 {
        list.append(heap, &Value::Int(number))?;
    }
    time("list: get int", count, |n| list.get(heap, n % 20).map(|item| drop(black_box(item))))?;
    time("list: set int", count, |n| list.set(heap, n % 20, &Value::Int(1)).map(|_| ()))?;
    time("list: add", count, |n| list.add(heap, n % 20, 1).map(|_| ()))?;
    time("list: append + pop_last", count, |n| {
        list.append(heap, &Value::Int(n as i64))?;
        list.pop_last(heap).map(|_| ())
    })?;
    time("list: append + pop(0)", count, |n| {
        list.append(heap, &Value::Int(n as i64))?;
        list.pop(heap, 0).map(|_| ())
    })?;
    let thousand = [Value::Int(1); 1000];
    time("list: extend 1000 + clear", 200, |_| {
        list.extend(heap, &thousand)?;
        list.clear(heap)
    })?;
    time("list: create + drop one of 3", 20_000, |_| {
        let list = List::create(heap)?;
        for number in 0..3 {
            list.append(heap, &Value::Int(number))?;
        }
        heap.let_go(list.handle())
    })?;
    long_list(heap, &list, 100_000)?;
    let long = List::create(heap)?;
    long_list(heap, &long, 10_000_000)
}

fn queues(heap: &Heap<Shared>) -> Outcome {
    let queue = Queue::create(heap, 0)?;
    let count = 200_000;
    time("queue: put + get int", count, |n| {
        queue.put(heap, &Value::Int(n as i64))?;
        queue.get(heap, End::Front).map(|item| drop(black_box(item)))
    })?;
    let text = [b'x'; 1000];
    time("queue: put + get 1000 bytes", count, |_| {
        queue.put(heap, &Value::Data(Kind::Bytes, &[&text]))?;
        queue.get(heap, End::Front).map(|item| drop(black_box(item)))
    })?;
    time("queue: get from an empty one", count, |_| {
        queue.get(heap, End::Front).map(|item| drop(black_box(item)))
    })?;
    let hundred = [Value::Int(1); 100];
    let mut items = Vec::new();
    time("queue: put_many + get_many of 100 ints", 2000, |_| {
        queue.put_many(heap, &hundred)?;
        items.clear();
        queue.get_many(heap, End::Front, 100, &mut items).map(|_| ())
    })
}

/// Operations anywhere in a list of `length` items.
fn random_access(
    heap: &Heap<Shared>,
    list: &List,
    length: u64,
    label: &dyn Fn(&str) -> String,
) -> Outcome {
    let step = 7_919_919;
    time(&label("get int, random"), 100_000, |n| {
        list.get(heap, n * step % length).map(|item| drop(black_box(item)))
    })?;
    time(&label("set int, random"), 100_000, |n| {
        list.set(heap, n * step % length, &Value::Int(2)).map(|_| ())
    })?;
    time(&label("insert + pop, random"), 100_000, |n| {
        list.insert(heap, n * step % length, &Value::Int(3))?;
        list.pop(heap, n * 31 * step % length).map(|_| ())
    })
}

/// Operations in the middle of a list of `length` items.
fn long_list(heap: &Heap<Shared>, list: &List, length: u64) -> Outcome {
    let label = |what: &str| format!("list of {length}: {what}");
    let start = cpu_ns();
    list.clear(heap)?;
    for _ in 0..length {
        list.append(heap, &Value::Int(1))?;
    }
    println!("{:40} {:8.1} ns", label("append"), (cpu_ns() - start) as f64 / length as f64);
    random_access(heap, list, length, &label)?;
    time(&label("append + pop(0)"), 100_000, |_| {
        list.append(heap, &Value::Int(1))?;
        list.pop(heap, 0).map(|_| ())
    })?;
    time(&label("insert + pop in the middle"), 100_000, |_| {
        list.insert(heap, length / 2, &Value::Int(3))?;
        list.pop(heap, length / 2).map(|_| ())
    })?;
    let thousand = [Value::Int(1); 1000];
    time(&label("extend 1000"), 10, |_| list.extend(heap, &thousand).map(|_| ()))?;
    let (mut items, all) = (Vec::new(), list.len(heap)?);
    time(&label("iterate, per item"), all.min(1_000_000), |n| {
        if n % 100 == 0 {
            items.clear();
            list.read_range(heap, n, 100, &mut items)?;
        }
        Ok(())
    })?;
    if length <= 1_000_000 {
        let order: Vec<u64> = (0..all).rev().collect();
        time(&label("reverse"), 1, |_| {
            list.permute(heap, list.version(heap)?, &order).map(|_| ())
        })?;
    }
    Ok(())
}

/// Inserts `keys` keys and says how long the slowest took and what one costs in memory.
fn growth(heap: &Heap<Shared>, keys: u64) -> Outcome {
    let dict = Dict::create(heap)?;
    let before = heap.stats()?.bytes_backed;
    let (mut worst, mut slow, start) = (0, 0u64, cpu_ns());
    for number in 0..keys / 2 {
        dict.set(heap, &key(number), &Value::Int(1))?;
    }
    let each = (cpu_ns() - start) as f64 / (keys / 2) as f64;
    for number in keys / 2..keys {
        let begin = cpu_ns();
        dict.set(heap, &key(number), &Value::Int(1))?;
        let took = cpu_ns() - begin;
        worst = worst.max(took);
        slow += u64::from(took > 500_000);
    }
    let bytes = (heap.stats()?.bytes_backed - before) as f64 / keys as f64;
    println!(
        "{keys} keys: insert {each:.0} ns, worst {worst} ns, {slow} over 0.5 ms, {bytes:.0} bytes each"
    );
    let step = 7_919;
    time("get int, random", 200_000, |n| {
        dict.get(heap, &key(n * step % keys)).map(|value| drop(black_box(value)))
    })?;
    time("set int, random", 200_000, |n| {
        dict.set(heap, &key(n * step % keys), &Value::Int(2)).map(|_| ())
    })?;
    let start = Instant::now();
    heap.let_go(dict.handle())?;
    println!("dropping it: {} ms", start.elapsed().as_millis());
    let start = Instant::now();
    let returned = heap.trim(0)?;
    println!("trimming: {returned} units in {} ms", start.elapsed().as_millis());
    Ok(())
}

fn main() -> Outcome {
    let keys = std::env::args().nth(1).and_then(|keys| keys.parse().ok()).unwrap_or(100_000);
    let (heap, fd) = Heap::create(8 << 30, "bench")?;
    let _other = Heap::attach(&fd, "other")?;
    hot(&heap)?;
    queues(&heap)?;
    lists(&heap)?;
    growth(&heap, keys)
}
