//! Bytes from the socket: buffered when small, straight to their place when large, decrypted when need be.

use std::os::fd::OwnedFd;

use crate::Error;
use crate::buffer::Buffer;
use crate::cipher::Cipher;
use crate::descriptor;
use crate::opening::Opening;
use crate::options::Family;
use crate::stream::{Io, Stream};

const BUFFER_BYTES: usize = 16 << 10;

/// The receiving half of a socket.
pub struct Input {
    /// Unused on an encrypted connection.
    buffer: Buffer,
    opening: Option<Opening>,
    /// Whether descriptors can come along; reading ahead must not lose one.
    takes_descriptors: bool,
    descriptor: Option<OwnedFd>,
}

impl Input {
    /// The receiving half of a socket of `family`.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            buffer: Buffer::new(BUFFER_BYTES),
            opening: None,
            takes_descriptors: family == Family::Unix,
            descriptor: None,
        }
    }

    /// Decrypts everything from here on, including what was read ahead.
    pub fn decrypt(&mut self, cipher: Cipher) {
        let buffer = std::mem::replace(&mut self.buffer, Buffer::new(0));
        self.opening = Some(Opening::new(cipher, buffer));
        self.takes_descriptors = false;
    }

    /// Whether the bytes that come next are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.opening.is_some()
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
        if let Some(opening) = &mut self.opening {
            // SAFETY: promised by the caller.
            return unsafe { opening.read(stream, target, bytes) };
        }
        if self.buffer.unread().is_empty() {
            if bytes >= self.buffer.capacity() {
                // SAFETY: promised by the caller.
                return unsafe { stream.receive(target, bytes) };
            }
            match self.fill(stream)? {
                Io::Bytes(_) => {}
                other => return Ok(other),
            }
        }
        // SAFETY: promised by the caller.
        Ok(Io::Bytes(unsafe { self.buffer.copy_to(target, bytes) }))
    }

    /// Reads exactly `bytes` bytes of a plain connection, or none.
    pub fn read_whole(&mut self, stream: &Stream, bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        while self.buffer.unread().len() < bytes {
            match self.fill(stream)? {
                Io::Bytes(_) => {}
                Io::WouldBlock => return Ok(None),
                Io::End => return Err(Error::EndOfStream),
            }
        }
        let whole = self.buffer.unread()[..bytes].to_vec();
        self.buffer.consume(bytes);
        Ok(Some(whole))
    }

    fn fill(&mut self, stream: &Stream) -> Result<Io, Error> {
        let space = self.buffer.space(self.buffer.capacity());
        let io = if self.takes_descriptors {
            descriptor::receive(stream, space, &mut self.descriptor)?
        } else {
            // SAFETY: the space is exclusively borrowed.
            unsafe { stream.receive(space.as_mut_ptr(), space.len())? }
        };
        if let Io::Bytes(bytes) = io {
            self.buffer.extend(bytes);
        }
        Ok(io)
    }
}
