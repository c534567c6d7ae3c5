//! Hints: somebody freed something in a slab that another process allocates from.

use super::{Kind, SLOT_FREED, run_at};
use crate::failure::Result;
use crate::layout::{SLOT_BYTES, SLOTS, SLOTS_AT, Space};
use crate::memory::Memory;

/// Tells the owner of a block's slab that something there is free. An extent's block is reclaimed by whoever
/// freed it, after leaving its lock.
pub(crate) fn hint<M: Memory>(space: &Space<M>, at: u64) -> Result<()> {
    let unit = space.map.unit_of(at)?;
    let bit = 1 << ((at - space.map.unit_at(unit)) / space.map.region_bytes());
    // The Release half of both pairs with the owner's `swap`: it sees the free header after the hint. The hint
    // comes before the look at who owns the slab: an adopter takes the hints after it made the slab its own.
    if space.memory.set_bits(space.map.hints_at(unit), bit)? == 0 {
        let run = run_at(space, unit)?;
        if run.kind == Kind::Slab && run.slot < SLOTS {
            let flags = SLOTS_AT + run.slot * SLOT_BYTES + SLOT_FREED;
            space.memory.set_bits(flags, 1 << run.class)?;
        }
    }
    Ok(())
}
