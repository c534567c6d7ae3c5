//! Ending leases.

use super::{LEASE, Object, places};
use crate::block::{Header, State};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::memory::Memory;

impl<M: Memory> Heap<M> {
    /// Frees the objects that only a lease kept, and that has ended. Returns how many. For a background thread.
    pub fn reap(&self) -> Result<u64> {
        let mut reaped = 0;
        for at in places(&self.space)? {
            let live = Header(self.space.memory.load(at)?);
            let object = Object { at, live };
            if live.is(State::Live) && self.is_last(object, 0, None)? {
                match self.clear_presence(object, self.slot()) {
                    Ok(()) => reaped += 1,
                    Err(Failure::ObjectGone) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(reaped)
    }

    /// When (`CLOCK_MONOTONIC`, ns) the next lease ends, whatever else keeps its object now.
    pub fn next_lease_end(&self) -> Result<Option<u64>> {
        let (now, mut next) = (self.space.memory.now_ns(), None);
        for at in places(&self.space)? {
            if Header(self.space.memory.load(at)?).is(State::Live) {
                let lease = self.space.memory.load(at + LEASE)?;
                if lease > now && next.is_none_or(|end| lease < end) {
                    next = Some(lease);
                }
            }
        }
        Ok(next)
    }
}
