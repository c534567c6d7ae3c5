//! An array in a node, with one gap.
//!
//! The slots of a node are a circle. From `base` on there are `gap` items, then the free slots, then the other items.
//! A gap before the first item and one behind the last are the same free slots: only the words differ. So all that
//! happens at one place, or at both ends, finds the gap there.
//!
//! | bits | of the word |
//! | --- | --- |
//! | 0-39 | how many items |
//! | 40-47 | how many slots |
//! | 48-55 | `base` |
//! | 56-63 | `gap` |

use crate::failure::{Result, corrupt};

const COUNT: u64 = (1 << 40) - 1;

/// How many items a node's entry says there are below it; the entry of a leaf is its ring.
#[inline]
pub(super) fn size(entry: u64) -> u64 {
    entry & COUNT
}

/// Which slots are used by which items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ring {
    pub count: u64,
    pub capacity: u64,
    base: u64,
    gap: u64,
}

/// Items to be copied from slots to free slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moves {
    pub from: u64,
    pub to: u64,
    pub count: u64,
}

impl Ring {
    /// `count` items in the first slots.
    pub fn packed(count: u64, capacity: u64) -> Self {
        Self { count, capacity, base: 0, gap: count }
    }

    /// The ring in a word, checked: every slot that it names is below `full`.
    #[inline]
    pub fn from_word(word: u64, full: u64) -> Result<Self> {
        let (count, capacity) = (size(word), word >> 40 & 0xff);
        let (base, gap) = (word >> 48 & 0xff, word >> 56);
        if capacity > full || count > capacity || gap > count || base >= capacity.max(1) {
            return corrupt("a node's ring is damaged");
        }
        Ok(Self { count, capacity, base, gap })
    }

    #[inline]
    pub fn word(self) -> u64 {
        self.count | self.capacity << 40 | self.base << 48 | self.gap << 56
    }

    /// How many slots are free.
    #[inline]
    pub fn width(self) -> u64 {
        self.capacity - self.count
    }

    /// The slot of an item.
    #[inline]
    pub fn slot(self, index: u64) -> u64 {
        let behind = if index < self.gap { 0 } else { self.width() };
        self.wrap(self.base + index + behind)
    }

    /// A slot, from a number below twice the capacity.
    #[inline]
    pub fn wrap(self, slot: u64) -> u64 {
        if slot >= self.capacity { slot - self.capacity } else { slot }
    }

    /// The same slots; a gap at either end is said to be at the front.
    fn with_front_gap(self) -> Self {
        if self.gap < self.count {
            return self;
        }
        Self { base: self.wrap(self.base + self.count), gap: 0, ..self }
    }

    /// The same slots; a gap at either end is said to be at the back.
    fn with_back_gap(self) -> Self {
        if self.gap > 0 {
            return self;
        }
        Self { base: self.wrap(self.base + self.width()), gap: self.count, ..self }
    }

    /// How many items the gap has to pass on its way to `to`: up, and down.
    #[inline]
    fn ways(self, to: u64) -> (u64, u64) {
        if self.width() == 0 || self.gap == to {
            return (0, 0);
        }
        let up = if to >= self.gap { to - self.gap } else { to + self.count - self.gap };
        (up, self.count - up)
    }

    /// How many items have to be copied to bring the gap to `to`.
    #[inline]
    pub fn distance(self, to: u64) -> u64 {
        let (up, down) = self.ways(to);
        up.min(down)
    }

    /// The next part of the gap's way to `to`: what to copy, into free slots only, and the ring afterwards.
    /// Nothing to copy: the gap is there.
    #[inline]
    pub fn stride(self, to: u64, most: u64) -> (Moves, Self) {
        let (up, down) = self.ways(to);
        let nothing = Moves { from: 0, to: 0, count: 0 };
        if up == 0 || down == 0 {
            return (nothing, self.said_at(to));
        }
        let width = self.width();
        if up <= down {
            let ring = self.with_front_gap();
            let count = up.min(most).min(ring.count - ring.gap);
            let to = ring.base + ring.gap;
            let moves = Moves { from: ring.wrap(ring.wrap(to) + width), to: ring.wrap(to), count };
            return (moves, Self { gap: ring.gap + count, ..ring });
        }
        let ring = self.with_back_gap();
        let count = down.min(most).min(ring.gap);
        let from = ring.wrap(ring.base + ring.gap - count);
        let moves = Moves { from, to: ring.wrap(from + width), count };
        (moves, Self { gap: ring.gap - count, ..ring })
    }

