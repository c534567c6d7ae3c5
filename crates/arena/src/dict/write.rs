//! Storing and removing items.

use super::{AFTER, BEFORE, CHAIN, Dict, HASH, HEAD, ITEM_PAYLOAD, KEY, Key, LENGTH, SHAPE, TAIL};
use super::{VALUE, Witness, checked, find::Spot, key, live_header};
use crate::block::{Block, State};
use crate::change::{self, Change};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::Step;
use crate::value::{self, Cell, Kind, Loaded, Staged, Value};

/// When a value may be stored.
#[derive(Debug, Clone, Copy)]
enum Rule {
    Always,
    /// Only if the key is missing.
    IfMissing,
    /// Only if the key has this very value.
    If(Witness),
}

/// What became of a value that was to be stored.
#[derive(Debug)]
enum Outcome {
    Inserted,
    Replaced,
    /// The rule forbade it; the value that is there.
    Kept(Option<Loaded>),
}

/// The blocks of an item that is to be inserted.
#[derive(Clone, Copy)]
struct Fresh {
    item: Block,
    key: Staged,
}

impl Dict {
    /// Stores a value. Returns whether the key is new.
    #[inline]
    pub fn set<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>, value: &Value<'_>) -> Result<bool> {
        let outcome = self.store(heap, key, value, Rule::Always)?;
        Ok(matches!(outcome, Outcome::Inserted))
    }

    /// Stores a value if the key is missing; else returns the value that is there.
    pub fn set_default<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        value: &Value<'_>,
    ) -> Result<Option<Loaded>> {
        Ok(match self.store(heap, key, value, Rule::IfMissing)? {
            Outcome::Kept(loaded) => loaded,
            _ => None,
        })
    }

    /// Stores a value if the key still has the one that `witness` saw (`None`: if it is missing). Returns
    /// whether it was stored. With [`Dict::get_witnessed`] this makes any read-modify-write one step.
    pub fn replace_if<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        witness: Option<Witness>,
        value: &Value<'_>,
    ) -> Result<bool> {
        let rule = witness.map_or(Rule::IfMissing, Rule::If);
        Ok(!matches!(self.store(heap, key, value, rule)?, Outcome::Kept(_)))
    }

    /// Adds to the int of a key, as one step, and returns the sum. A missing key counts as `default`.
    pub fn add<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        amount: i64,
        default: i64,
    ) -> Result<i64> {
        loop {
            if let Some(sum) = self.add_in_place(heap, key, amount)? {
                return Ok(sum);
            }
            let (old, witness) = match self.get_witnessed(heap, key)? {
                Some((Loaded::Int(int), witness)) => (int, Some(witness)),
                Some(_) => return Err(Failure::WrongType),
                None => (default, None),
            };
            let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
            if self.replace_if(heap, key, witness, &Value::Int(sum))? {
                return Ok(sum);
            }
        }
    }

    /// The short way of [`Self::add`]: one word becomes another.
    fn add_in_place<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        amount: i64,
    ) -> Result<Option<i64>> {
        let _guard = heap.lock(self.object)?;
        let space = &heap.space;
        let spot = self.find(space, key, self.word(space, LENGTH)?)?;
        if !spot.hit {
            return Ok(None);
        }
        let Some(old) = Cell(space.memory.load(spot.next + VALUE)?).as_int() else {
            return Ok(None);
        };
        let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
        let Some(cell) = Cell::int(sum) else { return Ok(None) };
        space.memory.store(spot.next + VALUE, cell.0)?;
        Ok(Some(sum))
    }

    #[inline]
    fn store<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        value: &Value<'_>,
        rule: Rule,
    ) -> Result<Outcome> {
        let staged = heap.stage(value)?;
        let mut fresh = None;
        let mut step = Step::default();
        let outcome = self.store_staged(heap, key, staged, rule, &mut fresh, &mut step);
        if !matches!(outcome, Ok(Outcome::Inserted | Outcome::Replaced)) {
            heap.unstage(staged)?;
        }
        if let (Some(Fresh { item, key }), false) =
            (fresh, matches!(outcome, Ok(Outcome::Inserted)))
        {
            heap.unstage(key)?;
            heap.give_back(item)?;
        }
        heap.follow_up(step)?;
        outcome
    }

    fn store_staged<M: Memory>(
        &self,
        heap: &Heap<M>,
        key: &Key<'_>,
        staged: Staged,
        rule: Rule,
        fresh: &mut Option<Fresh>,
        step: &mut Step,
    ) -> Result<Outcome> {
        let space = &heap.space;
        loop {
            let guard = heap.lock(self.object)?;
            if fresh.is_some() && self.is_crowded(space)? {
                self.split(space, &guard)?;
            }
            let spot = self.find(space, key, self.word(space, LENGTH)?)?;
            if spot.hit {
                return self.replace(space, &guard, spot.next, staged, rule, step);
            }
            if matches!(rule, Rule::If(_)) {
                return Ok(Outcome::Kept(None));
            }
            if let Some(fresh) = *fresh
                && spot.link != 0
            {
                self.insert(space, &guard, key, spot, fresh, staged)?;
                return Ok(Outcome::Inserted);
            }
            drop(guard);
            if fresh.is_none() {
                *fresh = Some(prepare(heap, key)?);
            }
            if self.is_crowded(space)? {
                self.make_room(heap)?;
            }
        }
    }

    /// Gives the item at `item` another value, if the rule allows. The caller holds the lock.
    #[inline]
    fn replace<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        item: u64,
        staged: Staged,
        rule: Rule,
        step: &mut Step,
    ) -> Result<Outcome> {
        let old = Cell(space.memory.load(item + VALUE)?);
        match rule {
            Rule::Always => {}
            Rule::IfMissing => return Ok(Outcome::Kept(Some(value::load(space, old)?))),
            Rule::If(witness) if Witness::take(space, old)? == witness => {}
            Rule::If(_) => return Ok(Outcome::Kept(None)),
        }
        if staged.block.is_none() && old.block().is_none() {
            space.memory.store(item + VALUE, staged.cell.0)?;
            return Ok(Outcome::Replaced);
        }
        let mut change = Change::new();
        change.write(item + VALUE, staged.cell.0);
        if let Some(block) = staged.block {
            change.turn(block, State::Live);
        }
        discard_value(space, old, &mut change, step)?;
        guard.commit(&change)?;
        Ok(Outcome::Replaced)
    }

    /// Links a new item at `spot` and at the end of the order. The caller holds the lock.
    fn insert<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        key: &Key<'_>,
        spot: Spot,
        fresh: Fresh,
        staged: Staged,
    ) -> Result<()> {
        let (memory, item, body) = (&space.memory, fresh.item.at, |word| self.object.body(word));
        let (tail, length) = (self.link(space, TAIL)?, self.word(space, LENGTH)?);
        let fill = || {
            memory.store(item + HASH, key.hash)?;
            memory.store(item + CHAIN, spot.next)?;
            memory.store(item + BEFORE, tail)?;
            memory.store(item + AFTER, 0)?;
            memory.store(item + KEY, fresh.key.cell.0)?;
            memory.store(item + VALUE, staged.cell.0)
        };
        if !is_planted(Bug::PublishBeforeFill) {
            fill()?;
        }
        let mut change = Change::new();
        change.write(spot.link, item);
        change.write(if tail == 0 { body(HEAD) } else { tail + AFTER }, item);
        change.write(body(TAIL), item);
        if is_planted(Bug::LostCount) {
            memory.store(body(LENGTH), length.wrapping_add(1))?;
        } else {
            change.write(body(LENGTH), length.wrapping_add(1));
        }
        change.write(body(SHAPE), self.word(space, SHAPE)?.wrapping_add(1));
        for block in [Some(fresh.item), fresh.key.block, staged.block].into_iter().flatten() {
            change.turn(block, State::Live);
        }
        guard.commit(&change)?;
        if is_planted(Bug::PublishBeforeFill) { fill() } else { Ok(()) }
    }

    /// Removes a key and returns its value.
    pub fn pop<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<Option<Loaded>> {
        self.take_item(heap, |dict, space| {
            let spot = dict.find(space, key, dict.word(space, LENGTH)?)?;
            Ok(spot.hit.then_some(spot))
        })
        .map(|taken| taken.map(|(_, value)| value))
    }

    /// Removes a key. Returns whether it was there.
    pub fn remove<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Result<bool> {
        Ok(self.pop(heap, key)?.is_some())
    }

    /// Removes the newest item and returns its key and value.
    pub fn pop_newest<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<(Loaded, Loaded)>> {
        self.take_item(heap, |dict, space| {
            let tail = dict.link(space, TAIL)?;
            if tail == 0 { Ok(None) } else { dict.spot_of(space, tail).map(Some) }
        })
    }

    /// Removes the item that `choose` finds under the lock.
    fn take_item<M: Memory>(
        &self,
        heap: &Heap<M>,
        choose: impl FnOnce(&Self, &Space<M>) -> Result<Option<Spot>>,
    ) -> Result<Option<(Loaded, Loaded)>> {
        let space = &heap.space;
        let mut step = Step::default();
        let taken = {
            let guard = heap.lock(self.object)?;
            let Some(spot) = choose(self, space)? else { return Ok(None) };
            let (hash, cell) =
                (space.memory.load(spot.next + HASH)?, Cell(space.memory.load(spot.next + KEY)?));
            let old = Cell(space.memory.load(spot.next + VALUE)?);
            let taken = (key::load(space, cell, hash)?, value::load(space, old)?);
            self.unlink(space, &guard, spot, &mut step)?;
            taken
        };
        heap.follow_up(step)?;
        Ok(Some(taken))
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

/// A pending item and its key.
fn prepare<M: Memory>(heap: &Heap<M>, key: &Key<'_>) -> Result<Fresh> {
    let item = heap.allocate(ITEM_PAYLOAD)?;
    match key.stage(heap) {
        Ok(key) => Ok(Fresh { item, key }),
        Err(failure) => {
            heap.give_back(item)?;
            Err(failure)
        }
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

/// Lists an unlinked value's block for freeing; a reference is dropped, and released without the lock.
fn discard_value<M: Memory>(
    space: &Space<M>,
    cell: Cell,
    change: &mut Change,
    step: &mut Step,
) -> Result<()> {
    let Some(at) = cell.block() else { return Ok(()) };
    let (kind, _) = value::describe(space, at)?;
    let block = Block { at, header: live_header(space, at)? };
    if kind == Kind::Object {
        change.turn(block, State::Dropped);
        step.dropped.push(Block { at, header: block.header.turned(State::Dropped) });
    } else {
        change.turn(block, State::Free);
        step.freed.push(at);
    }
    Ok(())
}
