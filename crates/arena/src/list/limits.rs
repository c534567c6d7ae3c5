//! How much a node holds.
//!
//! Both kinds of nodes fill a block of 512 bytes. Moving the gap of a leaf copies at most half of its cells, some tens
//! of nanoseconds; a tree of ten million items has four levels. Tests make the nodes small, so that few items make a
//! high tree; outside of tests these are constants.

/// Cells of a full leaf.
const LEAF: u64 = 63;
/// Entries of a full inner node.
const FAN: u64 = 31;

#[cfg(test)]
thread_local! {
    static LIMITS: std::cell::Cell<(u64, u64)> = const { std::cell::Cell::new((LEAF, FAN)) };
}

/// Cells of a full leaf.
#[inline]
pub(super) fn leaf() -> u64 {
    #[cfg(test)]
    return LIMITS.get().0;
    #[cfg(not(test))]
    LEAF
}

/// Entries of a full inner node.
#[inline]
pub(super) fn fan() -> u64 {
    #[cfg(test)]
    return LIMITS.get().1;
    #[cfg(not(test))]
    FAN
}

/// What a node of a level holds when it is full.
#[inline]
pub(super) fn full(level: u64) -> u64 {
    if level == 0 { leaf() } else { fan() }
}

/// Runs `test` with small nodes in this thread.
#[cfg(test)]
pub(crate) fn with_small_nodes<T>(test: impl FnOnce() -> T) -> T {
    LIMITS.set((7, 5));
    let outcome = test();
    LIMITS.set((LEAF, FAN));
    outcome
}
