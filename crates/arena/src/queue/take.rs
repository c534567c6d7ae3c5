//! Taking items.

use super::{Counts, Queue, Wait};
use crate::change::is_quiet;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::list::{End, Taken};
use crate::memory::{self, Memory};
use crate::value::Loaded;

/// Items that are taken at one moment, at most: those of a leaf.
const BATCH: usize = 64;

/// What was got out of a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    /// An item; an object is held by this process.
    Item(Loaded),
    /// There is nothing.
    Empty,
    /// There is nothing, and never will be.
    Closed,
}

impl Queue {
    /// Takes the item at an end, if there is one.
    #[inline]
    pub fn get<M: Memory>(&self, heap: &Heap<M>, end: End) -> Result<Got> {
        if let Some(nothing) = self.nothing(heap)? {
            return Ok(nothing);
        }
        let mut taken = [Taken::NONE; 1];
        match self.list().take_some(heap, end, &mut taken)? {
            0 => self.why_nothing(heap),
            _ => {
                self.tell_of_room(heap, 1)?;
                heap.receive(taken[0]).map(Got::Item)
            }
        }
    }

    /// Takes up to `most` items at an end, and adds them to `items`; others may take some between. Returns what `get`
    /// would if there is none, else `None`. If it fails, and some were taken before, it says so the next time.
    pub fn get_many<M: Memory>(
        &self,
        heap: &Heap<M>,
        end: End,
        most: usize,
        items: &mut Vec<Loaded>,
    ) -> Result<Option<Got>> {
        let before = items.len();
        if let Some(nothing) = self.nothing(heap)? {
            return Ok(Some(nothing));
        }
        let mut taken = [Taken::NONE; BATCH];
        loop {
            let rest = most.saturating_sub(items.len() - before).min(BATCH);
            let taken = taken.get_mut(..rest).unwrap_or_default();
            let outcome = self.list().take_some(heap, end, taken);
            let count = match outcome {
                Err(_) if items.len() > before => 0,
                other => other?,
            };
            if count > 0 {
                self.tell_of_room(heap, count)?;
            }
            for &taken in taken.iter().take(count) {
                items.push(heap.receive(taken)?);
            }
            if count == 0 || count == rest && items.len() - before >= most {
                break;
            }
        }
        if items.len() > before { Ok(None) } else { self.why_nothing(heap).map(Some) }
    }

    /// Nobody waits for room where there always is.
    #[inline]
    fn tell_of_room<M: Memory>(&self, heap: &Heap<M>, count: usize) -> Result<()> {
        if self.is_bounded { self.tell(heap, Wait::Room, count) } else { Ok(()) }
    }

    fn why_nothing<M: Memory>(&self, heap: &Heap<M>) -> Result<Got> {
        Ok(if self.counts(heap)?.is_closed { Got::Closed } else { Got::Empty })
    }

    /// Why nothing can be taken at this moment, if that is seen without the lock.
    #[inline]
    fn nothing<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Got>> {
        if self.list().length(&heap.space)? > 0 {
            return Ok(None); // Without looking at what those write who put.
        }
        self.glance(heap, |_, counts| {
            Ok(match counts {
                Counts { length: 0, is_closed: true, .. } => Some(Got::Closed),
                Counts { length: 0, .. } => Some(Got::Empty),
                _ => None,
            })
        })
    }

    /// What `look` sees at one moment, if nobody is in the middle of a change, or has died there.
    #[inline]
    pub(super) fn glance<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        look: impl Fn(&Space<M>, Counts) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        // Acquire (in `load`) pairs with the Release stores of `change::commit`.
        let before = space.memory.load(intent_at)?;
        if !is_quiet(before) {
            return Ok(None);
        }
        if space.memory.load(self.object.at)? != self.object.live.0 {
            return Err(Failure::ObjectGone);
        }
        let seen = self.counts_in(space).and_then(|counts| look(space, counts));
        memory::validate_after_read();
        if space.memory.load(intent_at)? == before { seen } else { Ok(None) }
    }
}
