//! Making the tree of a list that was built aside a part of another one.
//!
//! Each attempt takes one step under the lock: a preparation that alters nothing visible, or the last one, a change
//! that gives the whole tree to this list and empties the other one's body. Why it may write there: see
//! [`super::aside`].

use super::aside::CONTENTS;
use super::merge::copy_into_gap;
use super::node::{self, LINK, Node};
use super::path::{Aim, Path};
use super::ring::{self, Ring};
use super::spares::{Need, Room, Spares};
use super::{HEIGHT, List, ROOT, limits};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;

impl List {
    /// Appends everything that `other` holds, at one moment. Returns how many items there are then.
    pub(super) fn take_over<M: Memory>(&self, heap: &Heap<M>, other: Self) -> Result<u64> {
        let mut spares = Spares::default();
        let outcome = self.join(heap, other, &mut spares);
        spares.give_back(heap)?;
        outcome
    }

    fn join<M: Memory>(&self, heap: &Heap<M>, other: Self, spares: &mut Spares) -> Result<u64> {
        let space = &heap.space;
        loop {
            let guard = heap.begin(self.object)?;
            match self.join_step(space, &guard, other, spares)? {
                Room::Enough => return self.length(space),
                Room::More => {}
                Room::Needs(need) => {
                    drop(guard);
                    spares.allocate(heap, need)?;
                }
            }
        }
    }

    fn join_step<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        other: Self,
        spares: &mut Spares,
    ) -> Result<Room> {
        let (length, height) = (self.length(space)?, self.height(space)?);
        let level = other.height(space)?;
        if length == 0 {
            return self.exchange(space, guard, other);
        }
        if height < level {
            return self.add_root_above(space, guard, None, spares);
        }
        let mut path = Path::new();
        self.descend(space, length, Aim::Place, &mut path)?;
        let (target, from) = (path.node(space, level)?, other.root(space)?);
        if target.ring.width() >= from.ring.count {
            return self.pour_root(space, guard, &path, &target, (other, &from));
        }
        if target.ring.capacity < limits::full(level) {
            return self.enlarge(space, guard, &path, from.ring.count, spares);
        }
        if level == height {
            return self.add_root_above(space, guard, Some(other), spares);
        }
        let parent = path.node(space, level + 1)?;
        if parent.ring.width() == 0 {
            return self.room_above(space, guard, &path, level + 1, spares);
        }
        self.attach(space, guard, &path, parent, other)
    }

    /// This list is empty: the two change their contents.
    fn exchange<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        other: Self,
    ) -> Result<Room> {
        let mut change = Change::new();
        for word in CONTENTS {
            let (here, there) = (self.object.body(word), other.object.body(word));
            change.write(here, space.memory.load(there)?);
            change.write(there, space.memory.load(here)?);
        }
        guard.commit(&change)?;
        Ok(Room::Enough)
    }

    /// Copies what the other's root holds to the last node of the same level, which has room for it.
    fn pour_root<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        target: &Node,
        (other, from): (Self, &Node),
    ) -> Result<Room> {
        let mut target = *target;
        let end = target.ring.count;
        Self::settle_gap(space, guard, &mut target, end)?;
        let ring = copy_into_gap(space, from, &target, true)?;
        let mut change = Change::new();
        change.write(target.ring_at, ring.word());
        path.count(space, &mut change, target.level.max(1), other.length(space)?)?;
        change.turn(from.block(space)?, State::Free);
        other.write_empty(&mut change);
        guard.commit(&change)?;
        Ok(Room::Enough)
    }

    /// Makes the other's root the last child of a node one level higher, which has room for it.
    fn attach<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        path: &Path,
        mut parent: Node,
        other: Self,
    ) -> Result<Room> {
        let end = parent.ring.count;
        Self::settle_gap(space, guard, &mut parent, end)?;
        let (slot, ring) = parent.ring.filled(1, true);
        parent.copy(space, other.object.body(ROOT), parent.slot_at(slot))?;
        let mut change = Change::new();
        change.write(parent.ring_at, ring.word());
        path.count(space, &mut change, parent.level, other.length(space)?)?;
        other.write_empty(&mut change);
        guard.commit(&change)?;
        Ok(Room::Enough)
    }

    /// A new root, of which the old one is a child, and the other's one, if that has the same level.
    fn add_root_above<M: Memory>(
        &self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        other: Option<Self>,
        spares: &mut Spares,
    ) -> Result<Room> {
        let Some(block) = spares.take_inner() else { return Ok(Room::Needs(Need::INNER)) };
        let (level, children) = (self.height(space)? + 1, 1 + u64::from(other.is_some()));
        let root = node::pending(block, level, Ring::packed(children, limits::fan()));
        let mut size = 0u64;
        for (index, list) in [Some(*self), other].into_iter().flatten().enumerate() {
            let entry = list.object.body(ROOT);
            root.copy(space, entry, root.item_at(index as u64))?;
            size = ring::size(size.wrapping_add(list.length(space)?));
        }
        space.memory.store(root.ring_at, root.ring.word())?;
        let mut change = Change::new();
        change.turn(block, State::Live);
        change.write(self.object.body(ROOT), size);
        change.write(self.object.body(ROOT) + LINK, block.at);
        change.write(self.object.body(HEIGHT), level);
        if let Some(other) = other {
            other.write_empty(&mut change);
        }
        guard.commit(&change)?;
        Ok(if other.is_some() { Room::Enough } else { Room::More })
    }

    /// Lists the words that say that the list is empty.
    fn write_empty(&self, change: &mut Change) {
        for word in CONTENTS {
            change.write(self.object.body(word), 0);
        }
    }
}
