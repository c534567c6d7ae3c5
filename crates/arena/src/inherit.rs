//! What a forked child inherits.
//!
//! # Theory of operation
//!
//! The child has the mapping and copies of its parent's proxies, but no slot: if the parent dropped its own, what
//! the child holds would be freed. So before the fork (`pthread_atfork`, or `os.register_at_fork`) the parent
//! attaches a second slot in its own name and gives it its own presence in every object; the child takes that slot
//! over. What another thread makes or holds between that and the fork, the child holds too. If the fork fails, or the
//! child dies before it took over, the parent sweeps the slot when the child would have had time enough; if the parent
//! dies too, whoever sweeps the parent does, since the slot bears its pid.

use std::sync::atomic::Ordering;

use crate::block::{Header, State};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::identity::Identity;
use crate::memory::{Memory, Shared};
use crate::object::{self, Object};
use crate::slots::{self, Status};

/// A slot that was reserved for a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// The slot.
    pub slot: u64,
    generation: u64,
    /// Whose it is until the child has taken it over: the parent's.
    pid: u64,
}

impl<M: Memory> Heap<M> {
    /// Before a fork: a slot for the child, which holds everything that this process holds.
    pub(crate) fn reserve(&self, identity: Identity) -> Result<Reserved> {
        let slot = slots::attach(&self.space, identity, "forking")?;
        // First: what another thread makes or gets meanwhile, the child holds too.
        self.forking.store(slot + 1, Ordering::SeqCst);
        for at in object::places(&self.space)? {
            let live = Header(self.space.memory.load(at)?);
            if !live.is(State::Live) {
                continue;
            }
            let object = Object { at, live };
            let (own_at, own_bit) = object::presence_at(object, self.slot());
            if self.space.memory.load(own_at)? & own_bit == 0 {
                continue;
            }
            match self.lock(object) {
                Err(Failure::ObjectGone) => {}
                Err(failure) => return Err(failure),
                Ok(_guard) => self.appear_as(object, slot)?,
            }
        }
        let generation = slots::state(&self.space, slot)?.generation;
        Ok(Reserved { slot, generation, pid: identity.pid })
    }

    /// In the parent, after the fork: what is held from now on is its own.
    pub fn end_fork(&self) {
        self.forking.store(0, Ordering::Relaxed);
    }

    /// This process takes part in an object's presence, and with it a child that is about to be forked. The caller holds the
    /// object's lock, or nobody else knows of it.
    #[inline]
    pub(crate) fn appear(&self, object: Object) -> Result<()> {
        self.appear_as(object, self.slot())?;
        match self.forking.load(Ordering::SeqCst) {
            0 => Ok(()),
            forking => self.appear_as(object, forking - 1),
        }
    }

    fn appear_as(&self, object: Object, slot: u64) -> Result<()> {
        let (at, bit) = object::presence_at(object, slot);
        self.space.memory.store(at, self.space.memory.load(at)? | bit)
    }

    /// In the parent, once the fork has failed or a child has had time enough: sweeps what was reserved if nobody has
    /// taken it over. Returns whether that was so.
    pub fn cancel_child(&self, reserved: Reserved) -> Result<bool> {
        let found = slots::state(&self.space, reserved.slot)?;
        if found.generation != reserved.generation || found.status != Status::Attached(reserved.pid)
        {
            return Ok(false);
        }
        // A child that takes it over at this very moment has it, or we do.
        self.sweep_found(reserved.slot, found)
    }
}

impl Heap<Shared> {
    /// Before a fork: reserves a slot for the child, which holds everything that this process holds.
    pub fn reserve_child(&self) -> Result<Reserved> {
        self.reserve(Identity::own()?)
    }

    /// In the child: takes over what the parent reserved. Until then every operation that needs a slot fails
    /// with [`crate::Error::Forked`]; afterwards the proxies of the parent work here too.
    pub fn become_child(&self, reserved: u64) -> Result<()> {
        if !slots::hand_over(&self.space, reserved, Identity::own()?)? {
            return Err(Failure::ObjectGone);
        }
        self.move_to(reserved);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dict::Dict;
    use crate::dict::kills::key;
    use crate::value::{Loaded, Value};
    use crate::{Error, Failure};

    #[test]
    fn a_forked_child_holds_what_its_parent_held() {
        let (heap, _fd) = Heap::create(8 << 20, "parent").unwrap();
        let dict = Dict::create(&heap).unwrap();
        dict.set(&heap, &key(1), &Value::Int(1)).unwrap();
        let keeper = Dict::create(&heap).unwrap();
        let reserved = heap.reserve_child().unwrap();
        // SAFETY: the child uses the arena and leaves by _exit.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let forked = Err(Failure::Shared(Error::Forked));
            assert_eq!(dict.set(&heap, &key(2), &Value::None), forked);
            heap.become_child(reserved.slot).unwrap();
            // Wait until the parent has let go of the dict, which only we hold then.
            while keeper.get(&heap, &key(1)).unwrap().is_none() {
                std::hint::spin_loop();
            }
            assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Int(1))));
            dict.set(&heap, &key(2), &Value::Int(2)).unwrap();
            heap.let_go(dict.handle()).unwrap();
            // SAFETY: always allowed; without detaching, as after a kill.
            unsafe { libc::_exit(7) };
        }
        heap.let_go(dict.handle()).unwrap();
        keeper.set(&heap, &key(1), &Value::None).unwrap();
        let mut status = 0;
        // SAFETY: reaps our child.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!(libc::WEXITSTATUS(status), 7);
        assert_eq!(dict.len(&heap), Err(Failure::ObjectGone));
        assert_eq!(heap.sweep_dead(), Ok(1));
        let unused = heap.reserve_child().unwrap();
        assert_eq!(heap.cancel_child(reserved), Ok(false));
        assert_eq!(heap.cancel_child(unused), Ok(true));
        assert_eq!(heap.cancel_child(unused), Ok(false));
        assert_eq!(heap.attached().unwrap().len(), 1);
    }
}
