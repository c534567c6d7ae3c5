//! The unit table: which units of the arena are free, slabs or extents.
//!
//! # Theory of operation
//!
//! Units are claimed in runs under the allocator's lock. The first unit of a run has the table word that
//! describes it; the words of the others are zero, so whoever walks the table needs no lock: a word that is
//! not zero is the head of a run. Only units below the *frontier* have ever been used.
//!
//! | kind | meaning | leaves it |
//! | --- | --- | --- |
//! | free | may be claimed | by a claim |
//! | claimed | a process is making it a slab or an extent, or punching it | by its process; by the sweeper |
//! | slab | blocks of one size, allocated by the process in `slot` | when none is allocated, by that process |
//! | extent | one large block | by reclaiming it when its header says free |
//!
//! Pages are populated between the claim and the use, without the lock: that may take milliseconds. A run's
//! `backing` says whether all of its pages exist; it is lowered before they are punched and raised after they
//! were populated, so a death between leaves the claim "not backed", which is always safe to believe.
//!
//! Every claim takes a new *serial*; generations in the run begin at `serial << 20`, so that a handle from an
//! earlier life of the same memory matches nothing, although punched pages forget their headers.

mod hint;
mod reclaim;
mod run;

use crate::change::Change;
use crate::chores;
use crate::failure::{Result, corrupt};
use crate::layout::{ALLOCATOR, Space, lockable};
use crate::lock::Guard;
use crate::memory::Memory;

pub(crate) use hint::hint;
pub(crate) use reclaim::{reclaim, reclaim_now, retire};
pub(crate) use run::{Backing, Kind, Run};

/// Units from here on were never used.
pub(crate) const FRONTIER: u64 = ALLOCATOR + lockable::BODY;
/// The last serial that was given out.
const SERIAL: u64 = FRONTIER + 8;
/// No unit below this one is free.
const LOWEST: u64 = FRONTIER + 16;
/// How often slabs have been orphaned: a reason to look for them.
pub(crate) const ORPHANED: u64 = FRONTIER + 24;
/// In a slot: a bit for each class in whose slabs something was freed.
pub(crate) const SLOT_FREED: u64 = 128;

/// Runs that one claim merges; more are merged beforehand.
const MERGED_MAX: usize = 8;
const SERIAL_SHIFT: u32 = 20;

/// Loads what the run at `unit` is.
#[inline]
pub(crate) fn run_at<M: Memory>(space: &Space<M>, unit: u64) -> Result<Run> {
    if unit >= space.map.units {
        return corrupt("a unit lies outside of the arena");
    }
    let run = Run::from_word(space.memory.load(space.map.word_at(unit))?)?;
    if run.length > space.map.units - unit {
        return corrupt("a run of units leaves the arena");
    }
    Ok(run)
}

/// The run at `unit` or the next one after it, for walking without a lock; `None` at the frontier.
pub(crate) fn next_run<M: Memory>(space: &Space<M>, mut unit: u64) -> Result<Option<(u64, Run)>> {
    let frontier = space.memory.load(FRONTIER)?.min(space.map.units);
    while unit < frontier {
        let run = run_at(space, unit)?;
        if run.kind != Kind::None {
            return Ok(Some((unit, run)));
        }
        unit += 1;
    }
    Ok(None)
}

/// A claimed run, and the serial of the claim.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub unit: u64,
    pub length: u64,
    pub backing: Backing,
    pub generation: u64,
}

/// Free runs in a row that a claim may take.
#[derive(Default)]
struct Found {
    start: u64,
    length: u64,
    heads: Vec<u64>,
    /// Of all of them together; unknown while there are none.
    backing: Option<Backing>,
    /// A free run before it was too short.
    skipped: bool,
}

impl Found {
    fn backing(&self) -> Backing {
        self.backing.unwrap_or(Backing::None)
    }
}

/// Claims `length` units for `slot`; `None` if the arena has no such run. The wait may be given up.
pub(crate) fn claim<M: Memory>(space: &Space<M>, length: u64, slot: u64) -> Result<Option<Claim>> {
    let guard = Guard::begin(space, ALLOCATOR)?;
    loop {
        let lowest = space.memory.load(LOWEST)?;
        let frontier = space.memory.load(FRONTIER)?;
        if lowest > frontier || frontier > space.map.units {
            return corrupt("the allocator's bounds lie outside of the arena");
        }
        let found = search(space, lowest, frontier, length)?;
        if found.heads.len() > MERGED_MAX {
            merge(space, &guard, &found)?;
            continue;
        }
        if length > space.map.units || found.start > space.map.units - length {
            return Ok(None);
        }
        return take(space, &guard, &found, length, slot, frontier).map(Some);
    }
}

