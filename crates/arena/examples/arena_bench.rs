//! Nanoseconds of the hot operations, with the arena attached by another live process as well.
//!
//! `cargo run --release -p arena --example arena_bench [keys]`

use std::hint::black_box;
use std::time::Instant;

use arena::dict::{Dict, Key};
use arena::heap::Heap;
use arena::memory::Shared;
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
    growth(&heap, keys)
}
