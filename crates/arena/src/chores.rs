//! Telling whoever cleans up in the background that there is something to do.
//!
//! Memory that is freed stays with the arena, since it is likely to be used again at once; when much of it was
//! freed, the process that cleans up is woken, and returns what is still free a moment later ([`Heap::trim`]).

use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::{CHORES, FREED, Space};
use crate::memory::Memory;

/// So many bytes that were freed are worth a look.
const FREED_BYTES: u64 = 16 << 20;

/// Notes that `units` more units are free; the caller has the allocator's lock. Returns whether to call [`tell`].
pub(crate) fn note_freed<M: Memory>(space: &Space<M>, units: u64) -> Result<bool> {
    let freed = space.memory.load(FREED)?.saturating_add(units);
    let is_much = freed.saturating_mul(space.map.unit_bytes()) >= FREED_BYTES;
    space.memory.store(FREED, if is_much { 0 } else { freed })?;
    Ok(is_much)
}

/// Notes that `units` that were free, with their pages, are in use again; the caller has the allocator's lock.
pub(crate) fn note_reused<M: Memory>(space: &Space<M>, units: u64) -> Result<()> {
    let freed = space.memory.load(FREED)?;
    if freed == 0 { Ok(()) } else { space.memory.store(FREED, freed.saturating_sub(units)) }
}

/// Wakes whoever cleans up.
#[cold]
pub(crate) fn tell<M: Memory>(space: &Space<M>) -> Result<()> {
    // Two who tell at the same time may count once; one change is enough.
    space.memory.store(CHORES, space.memory.load(CHORES)?.wrapping_add(1))?;
    space.memory.wake(CHORES, 1)
}

impl<M: Memory> Heap<M> {
    /// A number that changes when there is something to clean up, or the arena has ended.
    pub fn chores(&self) -> Result<u32> {
        #[allow(clippy::cast_possible_truncation)] // The futex is the low half.
        Ok(self.space.memory.load(CHORES)? as u32)
    }

    /// Sleeps while that number is `seen`, at most `timeout_ns`; may return early for any reason.
    pub fn await_chores(&self, seen: u32, timeout_ns: u64) -> Result<()> {
        self.space.memory.sleep(CHORES, seen, timeout_ns)
    }
}

#[test]
fn much_that_is_freed_is_a_chore() {
    use crate::dict::{Dict, kills::key};
    use crate::value::{Kind, Value};
    let (heap, _fd) = Heap::create(256 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap();
    let large = vec![1; 10 << 20];
    let before = heap.chores().unwrap();
    for number in 0..3 {
        dict.set(&heap, &key(number), &Value::Data(Kind::Bytes, &[&large])).unwrap();
    }
    assert_eq!(heap.chores(), Ok(before));
    dict.clear(&heap).unwrap();
    assert_ne!(heap.chores(), Ok(before));
    assert!(heap.trim(0).unwrap() >= 3 * (10 << 20 >> 16));
    let before = heap.chores().unwrap();
    heap.end().unwrap();
    assert_ne!(heap.chores(), Ok(before));
}

#[test]
fn what_comes_and_goes_in_the_same_memory_is_no_chore() {
    use crate::dict::{Dict, kills::key};
    use crate::value::{Kind, Value};
    let (heap, _fd) = Heap::create(256 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap();
    let (large, before) = (vec![1; 10 << 20], heap.chores().unwrap());
    for _ in 0..20 {
        dict.set(&heap, &key(1), &Value::Data(Kind::Bytes, &[&large])).unwrap();
    }
    assert_eq!(heap.chores(), Ok(before));
}

#[test]
fn a_large_dict_that_is_dropped_gives_its_slabs_back() {
    use crate::dict::{Dict, kills::key};
    use crate::value::Value;
    let (heap, _fd) = Heap::create(256 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap();
    for number in 0..400_000 {
        dict.set(&heap, &key(number), &Value::None).unwrap();
    }
    let (before, full) = (heap.chores().unwrap(), heap.stats().unwrap().bytes_backed);
    heap.let_go(dict.handle()).unwrap();
    assert_ne!(heap.chores(), Ok(before));
    // Another process returns the pages.
    assert!(heap.trim(0).unwrap() << 16 > full / 2);
}
