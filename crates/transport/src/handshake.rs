//! Mutual authentication by a shared key, and keys for what follows.
//!
//! Noise, pattern NNpsk0: two messages, each of which proves knowledge of the key; the keys that result
//! are new for every connection, and stay secret even if the shared key leaks later. A third message, the
//! initiator's first record (empty), proves that the first was not a recording of an earlier one: without it, a
//! connection that continues in plain text would accept a replay.
//!
//! Each message is preceded by one byte of length. What does not have the expected length ends
//! the handshake before any memory is used for it.

use snow::{Builder, HandshakeState};

use crate::cipher::{Cipher, LENGTH_BYTES, TAG_BYTES};
use crate::connection::Core;
use crate::deadline::Deadline;
use crate::receiver::Receiver;
use crate::room::Room;
use crate::sender::Sender;
use crate::stream::{Direction, Io, Stream, Wake};
use crate::{Error, Step};

/// Bytes of the shared key.
pub const KEY_BYTES: usize = 32;

const PATTERN: &str = "Noise_NNpsk0_25519_AESGCM_SHA256";
/// A public key and a tag.
const HELLO_BYTES: usize = 32 + 16;
/// A tag alone.
const PROOF_BYTES: usize = TAG_BYTES;

/// What follows a handshake. Both sides must mean the same, or it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Everything is encrypted.
    Encrypted,
    /// Plain text: for a Unix socket, which nobody else can read.
    Plain,
}

/// A step of the protocol, in order, for one of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    SendHello,
    ReceiveHello,
    SendProof,
    ReceiveProof,
}

const INITIATOR: &[Turn] = &[Turn::SendHello, Turn::ReceiveHello, Turn::SendProof];
const RESPONDER: &[Turn] = &[Turn::ReceiveHello, Turn::SendHello, Turn::ReceiveProof];

enum Keys {
    Making(Box<HandshakeState>),
    Made { outgoing: Box<Cipher>, incoming: Box<Cipher> },
    Lost,
}

/// A handshake under way.
pub struct Handshake {
    keys: Keys,
    turns: &'static [Turn],
    afterwards: Afterwards,
    unsent: Vec<u8>,
    is_begun: bool,
}

impl Handshake {
    /// Prepares one side of a handshake.
    pub fn new(
        key: &[u8; KEY_BYTES],
        is_initiator: bool,
        afterwards: Afterwards,
    ) -> Result<Self, Error> {
        // Bound into the handshake: sides that mean different things do not agree.
        let prologue: &[u8] = match afterwards {
            Afterwards::Encrypted => b"manor 1 encrypted",
            Afterwards::Plain => b"manor 1 plain",
        };
        let build = || {
            let builder = Builder::new(PATTERN.parse()?).psk(0, key)?.prologue(prologue)?;
            if is_initiator { builder.build_initiator() } else { builder.build_responder() }
        };
        let state: Result<HandshakeState, snow::Error> = build();
        let state = state.map_err(|_| Error::Handshake("the cipher could not be set up"))?;
        Ok(Self {
            keys: Keys::Making(Box::new(state)),
            turns: if is_initiator { INITIATOR } else { RESPONDER },
            afterwards,
            unsent: Vec::new(),
            is_begun: false,
        })
    }

    /// Whether anything was exchanged, so that after a failure the connection is of no further use.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Runs until done, the deadline, or a signal. After an error the connection must be closed.
    pub fn run<B: Room>(
        &mut self,
        core: &Core<B>,
        sender: &mut Sender,
        receiver: &mut Receiver<B>,
        deadline: Deadline,
    ) -> Result<Step, Error> {
        if core.channel().is_some() || sender.output.is_encrypted() || !receiver.is_idle() {
            return Err(Error::Unsupported("a handshake must come before all messages"));
        }
        self.is_begun = true;
        sender.tear();
        let step = self.exchange(core, receiver, deadline).map_err(blame_peer)?;
        if step == Step::Done {
            self.finish(sender, receiver)?;
        }
        Ok(step)
    }

    fn exchange<B: Room>(
        &mut self,
        core: &Core<B>,
        receiver: &mut Receiver<B>,
        deadline: Deadline,
    ) -> Result<Step, Error> {
        let stream = &core.link.stream;
        loop {
            let waits_for = if !self.flush(stream)? {
                Direction::Writable
            } else if let Some((turn, later)) = self.turns.split_first() {
                if self.take_turn(*turn, stream, receiver)? {
                    self.turns = later;
                    continue;
                }
                Direction::Readable
            } else {
                return Ok(Step::Done);
            };
            if stream.wait(waits_for, deadline, &mut receiver.nap)? == Wake::Interrupted {
                return Ok(Step::Interrupted);
            }
        }
    }

