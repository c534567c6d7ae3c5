//! Bytes read ahead of those who want them.

use crate::copying;

/// A buffer and which part of it is still to be read.
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer with room for `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], start: 0, end: 0 }
    }

    /// The same unread bytes in more room, or in as little as they need.
    pub fn resize(&mut self, bytes: usize) {
        self.compact();
        self.bytes.resize(bytes.max(self.end), 0);
    }

    /// How many bytes there is room for, read or not.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// What is still to be read.
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The same, to be changed.
    pub fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Marks the next `bytes` bytes as read.
    pub fn consume(&mut self, bytes: usize) {
        self.start = self.end.min(self.start + bytes);
    }

    /// Free space behind the unread bytes, for `least` bytes at least if there is room for so many at all.
    ///
    /// They are moved to the front only when they must: when the rest of a record comes in small pieces, to move
    /// them each time would cost more than all else.
    pub fn space(&mut self, least: usize) -> &mut [u8] {
        if self.start == self.end || self.bytes.len() - self.end < least {
            self.compact();
        }
        &mut self.bytes[self.end..]
    }

    /// The first `bytes` bytes of the space have been filled.
    pub fn extend(&mut self, bytes: usize) {
        self.end = self.bytes.len().min(self.end + bytes);
    }

    /// Puts `bytes` behind the unread bytes, as far as there is room.
    pub fn append(&mut self, bytes: &[u8]) {
        let space = self.space(bytes.len());
        let fits = bytes.len().min(space.len());
        // SAFETY: so much fits; the space is exclusively borrowed.
        unsafe { copying::copy(bytes.as_ptr(), space.as_mut_ptr(), fits) };
        self.extend(fits);
    }

    /// Copies as much as there is and marks it as read; returns how much.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes.
    pub unsafe fn copy_to(&mut self, target: *mut u8, bytes: usize) -> usize {
        let bytes = bytes.min(self.end - self.start);
        // SAFETY: so many bytes are unread, and writable by contract; the buffer is private.
        unsafe { copying::copy(self.unread().as_ptr(), target, bytes) };
        self.start += bytes;
        bytes
    }

    fn compact(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }
}
