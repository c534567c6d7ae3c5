//! What must hold of a semaphore at rest (for tests).

use super::word::Word;
use super::{BOUND, Semaphore, VALUE};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::wait::line::check_line;

/// Checks the line and the records; nobody waits while there are permits.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    let semaphore = Semaphore::found(object);
    if let Some((block, _)) = found(semaphore.block(space), "records")? {
        audit.reach(space, block.at, "a block of records")?;
    }
    let recorded: u64 = found(semaphore.records(space), "records")?.iter().map(|r| r.count).sum();
    let word = Word(found(space.memory.load(object.body(VALUE)), "a semaphore")?);
    let noted = u64::from(word.noted().is_some());
    let bound = found(space.memory.load(object.body(BOUND)), "a semaphore")?;
    let waiting = check_line(space, semaphore.line(), audit)?;
    if waiting > 0 && word != Word::guarded(0) {
        return Err(format!("{waiting} threads wait for a semaphore of {word:?}"));
    }
    if word.value() + noted + recorded > bound {
        return Err(format!(
            "{recorded} permits are on record, {word:?} says the first word, of {bound}"
        ));
    }
    Ok(())
}
