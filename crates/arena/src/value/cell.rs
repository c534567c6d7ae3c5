//! The word that stands for a value; the table is in the parent.

use super::{Bytes, Kind, Loaded};

/// The word of a value in its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell(pub u64);

impl Cell {
    pub(super) const NONE: Self = Self(3);
    pub(super) const FALSE: Self = Self(1 << 3 | 3);
    pub(super) const TRUE: Self = Self(2 << 3 | 3);
    const ZERO: Self = Self(3 << 3 | 3);

    /// The cell of an int, if it fits one.
    #[inline]
    pub fn int(value: i64) -> Option<Self> {
        let word = value << 3;
        (word >> 3 == value).then_some(Self(word.cast_unsigned() | 1))
    }

    /// The int in the cell, if it is one.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        (self.0 & 7 == 1).then_some(self.0.cast_signed() >> 3)
    }

    #[inline]
    pub(super) fn float(value: f64) -> Option<Self> {
        let bits = value.to_bits();
        match bits >> 60 & 7 {
            // The three highest bits of the exponent are 011 or 100: the lowest of them says which.
            3 | 4 => Some(Self(bits.rotate_left(3) & !3 | 2)),
            _ => (bits == 0).then_some(Self::ZERO),
        }
    }

    #[inline]
    fn as_float(self) -> Option<f64> {
        if self.0 & 3 != 2 {
            return (self == Self::ZERO).then_some(0.0);
        }
        let high = if self.0 >> 63 == 1 { 1 } else { 2 };
        Some(f64::from_bits((self.0 & !3 | high).rotate_right(3)))
    }

    /// The cell of a short str or bytes, if it is one.
    #[inline]
    pub fn short(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let tag = match kind {
            Kind::Str => 4,
            Kind::Bytes => 5,
            _ => return None,
        };
        if bytes.len() > 7 {
            return None;
        }
        let data = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        Some(Self(data << 8 | (bytes.len() as u64) << 3 | tag))
    }

    /// The block of the cell, if it has one.
    #[inline]
    pub fn block(self) -> Option<u64> {
        (self.0 & 7 == 0 && self.0 != 0).then_some(self.0)
    }

    /// The value of a cell that needs no block.
    #[inline]
    pub(super) fn inline(self) -> Option<Loaded> {
        match self.0 & 7 {
            1 => return self.as_int().map(Loaded::Int),
            4 | 5 => {
                let kind = if self.0 & 7 == 4 { Kind::Str } else { Kind::Bytes };
                let length = (self.0 >> 3 & 7) as u8;
                return Some(Loaded::Data(kind, Bytes::above_lowest(self.0, length)));
            }
            _ => {}
        }
        match self {
            Self::NONE => Some(Loaded::None),
            Self::FALSE => Some(Loaded::Bool(false)),
            Self::TRUE => Some(Loaded::Bool(true)),
            _ => self.as_float().map(Loaded::Float),
        }
    }
}

#[test]
fn every_float_and_int_survives_its_cell() {
    let floats =
        [0.0, 1.0, -1.0, 1.5e-77, -1.5e77, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, -0.0];
    for float in floats {
        let bits = Cell::float(float).map(|cell| (cell.as_float().map(f64::to_bits), cell.block()));
        assert!(bits.is_none_or(|bits| bits == (Some(float.to_bits()), None)), "{float}");
    }
    assert!(Cell::float(1e-300).is_none() && Cell::float(-0.0).is_none());
    for int in [0, 1, -1, (1 << 60) - 1, -(1 << 60)] {
        assert_eq!(Cell::int(int).and_then(Cell::as_int), Some(int));
    }
    assert!(Cell::int(1 << 60).is_none());
}
