//! Bytes that were read: few of them without a piece of memory of their own, which takes longer than to copy them.

use std::fmt;
use std::ops::Deref;

use crate::failure::Result;
use crate::memory::Memory;

/// As many as fit beside their count where a `Vec` would be.
const FEW_MAX: usize = 15;

#[derive(Clone)]
enum Place {
    Few(u8, [u8; FEW_MAX]),
    Many(Vec<u8>),
}

/// A copy of bytes of the arena.
#[derive(Clone)]
pub struct Bytes(Place);

impl Bytes {
    /// Copies `length` bytes out. Without a lock the caller must validate afterwards.
    #[inline]
    pub(crate) fn read<M: Memory>(memory: &M, at: u64, length: u64) -> Result<Self> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut few = [0; FEW_MAX];
        let Some(target) = few.get_mut(..length) else {
            return Ok(Self(Place::Many(memory.read_new(at, length)?)));
        };
        memory.read(at, target)?;
        #[allow(clippy::cast_possible_truncation)] // At most 15.
        Ok(Self(Place::Few(length as u8, few)))
    }

    /// The bytes as a `Vec`, without a copy if they are many.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Place::Many(bytes) => bytes,
            Place::Few(..) => self.to_vec(),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Place::Few(length, bytes) => &bytes[..usize::from(*length).min(FEW_MAX)],
            Place::Many(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Place::Many(bytes))
    }
}

impl From<&[u8]> for Bytes {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        let mut few = [0; FEW_MAX];
        let Some(target) = few.get_mut(..bytes.len()) else { return bytes.to_vec().into() };
        target.copy_from_slice(bytes);
        #[allow(clippy::cast_possible_truncation)] // At most 15.
        Self(Place::Few(bytes.len() as u8, few))
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[test]
fn few_and_many_bytes_are_the_same_to_whoever_reads_them() {
    assert_eq!(size_of::<Bytes>(), size_of::<Vec<u8>>());
    for length in 0..40 {
        let plain: Vec<u8> = (0..length).collect();
        let bytes = Bytes::from(plain.as_slice());
        assert_eq!((&*bytes, bytes.clone().into_vec()), (plain.as_slice(), plain.clone()));
        assert_eq!(bytes, Bytes::from(plain));
    }
}
