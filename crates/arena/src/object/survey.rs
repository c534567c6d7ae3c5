//! What objects there are, and what their users call them.

use super::{Handle, KIND, ObjectKind, TAG, places, presence_at, resolve};
use crate::block::{Header, State};
use crate::failure::{Failure, Result};
use crate::heap::Heap;
use crate::layout::{ROOT, SITES};
use crate::memory::Memory;

impl<M: Memory> Heap<M> {
    /// Marks a new object, of which nobody else knows yet, for its users.
    pub fn set_tag(&self, handle: Handle, tag: u64) -> Result<()> {
        let object = resolve(&self.space, handle)?;
        let _guard = self.lock(object)?;
        self.space.memory.store(object.at + TAG, tag)
    }

    /// What an object is, and its tag.
    pub fn describe(&self, handle: Handle) -> Result<(ObjectKind, u64)> {
        let object = resolve(&self.space, handle)?;
        let word = |at| self.space.memory.load(at);
        let (kind, tag) = (word(object.at + KIND)?, word(object.at + TAG)?);
        if word(object.at)? != object.live.0 {
            return Err(Failure::ObjectGone);
        }
        Ok((ObjectKind::from_word(kind)?, tag))
    }

    /// Whether only this process holds an object: no container, no other process, no lease.
    pub fn is_held_here_only(&self, handle: Handle) -> Result<bool> {
        let object = resolve(&self.space, handle)?;
        let _guard = self.lock(object)?;
        self.is_last(object, 0, Some(presence_at(object, self.slot())))
    }

    /// Every live object, but for those that hold the names and the sites.
    pub fn objects(&self) -> Result<Vec<Handle>> {
        let roots = [self.space.memory.load(ROOT)?, self.space.memory.load(SITES)?];
        let mut found = Vec::new();
        for at in places(&self.space)? {
            let header = Header(self.space.memory.load(at)?);
            if header.is(State::Live) && !roots.contains(&at) {
                found.push(Handle { at, generation: header.generation() });
            }
        }
        Ok(found)
    }
}

#[test]
fn an_object_says_what_it_is() {
    use crate::dict::Dict;
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let dict = Dict::create(&heap).unwrap().handle();
    assert_eq!(heap.describe(dict), Ok((ObjectKind::Dict, 0)));
    heap.set_tag(dict, 7).unwrap();
    assert_eq!(heap.describe(dict), Ok((ObjectKind::Dict, 7)));
    assert_eq!(heap.objects(), Ok(vec![dict]));
    heap.let_go(dict).unwrap();
    assert_eq!(heap.describe(dict), Err(Failure::ObjectGone));
    assert_eq!(heap.objects(), Ok(vec![]));
}
