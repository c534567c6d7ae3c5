//! Bytes to the socket: gathered from where they lie, encrypted when need be.

use crate::cipher::{Cipher, PLAIN_BYTES_MAX, RECORD_BYTES_MAX};
use crate::gather::{Gather, VECTORS_MAX};
use crate::stream::{Io, Stream};
use crate::{Error, Step};

/// Records encrypted before one write.
const BATCH_RECORDS: usize = 4;

/// The sending half of a socket.
#[derive(Default)]
pub struct Output {
    sealing: Option<Sealing>,
}

struct Sealing {
    cipher: Cipher,
    plain: Vec<u8>,
    records: Vec<u8>,
    start: usize,
    end: usize,
}

impl Output {
    /// Encrypts everything from here on.
    pub fn encrypt(&mut self, cipher: Cipher) {
        self.sealing = Some(Sealing {
            cipher,
            plain: vec![0; PLAIN_BYTES_MAX],
            records: vec![0; BATCH_RECORDS * RECORD_BYTES_MAX],
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
        for _ in 0..BATCH_RECORDS {
            let bytes = gather.copy_to(&mut self.plain);
            if bytes == 0 {
                break;
            }
            self.end += self.cipher.seal(&self.plain[..bytes], &mut self.records[self.end..])?;
        }
        Ok(self.end > 0)
    }
}
