//! Records: pieces of the byte stream, each encrypted and authenticated on its own.
//!
//! A record is two bytes of length (little-endian, of what follows), then the ciphertext with its tag. Both
//! sides count records, so one that is dropped, repeated or moved does not decrypt.

use std::sync::Arc;

use arena::fork::Birthplace;
use snow::StatelessTransportState;

use crate::Error;

/// The largest ciphertext that Noise allows.
const CIPHERTEXT_BYTES_MAX: usize = 65_535;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 2;
/// The largest piece that goes into one record.
pub const PLAIN_BYTES_MAX: usize = CIPHERTEXT_BYTES_MAX - TAG_BYTES;
/// The largest record.
pub const RECORD_BYTES_MAX: usize = LENGTH_BYTES + CIPHERTEXT_BYTES_MAX;

/// One direction of an encrypted connection.
pub struct Cipher {
    keys: Arc<StatelessTransportState>,
    nonce: u64,
    birthplace: Birthplace,
}

impl Cipher {
    /// The direction whose first record has the number `nonce`.
    #[must_use]
    pub fn new(keys: Arc<StatelessTransportState>, nonce: u64) -> Self {
        Self { keys, nonce, birthplace: Birthplace::here() }
    }

    /// Encrypts `plain` into the front of `record`; returns the record's length.
    pub fn seal(&mut self, plain: &[u8], record: &mut [u8]) -> Result<usize, Error> {
        self.check_birthplace()?;
        let Some((length, body)) = record.split_first_chunk_mut::<LENGTH_BYTES>() else {
            return Err(Error::Protocol("no room for a record"));
        };
        let bytes = self
            .keys
            .write_message(self.nonce, plain, body)
            .map_err(|_| Error::Protocol("a record could not be encrypted"))?;
        let Ok(ciphertext) = u16::try_from(bytes) else {
            return Err(Error::Protocol("a record is too long"));
        };
        *length = ciphertext.to_le_bytes();
        self.nonce += 1;
        Ok(LENGTH_BYTES + bytes)
    }

    /// Decrypts a whole `record` into the front of `plain`; returns how many bytes.
    pub fn open(&mut self, record: &[u8], plain: &mut [u8]) -> Result<usize, Error> {
        self.check_birthplace()?;
        let bytes = self
            .keys
            .read_message(self.nonce, record.get(LENGTH_BYTES..).unwrap_or(&[]), plain)
            .map_err(|_| Error::Protocol("a record failed its authentication"))?;
        self.nonce += 1;
        Ok(bytes)
    }

    /// Two processes that count on from the same nonce would reveal what they encrypt.
    fn check_birthplace(&self) -> Result<(), Error> {
        if self.birthplace.is_here() { Ok(()) } else { Err(Error::Forked) }
    }
}

/// The length of the record that `input` begins with, if its first bytes are there.
pub fn record_bytes(input: &[u8]) -> Option<usize> {
    let length = input.first_chunk::<LENGTH_BYTES>()?;
    Some(LENGTH_BYTES + usize::from(u16::from_le_bytes(*length)))
}
