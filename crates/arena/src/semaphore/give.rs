//! Giving permits back.

use super::held::{Held, Manner};
use super::{DEAD, HEIR, Semaphore};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::LifeId;
use crate::memory::Memory;

/// What became of an attempt to give permits back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// They are free, or somebody else's.
    Done,
    /// The semaphore had more permits than it may have.
    TooMany,
}

/// Why permits are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// As anybody may.
    Release,
    /// At the end of a with statement.
    Leave,
    /// Since the user never learnt of having taken one.
    Undo { recorded: bool },
}

impl Semaphore {
    #[cold]
    pub(super) fn give<M: Memory>(
        &self,
        heap: &Heap<M>,
        me: LifeId,
        count: u64,
        why: Why,
    ) -> Result<Given> {
        // Asked for again, if room for a record has to be made, when the permits have been added.
        let mut given = None;
        let is_undone = matches!(why, Why::Undo { .. });
        let manner = if is_undone { Manner::Surely } else { Manner::Begin };
        self.work(heap, manner, |held| {
            let outcome = match given {
                Some(outcome) => outcome,
                None => held.add(me, count, why)?,
            };
            given = Some(outcome);
            Ok(held.distribute()?.map(|()| outcome))
        })
    }
}

impl<M: Memory> Held<'_, M> {
    fn add(&mut self, me: LifeId, count: u64, why: Why) -> Result<Given> {
        if count > self.bound()?.saturating_sub(self.value) {
            return Ok(Given::TooMany);
        }
        let mut change = Change::new();
        match why {
            Why::Release if self.semaphore.records_all => self.strike(&mut change, me, count)?,
            Why::Leave | Why::Undo { recorded: true } => self.strike_own(&mut change, me)?,
            Why::Release | Why::Undo { recorded: false } => {}
        }
        self.settle(&mut change, me, why)?;
        self.commit(&mut change, self.value + count)?;
        Ok(Given::Done)
    }

    fn strike_own(&self, change: &mut Change, me: LifeId) -> Result<()> {
        if let Some(record) = self.semaphore.record_of(self.space, me)? {
            record.set(change, record.count - 1);
        }
        Ok(())
    }

    /// Lists what takes `count` permits off the records: the caller's own, then those of the gone, then any.
    fn strike(&self, change: &mut Change, me: LifeId, count: u64) -> Result<()> {
        if let Some(own) = self.semaphore.record_of(self.space, me)?
            && own.count >= count
        {
            own.set(change, own.count - count);
            return Ok(());
        }
        let mut records = self.semaphore.records(self.space)?;
        records.sort_by_key(|record| {
            if record.life == me { 0 } else { 2 - u8::from(record.life == LifeId::GONE_IN_ORDER) }
        });
        let mut left = count;
        for record in records {
            // Room is kept for the death's words and the value. What more than a dozen others have stays on record.
            if left == 0 || !change.has_room(4) {
                break;
            }
            let struck = left.min(record.count);
            record.set(change, record.count - struck);
            left -= struck;
        }
        Ok(())
    }

    /// Lists what ends a death whose heir gives back a permit; if it never learnt of that, the next one shall.
    fn settle(&self, change: &mut Change, me: LifeId, why: Why) -> Result<()> {
        let (memory, object) = (&self.space.memory, self.semaphore.object);
        let heir = memory.load(object.body(HEIR))?;
        if heir == me.word() || heir == LifeId::GONE_IN_ORDER.word() {
            change.write(object.body(HEIR), 0);
            if !matches!(why, Why::Undo { .. }) {
                change.write(object.body(DEAD), 0);
            }
        }
        Ok(())
    }
}
