//! What must hold of every arena in which nobody is in the middle of something (for tests).
//!
//! Every block that is not free is reached from exactly one place, every count is the number of what it counts,
//! no lock is held and no change announced. So what is in use is what is reachable: no leak, no double use.

use std::collections::HashMap;

use crate::barrier;
use crate::block::{Header, State};
use crate::change::is_quiet;
use crate::classes::{OBJECTS, SIZES};
use crate::condition;
use crate::dict;
use crate::event;
use crate::layout::{ALLOCATOR, ROOT, SITES, Space, lockable};
use crate::list;
use crate::lock::WATCHED;
use crate::lock::reserve::RESERVATION;
use crate::memory::Memory;
use crate::mutex;
use crate::object::{self, Object, ObjectKind};
use crate::queue;
use crate::semaphore;
use crate::units::{self, Kind};
use crate::value::{self, Cell};
use crate::variable;
use crate::wait::node::is_about_to_be_freed;
use crate::watch;

/// What was found wrong; the first thing is enough.
pub(crate) type Finding<T> = std::result::Result<T, String>;

/// A failure of the arena's own reading is a finding too.
pub(crate) fn found<T>(outcome: crate::failure::Result<T>, doing: &str) -> Finding<T> {
    outcome.map_err(|failure| format!("{doing}: {failure}"))
}

#[derive(Default)]
pub(crate) struct Audit {
    /// Blocks that something links, and what.
    reached: HashMap<u64, String>,
    /// References found in containers, by the object they name.
    references: HashMap<u64, u64>,
}

impl Audit {
    /// The block at `at` is linked by `what`.
    pub fn reach<M: Memory>(&mut self, space: &Space<M>, at: u64, what: &str) -> Finding<()> {
        let header = Header(found(space.memory.load(at), what)?);
        if !header.is(State::Live) {
            return Err(format!("{what} at {at} is linked but {:?}", header.state()));
        }
        match self.reached.insert(at, what.to_owned()) {
            None => Ok(()),
            Some(other) => Err(format!("the block at {at} is {what} and also {other}")),
        }
    }

    /// A container holds the value `cell`.
    pub fn reach_value<M: Memory>(&mut self, space: &Space<M>, cell: Cell) -> Finding<()> {
        let Some(at) = cell.block() else {
            return found(value::load(space, cell), "an inline value").map(|_| ());
        };
        self.reach(space, at, "a value")?;
        if found(value::describe(space, at), "a value")?.0 == value::Kind::Object {
            let handle = found(value::reference(space, at), "a reference")?;
            let header = Header(found(space.memory.load(handle.at), "a reference")?);
            if header != Header::live(handle.generation) {
                return Err(format!("a container refers to the object at {}, gone", handle.at));
            }
            *self.references.entry(handle.at).or_default() += 1;
        }
        Ok(())
    }

    fn objects<M: Memory>(&mut self, space: &Space<M>) -> Finding<Vec<u64>> {
        let mut live = Vec::new();
        for at in found(object::places(space), "objects")? {
            check_quiet(space, at, WATCHED)?;
            let header = Header(found(space.memory.load(at), "an object")?);
            if header.is(State::Live) {
                self.reach(space, at, "an object")?;
                let object = Object { at, live: header };
                let kind = found(space.memory.load(at + object::KIND), "a kind")?;
                match found(ObjectKind::from_word(kind), "a kind")? {
                    ObjectKind::Dict | ObjectKind::Set => dict::check(space, object, self)?,
                    ObjectKind::Variable => variable::check(space, object, self)?,
                    ObjectKind::List => list::check(space, object, self)?,
                    ObjectKind::Lock | ObjectKind::RLock => mutex::check(space, object, self)?,
                    ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
                        semaphore::check(space, object, self)?;
                    }
                    ObjectKind::Event => event::check(space, object, self)?,
                    ObjectKind::Condition => condition::check(space, object, self)?,
                    ObjectKind::Barrier => barrier::check(space, object, self)?,
                    ObjectKind::Queue => queue::check(space, object, self)?,
                }
                watch::check(space, object, self)?;
                live.push(at);
            }
        }
        Ok(live)
    }

    fn counts<M: Memory>(&self, space: &Space<M>, live: &[u64]) -> Finding<()> {
        let roots = [ROOT, SITES].map(|word| space.memory.load(word));
        for &at in live {
            let counted = found(space.memory.load(at + object::REFERENCES), "references")?;
            let real =
                self.references.get(&at).copied().unwrap_or(0) + u64::from(roots.contains(&Ok(at)));
            if counted != real {
                return Err(format!("the object at {at} counts {counted} of {real} references"));
            }
            let holders = (0..4).map(|i| space.memory.load(at + object::PRESENCE + i * 8));
            if counted == 0 && holders.into_iter().all(|word| word == Ok(0)) {
                return Err(format!("nothing holds the object at {at}, which still lives"));
            }
        }
        Ok(())
    }

    fn blocks<M: Memory>(&self, space: &Space<M>) -> Finding<()> {
        let frontier = found(space.memory.load(units::FRONTIER), "the frontier")?;
        let mut unit = 0;
        while unit < frontier {
            let run = found(units::run_at(space, unit), "a run of units")?;
            let base = space.map.unit_at(unit);
            for inside in unit + 1..unit + run.length {
                if space.memory.load(space.map.word_at(inside)) != Ok(0) {
                    return Err(format!("unit {inside} inside of a run is not blank"));
                }
            }
            match run.kind {
                Kind::None => return Err(format!("the walk over the units is lost at {unit}")),
                Kind::Claimed => return Err(format!("unit {unit} is claimed by nobody alive")),
                Kind::Free => {}
                Kind::Extent => self.block(space, base, false)?,
                Kind::Slab => {
                    for block in 0..space.map.blocks_per_slab(run.class) {
                        self.block(space, base + block * SIZES[run.class], true)?;
                    }
                }
            }
            unit += run.length;
        }
        if unit == frontier { Ok(()) } else { Err("a run leaves the frontier".to_owned()) }
    }

    fn block<M: Memory>(&self, space: &Space<M>, at: u64, may_be_free: bool) -> Finding<()> {
        let header = Header(found(space.memory.load(at), "a block")?);
        // What is reached was seen to be live.
        match header.is(State::Free) {
            true if may_be_free => Ok(()),
            true => Err(format!("the extent at {at} is free but not reclaimed")),
            false if self.reached.contains_key(&at) => Ok(()),
            false if found(is_about_to_be_freed(space, at), "a block")? => Ok(()),
            false => Err(format!("leaked: the block at {at} is {:?}", header.state())),
        }
    }
}

fn check_quiet<M: Memory>(space: &Space<M>, at: u64, beside: u64) -> Finding<()> {
    let lock = found(space.memory.load(at + lockable::LOCK), "a lock")?;
    let intent = found(space.memory.load(at + lockable::INTENT), "an intent")?;
    if lock & !(beside | RESERVATION) != 0 || !is_quiet(intent) {
        return Err(format!("the lockable at {at} is not quiet: lock {lock:#x}"));
    }
    Ok(())
}

/// Checks the whole arena. Nobody may be at work in it.
pub(crate) fn audit<M: Memory>(space: &Space<M>) -> Finding<()> {
    check_quiet(space, ALLOCATOR, 0)?;
    let mut audit = Audit::default();
    let live = audit.objects(space)?;
    audit.counts(space, &live)?;
    audit.blocks(space)?;
    let objects = audit.reached.keys().filter(|at| live.contains(at)).count();
    debug_assert!(objects == live.len() && SIZES[OBJECTS] == lockable::BYTES);
    Ok(())
}
