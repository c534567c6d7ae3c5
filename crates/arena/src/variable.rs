//! One value, shared between processes.
//!
//! Replacing a value that fits a word by another one is a single store; everything else is one
//! change of the cell and of the blocks that come and go. Readers take no lock.

use crate::block::{Header, State};
use crate::change::{Change, is_quiet};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{Space, lockable};
use crate::memory::{self, Memory};
use crate::object::{self, Handle, Object, ObjectKind, Step, discard_value, lock_in};
use crate::value::{self, Cell, Loaded, Staged, Value, Witness};

/// The only word of the body.
const CELL: u64 = 0;
/// Tries without the lock.
const TRIES: usize = 4;

/// A variable of an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    object: Object,
}

impl Variable {
    /// Makes a variable that this process holds.
    pub fn create<M: Memory>(heap: &Heap<M>, value: &Value<'_>) -> Result<Self> {
        let object = heap.create_object(ObjectKind::Variable)?;
        let variable = Self { object };
        if let Err(failure) = variable.set(heap, value) {
            heap.let_go(object.handle())?;
            return Err(failure);
        }
        Ok(variable)
    }

    /// The variable that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self { object: object::open(heap, handle, ObjectKind::Variable)? })
    }

    /// What names this variable in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.object.handle()
    }

    /// The value, and what [`Self::replace_if`] needs to know of it.
    pub fn get<M: Memory>(&self, heap: &Heap<M>) -> Result<(Loaded, Witness)> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        for _ in 0..TRIES {
            // Acquire (in `load`) pairs with the Release stores of `change::commit`.
            let before = space.memory.load(intent_at)?;
            if !is_quiet(before) {
                break;
            }
            let outcome = self.read(space);
            memory::validate_after_read();
            if space.memory.load(intent_at)? == before {
                return outcome;
            }
        }
        let _guard = heap.begin(self.object)?;
        self.read(space)
    }

    fn read<M: Memory>(&self, space: &Space<M>) -> Result<(Loaded, Witness)> {
        if Header(space.memory.load(self.object.at)?) != self.object.live {
            return Err(Failure::ObjectGone);
        }
        let cell = Cell(space.memory.load(self.object.body(CELL))?);
        if cell == Cell(0) {
            // Created, but its creator has not stored the first value.
            return Ok((Loaded::None, Witness::take(space, cell)?));
        }
        Ok((value::load(space, cell)?, Witness::take(space, cell)?))
    }

    /// Stores a value.
    pub fn set<M: Memory>(&self, heap: &Heap<M>, value: &Value<'_>) -> Result<()> {
        self.store(heap, value, None).map(|_| ())
    }

    /// Stores a value if the variable still has the one that `witness` saw. Returns whether it had.
    pub fn replace_if<M: Memory>(
        &self,
        heap: &Heap<M>,
        witness: Witness,
        value: &Value<'_>,
    ) -> Result<bool> {
        self.store(heap, value, Some(witness))
    }

    /// Adds to the int, as one step, and returns the sum.
    pub fn add<M: Memory>(&self, heap: &Heap<M>, amount: i64) -> Result<i64> {
        loop {
            let (old, witness) = self.get(heap)?;
            let Loaded::Int(old) = old else { return Err(Failure::WrongType) };
            let sum = old.checked_add(amount).ok_or(Failure::Overflow)?;
            if self.replace_if(heap, witness, &Value::Int(sum))? {
                return Ok(sum);
            }
        }
    }

    fn store<M: Memory>(
        &self,
        heap: &Heap<M>,
        value: &Value<'_>,
        witness: Option<Witness>,
    ) -> Result<bool> {
        let staged = heap.stage(value)?;
        let mut step = Step::default();
        let outcome = self.swap(heap, staged, witness, &mut step);
        if !matches!(outcome, Ok(true)) {
            heap.unstage(staged)?;
        }
        heap.follow_up(step)?;
        outcome
    }

    fn swap<M: Memory>(
        &self,
        heap: &Heap<M>,
        staged: Staged,
        witness: Option<Witness>,
        step: &mut Step,
    ) -> Result<bool> {
        let (space, at) = (&heap.space, self.object.body(CELL));
        let guard = heap.begin(self.object)?;
        let old = Cell(space.memory.load(at)?);
        if let Some(witness) = witness
            && Witness::take(space, old)? != witness
        {
            return Ok(false);
        }
        if staged.block.is_none() && old.block().is_none() {
            guard.publish(at, staged.cell.0)?;
            return Ok(true);
        }
        let mut change = Change::new();
        change.write(at, staged.cell.0);
        if let Some(block) = staged.block {
            change.turn(block, State::Live);
        }
        discard_value(space, old, &mut change, step)?;
        guard.commit(&change)?;
        Ok(true)
    }
}

