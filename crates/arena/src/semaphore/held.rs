//! What is done under a semaphore's own lock.

use super::word::Word;
use super::{DEAD, DEAD_SITE_SHIFT, HEIR, IS_DEAD, Semaphore, UNBOUNDED, VALUE};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::life::{self, Ending, LifeId};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::mutex::Taken;
use crate::site;
use crate::wait::line::{Pruned, first_alive};
use crate::wait::node::{self, Node, Standing};

/// In a node's argument: the permit is to be recorded; the one that it was given is a dead one's legacy.
pub(super) const RECORDED: u64 = 1;
const INHERITS: u64 = 2;

/// How to get the object's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Where an operation begins: the wait for it may be given up.
    Begin,
    /// Where one has to be completed.
    Surely,
}

/// No place for another record: to be made without the lock.
pub(super) struct Full;

/// A semaphore whose lock this thread has, and whose first word nobody else changes therefore.
pub(super) struct Held<'s, M: Memory> {
    pub semaphore: &'s Semaphore,
    pub space: &'s Space<M>,
    pub guard: Guard<'s, M>,
    /// How many permits are free.
    pub value: u64,
    /// Who is to be woken, without the lock.
    pub wakes: Vec<u64>,
}

impl Semaphore {
    /// Does `job` under the object's lock, again with more room for records as long as it asks for that. Then wakes
    /// whoever has been given a permit.
    pub(super) fn work<M: Memory, T>(
        &self,
        heap: &Heap<M>,
        manner: Manner,
        mut job: impl FnMut(&mut Held<'_, M>) -> Result<std::result::Result<T, Full>>,
    ) -> Result<T> {
        loop {
            let (done, wakes) = {
                let mut held = Held::new(self, heap, manner)?;
                let done = if held.move_note()? {
                    let done = job(&mut held)?;
                    held.thaw()?;
                    done
                } else {
                    Err(Full)
                };
                (done, held.wakes)
            };
            for at in wakes {
                node::wake(&heap.space, at)?;
            }
            match done {
                Ok(done) => return Ok(done),
                Err(Full) => self.grow(heap)?,
            }
        }
    }

    /// How a permit was taken that a node has been given.
    pub(super) fn taken_by_node<M: Memory>(
        &self,
        space: &Space<M>,
        argument: u64,
    ) -> Result<Taken> {
        if argument & INHERITS == 0 { Ok(Taken::Now) } else { self.legacy(space) }
    }

    fn legacy<M: Memory>(&self, space: &Space<M>) -> Result<Taken> {
        let pid = life::low(space.memory.load(self.object.body(DEAD))?);
        Ok(Taken::FromDead { pid })
    }
}

impl<'s, M: Memory> Held<'s, M> {
    fn new(semaphore: &'s Semaphore, heap: &'s Heap<M>, manner: Manner) -> Result<Self> {
        let guard = match manner {
            Manner::Begin => heap.begin(semaphore.object)?,
            Manner::Surely => heap.lock(semaphore.object)?,
        };
        let (space, at) = (&heap.space, semaphore.object.body(VALUE));
        let mut seen = Word(space.memory.load(at)?);
        while !seen.is_guarded() {
            let frozen = seen.frozen();
            let now = Word(space.memory.exchange(at, seen.0, frozen.0)?);
            seen = if now == seen { frozen } else { now };
        }
        Ok(Self { semaphore, space, guard, value: seen.value(), wakes: Vec::new() })
    }

    /// Moves the note of a permit from the first word to the records. Returns whether there is room.
    fn move_note(&mut self) -> Result<bool> {
        let word = Word(self.space.memory.load(self.body(VALUE))?);
        let Some(life) = word.noted() else { return Ok(true) };
        let Some(place) = self.semaphore.place_for(self.space, life)? else { return Ok(false) };
        let mut change = Change::new();
        place.add(&mut change, life, None);
        self.commit(&mut change, self.value)?;
        Ok(true)
    }

    fn body(&self, word: u64) -> u64 {
        self.semaphore.object.body(word)
    }

    /// Lets others change the first word without the lock, if nothing speaks against that.
    fn thaw(&self) -> Result<()> {
        let is_simple = self.semaphore.line().is_empty(self.space)?
            && self.space.memory.load(self.body(DEAD))? == 0;
        match Word::open(self.value) {
            Some(word) if is_simple => self.space.memory.store(self.body(VALUE), word.0),
            _ => Ok(()),
        }
    }

    /// Makes a change after which `value` permits are free.
    pub fn commit(&mut self, change: &mut Change, value: u64) -> Result<()> {
        change.write(self.body(VALUE), Word::guarded(value).0);
        self.guard.commit(change)?;
        self.value = value;
        Ok(())
    }

