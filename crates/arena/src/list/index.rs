//! Indexes as Python has them.

/// Which item: from the beginning, or, if negative, from the end that the list has when the operation happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index(i64);

impl Index {
    /// Behind every item.
    pub(super) const END: Self = Self(i64::MAX);

    /// The item's index in a list of so many items; `None` if it has no such item.
    #[inline]
    pub(super) fn of_item(self, length: u64) -> Option<u64> {
        self.counted(length).filter(|&index| index < length)
    }

    /// The place in such a list that is nearest.
    #[inline]
    pub(super) fn of_place(self, length: u64) -> u64 {
        self.counted(length).map_or(0, |place| place.min(length))
    }

    #[inline]
    fn counted(self, length: u64) -> Option<u64> {
        if self.0 < 0 { length.checked_add_signed(self.0) } else { Some(self.0.cast_unsigned()) }
    }
}

impl From<i64> for Index {
    #[inline]
    fn from(index: i64) -> Self {
        Self(index)
    }
}

impl From<i32> for Index {
    fn from(index: i32) -> Self {
        Self(index.into())
    }
}

impl From<u64> for Index {
    #[inline]
    fn from(index: u64) -> Self {
        Self(i64::try_from(index).unwrap_or(i64::MAX))
    }
}

#[test]
fn negative_indexes_count_from_the_end() {
    let items = [0, 2, 3, -1, -3, -4].map(|index| Index::from(index).of_item(3));
    assert_eq!(items, [Some(0), Some(2), None, Some(2), Some(0), None]);
    let places = [0, 2, 3, 9, -1, -3, -4].map(|index| Index::from(index).of_place(3));
    assert_eq!(places, [0, 2, 3, 3, 2, 0, 0]);
    assert_eq!(Index::from(u64::MAX).of_item(u64::MAX >> 1), None);
    assert_eq!(Index::END.of_place(7), 7);
}
