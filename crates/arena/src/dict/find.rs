//! Finding an item, or the place where it would be linked.

use super::{
    BUCKETS, CHAIN, DIRECTORY, DIRECTORY_CAPACITY, Dict, FIRST, FIRST_CAPACITY, HASH, ITEM_PAYLOAD,
    KEY, LENGTH,
};
use super::{Key, SEGMENT, checked};
use crate::failure::{Result, corrupt};
use crate::layout::Space;
use crate::memory::Memory;
use crate::value::Cell;

/// Where a key is or belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// The word that links `next`; 0 if there are no buckets yet.
    pub link: u64,
    /// The item found, or the one before which the key belongs; 0 at the end of the chain.
    pub next: u64,
    /// Whether `next` has the key.
    pub hit: bool,
}

impl Dict {
    /// Looks for a key, through at most `limit` items.
    #[inline(always)]
    pub(super) fn find<M: Memory>(
        &self,
        space: &Space<M>,
        key: &Key<'_>,
        limit: u64,
    ) -> Result<Spot> {
        let buckets = self.word(space, BUCKETS)?;
        if buckets == 0 {
            return Ok(Spot { link: 0, next: 0, hit: false });
        }
        let mut link = self.bucket(space, bucket_of(key.hash, buckets))?;
        for _ in 0..=limit {
            let next = checked(space, space.memory.load(link)?)?;
            if next == 0 {
                return Ok(Spot { link, next, hit: false });
            }
            let hash = space.memory.load(next + HASH)?;
            if hash == key.hash {
                let cell = Cell(space.memory.load(next + KEY)?);
                if key.matches(space, cell)? {
                    return Ok(Spot { link, next, hit: true });
                }
            } else if comes_after(hash, key.hash) {
                return Ok(Spot { link, next, hit: false });
            }
            link = next + CHAIN;
        }
        corrupt("a bucket has more items than its dict")
    }

    /// How many items there are, if that is possible: in a damaged arena, a chain may be a ring.
    #[inline(always)]
    pub(super) fn most<M: Memory>(&self, space: &Space<M>) -> Result<u64> {
        Ok(self.word(space, LENGTH)?.min(space.memory.bytes() / ITEM_PAYLOAD))
    }

    /// The word of the bucket that a hash belongs to.
    pub(super) fn bucket_of_hash<M: Memory>(&self, space: &Space<M>, hash: u64) -> Result<u64> {
        match self.word(space, BUCKETS)? {
            0 => corrupt("a dict with items has no buckets"),
            buckets => self.bucket(space, bucket_of(hash, buckets)),
        }
    }

    /// The word of a bucket.
    #[inline(always)]
    pub(super) fn bucket<M: Memory>(&self, space: &Space<M>, bucket: u64) -> Result<u64> {
        if bucket < SEGMENT {
            if bucket >= self.word(space, FIRST_CAPACITY)? {
                return corrupt("a bucket lies behind its segment");
            }
            return Ok(self.link(space, FIRST)? + 8 + bucket * 8);
        }
        let segment = self.segment(space, bucket / SEGMENT)?;
        if segment == 0 {
            return corrupt("a segment of buckets is missing");
        }
        Ok(segment + 8 + bucket % SEGMENT * 8)
    }

    /// The segment with a number from 1; 0 if there is none yet.
    pub(super) fn segment<M: Memory>(&self, space: &Space<M>, number: u64) -> Result<u64> {
        if number >= self.word(space, DIRECTORY_CAPACITY)? {
            return Ok(0);
        }
        let directory = self.link(space, DIRECTORY)?;
        checked(space, space.memory.load(directory + 8 + number * 8)?)
    }
}

/// Whether a hash stands behind another one in a chain: in the order of the reversed bits, which the lowest bit
/// decides in which they differ.
#[inline]
pub(super) fn comes_after(hash: u64, other: u64) -> bool {
    let differing = hash ^ other;
    hash & differing & differing.wrapping_neg() != 0
}

#[test]
fn hashes_are_in_the_order_of_their_reversed_bits() {
    let hashes = [0, 1, 2, 3, 5, 8, 1 << 63, u64::MAX, 0x1234_5678_9abc_def0, 0xf0f0];
    for one in hashes {
        for other in hashes {
            assert_eq!(comes_after(one, other), one.reverse_bits() > other.reverse_bits());
        }
    }
}

/// Which of `buckets` buckets a hash belongs to.
#[inline]
fn bucket_of(hash: u64, buckets: u64) -> u64 {
    let mask = u64::MAX.checked_shr((buckets - 1).leading_zeros()).unwrap_or(0);
    let bucket = hash & mask;
    if bucket < buckets { bucket } else { bucket & mask >> 1 }
}

#[test]
fn a_bucket_is_one_of_those_that_exist_and_splits_from_its_parent() {
    for buckets in 1..200u64 {
        for hash in 0..500 {
            let bucket = bucket_of(hash, buckets);
            assert!(bucket < buckets);
            let after = bucket_of(hash, buckets + 1);
            let parent = buckets & !(1 << buckets.ilog2());
            assert!(after == bucket || (after == buckets && bucket == parent));
        }
    }
}
