//! Bytes from the socket: buffered when small, straight to their place when large, decrypted when need be.

use std::os::fd::OwnedFd;

use crate::Error;
use crate::cipher::{self, Cipher};
use crate::descriptor;
use crate::options::Family;
use crate::stream::{Io, Stream};

const PLAIN_BUFFER_BYTES: usize = 16 << 10;
/// Several records at a time, so that large messages need few system calls.
const CIPHER_BUFFER_BYTES: usize = 4 * cipher::RECORD_BYTES_MAX;

/// A buffer and which part of it is still to be read.
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], start: 0, end: 0 }
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The free space behind the unread bytes, which are moved to the front first.
    fn space(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        &mut self.bytes[self.end..]
    }

    fn resize(&mut self, bytes: usize) {
        self.space();
        self.bytes.resize(bytes.max(self.end), 0);
    }

    /// Copies as much as there is.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes.
    unsafe fn copy_to(&mut self, target: *mut u8, bytes: usize) -> usize {
        let bytes = bytes.min(self.end - self.start);
        // SAFETY: so many bytes are unread, and writable by contract; the buffer is private.
        unsafe { std::ptr::copy_nonoverlapping(self.unread().as_ptr(), target, bytes) };
        self.start += bytes;
        bytes
    }
}

/// The receiving half of a socket.
pub struct Input {
    raw: Buffer,
    /// Decrypted bytes not yet read; unused on a plain connection.
    plain: Buffer,
    cipher: Option<Cipher>,
    /// Whether descriptors can come along; reading ahead must not lose one.
    takes_descriptors: bool,
    descriptor: Option<OwnedFd>,
}

impl Input {
    /// The receiving half of a socket of `family`.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            raw: Buffer::new(PLAIN_BUFFER_BYTES),
            plain: Buffer::new(0),
            cipher: None,
            takes_descriptors: family == Family::Unix,
            descriptor: None,
        }
    }

    /// Decrypts everything from here on, including what was read ahead.
    pub fn decrypt(&mut self, cipher: Cipher) {
        self.raw.resize(CIPHER_BUFFER_BYTES);
        self.plain.resize(cipher::RECORD_BYTES_MAX);
        self.cipher = Some(cipher);
        self.takes_descriptors = false;
    }

    /// Whether the bytes that come next are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.cipher.is_some()
    }

    /// The descriptor that came with the bytes read so far.
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptor.take()
    }

    /// No more descriptors are expected.
    pub fn refuse_descriptors(&mut self) {
        self.takes_descriptors = false;
        self.descriptor = None;
    }

    /// Reads up to `bytes` bytes.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes and used by nobody else.
    pub unsafe fn read(
        &mut self,
        stream: &Stream,
        target: *mut u8,
        bytes: usize,
    ) -> Result<Io, Error> {
        if self.cipher.is_some() {
            // SAFETY: promised by the caller.
            return unsafe { self.read_records(stream, target, bytes) };
        }
        if self.raw.unread().is_empty() {
            if bytes >= self.raw.bytes.len() {
                // SAFETY: promised by the caller.
                return unsafe { stream.receive(target, bytes) };
            }
            match self.fill(stream)? {
                Io::Bytes(_) => {}
                other => return Ok(other),
            }
        }
        // SAFETY: promised by the caller.
        Ok(Io::Bytes(unsafe { self.raw.copy_to(target, bytes) }))
    }

    /// Reads exactly `bytes` bytes of a plain connection, or none.
    pub fn read_whole(&mut self, stream: &Stream, bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        while self.raw.unread().len() < bytes {
            match self.fill(stream)? {
                Io::Bytes(_) => {}
                Io::WouldBlock => return Ok(None),
                Io::End => return Err(Error::EndOfStream),
            }
        }
        let whole = self.raw.unread()[..bytes].to_vec();
        self.raw.start += bytes;
        Ok(Some(whole))
    }

    fn fill(&mut self, stream: &Stream) -> Result<Io, Error> {
        let space = self.raw.space();
        let io = if self.takes_descriptors {
            descriptor::receive(stream, space, &mut self.descriptor)?
        } else {
            // SAFETY: the space is exclusively borrowed.
            unsafe { stream.receive(space.as_mut_ptr(), space.len())? }
        };
        if let Io::Bytes(bytes) = io {
            self.raw.end += bytes;
        }
        Ok(io)
    }

    /// # Safety
    ///
    /// As for [`Self::read`].
    unsafe fn read_records(
        &mut self,
        stream: &Stream,
        target: *mut u8,
        bytes: usize,
    ) -> Result<Io, Error> {
        let mut done = 0;
        while done < bytes {
            // SAFETY: `bytes - done` bytes are left of what the caller promised.
            done += unsafe { self.plain.copy_to(target.wrapping_add(done), bytes - done) };
            if done == bytes || self.open_record()? {
                continue;
            }
            if done > 0 {
                break;
            }
            match self.fill(stream)? {
                Io::Bytes(_) => {}
                Io::End if !self.raw.unread().is_empty() => return Err(Error::Reset),
                other => return Ok(other),
            }
        }
        Ok(Io::Bytes(done))
    }

    /// Decrypts the next record, if it is there as a whole and all before it has been read.
    fn open_record(&mut self) -> Result<bool, Error> {
        let Some(cipher) = &mut self.cipher else {
            return Ok(false);
        };
        let unread = self.raw.unread();
        let Some(record) = cipher::record_bytes(unread).and_then(|n| unread.get(..n)) else {
            return Ok(false);
        };
        let plain = cipher.open(record, &mut self.plain.bytes)?;
        self.raw.start += record.len();
        self.plain.start = 0;
        self.plain.end = plain;
        Ok(true)
    }
}
