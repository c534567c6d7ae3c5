//! Handshakes, and what follows them.

use super::*;
use crate::handshake::{Afterwards, Handshake, KEY_BYTES};

const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

fn shake(link: &Link, key: u8, is_initiator: bool, afterwards: Afterwards) -> Result<(), Error> {
    let mut handshake = Handshake::new(&[key; KEY_BYTES], is_initiator, afterwards)?;
    let result =
        exclusively(link, |core, sender, receiver| handshake.run(core, sender, receiver, soon()));
    if result.is_err() {
        link.close();
    }
    result
}

fn shake_both(
    pair: &(Link, Link),
    keys: [u8; 2],
    modes: [Afterwards; 2],
) -> [Result<(), Error>; 2] {
    std::thread::scope(|scope| {
        let server = scope.spawn(|| shake(&pair.1, keys[1], false, modes[1]));
        [shake(&pair.0, keys[0], true, modes[0]), server.join().unwrap()]
    })
}

#[test]
fn messages_of_all_sizes_come_back_encrypted() {
    for pair in [unix_pair(), tcp_pair()] {
        let results = shake_both(&pair, [1, 1], [Afterwards::Encrypted; 2]);
        assert_eq!(results, [Ok(()), Ok(())]);
        exchange_sizes(&pair.0, pair.1);
    }
}

#[test]
fn messages_of_all_sizes_come_back_after_a_handshake_alone() {
    let pair = unix_pair();
    assert_eq!(shake_both(&pair, [1, 1], [Afterwards::Plain; 2]), [Ok(()), Ok(())]);
    exchange_sizes(&pair.0, pair.1);
}

#[test]
fn different_keys_fail_on_both_sides() {
    for mode in [Afterwards::Plain, Afterwards::Encrypted] {
        for result in shake_both(&unix_pair(), [1, 2], [mode; 2]) {
            assert!(matches!(result, Err(Error::Handshake(_))), "{result:?}");
        }
    }
}

#[test]
fn sides_that_mean_different_things_do_not_agree() {
    let modes = [Afterwards::Plain, Afterwards::Encrypted];
    for result in shake_both(&unix_pair(), [1, 1], modes) {
        assert!(matches!(result, Err(Error::Handshake(_))), "{result:?}");
    }
}

#[test]
fn a_replayed_greeting_does_not_authenticate() {
    let (recorded, mut recorder) = with_bare_peer();
    let mut handshake = Handshake::new(&KEY, true, Afterwards::Plain).unwrap();
    let greeting = exclusively(&recorded, |core, sender, receiver| {
        handshake.run(core, sender, receiver, Deadline::Now)
    });
    assert_eq!(greeting, Err(Error::TimedOut));
    let greeting = read(&mut recorder, 49);

    let (server, mut attacker) = with_bare_peer();
    write(&mut attacker, &greeting);
    write(&mut attacker, &[&[16u8][..], &[0; 16]].concat());
    assert!(matches!(shake(&server, KEY[0], false, Afterwards::Plain), Err(Error::Handshake(_))));
}

#[test]
fn a_peer_that_speaks_something_else_is_refused() {
    let (server, mut peer) = with_bare_peer();
    write(&mut peer, &b"GET / HTTP/1.1\r\n".repeat(10));
    assert!(matches!(shake(&server, 1, false, Afterwards::Plain), Err(Error::Handshake(_))));
}

#[test]
fn a_handshake_that_arrives_byte_by_byte_succeeds() {
    let (a, mut near) = UnixStream::pair().unwrap();
    let (mut far, b) = UnixStream::pair().unwrap();
    let (client, server) = (open(a), open(b));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (upwards, bytes) in [(true, 49), (false, 49), (true, 17)] {
                let (from, to) =
                    if upwards { (&mut near, &mut far) } else { (&mut far, &mut near) };
                for _ in 0..bytes {
                    let byte = read(from, 1);
                    write(to, &byte);
                }
            }
        });
        let other = scope.spawn(|| shake(&server, 1, false, Afterwards::Encrypted));
        assert_eq!(shake(&client, 1, true, Afterwards::Encrypted), Ok(()));
        assert_eq!(other.join().unwrap(), Ok(()));
    });
}

/// An encrypted client and server, and the bare sockets in between them.
pub fn encrypted_apart() -> (Link, UnixStream, UnixStream, Link) {
    let (a, mut near) = UnixStream::pair().unwrap();
    let (mut far, b) = UnixStream::pair().unwrap();
    let (client, server) = (open(a), open(b));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| shake(&server, 1, false, Afterwards::Encrypted));
        let relay = scope.spawn(|| {
            let hello = read(&mut near, 49);
            write(&mut far, &hello);
            let hello = read(&mut far, 49);
            write(&mut near, &hello);
            let proof = read(&mut near, 17);
            write(&mut far, &proof);
        });
        shake(&client, 1, true, Afterwards::Encrypted).unwrap();
        relay.join().unwrap();
        other.join().unwrap().unwrap();
    });
    (client, near, far, server)
}

/// What arrives when an attacker in between changes a record.
fn with_attacker(change: impl Fn(&mut Vec<u8>)) -> Result<Vec<u8>, Error> {
    let (client, mut near, mut far, server) = encrypted_apart();
    send(&client, b"secret", soon()).unwrap();
    let mut record = read(&mut near, 2 + 8 + 6 + 16);
    assert!(!record.windows(6).any(|w| w == b"secret"));
    change(&mut record);
    write(&mut far, &record);
    drop(far);
    receive(&server, soon())
}

#[test]
fn a_record_that_was_changed_cut_or_lost_is_noticed() {
    assert_eq!(with_attacker(|_| {}), Ok(b"secret".to_vec()));
    for at in 2..32 {
        let result = with_attacker(|record| record[at] ^= 1);
        assert!(matches!(result, Err(Error::Protocol(_))), "byte {at}: {result:?}");
    }
    assert_eq!(with_attacker(|record| record.truncate(20)), Err(Error::Reset));
    assert_eq!(with_attacker(Vec::clear), Err(Error::EndOfStream));
}

#[test]
fn a_forked_child_cannot_repeat_nonces() {
    let pair = unix_pair();
    assert_eq!(shake_both(&pair, [1, 1], [Afterwards::Encrypted; 2]), [Ok(()), Ok(())]);
    in_child(|| send(&pair.0, b"x", soon()) == Err(Error::Forked));
    send(&pair.0, b"parent", soon()).unwrap();
    assert_eq!(receive(&pair.1, soon()), Ok(b"parent".to_vec()));
}
