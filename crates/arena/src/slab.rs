//! One process's view of the slabs that it allocates from.
//!
//! A block's own header says whether it is free, so allocating is one store and so is freeing, by whichever
//! process. Which blocks *may* be free is known here, in private memory: bits found by reading the headers,
//! again whenever the shared hints say that somebody freed something. Losing this view loses nothing.

use crate::block::{Header, State};
use crate::classes::SIZES;
use crate::failure::Result;
use crate::layout::Space;
use crate::memory::Memory;

/// A slab and which of its blocks are free, as far as we know.
struct Slab {
    unit: u64,
    free: Vec<u64>,
    available: u64,
}

/// Our slabs of one class.
#[derive(Default)]
pub(crate) struct Shelf {
    slabs: Vec<Slab>,
    /// Those with something available.
    stocked: Vec<usize>,
}

impl Shelf {
    /// Adds a slab of ours and reads all of its headers.
    pub fn add<M: Memory>(&mut self, space: &Space<M>, class: usize, unit: u64) -> Result<()> {
        // Hints from before are answered by reading everything. Acquire pairs with `units::hint`.
        space.memory.swap(space.map.hints_at(unit), 0)?;
        let words = usize::try_from(space.map.blocks_per_slab(class).div_ceil(64)).unwrap_or(0);
        self.slabs.push(Slab { unit, free: vec![0; words], available: 0 });
        self.look(space, class, self.slabs.len() - 1, u64::MAX)
    }

    /// Takes a block that was free when we last looked.
    #[inline]
    pub fn take<M>(&mut self, space: &Space<M>, class: usize) -> Option<u64> {
        let index = *self.stocked.last()?;
        let slab = self.slabs.get_mut(index)?;
        let (word, bits) = slab.free.iter_mut().enumerate().find(|(_, bits)| **bits != 0)?;
        let block = word as u64 * 64 + u64::from(bits.trailing_zeros());
        *bits &= *bits - 1;
        slab.available -= 1;
        let at = space.map.unit_at(slab.unit) + block * SIZES[class];
        if slab.available == 0 {
            self.stocked.pop();
        }
        Some(at)
    }

    /// Follows the hints: looks where somebody freed something since the last time.
    pub fn follow_hints<M: Memory>(&mut self, space: &Space<M>, class: usize) -> Result<()> {
        for index in 0..self.slabs.len() {
            let hints_at = space.map.hints_at(self.slabs[index].unit);
            if space.memory.load(hints_at)? != 0 {
                // Acquire pairs with `units::hint`: the headers are read after the hints were taken.
                let hints = space.memory.swap(hints_at, 0)?;
                self.look(space, class, index, hints)?;
            }
        }
        Ok(())
    }

    /// Reads the headers in the 64ths of a slab that `hints` names.
    fn look<M: Memory>(
        &mut self,
        space: &Space<M>,
        class: usize,
        index: usize,
        hints: u64,
    ) -> Result<()> {
        let slab = &mut self.slabs[index];
        let (base, size) = (space.map.unit_at(slab.unit), SIZES[class]);
        let before = slab.available;
        for region in (0..64).filter(|region| hints >> region & 1 != 0) {
            let (from, to) =
                (region * space.map.region_bytes(), (region + 1) * space.map.region_bytes());
            let blocks =
                from.div_ceil(size)..to.div_ceil(size).min(space.map.blocks_per_slab(class));
            for block in blocks {
                let header = Header(space.memory.load(base + block * size)?);
                let (word, bit) = ((block / 64) as usize, 1 << (block % 64));
                if header.is(State::Free) && slab.free[word] & bit == 0 {
                    slab.free[word] |= bit;
                    slab.available += 1;
                }
            }
        }
        if before == 0 && slab.available > 0 {
            self.stocked.push(index);
        }
        Ok(())
    }

    /// Takes the slabs away of which every block is free, except for `keep`. Nothing can be linked in them, and
    /// only we could allocate there.
    pub fn retire<M>(&mut self, space: &Space<M>, class: usize, keep: usize) -> Vec<u64> {
        let (mut kept, mut retired) = (0, Vec::new());
        self.slabs.retain(|slab| {
            let is_empty = slab.available == space.map.blocks_per_slab(class);
            kept += usize::from(is_empty);
            if is_empty && kept > keep {
                retired.push(slab.unit);
                return false;
            }
            true
        });
        self.stocked = (0..self.slabs.len()).filter(|&i| self.slabs[i].available > 0).collect();
        retired
    }

    /// Whether something is available.
    pub fn is_stocked(&self) -> bool {
        !self.stocked.is_empty()
    }
}