/// Frees the value of a dropped variable (for [`Heap::finish`]).
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let guard = lock_in(&heap.space, object, state)?;
    let (mut step, mut change) = (Step::default(), Change::new());
    let cell = Cell(heap.space.memory.load(object.body(CELL))?);
    if cell != Cell(0) {
        step.worked = true;
        change.write(object.body(CELL), 0);
        discard_value(&heap.space, cell, &mut change, &mut step)?;
        guard.commit(&change)?;
    }
    Ok(step)
}

/// What must hold of a variable at rest (for tests).
#[cfg(test)]
pub(crate) fn check<M: Memory>(
    space: &Space<M>,
    object: Object,
    audit: &mut crate::audit::Audit,
) -> crate::audit::Finding<()> {
    let cell = Cell(crate::audit::found(space.memory.load(object.body(CELL)), "a variable")?);
    if cell == Cell(0) { Ok(()) } else { audit.reach_value(space, cell) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Scenario, Stage, exhaust};
    use crate::value::Kind;

    const LONG: &[u8] = b"a value that does not fit a word";

    fn survives(first: &Value<'_>, act: &dyn Fn(&Stage, &Variable)) {
        let report = exhaust(&Scenario {
            prepare: &|heap| Variable::create(heap, first).unwrap(),
            act,
            look: &|heap, variable| Ok(variable.get(heap)?.0),
            meanwhile: None,
            shared: true,
        });
        assert!(report.unwrap().cuts > 2);
    }

    #[test]
    fn every_operation_survives_every_kill() {
        let long = Value::Data(Kind::Str, &[LONG]);
        survives(&Value::Int(1), &|heap, variable| variable.set(heap, &Value::None).unwrap());
        survives(&Value::Int(1), &|heap, variable| variable.set(heap, &long).unwrap());
        survives(&long, &|heap, variable| variable.set(heap, &long).unwrap());
        survives(&Value::Int(1), &|heap, variable| {
            assert_eq!(variable.add(heap, i64::MAX - 1), Ok(i64::MAX));
        });
        let dropped = exhaust(&Scenario {
            prepare: &|heap| Variable::create(heap, &long).unwrap(),
            act: &|heap, variable: &Variable| heap.let_go(variable.handle()).unwrap(),
            look: &|_, _| Ok(()),
            meanwhile: None,
            shared: false,
        });
        assert!(dropped.unwrap().cuts > 5);
    }

    #[test]
    fn only_what_was_seen_is_replaced() {
        let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
        let variable = Variable::create(&heap, &Value::Int(5)).unwrap();
        let (seen, witness) = variable.get(&heap).unwrap();
        assert_eq!((seen, variable.add(&heap, 2)), (Loaded::Int(5), Ok(7)));
        assert_eq!(variable.replace_if(&heap, witness, &Value::None), Ok(false));
        variable.set(&heap, &Value::Bool(true)).unwrap();
        assert_eq!(variable.add(&heap, 1), Err(Failure::WrongType));
        let again = Variable::open(&heap, variable.handle()).unwrap();
        assert_eq!(again.get(&heap).unwrap().0, Loaded::Bool(true));
    }
}
