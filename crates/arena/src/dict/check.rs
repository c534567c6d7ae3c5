//! What must hold of a dict at rest (for tests).

use super::{
    AFTER, BEFORE, BUCKETS, CHAIN, DIRECTORY, DIRECTORY_CAPACITY, Dict, FIRST, HASH, HEAD,
};
use super::{KEY, LENGTH, TAIL, TRASH_CAPACITY, TRASH_DIRECTORY, TRASH_FIRST, TRASH_HEAD, VALUE};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::value::Cell;

/// Checks the structure, and reports every block that the dict links.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    let dict = Dict { object };
    let length = found(dict.word(space, LENGTH), "length")?;
    let linked = check_order(space, dict, audit)?;
    if linked != length {
        return Err(format!("a dict of {length} items links {linked}"));
    }
    let chained = check_buckets(space, dict)?;
    if chained != length {
        return Err(format!("a dict of {length} items chains {chained}"));
    }
    let mut item = found(dict.word(space, TRASH_HEAD), "trash")?;
    while item != 0 {
        reach_item(space, item, audit)?;
        item = found(space.memory.load(item + AFTER), "trash")?;
    }
    reach_table(space, dict, [FIRST, DIRECTORY, DIRECTORY_CAPACITY], audit)?;
    reach_table(space, dict, [TRASH_FIRST, TRASH_DIRECTORY, TRASH_CAPACITY], audit)
}

fn check_order<M: Memory>(space: &Space<M>, dict: Dict, audit: &mut Audit) -> Finding<u64> {
    let (mut item, mut before, mut count) = (found(dict.word(space, HEAD), "head")?, 0, 0);
    while item != 0 {
        reach_item(space, item, audit)?;
        if space.memory.load(item + BEFORE) != Ok(before) {
            return Err(format!("the item at {item} has another predecessor"));
        }
        count += 1;
        before = item;
        item = found(space.memory.load(item + AFTER), "an item")?;
    }
    if dict.word(space, TAIL) != Ok(before) {
        return Err("the tail is not the last item".to_owned());
    }
    Ok(count)
}

fn reach_item<M: Memory>(space: &Space<M>, item: u64, audit: &mut Audit) -> Finding<()> {
    audit.reach(space, item, "an item")?;
    let key = Cell(found(space.memory.load(item + KEY), "a key")?);
    if let Some(at) = key.block() {
        audit.reach(space, at, "a key")?;
    }
    audit.reach_value(space, Cell(found(space.memory.load(item + VALUE), "a value")?))
}

fn check_buckets<M: Memory>(space: &Space<M>, dict: Dict) -> Finding<u64> {
    let buckets = found(dict.word(space, BUCKETS), "buckets")?;
    let mut count = 0;
    for bucket in 0..buckets {
        let mut link = found(dict.bucket(space, bucket), "a bucket")?;
        let place = link;
        let mut order = 0;
        loop {
            let item = found(space.memory.load(link), "a chain")?;
            if item == 0 {
                break;
            }
            let hash = found(space.memory.load(item + HASH), "a hash")?;
            if dict.bucket_of_hash(space, hash) != Ok(place) {
                return Err(format!("the item at {item} is in the wrong bucket"));
            }
            if hash.reverse_bits() < order {
                return Err(format!("the bucket {bucket} is not sorted"));
            }
            order = hash.reverse_bits();
            count += 1;
            link = item + CHAIN;
        }
    }
    Ok(count)
}

fn reach_table<M: Memory>(
    space: &Space<M>,
    dict: Dict,
    [first, directory, capacity]: [u64; 3],
    audit: &mut Audit,
) -> Finding<()> {
    let word = |word| found(dict.word(space, word), "a table");
    let (first, directory, capacity) = (word(first)?, word(directory)?, word(capacity)?);
    for (at, what) in [(first, "a first segment"), (directory, "a directory")] {
        if at != 0 {
            audit.reach(space, at, what)?;
        }
    }
    for number in (1..capacity).filter(|_| directory != 0) {
        let segment = found(space.memory.load(directory + 8 + number * 8), "a directory")?;
        if segment != 0 {
            audit.reach(space, segment, "a segment")?;
        }
    }
    Ok(())
}