/// The first free runs in a row of `length` units together; at the end, what there is before the frontier.
fn search<M: Memory>(space: &Space<M>, from: u64, frontier: u64, length: u64) -> Result<Found> {
    let mut found = Found { start: frontier, ..Found::default() };
    let mut unit = from;
    while unit < frontier && found.length < length {
        let run = run_at(space, unit)?;
        if run.length == 0 {
            return corrupt("the walk over the units met the inside of a run");
        }
        if run.kind == Kind::Free {
            found.start = found.start.min(unit);
            found.heads.push(unit);
            found.length += run.length;
            found.backing = Some(joined(found.backing, run.backing));
            if found.heads.len() > MERGED_MAX {
                break;
            }
        } else if found.length > 0 {
            found = Found { start: frontier, skipped: true, ..Found::default() };
        }
        unit += run.length;
    }
    if found.length < length && found.heads.len() <= MERGED_MAX {
        // It will be extended beyond the frontier.
        found.backing = Some(joined(found.backing, Backing::None));
    }
    Ok(found)
}

/// What is known of two runs together.
fn joined(one: Option<Backing>, other: Backing) -> Backing {
    match one {
        None => other,
        Some(one) if one == other => one,
        Some(_) => Backing::Some,
    }
}

fn merge<M: Memory>(space: &Space<M>, guard: &Guard<'_, M>, found: &Found) -> Result<()> {
    let mut change = Change::new();
    for &head in &found.heads {
        change.write(space.map.word_at(head), 0);
    }
    change.write(space.map.word_at(found.start), Run::free(found.length, found.backing()).word());
    guard.commit(&change)
}

fn take<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    found: &Found,
    length: u64,
    slot: u64,
    frontier: u64,
) -> Result<Claim> {
    let (unit, end, serial) =
        (found.start, found.start + length, space.memory.load(SERIAL)?.wrapping_add(1));
    let mut change = Change::new();
    for &head in found.heads.iter().skip(1) {
        change.write(space.map.word_at(head), 0);
    }
    let run = Run { kind: Kind::Claimed, slot, class: 0, backing: found.backing(), length };
    change.write(space.map.word_at(unit), run.word());
    if found.length > length {
        let rest = Run::free(found.length - length, found.backing());
        change.write(space.map.word_at(end), rest.word());
    }
    if end > frontier {
        space.populate_tables(frontier, end)?;
        change.write(FRONTIER, end);
    }
    if !found.skipped {
        change.write(LOWEST, end);
    }
    change.write(SERIAL, serial);
    guard.commit(&change)?;
    if found.backing() == Backing::All {
        chores::note_reused(space, length)?;
    }
    Ok(Claim { unit, length, backing: found.backing(), generation: serial << SERIAL_SHIFT })
}

/// Claims the free run at `unit`, if it still is one, and free ones behind it, in order to punch them: recorded
/// as not backed.
pub(crate) fn claim_free<M: Memory>(
    space: &Space<M>,
    unit: u64,
    slot: u64,
) -> Result<Option<Claim>> {
    let guard = Guard::acquire(space, ALLOCATOR)?;
    let run = run_at(space, unit)?;
    if run.kind != Kind::Free {
        return Ok(None);
    }
    let (mut change, mut length) = (Change::new(), run.length);
    let frontier = space.memory.load(FRONTIER)?;
    for _ in 1..MERGED_MAX {
        if unit + length >= frontier {
            break;
        }
        let next = run_at(space, unit + length)?;
        if next.kind != Kind::Free {
            break;
        }
        change.write(space.map.word_at(unit + length), 0);
        length += next.length;
    }
    let claimed = Run { kind: Kind::Claimed, slot, backing: Backing::Some, length, ..run };
    change.write(space.map.word_at(unit), claimed.word());
    guard.commit(&change)?;
    Ok(Some(Claim { unit, length, backing: Backing::Some, generation: 0 }))
}

/// Makes a claimed run free again.
pub(crate) fn unclaim<M: Memory>(space: &Space<M>, claim: Claim, backing: Backing) -> Result<()> {
    let guard = Guard::acquire(space, ALLOCATOR)?;
    set_free(space, &guard, claim.unit, claim.length, backing)
}

fn set_free<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    unit: u64,
    length: u64,
    backing: Backing,
) -> Result<()> {
    let mut change = Change::new();
    change.write(space.map.word_at(unit), Run::free(length, backing).word());
    change.write(LOWEST, unit.min(space.memory.load(LOWEST)?));
    guard.commit(&change)
}

#[test]
fn the_words_of_version_1_do_not_move() {
    assert_eq!([FRONTIER, SERIAL, LOWEST, ORPHANED, SLOT_FREED], [4224, 4232, 4240, 4248, 128]);
    let run = Run { kind: Kind::Slab, slot: 7, class: 3, backing: Backing::All, length: 1 };
    assert_eq!(run.word(), 3 | 7 << 3 | 3 << 12 | 2 << 20 | 1 << 32);
    assert_eq!(Run::from_word(run.word()), Ok(run));
}
