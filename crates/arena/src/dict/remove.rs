//! Removing items, and listing what they held for freeing.

use super::{AFTER, BEFORE, CHAIN, Dict, HEAD, Item, KEY, Key, LENGTH, SHAPE, TAIL, VALUE};
use super::{checked, find::Spot, key, live_header};
use crate::block::{Block, State};
use crate::change::{self, Change};
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Step, discard_value};
use crate::value::{self, Cell, Loaded};

/// What a removed item is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Value,
    Both,
}

impl Dict {
    /// Removes a key and returns its value; an object is held by this process then.
    pub fn pop<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<Option<Loaded>> {
        Ok(self.take_key(heap, key, Wanted::Value)?.map(|(_, value)| value))
    }

    /// Removes a key. Returns whether it was there.
    pub fn remove<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<bool> {
        Ok(self.take_key(heap, key, Wanted::Nothing)?.is_some())
    }

    fn take_key<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        wanted: Wanted,
    ) -> Result<Option<Item>> {
        self.take_item(heap, wanted, |dict, space| {
            let spot = dict.find(space, key, dict.most(space)?)?;
            Ok(spot.hit.then_some(spot))
        })
    }

    /// Removes the newest item and returns its key and value.
    pub fn pop_newest<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Item>> {
        self.take_item(heap, Wanted::Both, |dict, space| {
            let tail = dict.link(space, TAIL)?;
            if tail == 0 { Ok(None) } else { dict.spot_of(space, tail).map(Some) }
        })
    }

    /// Removes the item that `choose` finds under the lock, and returns what is wanted of it, and `None` for the rest; an
    /// object that was its value is held then.
    fn take_item<M: Memory>(
        &self,
        heap: &Heap<M>,
        wanted: Wanted,
        choose: impl FnOnce(&Self, &Space<M>) -> Result<Option<Spot>>,
    ) -> Result<Option<Item>> {
        let space = &heap.space;
        let keeper = (wanted != Wanted::Nothing).then(|| heap.slot());
        let mut step = Step { keeper, ..Step::default() };
        let (key, early, cell) = {
            let guard = heap.begin(self.object)?;
            let Some(spot) = choose(self, space)? else { return Ok(None) };
            let word = |word| -> Result<Cell> { Ok(Cell(space.memory.load(spot.next + word)?)) };
            let key = match wanted {
                Wanted::Both => key::load(space, word(KEY)?)?,
                _ => Loaded::None,
            };
            let cell = word(VALUE)?;
            let early = if wanted == Wanted::Nothing {
                Some(Loaded::None)
            } else {
                value::load_short(space, cell)?
            };
            self.unlink(space, &guard, spot, &mut step)?;
            (key, early, cell)
        };
        let value = early.map_or_else(|| value::load(space, cell), Ok)?;
        if wanted != Wanted::Nothing {
            heap.hold_taken(&value)?;
        }
        heap.follow_up(step)?;
        Ok(Some((key, value)))
    }

    fn unlink<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        spot: Spot,
        step: &mut Step,
    ) -> Result<()> {
        let (item, body) = (spot.next, |word| self.object.body(word));
        let word = |at| checked(space, space.memory.load(at)?);
        let (before, after) = (word(item + BEFORE)?, word(item + AFTER)?);
        let mut change = Change::new();
        change.write(spot.link, word(item + CHAIN)?);
        change.write(if before == 0 { body(HEAD) } else { before + AFTER }, after);
        change.write(if after == 0 { body(TAIL) } else { after + BEFORE }, before);
        change.write(body(LENGTH), self.word(space, LENGTH)?.wrapping_sub(1));
        change.write(body(SHAPE), self.word(space, SHAPE)?.wrapping_add(1));
        discard_item(space, item, &mut change, step)?;
        guard.commit(&change)
    }
}

/// Lists an unlinked item and what it holds for freeing: at most three entries.
pub(super) fn discard_item<M: Memory>(
    space: &Space<M>,
    item: u64,
    change: &mut Change,
    step: &mut Step,
) -> Result<()> {
    let block = Block { at: item, header: live_header(space, item)? };
    let key = key::block(space, Cell(space.memory.load(item + KEY)?))?;
    let value = Cell(space.memory.load(item + VALUE)?);
    if is_planted(Bug::FreeBeforeUnlink) {
        change::turn(space, block, State::Free)?;
    }
    change.turn(block, State::Free);
    if let Some(key) = key {
        change.turn(key, State::Free);
        step.freed.push(key.at);
    }
    discard_value(space, value, change, step)
}
