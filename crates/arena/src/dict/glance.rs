//! The short way to read an item: one try, without the lock, of what a word holds.
//!
//! Everything here is inlined into its caller, so that nothing but words of the arena is loaded. Whatever is
//! unusual, a change that is being applied or a damaged word, is [`Glance::Unsure`]: the caller goes the long way,
//! which says what it was.

use super::{Dict, Key, VALUE};
use crate::change::is_quiet;
use crate::heap::Heap;
use crate::layout::lockable;
use crate::memory::{self, Memory};
use crate::value::Cell;

/// Items of a bucket to look at.
const CHAIN_MAX: u64 = 16;

/// What a glance at a key saw.
pub(super) enum Glance {
    /// Its value, and the object's intent word before and after: the value stays for as long as that does.
    Found(Cell, u64),
    /// No such key.
    Missing,
    /// Nothing that can be relied on.
    Unsure,
}

impl Dict {
    /// Looks at the value of a key.
    #[inline(always)]
    pub(super) fn glance<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Glance {
        self.seen(heap, key).unwrap_or(Glance::Unsure)
    }

    #[inline(always)]
    fn seen<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Option<Glance> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        // Acquire (in `load`) pairs with the Release stores of `change::commit`.
        let before = space.memory.load(intent_at).ok()?;
        if !is_quiet(before) || space.memory.load(self.object.at).ok()? != self.object.live.0 {
            return None;
        }
        let spot = self.find(space, key, CHAIN_MAX).ok()?;
        let glance = if spot.hit {
            Glance::Found(Cell(space.memory.load(spot.next + VALUE).ok()?), before)
        } else {
            Glance::Missing
        };
        memory::validate_after_read();
        (space.memory.load(intent_at).ok()? == before).then_some(glance)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::kills::key;
    use super::super::{FIRST, KEY};
    use super::*;
    use crate::identity::Identity;
    use crate::memory::recorder::Recorder;
    use crate::value::{Kind, Loaded, Value};

    /// A dict with a key, its bucket's word and its item.
    fn with_one(value: &Value<'_>) -> (Heap<Rc<Recorder>>, Dict, u64, u64) {
        let own = Identity { pid: 1, started: 1, namespace: 1 };
        let heap = Heap::format(Rc::new(Recorder::new(1 << 20)), own, "test").unwrap();
        let dict = Dict::create(&heap).unwrap();
        dict.set(&heap, &key(1), value).unwrap();
        let spot = dict.find(&heap.space, &key(1), 1).unwrap();
        assert!(spot.hit && dict.word(&heap.space, FIRST).unwrap() < spot.link);
        (heap, dict, spot.link, spot.next)
    }

    /// The next intent word, as any change leaves it.
    fn changed(heap: &Heap<Rc<Recorder>>, dict: Dict) -> (u64, u64) {
        let at = dict.object.at + lockable::INTENT;
        (at, heap.space.memory.peek(at) + (1 << 8))
    }

    #[test]
    fn an_item_that_becomes_another_one_while_it_is_looked_at_is_not_believed() {
        let (heap, dict, bucket, item) = with_one(&Value::Int(5));
        let stores = vec![(bucket, 0), (item + VALUE, 99 << 3 | 1), changed(&heap, dict)];
        heap.space.memory.meanwhile.replace(Some((item + KEY, stores)));
        assert_eq!(dict.get(&heap, &key(1)), Ok(None));
        let (heap, dict, bucket, item) = with_one(&Value::Int(5));
        let stores = vec![(bucket, 0), changed(&heap, dict)];
        heap.space.memory.meanwhile.replace(Some((item + KEY, stores)));
        assert_eq!(dict.contains(&heap, &key(1)), Ok(false));
    }

    #[test]
    fn a_value_that_is_freed_while_it_is_copied_is_read_again() {
        let (heap, dict, _, item) = with_one(&Value::Data(Kind::Bytes, &[&[7; 100]]));
        let block = heap.space.memory.peek(item + VALUE);
        let stores = vec![(block + 16, 0), (item + VALUE, 3), changed(&heap, dict)];
        heap.space.memory.meanwhile.replace(Some((block + 8, stores)));
        assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::None)));
    }

    #[test]
    fn what_is_missing_is_seen_to_be_so_only_if_nothing_changed() {
        let (heap, dict, bucket, item) = with_one(&Value::Int(5));
        heap.space.memory.poke(bucket, 0);
        let stores = vec![(bucket, item), changed(&heap, dict)];
        heap.space.memory.meanwhile.replace(Some((bucket, stores)));
        assert_eq!(dict.get(&heap, &key(1)), Ok(Some(Loaded::Int(5))));
    }
}
