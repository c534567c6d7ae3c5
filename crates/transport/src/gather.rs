//! A message to be sent: a header, then parts that lie scattered in memory.

use crate::copying;
use crate::frame::{HEADER_BYTES, Header};

/// Parts given to the kernel in one call.
pub const VECTORS_MAX: usize = 32;

/// One piece of a message; a pointer and not a slice, because its owner may change the bytes meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pointer: *const u8,
    bytes: usize,
}

// SAFETY: a part is only an address; whoever made it promised that it can be read from any thread.
unsafe impl Send for Part {}
// SAFETY: as for Send.
unsafe impl Sync for Part {}

impl Part {
    /// A piece of `bytes` bytes at `pointer`.
    ///
    /// # Safety
    ///
    /// The bytes must be readable, from any thread, for as long as the part is used.
    #[must_use]
    pub unsafe fn new(pointer: *const u8, bytes: usize) -> Self {
        Self { pointer, bytes }
    }

    /// The first byte.
    #[must_use]
    pub fn pointer(&self) -> *const u8 {
        self.pointer
    }

    /// How many bytes there are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A frame and how much of it has been dealt with.
pub struct Gather<'p> {
    header: [u8; HEADER_BYTES],
    parts: &'p [Part],
    /// The piece that comes next: 0 is the header, `i + 1` the part `i`.
    next: usize,
    /// How much of that piece is done.
    offset: usize,
}

impl<'p> Gather<'p> {
    /// A frame of `header` and `parts`.
    #[must_use]
    pub fn new(header: Header, parts: &'p [Part]) -> Self {
        Self { header: header.to_bytes(), parts, next: 0, offset: 0 }
    }

    fn piece(&self, index: usize) -> Option<Part> {
        if index == 0 {
            return Some(Part { pointer: self.header.as_ptr(), bytes: HEADER_BYTES });
        }
        self.parts.get(index - 1).copied()
    }

    /// What is left, as the kernel wants it; returns how many entries were filled, 0 at the end.
    pub fn vectors(&self, vectors: &mut [libc::iovec; VECTORS_MAX]) -> usize {
        let mut filled = 0;
        let mut offset = self.offset;
        for index in self.next.. {
            let Some(piece) = self.piece(index) else { break };
            let Some(slot) = vectors.get_mut(filled) else { break };
            if piece.bytes > offset {
                let base = piece.pointer.wrapping_add(offset).cast_mut().cast();
                *slot = libc::iovec { iov_base: base, iov_len: piece.bytes - offset };
                filled += 1;
            }
            offset = 0;
        }
        filled
    }

    /// Marks the next `bytes` bytes as done.
    pub fn advance(&mut self, mut bytes: usize) {
        while let Some(piece) = self.piece(self.next) {
            let left = piece.bytes - self.offset;
            if bytes < left {
                self.offset += bytes;
                return;
            }
            bytes -= left;
            self.next += 1;
            self.offset = 0;
        }
    }

    /// Copies as much as fits into `target` and marks it as done; returns how much.
    pub fn copy_to(&mut self, target: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(piece) = self.piece(self.next) {
            let bytes = (piece.bytes - self.offset).min(target.len() - filled);
            let source = piece.pointer.wrapping_add(self.offset);
            let place = target[filled..].as_mut_ptr();
            // SAFETY: `bytes` bytes are left in the piece, readable by its contract, and free in `target`;
            // `target` is borrowed exclusively, so they do not overlap.
            unsafe { copying::copy(source, place, bytes) };
            filled += bytes;
            self.offset += bytes;
            if self.offset < piece.bytes {
                break;
            }
            self.next += 1;
            self.offset = 0;
        }
        filled
    }

    /// Whether nothing has been dealt with.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.next == 0 && self.offset == 0
    }

    /// Whether everything has been dealt with.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.next > self.parts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(bytes: &[u8]) -> Part {
        // SAFETY: the tests keep the slices alive.
        unsafe { Part::new(bytes.as_ptr(), bytes.len()) }
    }

    fn collect(gather: &Gather) -> Vec<u8> {
        let empty = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        let mut vectors = [empty; VECTORS_MAX];
        let filled = gather.vectors(&mut vectors);
        let mut all = Vec::new();
        for vector in &vectors[..filled] {
            // SAFETY: the vectors point to the test's slices.
            all.extend_from_slice(unsafe {
                std::slice::from_raw_parts(vector.iov_base.cast(), vector.iov_len)
            });
        }
        all
    }

    #[test]
    fn any_progress_leaves_exactly_the_rest() {
        let parts = [part(b"abc"), part(b""), part(b"d"), part(b"")];
        let mut whole = Header::Message(4).to_bytes().to_vec();
        whole.extend_from_slice(b"abcd");
        for first in 0..=whole.len() {
            for second in 0..=whole.len() - first {
                let mut gather = Gather::new(Header::Message(4), &parts);
                gather.advance(first);
                gather.advance(second);
                assert_eq!(collect(&gather), whole[first + second..]);
            }
        }
    }

    #[test]
    fn copying_in_pieces_yields_the_whole() {
        let parts = [part(b"abc"), part(b""), part(b"defgh")];
        for size in 1..=16 {
            let mut gather = Gather::new(Header::Message(8), &parts);
            let mut all = Vec::new();
            while !gather.is_done() {
                let mut piece = vec![0; size];
                let bytes = gather.copy_to(&mut piece);
                all.extend_from_slice(&piece[..bytes]);
                if bytes == 0 {
                    break;
                }
            }
            assert_eq!(&all[8..], b"abcdefgh", "pieces of {size}");
        }
    }

    #[test]
    fn more_parts_than_vectors_are_sent_in_turns() {
        let parts = vec![part(b"xy"); 100];
        let mut gather = Gather::new(Header::Message(200), &parts);
        let mut total = 0;
        while !gather.is_done() {
            let bytes = collect(&gather).len();
            gather.advance(bytes);
            total += bytes;
        }
        assert_eq!(total, 208);
    }
}
