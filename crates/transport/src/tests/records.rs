//! Large messages in many records, as they come in pieces of any size, and as they are forged.

use super::encryption::encrypted_apart;
use super::*;
use std::os::fd::AsRawFd;

const MESSAGE_BYTES: usize = 400_000;
/// What the records of one message add to it: a header, and framing for each record.
const RECORDS: usize = (MESSAGE_BYTES + 8).div_ceil(32_686);
const STREAM_BYTES: usize = MESSAGE_BYTES + 8 + RECORDS * 18;

/// The encrypted stream of one message, cut into pieces by `cut` and received after each of them.
fn receive_in_pieces(
    message: &[u8],
    change: impl Fn(&mut Vec<u8>),
    cut: impl Fn(usize) -> usize,
) -> Result<Vec<u8>, Error> {
    let (client, mut near, mut far, server) = encrypted_apart();
    send(&client, message, soon()).unwrap();
    let mut stream = read(&mut near, STREAM_BYTES);
    make_room(&far);
    change(&mut stream);
    let mut rest = &stream[..];
    for turn in 0.. {
        let (piece, later) = rest.split_at(cut(turn).min(rest.len()));
        write(&mut far, piece);
        rest = later;
        match receive(&server, Deadline::Now) {
            Err(Error::TimedOut) => assert!(!rest.is_empty(), "the message never ends"),
            Err(error) => {
                assert_eq!(
                    receive(&server, Deadline::Now),
                    Err(error.clone()),
                    "the error does not last"
                );
                return Err(error);
            }
            whole => return whole,
        }
    }
    unreachable!()
}

/// The whole stream may be written before anything of it is read.
fn make_room(socket: &UnixStream) {
    let bytes: libc::c_int = 1 << 20;
    let (place, size) = ((&raw const bytes).cast(), size_of_val(&bytes) as libc::socklen_t);
    let fd = socket.as_raw_fd();
    // SAFETY: `place` is an int of the size passed.
    let rc = unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, place, size) };
    assert_eq!(rc, 0);
}

#[test]
fn records_that_come_in_pieces_of_any_size_make_the_message() {
    let message = random(MESSAGE_BYTES);
    for bytes in [997, 32_703, 32_704, 32_705, 65_408, 100_000, 200_001, STREAM_BYTES] {
        let whole = receive_in_pieces(&message, |_| {}, |_| bytes).unwrap();
        assert!(whole == message, "pieces of {bytes} bytes");
    }
    for first in [1, 2, 3, 18, 32_705, 32_706, 130_000, 131_073, 131_075] {
        let cuts = [first, 1, 1, 150_000, 1, 70_000];
        let whole = receive_in_pieces(&message, |_| {}, |turn| cuts[turn % cuts.len()]).unwrap();
        assert!(whole == message, "at first {first} bytes");
    }
}

#[test]
fn a_byte_changed_in_any_record_is_noticed_and_nothing_is_received_afterwards() {
    let message = random(MESSAGE_BYTES);
    for record in 0..RECORDS {
        for bytes in [50_000, 200_001, STREAM_BYTES] {
            let forge = |stream: &mut Vec<u8>| stream[record * 32_704 + 100] ^= 1;
            let result = receive_in_pieces(&message, forge, |_| bytes);
            assert!(matches!(result, Err(Error::Protocol(_))), "record {record}: {result:?}");
        }
    }
}

#[test]
fn records_that_change_places_are_noticed() {
    let message = random(MESSAGE_BYTES);
    let swap = |stream: &mut Vec<u8>| {
        let (front, back) = stream.split_at_mut(8 * 32_704);
        front[6 * 32_704..7 * 32_704].swap_with_slice(&mut back[..32_704]);
    };
    let result = receive_in_pieces(&message, swap, |_| STREAM_BYTES);
    assert!(matches!(result, Err(Error::Protocol(_))), "{result:?}");
}

#[test]
fn a_record_too_short_to_have_a_tag_is_refused() {
    for length in [0u16, 1, 15] {
        let (_client, _near, mut far, server) = encrypted_apart();
        write(&mut far, &length.to_le_bytes());
        write(&mut far, &vec![0; usize::from(length)]);
        assert!(matches!(receive(&server, soon()), Err(Error::Protocol(_))), "{length}");
    }
}