    /// Returns whether everything has been sent.
    fn flush(&mut self, stream: &Stream) -> Result<bool, Error> {
        while !self.unsent.is_empty() {
            match stream.send_bytes(&self.unsent)? {
                Io::Bytes(bytes) => drop(self.unsent.drain(..bytes)),
                Io::WouldBlock | Io::End => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Returns whether the turn is over; if not, the peer's message has not come yet.
    fn take_turn<B: Room>(
        &mut self,
        turn: Turn,
        stream: &Stream,
        receiver: &mut Receiver<B>,
    ) -> Result<bool, Error> {
        let bytes = match turn {
            Turn::SendHello | Turn::ReceiveHello => HELLO_BYTES,
            Turn::SendProof | Turn::ReceiveProof => PROOF_BYTES,
        };
        let mut message = match turn {
            Turn::SendHello | Turn::SendProof => vec![0; bytes],
            Turn::ReceiveHello | Turn::ReceiveProof => {
                match receiver.input.read_whole(stream, 1 + bytes)? {
                    Some(message) if usize::from(message[0]) == bytes => message[1..].to_vec(),
                    Some(_) => {
                        return Err(Error::Handshake("the peer does not speak the protocol"));
                    }
                    None => return Ok(false),
                }
            }
        };
        self.process(turn, &mut message)?;
        if matches!(turn, Turn::SendHello | Turn::SendProof) {
            self.unsent.push(bytes as u8);
            self.unsent.extend_from_slice(&message);
        }
        Ok(true)
    }

    fn process(&mut self, turn: Turn, message: &mut [u8]) -> Result<(), Error> {
        const DIFFER: Error = Error::Handshake("the keys differ");
        // A proof is an empty record without its length, which is always the same.
        let mut record = [0; LENGTH_BYTES + PROOF_BYTES];
        match (&mut self.keys, turn) {
            (Keys::Making(state), Turn::SendHello) => {
                state.write_message(&[], message).map_err(|_| DIFFER)?;
            }
            (Keys::Making(state), Turn::ReceiveHello) => {
                state.read_message(message, &mut []).map_err(|_| DIFFER)?;
            }
            (Keys::Made { outgoing, .. }, Turn::SendProof) => {
                outgoing.seal(&mut record)?;
                message.copy_from_slice(&record[LENGTH_BYTES..]);
            }
            (Keys::Made { incoming, .. }, Turn::ReceiveProof) => {
                record[LENGTH_BYTES..].copy_from_slice(message);
                incoming.open(&mut record, 0).map_err(|_| DIFFER)?;
            }
            _ => return Err(DIFFER),
        }
        self.keys = match std::mem::replace(&mut self.keys, Keys::Lost) {
            Keys::Making(state) if state.is_handshake_finished() => split(*state)?,
            other => other,
        };
        Ok(())
    }

    fn finish<B: Room>(
        &mut self,
        sender: &mut Sender,
        receiver: &mut Receiver<B>,
    ) -> Result<(), Error> {
        let Keys::Made { outgoing, incoming } = std::mem::replace(&mut self.keys, Keys::Lost)
        else {
            return Err(Error::Handshake("it ended early"));
        };
        sender.mend();
        if self.afterwards == Afterwards::Encrypted {
            sender.output.encrypt(*outgoing);
            receiver.input.decrypt(*incoming);
        }
        Ok(())
    }
}

/// The ciphers that a finished handshake has agreed on, the initiator's first.
fn split(mut state: HandshakeState) -> Result<Keys, Error> {
    let (initiators, responders) = state.dangerously_get_raw_split();
    let (ours, theirs) = match state.is_initiator() {
        true => (initiators, responders),
        false => (responders, initiators),
    };
    Ok(Keys::Made {
        outgoing: Box::new(Cipher::new(&ours)?),
        incoming: Box::new(Cipher::new(&theirs)?),
    })
}

/// A peer that finds our key wrong hangs up: for us, too, that means that the keys differ.
fn blame_peer(error: Error) -> Error {
    match error {
        Error::EndOfStream | Error::Reset | Error::BrokenPipe => {
            Error::Handshake("the peer hung up; perhaps the keys differ")
        }
        other => other,
    }
}
