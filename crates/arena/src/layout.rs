//! Where everything in an arena is.
//!
//! | part | bytes | what |
//! | --- | ---: | --- |
//! | header | 4096 | magic, version, size, root |
//! | allocator | 4096 | the lockable that guards the unit table |
//! | slots | 256 × 256 | attached processes |
//! | threads | 2048 × 128 | life words |
//! | unit table | 8 each | what each unit is |
//! | hints | 64 each | for each unit: that something in it was freed |
//! | units | 65536 each (8192 in a small arena) | slabs of small blocks, extents for large ones |
//!
//! A **lockable** (the allocator, and every object) is 512 bytes whose first words are the same everywhere, so
//! that one lock and one recovery serve all of them.

use std::sync::atomic::AtomicU64;

use crate::Error;
use crate::classes::SIZES;
use crate::failure::{Result, corrupt};
use crate::memory::Memory;

/// "manorare" in the byte order of the machine.
const MAGIC: u64 = u64::from_be_bytes(*b"manorare");
/// Raised with every change of a layout in the arena.
pub const VERSION: u64 = 6;

/// Arenas up to this size have small units, so that they hold slabs of every class.
const SMALL_BYTES_MAX: u64 = 8 << 20;
/// A unit has so many bytes, as a power of two; in a small arena, and else.
const UNIT_SHIFTS: [u32; 2] = [13, 16];
/// The kernel's page: what is populated and punched.
pub const PAGE: u64 = 4096;

const AT_MAGIC: u64 = 0;
const AT_VERSION: u64 = 8;
const AT_BYTES: u64 = 16;
/// The object that holds the names: offset and generation.
pub(crate) const ROOT: u64 = 24;
pub(crate) const ROOT_GENERATION: u64 = 32;
/// The inode of the pid namespace in which thread ids in lock words mean something.
pub(crate) const NAMESPACE: u64 = 40;
/// Not 0 once the arena's objects are not to be used any more.
pub(crate) const ENDED: u64 = 48;
/// A futex: changes when there is something to do for whoever cleans up (`chores`).
pub(crate) const CHORES: u64 = 56;
/// How many units were freed since that changed.
pub(crate) const FREED: u64 = 64;
/// No record of a thread from this one on was ever used.
pub(crate) const RECORDS_USED: u64 = 72;
/// The dict of sites, if they are noted: offset and generation.
pub(crate) const SITES: u64 = 80;
pub(crate) const SITES_GENERATION: u64 = 88;

/// The lockable that guards the unit table.
pub(crate) const ALLOCATOR: u64 = 4096;

/// How many processes can be attached at once; a presence bitmap has as many bits.
pub const SLOTS: u64 = 256;
pub(crate) const SLOTS_AT: u64 = 8192;
pub(crate) const SLOT_BYTES: u64 = 256;

/// How many threads of all processes together can own something for their users at once.
pub const THREADS: u64 = 2048;
pub(crate) const THREADS_AT: u64 = SLOTS_AT + SLOTS * SLOT_BYTES;
pub(crate) const THREAD_BYTES: u64 = 128;

const TABLE_AT: u64 = THREADS_AT + THREADS * THREAD_BYTES;
const TABLE_ENTRY: u64 = 8;
/// A line for each unit: everything that is freed writes there, mostly in slabs of one's own, and two processes that share
/// a line take more than twice as long.
const HINT_BYTES: u64 = 64;

/// Words of a lockable.
pub(crate) mod lockable {
    /// The robust lock word.
    pub const LOCK: u64 = 8;
    /// The version, and how many entries of the intent are to be applied.
    pub const INTENT: u64 = 16;
    /// How often the lock was contended.
    pub const CONTENDED: u64 = 24;
    /// The type's own words.
    pub const BODY: u64 = 128;
    /// The entries of the intent.
    pub const LOG: u64 = 256;
    /// The size of it all.
    pub const BYTES: u64 = 512;
    /// How many entries the intent holds.
    pub const ENTRIES: usize = 16;
}

/// The places that depend on the arena's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    /// The first unit's offset.
    pub units_at: u64,
    /// How many units there are.
    pub units: u64,
    /// The first unit's hints.
    hints_at: u64,
    /// The size of a unit, as a power of two.
    unit_shift: u32,
}

impl Map {
    /// The map of an arena of `bytes` bytes; `None` if that is too small for one unit, or absurd.
    #[must_use]
    pub fn for_bytes(bytes: u64) -> Option<Self> {
        if bytes > 1 << 46 {
            return None;
        }
        let unit_shift = UNIT_SHIFTS[usize::from(bytes > SMALL_BYTES_MAX)];
        let entries = bytes >> unit_shift;
        let hints_at = (TABLE_AT + entries * TABLE_ENTRY).next_multiple_of(PAGE);
        let units_at = (hints_at + entries * HINT_BYTES).next_multiple_of(1 << unit_shift);
        let units = bytes.checked_sub(units_at)? >> unit_shift;
        (units > 0).then_some(Self { units_at, units, hints_at, unit_shift })
    }

    /// The bytes of a unit.
    #[inline]
    pub(crate) fn unit_bytes(&self) -> u64 {
        1 << self.unit_shift
    }

    /// The bytes of a unit for which one hint stands.
    #[inline]
    pub(crate) fn region_bytes(&self) -> u64 {
        self.unit_bytes() / 64
    }

