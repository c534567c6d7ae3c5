//! A set: a dict's keys.

use super::{CopiedItem, Dict, Item, Key, Part, Position, Way};
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::object::{self, Handle, ObjectKind};
#[cfg(test)]
use crate::value::Loaded;
use crate::value::Value;

/// A set of an arena. It keeps insertion order, as a dict does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set(Dict);

impl Set {
    /// Makes an empty set that this process holds.
    pub fn create<M: Memory>(heap: &Heap<M>) -> Result<Self> {
        Ok(Self(Dict { object: heap.create_object(ObjectKind::Set)? }))
    }

    /// The set that a handle names.
    pub fn open<M: Memory>(heap: &Heap<M>, handle: Handle) -> Result<Self> {
        Ok(Self(Dict { object: object::open(heap, handle, ObjectKind::Set)? }))
    }

    /// What names this set in every process.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.0.handle()
    }

    /// How many members there are.
    pub fn len<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        self.0.len(heap)
    }

    /// Adds a member. Returns whether it is new; if not, the old one stays, as in Python.
    pub fn add<M: Memory>(&self, heap: &Heap<M>, member: &Key<'_>) -> Result<bool> {
        Ok(self.0.set_default(heap, member, &Value::None)?.is_none())
    }

    /// Adds a member and has it hold an object, the one that it stands for.
    pub fn add_holding<M: Memory>(
        &self,
        heap: &Heap<M>,
        member: &Key<'_>,
        held: &Value<'_>,
    ) -> Result<bool> {
        Ok(self.0.set_default(heap, member, held)?.is_none())
    }

    /// Whether this is a member.
    pub fn contains<M: Memory>(&self, heap: &Heap<M>, member: &Key<'_>) -> Result<bool> {
        self.0.contains(heap, member)
    }

    /// Removes a member. Returns whether it was there.
    pub fn remove<M: Memory>(&self, heap: &Heap<M>, member: &Key<'_>) -> Result<bool> {
        self.0.remove(heap, member)
    }

    /// Removes some member (the newest) and returns it, and what it held, which this process holds then.
    pub fn pop<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Item>> {
        self.0.pop_newest(heap)
    }

    /// Removes every member.
    pub fn clear<M: Memory>(&self, heap: &Heap<M>) -> Result<()> {
        self.0.clear(heap)
    }

    /// Whether no member came or went since the walk began.
    #[inline]
    pub fn is_unchanged<M: Memory>(&self, heap: &Heap<M>, position: &Position) -> Result<bool> {
        self.0.is_unchanged(heap, position)
    }

    /// The beginning of a walk.
    pub fn begin<M: Memory>(&self, heap: &Heap<M>) -> Result<Position> {
        Ok(self.0.begin(heap, Way::Forward)?.only(Part::Keys))
    }

    /// Copies up to `count` members, with no values, and moves on; see [`Dict::advance`].
    pub fn advance<M: Memory>(
        &self,
        heap: &Heap<M>,
        position: &mut Position,
        count: usize,
        members: &mut Vec<CopiedItem>,
    ) -> Result<()> {
        self.0.advance(heap, position, count, members)
    }
}

#[test]
fn a_set_keeps_its_first_members() {
    let (heap, _fd) = Heap::create(8 << 20, "test").unwrap();
    let set = Set::create(&heap).unwrap();
    assert_eq!(set.add(&heap, &Key::int(1, 1)), Ok(true));
    assert_eq!(set.add(&heap, &Key::int(1, 1)), Ok(false));
    assert_eq!(set.add(&heap, &Key::int(2, 2)), Ok(true));
    assert_eq!((set.contains(&heap, &Key::int(2, 2)), set.len(&heap)), (Ok(true), Ok(2)));
    let (mut position, mut members) = (set.begin(&heap).unwrap(), Vec::new());
    set.advance(&heap, &mut position, 9, &mut members).unwrap();
    let members = members.into_iter().map(|(member, _)| member.loaded().unwrap());
    assert_eq!(members.collect::<Vec<_>>(), [Loaded::Int(1), Loaded::Int(2)]);
    assert_eq!(Dict::open(&heap, set.handle()), Err(crate::Failure::WrongType));
    assert!(Set::open(&heap, set.handle()).is_ok());
    assert_eq!(
        (set.remove(&heap, &Key::int(1, 1)), set.pop(&heap)),
        (Ok(true), Ok(Some((Loaded::Int(2), Loaded::None))))
    );
    set.clear(&heap).unwrap();
    heap.let_go(set.handle()).unwrap();
    assert_eq!(set.len(&heap), Err(crate::Failure::ObjectGone));
}
