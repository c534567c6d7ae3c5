//! The sizes of blocks in slabs.

use crate::layout::lockable;

/// Block sizes in bytes, header included; a slab holds blocks of one of them. Class 0 is for objects only:
/// memory that has held a lock word never holds anything else. The largest ones fill a unit of 64 KiB in 6, 5, 4, 3
/// and 2 parts; in an arena of smaller units they need extents.
pub(crate) const SIZES: [u64; 25] = [
    lockable::BYTES,
    32,
    48,
    64,
    80,
    96,
    128,
    160,
    192,
    256,
    320,
    384,
    512,
    768,
    1024,
    1536,
    2048,
    3072,
    4112,
    8192,
    10_912,
    13_104,
    16_384,
    21_840,
    32_768,
];
/// The class of objects.
pub(crate) const OBJECTS: usize = 0;
pub(crate) const LARGEST: u64 = SIZES[SIZES.len() - 1];

/// For every 16 bytes of size, the smallest class that holds it.
const LOOKUP: [u8; (LARGEST / 16) as usize + 1] = {
    let mut table = [0; (LARGEST / 16) as usize + 1];
    let mut class = 1;
    let mut step = 0;
    while step < table.len() {
        if SIZES[class] < step as u64 * 16 {
            class += 1;
        }
        #[allow(clippy::cast_possible_truncation)] // There are 25 classes.
        {
            table[step] = class as u8;
        }
        step += 1;
    }
    table
};

/// The class for a block of `bytes` bytes, header included, in units of `unit_bytes`; `None` if it needs an extent.
#[inline]
pub(crate) fn class_for(bytes: u64, unit_bytes: u64) -> Option<usize> {
    let step = usize::try_from(bytes.div_ceil(16)).ok()?;
    let class = usize::from(*LOOKUP.get(step)?);
    (SIZES[class] <= unit_bytes).then_some(class)
}

#[test]
fn every_size_gets_the_smallest_class_that_holds_it() {
    for bytes in 1..=LARGEST {
        let class = class_for(bytes, u64::MAX).unwrap();
        assert!(SIZES[class] >= bytes && class != OBJECTS);
        assert!(class == 1 || SIZES[class - 1] < bytes.next_multiple_of(16), "{bytes}");
    }
    assert_eq!(class_for(LARGEST + 1, u64::MAX), None);
    assert_eq!(class_for(u64::MAX, u64::MAX), None);
}

#[test]
fn what_does_not_fit_into_a_unit_gets_no_class() {
    assert_eq!(class_for(8_192, 8_192).map(|class| SIZES[class]), Some(8_192));
    assert_eq!(class_for(8_193, 8_192), None);
    assert_eq!(class_for(8_193, 65_536).map(|class| SIZES[class]), Some(10_912));
}

#[test]
fn large_classes_leave_hardly_anything_of_a_unit() {
    for size in SIZES.into_iter().filter(|&size| size > 8_192) {
        assert!(65_536 % size <= 64 && size % 16 == 0, "{size}");
    }
}
