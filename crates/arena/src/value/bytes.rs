//! Bytes that were read: few of them without a piece of memory of their own, which takes longer than to copy them.

use std::fmt;
use std::ops::Deref;

use crate::failure::Result;
use crate::memory::Memory;

/// As many as fit beside their count where a `Vec` would be.
const FEW_MAX: usize = 15;

#[derive(Clone)]
enum Place {
    /// First how many there are.
    Few([u8; FEW_MAX + 1]),
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
        if length > FEW_MAX {
            return Ok(Self(Place::Many(memory.read_new(at, length)?)));
        }
        let mut few = [0; FEW_MAX + 1];
        memory.read(at, &mut few[1..=length])?;
        #[allow(clippy::cast_possible_truncation)] // At most 15.
        let count = length as u8;
        few[0] = count;
        Ok(Self(Place::Few(few)))
    }

    /// Up to 7 bytes: those of a word above its lowest one. Stored as one word, since what is written in pieces is slow
    /// to be read as a whole.
    #[inline]
    pub(crate) fn above_lowest(word: u64, count: u8) -> Self {
        let mut few = [0; FEW_MAX + 1];
        few[..8].copy_from_slice(&(word & !0xff | u64::from(count)).to_le_bytes());
        Self(Place::Few(few))
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
            Place::Few(few) => &few[1..=usize::from(few[0]).min(FEW_MAX)],
            Place::Many(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Place::Many(bytes))
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
    let memory = crate::memory::Shared::create(4096).unwrap().0;
    let stored: Vec<u8> = (1..=40).collect();
    memory.write(8, &stored).unwrap();
    for length in 0..=stored.len() {
        let (bytes, plain) = (Bytes::read(&memory, 8, length as u64).unwrap(), &stored[..length]);
        assert_eq!((&*bytes, bytes.clone().into_vec()), (plain, plain.to_vec()));
        assert_eq!(bytes, Bytes::from(plain.to_vec()));
    }
    assert_eq!(*Bytes::above_lowest(0x0807_0605_0403_0201, 7), [2, 3, 4, 5, 6, 7, 8]);
}
