//! More buckets, one at a time, and room for them.

use super::{BUCKETS, BUCKETS_MIN, CHAIN, DIRECTORY, DIRECTORY_CAPACITY, Dict, FIRST};
use super::{FIRST_CAPACITY, HASH, LENGTH, SEGMENT, checked, live_header};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;

/// Segments that a directory begins with.
const DIRECTORY_MIN: u64 = 16;

/// What more buckets need first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// A first segment of so many buckets.
    First(u64),
    /// A directory of so many segments.
    Directory(u64),
    /// The segment of this number.
    Segment(u64),
}

impl Dict {
    /// Whether there should be more buckets.
    pub(super) fn is_crowded<M: Memory>(&self, space: &Space<M>) -> Result<bool> {
        Ok(self.word(space, LENGTH)? >= self.word(space, BUCKETS)?)
    }

    fn need<M: Memory>(&self, space: &Space<M>) -> Result<Need> {
        let (buckets, first) = (self.word(space, BUCKETS)?, self.word(space, FIRST_CAPACITY)?);
        if buckets == 0 && first != 0 {
            return corrupt("a dict with room for buckets has none");
        }
        if buckets < SEGMENT {
            let grown = (first.saturating_mul(4)).clamp(BUCKETS_MIN, SEGMENT);
            return Ok(if buckets < first { Need::Nothing } else { Need::First(grown) });
        }
        let (number, capacity) = (buckets / SEGMENT, self.word(space, DIRECTORY_CAPACITY)?);
        if number >= capacity {
            return Ok(Need::Directory(capacity.saturating_mul(2).max(DIRECTORY_MIN)));
        }
        let exists = self.segment(space, number)? != 0;
        Ok(if exists { Need::Nothing } else { Need::Segment(number) })
    }

    /// Makes room for the next bucket. Called without the lock, since it allocates.
    #[cold]
    pub(super) fn make_room<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        let need = self.need(&heap.space)?;
        let words = match need {
            Need::Nothing => return Ok(()),
            Need::First(words) | Need::Directory(words) => words,
            Need::Segment(_) => SEGMENT,
        };
        let block = heap.allocate(words.saturating_mul(8))?;
        let outcome = self.install(heap, need, block);
        match outcome {
            Ok(Some(old)) => heap.settle(old),
            Ok(None) => Ok(()),
            Err(failure) => {
                heap.give_back(block)?;
                Err(failure)
            }
        }
    }

    /// Puts a new block in its place, if it is still needed; else gives it back. Returns what it replaced.
    fn install<M: Memory>(&self, heap: &Heap<M>, need: Need, block: Block) -> Result<Option<u64>> {
        let guard = heap.begin(self.object)?;
        let space = &heap.space;
        if self.need(space)? != need {
            drop(guard);
            heap.give_back(block)?;
            return Ok(None);
        }
        let mut change = Change::new();
        change.turn(block, State::Live);
        let old = match need {
            Need::Nothing => 0,
            Need::First(words) | Need::Directory(words) => {
                let (place, capacity) = match need {
                    Need::First(_) => (FIRST, FIRST_CAPACITY),
                    _ => (DIRECTORY, DIRECTORY_CAPACITY),
                };
                let (old, kept) = (self.link(space, place)?, self.word(space, capacity)?);
                copy_words(space, old, kept, block.at, words)?;
                change.write(self.object.body(place), block.at);
                change.write(self.object.body(capacity), words);
                if old == 0 && place == FIRST {
                    change.write(self.object.body(BUCKETS), words);
                }
                old
            }
            Need::Segment(number) => {
                change.write(self.link(space, DIRECTORY)? + 8 + number * 8, block.at);
                0
            }
        };
        if old != 0 {
            change.turn(Block { at: old, header: live_header(space, old)? }, State::Free);
        }
        guard.commit(&change)?;
        Ok((old != 0).then_some(old))
    }

    /// Adds a bucket, if there is room for it. The caller holds the lock.
    pub(super) fn split<M: Memory>(&self, space: &Space<M>, guard: &Guard<'_, M>) -> Result<()> {
        let bucket = self.word(space, BUCKETS)?;
        if bucket == 0 || self.need(space)? != Need::Nothing {
            return Ok(());
        }
        let bit = 1 << bucket.ilog2();
        let mut link = self.bucket(space, bucket & !bit)?;
        let mut change = Change::new();
        let mut moved = 0;
        for step in 0.. {
            let next = checked(space, space.memory.load(link)?)?;
            if next == 0 {
                break;
            }
            if space.memory.load(next + HASH)? & bit != 0 {
                change.write(link, 0);
                moved = next;
                break;
            }
            if step > self.most(space)? {
                return corrupt("a bucket has more items than its dict");
            }
            link = next + CHAIN;
        }
        let place = match bucket {
            0..SEGMENT => self.link(space, FIRST)? + 8 + bucket * 8,
            _ => self.segment(space, bucket / SEGMENT)? + 8 + bucket % SEGMENT * 8,
        };
        change.write(place, moved);
        change.write(self.object.body(BUCKETS), bucket + 1);
        guard.commit(&change)
    }
}

/// Copies words of one block to another, pending one, and fills that up with zeros.
fn copy_words<M: Memory>(
    space: &Space<M>,
    from: u64,
    kept: u64,
    to: u64,
    words: u64,
) -> Result<()> {
    for word in 0..words {
        let at = 8 + word * 8;
        let value = if word < kept { space.memory.load(from + at)? } else { 0 };
        space.memory.store(to + at, value)?;
    }
    Ok(())
}
