//! Bytes to the socket: gathered from where they lie, encrypted when need be.

use crate::cipher::{Cipher, LENGTH_BYTES, TAG_BYTES};
use crate::gather::{Gather, VECTORS_MAX};
use crate::stream::{Io, Stream};
use crate::{Error, Step};

/// What records are made of: two of them are just less than what loopback carries in one piece.
const RECORD_BYTES: usize = (32 << 10) - 64;
/// Records encrypted before one write: fewer cost more writes, more do not stay in the processor's cache.
const BATCH_RECORDS: usize = 4;

/// The sending half of a socket.
#[derive(Default)]
pub struct Output {
    sealing: Option<Sealing>,
}

struct Sealing {
    cipher: Cipher,
    records: Vec<u8>,
    start: usize,
    end: usize,
}

impl Output {
    /// Encrypts everything from here on.
    pub fn encrypt(&mut self, cipher: Cipher) {
        self.sealing = Some(Sealing {
            cipher,
            records: vec![0; BATCH_RECORDS * RECORD_BYTES],
            start: 0,
            end: 0,
        });
    }

    /// Whether what is sent is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.sealing.is_some()
    }

    /// Sends as much as the socket takes: done, or blocked.
    pub fn write(&mut self, stream: &Stream, gather: &mut Gather<'_>) -> Result<Step, Error> {
        match &mut self.sealing {
            Some(sealing) => sealing.write(stream, gather),
            None => write_plain(stream, gather),
        }
    }
}

fn write_plain(stream: &Stream, gather: &mut Gather<'_>) -> Result<Step, Error> {
    let empty = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
    let mut vectors = [empty; VECTORS_MAX];
    loop {
        let filled = gather.vectors(&mut vectors);
        if filled == 0 {
            return Ok(Step::Done);
        }
        match stream.send(&mut vectors[..filled])? {
            Io::Bytes(bytes) => gather.advance(bytes),
            Io::WouldBlock | Io::End => return Ok(Step::Blocked),
        }
    }
}

impl Sealing {
    fn write(&mut self, stream: &Stream, gather: &mut Gather<'_>) -> Result<Step, Error> {
        loop {
            if self.start == self.end && !self.seal(gather)? {
                return Ok(Step::Done);
            }
            match stream.send_bytes(&self.records[self.start..self.end])? {
                Io::Bytes(bytes) => self.start += bytes,
                Io::WouldBlock | Io::End => return Ok(Step::Blocked),
            }
        }
    }

    /// Encrypts the next records; returns whether there were any.
    fn seal(&mut self, gather: &mut Gather<'_>) -> Result<bool, Error> {
        (self.start, self.end) = (0, 0);
        for record in self.records.chunks_exact_mut(RECORD_BYTES) {
            let plain = gather.copy_to(&mut record[LENGTH_BYTES..RECORD_BYTES - TAG_BYTES]);
            if plain == 0 {
                break;
            }
            let bytes = LENGTH_BYTES + plain + TAG_BYTES;
            self.cipher.seal(&mut record[..bytes])?;
            self.end += bytes;
        }
        Ok(self.end > 0)
    }
}
