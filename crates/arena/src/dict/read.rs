//! Reading one item, without the lock if possible.

use super::glance::Glance;
use super::{Dict, Key, VALUE};
use crate::block::Header;
use crate::change::is_quiet;
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::{self, Memory};
use crate::value::{self, Cell, Loaded, Witness};

/// Tries without the lock. A writer that is always there would starve a reader otherwise.
const TRIES: usize = 4;
/// Items of a bucket that a reader without the lock looks at: what it follows may be changing.
const CHAIN_MAX: u64 = 4096;

impl Dict {
    /// The value of a key.
    #[inline(always)]
    pub fn get<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<Option<Loaded>> {
        match self.glance(heap, key) {
            Glance::Missing => Ok(None),
            Glance::Found(cell, before) => match cell.as_int() {
                Some(int) => Ok(Some(Loaded::Int(int))),
                None => self.get_whole(heap, key, Some((cell, before))),
            },
            Glance::Unsure => self.get_whole(heap, key, None),
        }
    }

    /// The value of a key, whatever it is: of the cell that was `seen`, if nothing has changed since.
    #[inline(never)]
    fn get_whole<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        seen: Option<(Cell, u64)>,
    ) -> Result<Option<Loaded>> {
        if let Some((cell, before)) = seen
            && let Ok(loaded) = value::load(&heap.space, cell)
        {
            memory::validate_after_read();
            if heap.space.memory.load(self.object.at + lockable::INTENT)? == before {
                return Ok(Some(loaded));
            }
        }
        self.read(heap, key, |space, cell| value::load(space, cell))
    }

    /// The value of a key, and what [`Dict::replace_if`] needs to know of it.
    pub fn get_witnessed<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
    ) -> Result<Option<(Loaded, Witness)>> {
        self.read(heap, key, |space, cell| {
            Ok((value::load(space, cell)?, Witness::take(space, cell)?))
        })
    }

    /// Whether a key is there.
    #[inline(always)]
    pub fn contains<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<bool> {
        match self.glance(heap, key) {
            Glance::Found(..) => Ok(true),
            Glance::Missing => Ok(false),
            Glance::Unsure => self.contains_for_sure(heap, key),
        }
    }

    #[inline(never)]
    fn contains_for_sure<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<bool> {
        Ok(self.read(heap, key, |_, _| Ok(()))?.is_some())
    }

    #[inline]
    fn read<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        load: impl Fn(&Space<M>, Cell) -> Result<T>,
    ) -> Result<Option<T>> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        for _ in 0..TRIES {
            // Acquire (in `load`) pairs with the Release stores of `change::commit`.
            let before = space.memory.load(intent_at)?;
            if !is_quiet(before) {
                break;
            }
            let outcome = self.read_item(space, key, CHAIN_MAX, &load);
            memory::validate_after_read();
            if space.memory.load(intent_at)? == before {
                match outcome {
                    Err(Failure::Shared(_)) => break, // Perhaps a long chain: see with the lock.
                    other => return other,
                }
            }
        }
        let _guard = heap.begin(self.object)?;
        self.read_item(space, key, self.most(space)?, &load)
    }

    #[inline]
    fn read_item<M: Memory, T>(
        &self,
        space: &Space<M>,
        key: &Key<'_>,
        limit: u64,
        load: &impl Fn(&Space<M>, Cell) -> Result<T>,
    ) -> Result<Option<T>> {
        if Header(space.memory.load(self.object.at)?) != self.object.live {
            return Err(Failure::ObjectGone);
        }
        let spot = self.find(space, key, limit)?;
        if !spot.hit {
            return Ok(None);
        }
        load(space, Cell(space.memory.load(spot.next + VALUE)?)).map(Some)
    }
}
