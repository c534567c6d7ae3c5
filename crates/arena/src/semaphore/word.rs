//! The first word of a semaphore: how many permits are free, and who has one on record.
//!
//! While it is not guarded, 22 bits are the number of free permits, and the bits above that the life of the one thread
//! whose only permit on record is noted here, if there is one. Guarded, all bits are the number; unless whoever set the
//! guard has not moved that note to the records yet, which the bit below says.

use crate::life::LifeId;

/// It changes under the object's lock only.
const GUARDED: u64 = 1 << 63;
/// Guarded, and the note is still there.
const NOTED: u64 = 1 << 62;
const VALUE_BITS: u32 = 22;
const VALUE: u64 = (1 << VALUE_BITS) - 1;
const LIFE_BITS: u32 = 62 - VALUE_BITS;

/// A semaphore's first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(pub u64);

impl Word {
    /// So many permits, under the lock.
    pub fn guarded(value: u64) -> Self {
        Self(value | GUARDED)
    }

    /// So many permits, for anybody to take; `None` if there are too many for that.
    pub fn open(value: u64) -> Option<Self> {
        (value <= VALUE).then_some(Self(value))
    }

    pub fn is_guarded(self) -> bool {
        self.0 & GUARDED != 0
    }

    /// As it is, but guarded.
    pub fn frozen(self) -> Self {
        let noted = if self.noted().is_some() { NOTED } else { 0 };
        Self(self.0 | GUARDED | noted)
    }

    fn has_note(self) -> bool {
        self.0 & (GUARDED | NOTED) != GUARDED
    }

    /// How many permits are free.
    pub fn value(self) -> u64 {
        if self.has_note() { self.0 & VALUE } else { self.0 & !GUARDED }
    }

    /// Who has a permit that is noted here.
    pub fn noted(self) -> Option<LifeId> {
        if !self.has_note() {
            return None;
        }
        LifeId::from_word((self.0 & !(GUARDED | NOTED)) >> VALUE_BITS)
    }

    /// With one permit less, if there is one and the word is not guarded.
    #[inline]
    pub fn less_one(self) -> Option<Self> {
        (!self.is_guarded() && self.0 & VALUE > 0).then(|| Self(self.0 - 1))
    }

    /// With so many permits more, if there is room and the word is not guarded.
    #[inline]
    pub fn more(self, count: u64) -> Option<Self> {
        let has_room = !self.is_guarded() && count <= VALUE - (self.0 & VALUE);
        has_room.then(|| Self(self.0 + count))
    }

    /// With a note of a thread that has a permit, if there is none and the word is not guarded.
    #[inline]
    pub fn noting(self, life: LifeId) -> Option<Self> {
        let is_free = self.0 & !VALUE == 0 && life.word() >> LIFE_BITS == 0;
        is_free.then(|| Self(self.0 | life.word() << VALUE_BITS))
    }

    /// Without the note of this thread, if that is there and the word is not guarded.
    #[inline]
    pub fn without(self, life: LifeId) -> Option<Self> {
        let is_noted = !self.is_guarded() && self.0 >> VALUE_BITS == life.word();
        is_noted.then_some(Self(self.0 & VALUE))
    }
}

#[test]
fn the_parts_of_a_word_do_not_meet() {
    let life = LifeId::from_word((1 << LIFE_BITS) - 1).unwrap();
    let word = Word::open(VALUE).unwrap().noting(life).unwrap();
    assert_eq!((word.value(), word.noted(), word.is_guarded()), (VALUE, Some(life), false));
    assert_eq!(word.more(1), None);
    assert_eq!(word.noting(life), None);
    assert_eq!(word.without(life), Word::open(VALUE));
    let frozen = word.frozen();
    assert_eq!((frozen.value(), frozen.noted(), frozen.is_guarded()), (VALUE, Some(life), true));
    assert_eq!((frozen.less_one(), frozen.more(1), frozen.without(life)), (None, None, None));
    let large = Word::guarded(super::UNBOUNDED);
    assert_eq!((large.value(), large.noted()), (super::UNBOUNDED, None));
    assert_eq!(Word::open(3).unwrap().frozen(), Word::guarded(3));
    assert_eq!((Word::open(0).unwrap().less_one(), Word::open(VALUE + 1)), (None, None));
    assert_eq!(Word::open(1).unwrap().noting(LifeId::GONE_IN_ORDER), None);
}
