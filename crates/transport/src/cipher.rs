//! Records: pieces of the byte stream, each encrypted and authenticated on its own.
//!
//! A record is two bytes of length (little-endian, of what follows), then the ciphertext with its tag, which is a
//! transport message of Noise. Both sides count records, so one that is dropped, repeated or moved does not
//! decrypt.
//!
//! Everything happens in place. The handshake's own functions would copy each piece once more, both ways.

use arena::fork::Birthplace;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::Error;

/// Bytes of the key of one direction.
pub const CIPHER_KEY_BYTES: usize = 32;
/// What precedes the ciphertext.
pub const LENGTH_BYTES: usize = 2;
/// What follows it.
pub const TAG_BYTES: usize = 16;
/// The largest record.
pub const RECORD_BYTES_MAX: usize = LENGTH_BYTES + u16::MAX as usize;
/// Where a nonce has its number.
const NUMBER_AT: usize = NONCE_LEN - size_of::<u64>();

/// One direction of an encrypted connection.
pub struct Cipher {
    key: LessSafeKey,
    /// The number of the next record.
    number: u64,
    /// A record was not the peer's: none that follows can be trusted to be the next one.
    is_forged: bool,
    birthplace: Birthplace,
}

impl Cipher {
    /// A direction before its first record.
    pub fn new(key: &[u8; CIPHER_KEY_BYTES]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key)
            .map_err(|_| Error::Handshake("the cipher could not be set up"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            number: 0,
            is_forged: false,
            birthplace: Birthplace::here(),
        })
    }

    /// Encrypts what lies between the room for the length and the room for the tag, and fills in both.
    pub fn seal(&mut self, record: &mut [u8]) -> Result<(), Error> {
        let Some((length, body)) = record.split_first_chunk_mut::<LENGTH_BYTES>() else {
            return Err(Error::Protocol("no room for a record"));
        };
        let Ok(bytes) = u16::try_from(body.len()) else {
            return Err(Error::Protocol("a record is too long"));
        };
        let Some((plain, tag)) = body.split_last_chunk_mut::<TAG_BYTES>() else {
            return Err(Error::Protocol("no room for a record"));
        };
        let nonce = self.next_nonce()?;
        let sealed = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), plain);
        let sealed = sealed.map_err(|_| Error::Protocol("a record could not be encrypted"))?;
        tag.copy_from_slice(sealed.as_ref());
        *length = bytes.to_le_bytes();
        Ok(())
    }

    /// Decrypts the record that lies from `at` to the end, to the front of `bytes`; returns how many bytes.
    ///
    /// When it fails, `bytes` is rubbish, and all later calls fail as well.
    pub fn open(&mut self, bytes: &mut [u8], at: usize) -> Result<usize, Error> {
        self.check()?;
        let nonce = self.next_nonce()?;
        let opened = self.key.open_within(nonce, Aad::empty(), bytes, at + LENGTH_BYTES..);
        let Ok(plain) = opened else {
            self.is_forged = true;
            return self.check().map(|()| 0);
        };
        Ok(plain.len())
    }

    /// Fails if a record has failed.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_forged {
            return Err(Error::Protocol("a record failed its authentication"));
        }
        Ok(())
    }

    /// The nonce of the next record, as Noise wants it for AES-GCM; it is never used again.
    fn next_nonce(&mut self) -> Result<Nonce, Error> {
        // Two processes that count on from the same number would reveal what they encrypt.
        if !self.birthplace.is_here() {
            return Err(Error::Forked);
        }
        let mut nonce = [0; NONCE_LEN];
        nonce[NUMBER_AT..].copy_from_slice(&self.number.to_be_bytes());
        match self.number.checked_add(1) {
            Some(next) => self.number = next,
            None => return Err(Error::Protocol("the cipher is exhausted")),
        }
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// The length of the record that `input` begins with, if its first bytes are there.
pub fn record_bytes(input: &[u8]) -> Option<usize> {
    let length = input.first_chunk::<LENGTH_BYTES>()?;
    Some(LENGTH_BYTES + usize::from(u16::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use snow::{Builder, StatelessTransportState};

    /// Both sides of a finished handshake as snow has them, and the initiator's key.
    fn shake() -> (StatelessTransportState, StatelessTransportState, [u8; CIPHER_KEY_BYTES]) {
        let build = || Builder::new("Noise_NNpsk0_25519_AESGCM_SHA256".parse().unwrap());
        let mut initiator = build().psk(0, &[1; 32]).unwrap().build_initiator().unwrap();
        let mut responder = build().psk(0, &[1; 32]).unwrap().build_responder().unwrap();
        let (mut first, mut second) = ([0; 48], [0; 48]);
        initiator.write_message(&[], &mut first).unwrap();
        responder.read_message(&first, &mut []).unwrap();
        responder.write_message(&[], &mut second).unwrap();
        initiator.read_message(&second, &mut []).unwrap();
        let (key, _) = initiator.dangerously_get_raw_split();
        let initiator = initiator.into_stateless_transport_mode().unwrap();
        (initiator, responder.into_stateless_transport_mode().unwrap(), key)
    }

    #[test]
    fn records_are_transport_messages_of_noise() {
        let (initiator, responder, key) = shake();
        let (mut outgoing, mut incoming) = (Cipher::new(&key).unwrap(), Cipher::new(&key).unwrap());
        for number in 0..300 {
            let mut ours = [7; LENGTH_BYTES + 5 + TAG_BYTES];
            outgoing.seal(&mut ours).unwrap();
            let mut theirs = vec![0; LENGTH_BYTES + 5 + TAG_BYTES];
            initiator.write_message(number, &[7; 5], &mut theirs[LENGTH_BYTES..]).unwrap();
            theirs[0] = 5 + TAG_BYTES as u8;
            assert_eq!(ours[..], theirs);
            let mut plain = [0; 5];
            assert_eq!(responder.read_message(number, &ours[LENGTH_BYTES..], &mut plain), Ok(5));
            let mut shifted = [&[0; 3][..], &theirs].concat();
            assert_eq!(incoming.open(&mut shifted, 3), Ok(5));
            assert_eq!(shifted[..5], plain);
        }
    }
}
