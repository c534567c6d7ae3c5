//! Which threads have permits that come back if they are killed.

use super::{FIRST_RECORDS, RECORDS, Semaphore};
use crate::block::{Block, Header, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::life::LifeId;
use crate::memory::Memory;
use crate::site::SITE_BITS;
use crate::value;

/// Words of a record: the life; how many permits, and from where the last was taken. Without permits it is free, whatever
/// the life.
const LIFE: u64 = 0;
const COUNT: u64 = 8;
const BYTES: u64 = 16;
/// In the second word: how many.
const COUNT_MAX: u64 = u64::MAX >> SITE_BITS;
const SITE_SHIFT: u32 = 64 - SITE_BITS;
/// So many are in the object itself.
const IN_OBJECT: u64 = (lockable::LOG - lockable::BODY - FIRST_RECORDS) / BYTES;
/// Words of a block of records: the header, how many there are, and they.
const CAPACITY: u64 = 8;
const IN_BLOCK: u64 = 16;
/// More threads than an arena knows, and one for those who are gone.
const RECORDS_MAX: u64 = 1 << 13;

/// The permits of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    at: u64,
    pub life: LifeId,
    pub count: u64,
    /// From where the last one was taken.
    pub site: u64,
}

impl Record {
    /// Lists what makes it a record of `count` permits.
    pub fn set(&self, change: &mut Change, count: u64) {
        let site = if count == 0 { 0 } else { self.site };
        change.write(self.at + COUNT, count.min(COUNT_MAX) | site << SITE_SHIFT);
    }

    /// Lists what makes it another's.
    pub fn give_to(&self, change: &mut Change, life: LifeId) {
        change.write(self.at + LIFE, life.word());
    }
}

/// A place for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    at: u64,
    count: u64,
}

impl Place {
    /// Lists what records one permit more, taken from a site if there are any.
    pub fn add(&self, change: &mut Change, life: LifeId, site: Option<u64>) {
        if self.count == 0 {
            change.write(self.at + LIFE, life.word());
        }
        change.write(self.at + COUNT, (self.count + 1) | site.unwrap_or(0) << SITE_SHIFT);
    }
}

/// How many permits a record is of, and from where the last was taken.
fn counted<M: Memory>(space: &Space<M>, at: u64) -> Result<(u64, u64)> {
    let word = space.memory.load(at + COUNT)?;
    Ok((word & COUNT_MAX, word >> SITE_SHIFT))
}

impl Semaphore {
    /// The block of records, and how many fit there.
    pub(super) fn block<M: Memory>(&self, space: &Space<M>) -> Result<Option<(Block, u64)>> {
        let at = space.memory.load(self.object.body(RECORDS))?;
        if at == 0 {
            return Ok(None);
        }
        let room = value::room(space, at)?;
        let header = Header(space.memory.load(at)?);
        let capacity = space.memory.load(at + CAPACITY)?;
        if !header.is(State::Live) || capacity > RECORDS_MAX || room < IN_BLOCK + capacity * BYTES {
            return corrupt("a semaphore's records are no block of records");
        }
        Ok(Some((Block { at, header }, capacity)))
    }

    /// The places of all records.
    fn places<M: Memory>(&self, space: &Space<M>) -> Result<impl Iterator<Item = u64>> {
        let first = self.object.body(FIRST_RECORDS);
        let (more, capacity) = match self.block(space)? {
            Some((block, capacity)) => (block.at + IN_BLOCK, capacity),
            None => (0, 0),
        };
        let in_object = (0..IN_OBJECT).map(move |index| first + index * BYTES);
        Ok(in_object.chain((0..capacity).map(move |index| more + index * BYTES)))
    }

    /// All records of permits.
    pub(super) fn records<M: Memory>(&self, space: &Space<M>) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for at in self.places(space)? {
            let (count, site) = counted(space, at)?;
            if count == 0 {
                continue;
            }
            let Some(life) = LifeId::from_word(space.memory.load(at + LIFE)?) else {
                return corrupt("a permit is recorded as nobody's");
            };
            records.push(Record { at, life, count, site });
        }
        Ok(records)
    }

    /// The record of a thread.
    pub(super) fn record_of<M: Memory>(
        &self,
        space: &Space<M>,
        life: LifeId,
    ) -> Result<Option<Record>> {
        for at in self.places(space)? {
            let (count, site) = counted(space, at)?;
            if count != 0 && space.memory.load(at + LIFE)? == life.word() {
                return Ok(Some(Record { at, life, count, site }));
            }
        }
        Ok(None)
    }

    /// Where a permit of a thread may be recorded; `None` if there is no room.
    pub(super) fn place_for<M: Memory>(
        &self,
        space: &Space<M>,
        life: LifeId,
    ) -> Result<Option<Place>> {
        let mut free = None;
        for at in self.places(space)? {
            let (count, _) = counted(space, at)?;
            if count == 0 {
                free = free.or(Some(Place { at, count }));
            } else if space.memory.load(at + LIFE)? == life.word() {
                return Ok(Some(Place { at, count }));
            }
        }
        Ok(free)
    }

    /// Makes room for more records, without the object's lock until the new ones are filled.
    #[cold]
    pub(super) fn grow<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        let space = &heap.space;
        let had = {
            let _guard = heap.lock(self.object)?;
            self.block(space)?.map_or(0, |(_, capacity)| capacity)
        };
        let capacity = (had * 2).max(2 * IN_OBJECT);
        let fresh = heap.allocate(IN_BLOCK - 8 + capacity * BYTES)?;
        match self.swing(heap, fresh, capacity) {
            Ok(Some(old)) => heap.settle(old.at),
            Ok(None) => Ok(()),
            Err(failure) => {
                heap.give_back(fresh)?;
                Err(failure)
            }
        }
    }

    /// Returns the block that is free now: the old one, or the new one if somebody else has made room meanwhile.
    fn swing<M: Memory>(
        &self,
        heap: &Heap<M>,
        fresh: Block,
        capacity: u64,
    ) -> Result<Option<Block>> {
        let space = &heap.space;
        let guard = heap.lock(self.object)?;
        let old = self.block(space)?;
        let mut change = Change::new();
        if let Some((_, had)) = old
            && had >= capacity
        {
            change.turn(fresh, State::Free);
            guard.commit(&change)?;
            return Ok(Some(fresh));
        }
        space.memory.store(fresh.at + CAPACITY, capacity)?;
        let (from, had) = old.map_or((0, 0), |(block, had)| (block.at + IN_BLOCK, had));
        for word in 0..capacity * BYTES / 8 {
            let inherited = word < had * BYTES / 8;
            let word_at = word * 8;
            let value = if inherited { space.memory.load(from + word_at)? } else { 0 };
            space.memory.store(fresh.at + IN_BLOCK + word_at, value)?;
        }
        change.write(self.object.body(RECORDS), fresh.at);
        change.turn(fresh, State::Live);
        if let Some((block, _)) = old {
            change.turn(block, State::Free);
        }
        guard.commit(&change)?;
        Ok(old.map(|(block, _)| block))
    }
}
