//! Records on their way in.
//!
//! Small ones are read ahead into a buffer and decrypted there. The rest of a large message is received where
//! the message is to be, framing and all, and decrypted in place, each record a few bytes further to the front
//! than it came: no byte is copied but those of a record that came in two pieces. What is reported as read has
//! been authenticated; what lies behind it has not, and whoever lent the memory must not look at it.

use crate::Error;
use crate::buffer::Buffer;
use crate::cipher::{self, Cipher, LENGTH_BYTES, RECORD_BYTES_MAX, TAG_BYTES};
use crate::stream::{Io, Stream};

/// Room for what is read ahead: any two records, so that one in pieces is seldom moved.
const BUFFER_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// Received in one go: what stays in the processor's cache until it is decrypted.
const PORTION_BYTES_MAX: usize = 256 << 10;

/// The decrypting end of a socket.
pub struct Opening {
    cipher: Cipher,
    /// What is decrypted of it comes first.
    buffer: Buffer,
    /// How much of the buffer is decrypted.
    plain_bytes: usize,
    /// What follows that: the tag of the record just decrypted, and what its length took.
    spent_bytes: usize,
    /// The length of the last record: most of those of a large message have the same.
    usual_bytes: usize,
}

impl Opening {
    /// Decrypts from here on, beginning with what `buffer` holds.
    pub fn new(cipher: Cipher, mut buffer: Buffer) -> Self {
        buffer.resize(BUFFER_BYTES);
        Self { cipher, buffer, plain_bytes: 0, spent_bytes: 0, usual_bytes: RECORD_BYTES_MAX }
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
        self.cipher.check()?;
        let mut done = 0;
        loop {
            // SAFETY: `bytes - done` bytes are left of what the caller promised.
            done += unsafe { self.take_plain(target.wrapping_add(done), bytes - done) };
            if done == bytes {
                return Ok(Io::Bytes(done));
            }
            if self.open_buffered()? {
                continue;
            }
            if done > 0 {
                return Ok(Io::Bytes(done));
            }
            // SAFETY: promised by the caller, and nothing is done yet.
            match unsafe { self.receive(stream, target, bytes)? } {
                Io::Bytes(direct) => done = direct,
                Io::End if !self.buffer.unread().is_empty() => return Err(Error::Reset),
                other => return Ok(other),
            }
        }
    }

    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes.
    unsafe fn take_plain(&mut self, target: *mut u8, bytes: usize) -> usize {
        let bytes = bytes.min(self.plain_bytes);
        // SAFETY: promised by the caller.
        unsafe { self.buffer.copy_to(target, bytes) };
        self.plain_bytes -= bytes;
        if self.plain_bytes == 0 {
            self.buffer.consume(std::mem::take(&mut self.spent_bytes));
        }
        bytes
    }

    /// Decrypts the next record in the buffer, if it is there as a whole and all before it has been read.
    fn open_buffered(&mut self) -> Result<bool, Error> {
        let unread = self.buffer.unread_mut();
        let Some(record) = cipher::record_bytes(unread).and_then(|n| unread.get_mut(..n)) else {
            return Ok(false);
        };
        let bytes = record.len();
        self.usual_bytes = bytes;
        self.plain_bytes = self.cipher.open(record, 0)?;
        self.spent_bytes = bytes - self.plain_bytes;
        Ok(true)
    }

    /// Receives once; returns how many decrypted bytes are in `target`, which may be none.
    ///
    /// # Safety
    ///
    /// As for [`Self::read`].
    unsafe fn receive(
        &mut self,
        stream: &Stream,
        target: *mut u8,
        bytes: usize,
    ) -> Result<Io, Error> {
        let begun = self.buffer.unread();
        match cipher::record_bytes(begun) {
            Some(record) if bytes >= RECORD_BYTES_MAX => {
                let missing = record - begun.len();
                // SAFETY: promised by the caller.
                unsafe { self.receive_rest(stream, target, bytes, missing) }
            }
            None if bytes >= RECORD_BYTES_MAX && begun.is_empty() => {
                // SAFETY: promised by the caller.
                match unsafe { stream.receive(target, bytes.min(self.portion_bytes()))? } {
                    // SAFETY: so much has been filled just now.
                    Io::Bytes(received) => unsafe { self.open_in_place(target, 0, received) },
                    other => Ok(other),
                }
            }
            _ => self.receive_ahead(stream),
        }
    }

    /// How much to receive in one go: whole records, if they are as long as the last was.
    fn portion_bytes(&self) -> usize {
        let bytes = self.usual_bytes;
        (PORTION_BYTES_MAX / bytes).max(1) * bytes
    }

    fn receive_ahead(&mut self, stream: &Stream) -> Result<Io, Error> {
        let space = self.buffer.space(RECORD_BYTES_MAX);
        // SAFETY: the space is exclusively borrowed.
        let io = unsafe { stream.receive(space.as_mut_ptr(), space.len())? };
        if let Io::Bytes(received) = io {
            self.buffer.extend(received);
            return Ok(Io::Bytes(0));
        }
        Ok(io)
    }

    /// Completes the record that has begun in the buffer, and receives those that follow in `target`, behind the
    /// place that it will take there.
    ///
    /// # Safety
    ///
    /// As for [`Self::read`]; and `bytes` are enough for any record.
    unsafe fn receive_rest(
        &mut self,
        stream: &Stream,
        target: *mut u8,
        bytes: usize,
        missing: usize,
    ) -> Result<Io, Error> {
        let record = self.buffer.unread().len() + missing;
        let front = record.saturating_sub(LENGTH_BYTES + TAG_BYTES);
        let portion = self.portion_bytes();
        let space = &mut self.buffer.space(missing)[..missing];
        let behind = (target.wrapping_add(front), portion.min(bytes - front));
        // SAFETY: the space is exclusively borrowed, the target promised by the caller.
        let received = match unsafe { stream.receive_in_two(space, behind)? } {
            Io::Bytes(received) => received,
            other => return Ok(other),
        };
        self.buffer.extend(received.min(missing));
        if received < missing {
            return Ok(Io::Bytes(0));
        }
        self.open_buffered()?;
        // SAFETY: `front` is less than `bytes`, and with it all is filled to the end of what was received.
        unsafe {
            self.take_plain(target, front);
            self.open_in_place(target, front, front + received - missing)
        }
    }

    /// Decrypts the records that lie in `target` from `at` to `end`, one behind the other from `at` on, and keeps
    /// the rest; returns where the decrypted bytes end.
    ///
    /// # Safety
    ///
    /// `target` must be writable, and filled, up to `end`.
    unsafe fn open_in_place(
        &mut self,
        target: *mut u8,
        mut at: usize,
        end: usize,
    ) -> Result<Io, Error> {
        // SAFETY: promised by the caller.
        let bytes = unsafe { std::slice::from_raw_parts_mut(target, end) };
        let mut done = at;
        while let Some(record) = cipher::record_bytes(&bytes[at..])
            && record <= end - at
        {
            let from = done;
            done += self.cipher.open(&mut bytes[from..at + record], at - from)?;
            at += record;
            self.usual_bytes = record;
        }
        self.buffer.append(&bytes[at..]);
        Ok(Io::Bytes(done))
    }
}
