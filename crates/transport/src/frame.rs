//! The eight bytes before each message.

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;
/// The length that is no message but "look into the mailbox".
const DOORBELL: u64 = u64::MAX;
/// The length that is no message but "I have dealt with your last one".
const CONFIRMATION: u64 = 0;

/// What a header announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// A message of so many bytes follows.
    Message(u64),
    /// The peer's user has dealt with our last message.
    Confirmation,
    /// A message lies in the mailbox, or lay there: a doorbell may be late.
    Doorbell,
}

impl Header {
    /// The header as sent.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        match self {
            Self::Message(bytes) => bytes,
            Self::Confirmation => CONFIRMATION,
            Self::Doorbell => DOORBELL,
        }
        .to_le_bytes()
    }

    /// The header received.
    #[must_use]
    pub fn from_bytes(bytes: [u8; HEADER_BYTES]) -> Self {
        match u64::from_le_bytes(bytes) {
            CONFIRMATION => Self::Confirmation,
            DOORBELL => Self::Doorbell,
            bytes => Self::Message(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_the_wire() {
        for header in
            [Header::Message(1), Header::Message(1 << 40), Header::Confirmation, Header::Doorbell]
        {
            assert_eq!(Header::from_bytes(header.to_bytes()), header);
        }
    }
}
