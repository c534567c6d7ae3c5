//! Putting items.

use std::cell::Cell;

use super::{CLOSED, Queue, UNFINISHED, Wait};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::list::{End, Owner, Spares};
use crate::memory::Memory;
use crate::value::{Staged, Value};

/// Items that are prepared together.
const BATCH: usize = 64;

/// How putting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Everything is in.
    Done,
    /// There is no room for more.
    Full,
    /// No more is accepted.
    Closed,
    /// The queue was changed meanwhile.
    Changed,
}

/// An item that is prepared.
#[derive(Debug, Clone, Copy)]
pub struct Parcel(Staged);

/// The queue as the owner of its items, and why it last admitted none.
struct Gate<'q> {
    queue: &'q Queue,
    /// The version that the queue has to have.
    expected: Option<u64>,
    refusal: Cell<Put>,
}

impl<M: Memory> Owner<M> for Gate<'_> {
    #[inline]
    fn admit(&self, space: &Space<M>, length: u64, wanted: u64) -> Result<u64> {
        if let Some(expected) = self.expected
            && self.queue.list().locked_version(space)? != expected
        {
            self.refusal.set(Put::Changed);
            return Ok(0);
        }
        if self.queue.counts_in(space)?.is_closed {
            self.refusal.set(Put::Closed);
            return Ok(0);
        }
        let room = self.queue.room_in(space, length, wanted)?;
        if room == 0 {
            self.refusal.set(Put::Full);
        }
        Ok(room)
    }

    #[inline]
    fn note(&self, space: &Space<M>, change: &mut Change, count: u64) -> Result<()> {
        let at = self.queue.object.body(UNFINISHED);
        change.write(at, space.memory.load(at)?.wrapping_add(count));
        Ok(())
    }
}

impl Queue {
    /// Puts an item behind all others, if there is room.
    #[inline]
    pub fn put<M: Memory>(&self, heap: &Heap<M>, value: &Value<'_>) -> Result<Put> {
        if let Some(refusal) = self.refusal(heap)? {
            return Ok(refusal);
        }
        let parcel = self.pack(heap, value)?;
        let outcome = self.put_packed(heap, parcel);
        if outcome != Ok(Put::Done) {
            self.unpack(heap, parcel)?;
        }
        outcome
    }

    /// Prepares an item, for several attempts to put it.
    #[inline]
    pub fn pack<M: Memory>(&self, heap: &Heap<M>, value: &Value<'_>) -> Result<Parcel> {
        heap.stage(value).map(Parcel)
    }

    /// Frees an item that was prepared and not put.
    pub fn unpack<M: Memory>(&self, heap: &Heap<M>, parcel: Parcel) -> Result<()> {
        heap.unstage(parcel.0)
    }

    /// Puts an item that was prepared, if there is room; it is the queue's then.
    #[inline]
    pub fn put_packed<M: Memory>(&self, heap: &Heap<M>, parcel: Parcel) -> Result<Put> {
        let (mut spares, gate) = (Spares::default(), self.gate());
        let one = std::slice::from_ref(&parcel.0);
        let outcome = self.list().append_staged(heap, one, 1, &mut spares, &gate);
        spares.give_back(heap)?;
        let (count, _) = outcome?;
        if count == 0 {
            return Ok(gate.refusal.get());
        }
        self.tell(heap, Wait::Item, 1)?;
        Ok(Put::Done)
    }

    /// Puts an item before the item `index`, if the queue still is at the version `expected` and there is room.
    pub fn put_at<M: Memory>(
        &self,
        heap: &Heap<M>,
        expected: u64,
        index: u64,
        value: &Value<'_>,
    ) -> Result<Put> {
        let staged = heap.stage(value)?;
        let (mut spares, gate) = (Spares::default(), self.gate());
        let gate = Gate { expected: Some(expected), ..gate };
        let outcome = self.list().insert_staged(heap, index.into(), staged, &mut spares, &gate);
        if !matches!(outcome, Ok(Some(_))) {
            heap.unstage(staged)?;
        }
        spares.give_back(heap)?;
        if outcome?.is_none() {
            return Ok(gate.refusal.get());
        }
        self.tell(heap, Wait::Item, 1)?;
        Ok(Put::Done)
    }