    /// Takes a free permit. Dead holders are found before that only if none is free.
    pub fn take(&mut self, me: LifeId, recorded: bool) -> Result<std::result::Result<Taken, Full>> {
        if self.value == 0 {
            self.reclaim(None)?;
        }
        if let Err(full) = self.distribute()? {
            return Ok(Err(full));
        }
        if self.value == 0 {
            return Ok(Ok(Taken::Busy));
        }
        let mut change = Change::new();
        if recorded || self.semaphore.records_all {
            let Some(place) = self.semaphore.place_for(self.space, me)? else {
                return Ok(Err(Full));
            };
            place.add(&mut change, me, site::noted(self.space, me)?);
        }
        let inherits = self.inherit(&mut change, me)?;
        self.commit(&mut change, self.value - 1)?;
        Ok(Ok(if inherits { self.semaphore.legacy(self.space)? } else { Taken::Now }))
    }

    /// Lists what makes `heir` the one who is told of a death. Returns whether there is one to be told.
    fn inherit(&self, change: &mut Change, heir: LifeId) -> Result<bool> {
        if self.space.memory.load(self.body(DEAD))? == 0 {
            return Ok(false);
        }
        if let Some(other) = LifeId::from_word(self.space.memory.load(self.body(HEIR))?)
            && life::ending(self.space, other)? != Ending::Died
        {
            return Ok(false);
        }
        change.write(self.body(HEIR), heir.word());
        Ok(true)
    }

    /// Gives free permits to those who wait for them.
    pub fn distribute(&mut self) -> Result<std::result::Result<(), Full>> {
        let line = self.semaphore.line();
        while self.value > 0 && !line.is_empty(self.space)? {
            let (space, mut pruned) = (self.space, Pruned::default());
            let Some(first) = first_alive(space, &self.guard, line, &mut pruned)? else { break };
            if !self.hand_over(&first)? {
                return Ok(Err(Full));
            }
        }
        Ok(Ok(()))
    }

    fn hand_over(&mut self, first: &Node) -> Result<bool> {
        let (semaphore, space) = (self.semaphore, self.space);
        let argument = first.argument(space)?;
        let mut change = Change::new();
        if argument & RECORDED != 0 {
            let Some(place) = semaphore.place_for(space, first.life)? else { return Ok(false) };
            place.add(&mut change, first.life, site::noted(space, first.life)?);
        }
        if self.inherit(&mut change, first.life)? {
            first.note(&mut change, argument | INHERITS);
        }
        semaphore.line().take(space, &mut change, first, false)?;
        if is_planted(Bug::PermitTakenApart) {
            self.guard.commit(&change)?;
            change = Change::new();
        }
        self.commit(&mut change, self.value - 1)?;
        if first.tell(space, Standing::Granted)? {
            self.wakes.push(first.at);
        }
        Ok(true)
    }

    /// Gives back the permits on record of those who were killed, or of the slot `victim`, which is being swept.
    pub fn reclaim(&mut self, victim: Option<u64>) -> Result<()> {
        for record in self.semaphore.records(self.space)? {
            match life::ending_in_sweep(self.space, record.life, victim)? {
                Ending::Died => {
                    let pid = life::who(self.space, record.life)?.pid;
                    let mut change = Change::new();
                    record.set(&mut change, 0);
                    let site = record.site << DEAD_SITE_SHIFT;
                    change.write(self.body(DEAD), u64::from(pid) | IS_DEAD | site);
                    change.write(self.body(HEIR), 0);
                    // If others gave its permits back for it, there is no room for them.
                    let room = self.bound()?.saturating_sub(self.value);
                    self.commit(&mut change, self.value + record.count.min(room))?;
                }
                Ending::InOrder if victim.is_some() => self.orphan(record.life)?,
                Ending::Lives | Ending::InOrder => {}
            }
        }
        Ok(())
    }

    /// What a thread has that ends in good order stays taken, by nobody who could die.
    pub fn orphan(&mut self, life: LifeId) -> Result<()> {
        let (semaphore, space, gone) = (self.semaphore, self.space, LifeId::GONE_IN_ORDER);
        let mut change = Change::new();
        if life != gone
            && let Some(record) = semaphore.record_of(space, life)?
        {
            if let Some(others) = semaphore.record_of(space, gone)? {
                record.set(&mut change, 0);
                others.set(&mut change, others.count.saturating_add(record.count));
            } else {
                record.give_to(&mut change, gone);
            }
        }
        if space.memory.load(self.body(HEIR))? == life.word() {
            change.write(self.body(HEIR), gone.word());
        }
        self.commit(&mut change, self.value)
    }

    pub fn bound(&self) -> Result<u64> {
        Ok(self.space.memory.load(self.body(super::BOUND))?.min(UNBOUNDED))
    }
}
