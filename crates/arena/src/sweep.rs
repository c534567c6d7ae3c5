//! Cleaning up behind a process that died.
//!
//! # Theory of operation
//!
//! Sweeping a slot takes these steps, each of which does no harm when it is done again:
//!
//! 1. Claim the slot for sweeping, so that one process does it; with it the slots that the dead one was sweeping.
//! 2. Take and leave every lock that the dead may have held: that completes what it had announced. **First**,
//!    because an announced change may be about to make a pending block live.
//! 3. Free its pending blocks and claimed units; release references that it had counted for itself.
//! 4. Release references that are dropped, whoever dropped them, and finish dropped objects.
//! 5. Give back the locks that it held, and take it out of lines. Remove its presence from every object.
//! 6. Orphan its slabs: others allocate from them from now on. Add what it counted to the totals ([`crate::tally`]).
//!    Give the slot back.

use crate::block::{Block, Header, NOBODY, State};
use crate::change::{self, Change};
use crate::classes::{OBJECTS, SIZES};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{ALLOCATOR, SLOTS, Space, lockable};
use crate::life;
use crate::lock::{Guard, WATCHED};
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{self, Object};
use crate::slots::{self, SlotState, Status};
use crate::tally;
use crate::units::{self, Backing, Claim, Kind, Run};
use crate::wait::End;

impl<M: Memory> Heap<M> {
    /// Sweeps a slot whose process is certainly gone. Returns whether there was one.
    pub(crate) fn sweep(&self, victim: u64) -> Result<bool> {
        let found = slots::state(&self.space, victim)?;
        self.sweep_found(victim, found)
    }

    /// As [`Self::sweep`], if the slot still is what it was found to be.
    pub(crate) fn sweep_found(&self, victim: u64, found: SlotState) -> Result<bool> {
        if matches!(found.status, Status::Free)
            || !slots::change(&self.space, victim, found, Status::Sweeping(self.slot()))?
        {
            return Ok(false);
        }
        let outcome = self.sweep_claimed(victim);
        if outcome.is_err() {
            // Somebody shall try again, and not take it for being swept.
            let claimed = slots::state(&self.space, victim)?;
            slots::change(&self.space, victim, claimed, found.status)?;
        }
        outcome.map(|()| true)
    }

    fn sweep_claimed(&self, victim: u64) -> Result<()> {
        self.take_over_from(victim)?;
        if !is_planted(Bug::SweepBeforeRecovery) {
            recover_all(&self.space)?;
        }
        self.sweep_blocks(victim)?;
        recover_all(&self.space)?;
        self.sweep_objects(victim)?;
        orphan(&self.space, victim)?;
        life::end_all_of(&self.space, victim)?;
        tally::fold(&self.space, victim, victim != self.slot())?;
        let swept = slots::state(&self.space, victim)?;
        slots::free(&self.space, victim, swept)
    }

    /// Sweeps the slots whose sweeper the victim was.
    fn take_over_from(&self, victim: u64) -> Result<()> {
        for slot in 0..SLOTS {
            if slot != victim && slots::state(&self.space, slot)?.status == Status::Sweeping(victim)
            {
                self.sweep(slot)?;
            }
        }
        Ok(())
    }