    /// How many blocks of a class a slab holds.
    #[inline]
    pub(crate) fn blocks_per_slab(&self, class: usize) -> u64 {
        self.unit_bytes() / SIZES[class]
    }

    /// The unit that holds the byte at `at`.
    #[inline]
    pub(crate) fn unit_of(&self, at: u64) -> Result<u64> {
        let unit = at.wrapping_sub(self.units_at) >> self.unit_shift;
        if at < self.units_at || unit >= self.units {
            return corrupt("an offset lies outside of the units");
        }
        Ok(unit)
    }

    /// Where a unit begins.
    #[inline]
    pub(crate) fn unit_at(&self, unit: u64) -> u64 {
        self.units_at + (unit << self.unit_shift)
    }

    /// The table's word that says what a unit is.
    #[inline]
    pub(crate) fn word_at(&self, unit: u64) -> u64 {
        TABLE_AT + unit * TABLE_ENTRY
    }

    /// The word of a unit's hints: a bit for each 1/64 of it in which something was freed.
    #[inline]
    pub(crate) fn hints_at(&self, unit: u64) -> u64 {
        self.hints_at + unit * HINT_BYTES
    }
}

/// An arena's memory and its map: what every algorithm works on.
pub struct Space<M> {
    pub(crate) memory: M,
    pub(crate) map: Map,
    /// The slot of the process that uses it; [`NO_SLOT`] until it has one.
    pub(crate) slot: AtomicU64,
}

/// More than any slot.
pub(crate) const NO_SLOT: u64 = u64::MAX;

impl<M: Memory> Space<M> {
    /// Makes an arena of zeroed memory. Nobody else may have it yet.
    pub fn format(memory: M) -> Result<Self> {
        let Some(map) = Map::for_bytes(memory.bytes()) else {
            return corrupt("the memory is too small for an arena");
        };
        memory.populate(0, THREADS_AT)?;
        memory.store(AT_VERSION, VERSION)?;
        memory.store(AT_BYTES, memory.bytes())?;
        // Last: a half-made arena has no magic number.
        memory.store(AT_MAGIC, MAGIC)?;
        Ok(Self { memory, map, slot: AtomicU64::new(NO_SLOT) })
    }

    /// Checks an arena that another process made.
    pub fn open(memory: M) -> Result<Self> {
        let Some(map) = Map::for_bytes(memory.bytes()) else {
            return corrupt("the memory is too small for an arena");
        };
        if memory.load(AT_MAGIC)? != MAGIC {
            return corrupt("not an arena (wrong magic number)");
        }
        if memory.load(AT_VERSION)? != VERSION {
            return corrupt("an arena of another version of manor");
        }
        if memory.load(AT_BYTES)? != memory.bytes() {
            return Err(Error::Corrupt("the arena's size is not its file's").into());
        }
        Ok(Self { memory, map, slot: AtomicU64::new(NO_SLOT) })
    }

    /// Makes sure that the pages of the tables exist, for the units from `first` up to `end`.
    pub(crate) fn populate_tables(&self, first: u64, end: u64) -> Result<()> {
        for place in [Map::word_at, Map::hints_at] {
            let from = place(&self.map, first) / PAGE * PAGE;
            self.memory.populate(from, place(&self.map, end).next_multiple_of(PAGE) - from)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::recorder::Recorder;

    #[test]
    fn the_layout_of_version_5_does_not_move() {
        assert_eq!((ALLOCATOR, SLOTS_AT, THREADS_AT, TABLE_AT), (4096, 8192, 73728, 335_872));
        let map = Map::for_bytes(1 << 30).unwrap();
        let ends = [map.word_at(map.units), map.hints_at(map.units)];
        assert_eq!(
            map,
            Map { units_at: 1_572_864, units: 16360, hints_at: 466_944, unit_shift: 16 }
        );
        assert_eq!((map.word_at(3), map.hints_at(3)), (335_896, 467_136));
        assert!(ends[0] <= map.hints_at && ends[1] <= map.units_at);
        let words = [lockable::LOCK, lockable::INTENT, lockable::BODY, lockable::LOG];
        assert_eq!(words, [8, 16, 128, 256]);
        assert_eq!(lockable::LOG + lockable::ENTRIES as u64 * 16, lockable::BYTES);
    }

    #[test]
    fn absurd_sizes_and_foreign_bytes_are_refused() {
        assert!(
            [0, 4096, 335_872, 1 << 47, u64::MAX].map(Map::for_bytes).iter().all(Option::is_none)
        );
        assert!(Space::open(Recorder::new(1 << 20)).is_err());
        for at in [AT_MAGIC, AT_VERSION, AT_BYTES] {
            let space = Space::format(Recorder::new(1 << 20)).unwrap();
            space.memory.poke(at, 99);
            assert!(Space::open(space.memory).is_err());
        }
    }

    #[test]
    fn only_offsets_inside_of_the_units_have_one() {
        let map = Map::for_bytes(1 << 20).unwrap();
        assert_eq!(map.unit_of(map.units_at), Ok(0));
        assert_eq!(map.unit_of(map.unit_at(map.units) - 1), Ok(map.units - 1));
        for at in [0, map.units_at - 1, map.unit_at(map.units), u64::MAX] {
            assert!(map.unit_of(at).is_err());
        }
    }
}
