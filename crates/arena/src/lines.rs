//! Copies of shared bytes by more than a word at a time.
//!
//! Others may write shared bytes while they are copied, so the compiler must not know of the copy: to it, that
//! would be a data race. It may not touch what is inside of `asm!`; the processor copies every byte as it finds it.
//! (`rep movsb` would do, but for its slow way between certain addresses; see `copying.rs` of the transport.)

/// Bytes that are copied together.
const LINE: usize = 64;
/// So much is written past the caches, which would have to read it first, and lose what they have. Measured on
/// Zen 4, of whose cache 4 MB use little and 8 MB much: 4 MB take a third longer this way, 32 MB a tenth less.
const STREAMED_BYTES_MIN: usize = 6 << 20;

/// Copies lines from `source` to `target` by a store instruction, and lets `after` follow.
#[cfg(target_arch = "x86_64")]
macro_rules! copy_lines {
    ($source:expr, $target:expr, $bytes:expr, $store:literal, $after:literal) => {
        std::arch::asm!(
            "2:",
            "movdqu {a}, [{source} + {at}]",
            "movdqu {b}, [{source} + {at} + 16]",
            "movdqu {c}, [{source} + {at} + 32]",
            "movdqu {d}, [{source} + {at} + 48]",
            concat!($store, " [{target} + {at}], {a}"),
            concat!($store, " [{target} + {at} + 16], {b}"),
            concat!($store, " [{target} + {at} + 32], {c}"),
            concat!($store, " [{target} + {at} + 48], {d}"),
            "add {at}, 64",
            "jnz 2b",
            $after,
            // Both ends: the offset grows from -bytes to 0.
            source = in(reg) $source.wrapping_add($bytes),
            target = in(reg) $target.wrapping_add($bytes),
            at = inout(reg) $bytes.wrapping_neg() => _,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack),
        )
    };
}

/// Copies as many whole lines as `bytes` has room for, and returns how many bytes that were; perhaps none.
///
/// # Safety
///
/// `source` must be readable and `target` writable for `bytes` bytes; the ranges must not overlap.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) unsafe fn copy(source: *const u8, target: *mut u8, bytes: usize) -> usize {
    let whole = bytes / LINE * LINE;
    if whole > 0 {
        // SAFETY: whole lines, at least one, within what the caller promised. SSE2 is part of the architecture.
        unsafe { copy_lines!(source, target, whole, "movdqu", "") };
    }
    whole
}

/// The same, past the caches if that pays.
///
/// # Safety
///
/// As for [`copy`].
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) unsafe fn copy_in(source: *const u8, target: *mut u8, bytes: usize) -> usize {
    if bytes < STREAMED_BYTES_MIN {
        // SAFETY: as the caller promises.
        return unsafe { copy(source, target, bytes) };
    }
    let begin = target.addr().wrapping_neg() % LINE;
    let whole = (bytes - begin) / LINE * LINE;
    // SAFETY: the first line, and whole lines from one that is aligned in the target on, are within what the caller
    // promised. The fence at the end orders these stores before any later one, as others are.
    unsafe {
        copy(source, target, LINE);
        copy_lines!(source.add(begin), target.add(begin), whole, "movntdq", "sfence");
    }
    begin + whole
}

/// As above.
///
/// # Safety
///
/// As above.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) unsafe fn copy(_source: *const u8, _target: *mut u8, _bytes: usize) -> usize {
    0
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use copy as copy_in;

#[cfg(test)]
mod tests {
    use super::*;

    type Copy = unsafe fn(*const u8, *mut u8, usize) -> usize;

    fn check(copy: Copy, source: &[u8], shift: usize, bytes: usize) {
        let mut target = vec![0; source.len()];
        // SAFETY: both ranges lie within their vectors.
        let copied = unsafe { copy(source[3..].as_ptr(), target[shift..].as_mut_ptr(), bytes) };
        assert!(copied == 0 || (copied <= bytes && copied + LINE > bytes));
        assert!(target[shift..shift + copied] == source[3..3 + copied]);
        assert!(target[..shift].iter().chain(&target[shift + copied..]).all(|b| *b == 0));
    }

    #[test]
    fn whole_lines_are_copied_and_nothing_else_is_touched() {
        let source: Vec<u8> = (1..=255).chain(1..=255).collect();
        for bytes in [0, 1, 63, 64, 65, 127, 128, 200] {
            for shift in [0, 1, 8, 15, 64, 100] {
                check(copy, &source, shift, bytes);
                check(copy_in, &source, shift, bytes);
            }
        }
    }

    #[test]
    fn much_is_copied_past_the_caches_to_any_address() {
        let bytes = STREAMED_BYTES_MIN;
        let source: Vec<u8> = (0..bytes + 4 * LINE).map(|i| 1 + (i * 7 / 3 % 255) as u8).collect();
        for (shift, more) in [(0, 0), (8, 1), (16, 63), (56, 64), (63, 65)] {
            check(copy_in, &source, shift, bytes + more);
        }
    }
}