    fn sweep_blocks(&self, victim: u64) -> Result<()> {
        let mut unit = 0;
        while let Some((head, run)) = units::next_run(&self.space, unit)? {
            unit = head + run.length.max(1);
            let base = self.space.map.unit_at(head);
            match run.kind {
                Kind::Claimed if run.slot == victim => {
                    let backing = Backing::Some;
                    let claim = Claim { unit: head, length: run.length, backing, generation: 0 };
                    units::unclaim(&self.space, claim, backing)?;
                }
                Kind::Slab => {
                    for block in 0..self.space.map.blocks_per_slab(run.class) {
                        self.sweep_block(base + block * SIZES[run.class], run, victim)?;
                    }
                }
                Kind::Extent => {
                    self.sweep_block(base, run, victim)?;
                    units::reclaim_now(&self.space, base)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sweep_block(&self, at: u64, run: Run, victim: u64) -> Result<()> {
        let header = Header(self.space.memory.load(at)?);
        if header.is(State::Live) || header.is(State::Free) {
            return Ok(());
        }
        let block = Block { at, header };
        let is_victims = header.slot() == victim;
        match header.state()? {
            State::Pending if is_victims => change::turn(&self.space, block, State::Free),
            State::Counted if is_victims => {
                if is_planted(Bug::CountedIsPending) {
                    return change::turn(&self.space, block, State::Free);
                }
                ignore_gone(self.release(block))
            }
            State::Dropped if run.class == OBJECTS && run.kind == Kind::Slab => {
                let live = header.turned(State::Live);
                self.finish(Object { at, live })
            }
            State::Dropped => ignore_gone(self.release(block)),
            _ => Ok(()),
        }
    }

    fn sweep_objects(&self, victim: u64) -> Result<()> {
        for at in object::places(&self.space)? {
            let live = Header(self.space.memory.load(at)?);
            if live.is(State::Live) {
                let object = Object { at, live };
                ignore_gone(self.end_waiting(object, End::Slot(victim)))?;
                ignore_gone(self.clear_presence(object, victim))?;
            }
        }
        Ok(())
    }
}

/// What is gone needs no sweeping.
fn ignore_gone(outcome: Result<()>) -> Result<()> {
    if outcome == Err(Failure::ObjectGone) { Ok(()) } else { outcome }
}

/// Takes and leaves every lock that looks as if its owner had died in the middle of something.
pub(crate) fn recover_all<M: Memory>(space: &Space<M>) -> Result<()> {
    let places = object::places(space)?;
    for at in std::iter::once(ALLOCATOR).chain(places) {
        let word = space.memory.load(at + lockable::LOCK)?;
        if word & !WATCHED != 0 || !change::is_quiet(space.memory.load(at + lockable::INTENT)?) {
            drop(Guard::acquire(space, at)?);
        }
    }
    Ok(())
}

/// Makes a process's slabs anyone's.
fn orphan<M: Memory>(space: &Space<M>, victim: u64) -> Result<()> {
    let mut unit = 0;
    while let Some((head, run)) = units::next_run(space, unit)? {
        unit = head + run.length.max(1);
        if run.kind == Kind::Slab && run.slot == victim {
            let guard = Guard::acquire(space, ALLOCATOR)?;
            let mut change = Change::new();
            change.write(space.map.word_at(head), Run { slot: NOBODY, ..run }.word());
            change.write(units::ORPHANED, space.memory.load(units::ORPHANED)?.wrapping_add(1));
            guard.commit(&change)?;
        }
    }
    Ok(())
}

/// Makes every slab that is nobody's ours, and hands each to `add`.
pub(crate) fn adopt<M: Memory>(
    heap: &Heap<M>,
    mut add: impl FnMut(usize, u64) -> Result<()>,
) -> Result<()> {
    let (space, mut unit) = (&heap.space, 0);
    while let Some((head, run)) = units::next_run(space, unit)? {
        unit = head + run.length.max(1);
        if run.kind != Kind::Slab || run.slot != NOBODY {
            continue;
        }
        {
            let guard = Guard::begin(space, ALLOCATOR)?;
            if units::run_at(space, head)? != run {
                continue;
            }
            let mut change = Change::new();
            change.write(space.map.word_at(head), Run { slot: heap.slot(), ..run }.word());
            guard.commit(&change)?;
        }
        add(run.class, head)?;
    }
    Ok(())
}

#[test]
fn a_sweep_that_failed_can_be_done_again() {
    let (heap, fd) = Heap::create(8 << 20, "test").unwrap();
    let other = Heap::attach(&fd, "other").unwrap();
    let intent = crate::dict::Dict::create(&heap).unwrap().handle().at + lockable::INTENT;
    let quiet = heap.space.memory.load(intent).unwrap();
    heap.space.memory.store(intent, 0xff).unwrap();
    assert!(heap.sweep(other.slot()).is_err());
    heap.space.memory.store(intent, quiet).unwrap();
    assert_eq!(heap.sweep(other.slot()), Ok(true));
}
