//! Storing and removing items.

use super::{AFTER, BEFORE, CHAIN, Dict, HASH, HEAD, ITEM_PAYLOAD, KEY, Key, LENGTH, SHAPE, TAIL};
use super::{VALUE, Witness, find::Spot};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Step, discard_value};
use crate::value::{self, Cell, Loaded, Staged, Value};

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
        if let Some(found) = self.get(heap, key)? {
            return Ok(Some(found)); // Without the lock, however long it is.
        }
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
            let guard = heap.begin(self.object)?;
            if fresh.is_some() && self.is_crowded(space)? {
                self.split(space, &guard)?;
            }
            let spot = self.find(space, key, self.most(space)?)?;
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
            guard.publish(item + VALUE, staged.cell.0)?;
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