    /// Puts an item back that was taken at an end, whether there is room or not. It was counted when it was put first.
    pub fn put_back<M: Memory>(&self, heap: &Heap<M>, end: End, value: &Value<'_>) -> Result<()> {
        match end {
            End::Front => self.list().insert(heap, 0, value)?,
            End::Back => self.list().append(heap, value)?,
        };
        self.tell(heap, Wait::Item, 1)
    }

    /// Puts items one behind the other, as long as there is room; others may put theirs between. Returns how many of
    /// them are in. If it fails, and some were put before, it says so the next time.
    pub fn put_many<M: Memory>(
        &self,
        heap: &Heap<M>,
        values: &[Value<'_>],
    ) -> Result<(usize, Put)> {
        let mut done = 0;
        let (mut spares, gate) = (Spares::default(), self.gate());
        let outcome = self.put_batches(heap, values, &mut done, &mut spares, &gate);
        spares.give_back(heap)?;
        match outcome {
            Err(_) if done > 0 => Ok((done, Put::Full)),
            other => Ok((done, other?)),
        }
    }

    fn put_batches<M: Memory>(
        &self,
        heap: &Heap<M>,
        values: &[Value<'_>],
        done: &mut usize,
        spares: &mut Spares,
        gate: &Gate<'_>,
    ) -> Result<Put> {
        let mut staged = Vec::with_capacity(values.len().min(BATCH));
        for batch in values.chunks(BATCH) {
            if let Some(refusal) = self.refusal(heap)? {
                return Ok(refusal);
            }
            staged.clear();
            let mut outcome = Ok(Put::Done);
            for value in batch {
                match heap.stage(value) {
                    Ok(one) => staged.push(one),
                    Err(failure) => {
                        outcome = Err(failure);
                        break;
                    }
                }
            }
            let (taken, put) = self.put_staged(heap, &staged, spares, gate);
            *done += taken;
            for rest in staged.drain(..).skip(taken) {
                heap.unstage(rest)?;
            }
            match (put?, outcome?) {
                (Put::Done, Put::Done) => {}
                (refusal, _) => return Ok(refusal),
            }
        }
        Ok(Put::Done)
    }

    /// Puts what is prepared, and returns how many of it, whatever ended that.
    fn put_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        staged: &[Staged],
        spares: &mut Spares,
        gate: &Gate<'_>,
    ) -> (usize, Result<Put>) {
        let mut done = 0;
        while let Some(rest) = staged.get(done..)
            && !rest.is_empty()
        {
            match self.list().append_staged(heap, rest, 1, spares, gate) {
                Ok((0, _)) => return (done, Ok(gate.refusal.get())),
                Ok((count, _)) => {
                    done += count;
                    if let Err(failure) = self.tell(heap, Wait::Item, count) {
                        return (done, Err(failure));
                    }
                }
                Err(failure) => return (done, Err(failure)),
            }
        }
        (done, Ok(Put::Done))
    }

    fn gate(&self) -> Gate<'_> {
        Gate { queue: self, expected: None, refusal: Cell::new(Put::Full) }
    }

    /// Why nothing can be put at this moment, if that is seen without the lock.
    #[inline]
    fn refusal<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Put>> {
        if !self.is_bounded && heap.space.memory.load(self.object.body(CLOSED))? == 0 {
            return Ok(None); // Without looking at what those write who take.
        }
        self.glance(heap, |space, counts| {
            Ok(match counts {
                _ if counts.is_closed => Some(Put::Closed),
                _ if self.room_in(space, counts.length, 1)? == 0 => Some(Put::Full),
                _ => None,
            })
        })
    }
}