    /// The ring whose gap is at `to` already, in these words.
    #[inline]
    pub fn said_at(self, to: u64) -> Self {
        match to {
            _ if self.gap == to => self,
            _ if self.width() == 0 => Self { gap: to, ..self },
            0 => self.with_front_gap(),
            _ => self.with_back_gap(),
        }
    }

    /// The ring with `count` more items at the gap, and the slot of the first of them. `before` the gap, so that the
    /// gap is behind them, or after it.
    #[inline]
    pub fn filled(self, count: u64, before: bool) -> (u64, Self) {
        let more = self.count + count;
        if before {
            let slot = self.wrap(self.base + self.gap);
            return (slot, Self { count: more, gap: self.gap + count, ..self });
        }
        let slot = self.wrap(self.base + self.gap + self.width() - count);
        (slot, Self { count: more, ..self })
    }

    /// The ring without the item `index`, which is beside the gap.
    #[inline]
    pub fn without(self, index: u64) -> Self {
        let gap = if index < self.gap { self.gap - 1 } else { self.gap };
        Self { count: self.count - 1, gap, ..self }
    }

    /// The ring without `count` items beside the gap, which is at the end `place`.
    #[inline]
    pub fn cut(self, place: u64, count: u64) -> Self {
        let gap = if place == 0 { 0 } else { self.gap - count };
        Self { count: self.count - count, gap, ..self }
    }

    /// The ring of the first `count` items alone; the gap is not before the end of them.
    pub fn truncated(self, count: u64) -> Self {
        Self { count, gap: count, ..self }
    }

    /// The last item before the gap, if that is not empty: the one that is removed when the order does not matter.
    pub fn nearest(self) -> (Self, u64) {
        let ring = self.with_back_gap();
        (ring, ring.gap.saturating_sub(1))
    }

    /// Where the gap is.
    pub fn gap(self) -> u64 {
        self.gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring and its slots.
    struct Model(Ring, Vec<u64>);

    impl Model {
        fn items(&self) -> Vec<u64> {
            (0..self.0.count).map(|index| self.1[self.0.slot(index) as usize]).collect()
        }

        fn move_gap(&mut self, to: u64) {
            let (before, distance, mut copied) = (self.items(), self.0.distance(to), 0);
            loop {
                let width = self.0.width();
                let (moves, next) = self.0.stride(to, width);
                let free: Vec<u64> = (0..self.0.capacity)
                    .filter(|slot| !(0..self.0.count).any(|i| self.0.slot(i) == *slot))
                    .collect();
                for i in 0..moves.count {
                    let (from, to) = (next.wrap(moves.from + i), next.wrap(moves.to + i));
                    assert!(free.contains(&to), "{:?} {moves:?}", self.0);
                    self.1[to as usize] = self.1[from as usize];
                }
                self.0 = next;
                copied += moves.count;
                assert_eq!(self.items(), before);
                if moves.count == 0 {
                    break;
                }
            }
            assert_eq!((self.0.gap, copied), (to, distance));
            assert_eq!(Ring::from_word(self.0.word(), 9), Ok(self.0));
        }
    }

    #[test]
    fn every_gap_reaches_every_place() {
        let mut model = Model(Ring::packed(0, 9), vec![0; 9]);
        let (mut items, mut seed) = (Vec::new(), 5u64);
        for step in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (seed >> 33) % (items.len() as u64 + 1);
            model.move_gap(at);
            if seed >> 62 & 1 == 0 && items.len() < 9 {
                let (slot, ring) = model.0.filled(1, seed >> 63 == 0);
                model.1[slot as usize] = step;
                model.0 = ring;
                items.insert(at as usize, step);
            } else if (at as usize) < items.len() {
                model.0 = model.0.without(at);
                items.remove(at as usize);
            } else if at > 0 {
                model.0 = model.0.without(at - 1);
                items.remove(at as usize - 1);
            }
            assert_eq!(model.items(), items);
        }
    }

    #[test]
    fn a_damaged_ring_is_refused() {
        for word in [8, 3 | 2 << 40, 1 | 2 << 40 | 2 << 48, 1 | 2 << 40 | 2 << 56, u64::MAX] {
            assert!(Ring::from_word(word, 9).is_err(), "{word:#x}");
        }
    }
}
