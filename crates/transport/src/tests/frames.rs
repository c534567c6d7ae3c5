//! Messages on a plain stream.

use std::os::fd::AsRawFd;

use super::*;
use crate::frame::Header;
use crate::stream::Stream;

#[test]
fn messages_of_all_sizes_come_back_over_unix() {
    let (client, server) = unix_pair();
    exchange_sizes(&client, server);
}

#[test]
fn messages_of_all_sizes_come_back_over_tcp() {
    let (client, server) = tcp_pair();
    exchange_sizes(&client, server);
}

#[test]
fn a_message_that_arrives_byte_by_byte_survives_every_timeout() {
    let (link, mut peer) = with_bare_peer();
    let mut frame = Header::Message(3).to_bytes().to_vec();
    frame.extend_from_slice(b"abc");
    for byte in frame {
        assert_eq!(receive(&link, Deadline::Now), Err(Error::TimedOut));
        write(&mut peer, &[byte]);
    }
    assert_eq!(receive(&link, Deadline::Now), Ok(b"abc".to_vec()));
}

#[test]
fn a_frame_on_the_wire_is_a_length_and_the_message() {
    let (link, mut peer) = with_bare_peer();
    send(&link, b"hello", soon()).unwrap();
    assert_eq!(read(&mut peer, 13), b"\x05\0\0\0\0\0\0\0hello");
}

#[test]
fn many_small_messages_in_one_read_are_told_apart() {
    let (link, mut peer) = with_bare_peer();
    for n in 0..100u8 {
        let mut frame = Header::Message(1).to_bytes().to_vec();
        frame.push(n);
        write(&mut peer, &frame);
    }
    for n in 0..100u8 {
        assert_eq!(receive(&link, soon()), Ok(vec![n]));
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_again_and_again() {
    let (link, mut peer) = with_bare_peer();
    write(&mut peer, &Header::Message(BYTES_MAX as u64 + 1).to_bytes());
    let refused = Error::TooLong { bytes: BYTES_MAX as u64 + 1, limit: BYTES_MAX };
    for _ in 0..2 {
        assert_eq!(receive(&link, soon()), Err(refused.clone()));
    }
}

#[test]
fn our_own_message_beyond_the_limit_or_empty_is_refused() {
    let (a, _b) = UnixStream::pair().unwrap();
    let link: Link = Connection::new(a.into_raw_fd(), 10, 0).unwrap();
    assert_eq!(send(&link, &[0; 11], soon()), Err(Error::TooLong { bytes: 11, limit: 10 }));
    assert!(matches!(send(&link, b"", soon()), Err(Error::Unsupported(_))));
    assert_eq!(send(&link, &[0; 10], soon()), Ok(()));
}

#[test]
fn a_claimed_length_asks_for_little_memory() {
    let (link, mut peer) = with_bare_peer();
    write(&mut peer, &Header::Message(BYTES_MAX as u64).to_bytes());
    let inside = link.enter().unwrap();
    let core = inside.core().unwrap();
    let step = core.receiver().unwrap().run(&core.link, soon());
    assert_eq!(step, Ok(Step::Grow(1 << 20)));
}

#[test]
fn the_end_between_messages_differs_from_the_end_within_one() {
    for sent in 0..10 {
        let (link, mut peer) = with_bare_peer();
        let frame = *b"\x02\0\0\0\0\0\0\0ab";
        write(&mut peer, &frame[..sent]);
        drop(peer);
        let expected = if sent == 0 { Error::EndOfStream } else { Error::Reset };
        assert_eq!(receive(&link, soon()), Err(expected), "{sent} bytes");
    }
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    let (client, server) = unix_pair();
    send(&server, b"last", soon()).unwrap();
    server.close();
    assert_eq!(receive(&client, soon()), Ok(b"last".to_vec()));
    assert_eq!(receive(&client, soon()), Err(Error::EndOfStream));
    assert_eq!(send(&client, b"x", soon()), Err(Error::BrokenPipe));
}

#[test]
fn a_send_that_times_out_half_way_leaves_the_direction_useless() {
    let (client, server) = unix_pair();
    let message = vec![0; 64 << 20];
    let deadline = Deadline::after(Some(0.02));
    assert_eq!(send(&client, &message, deadline), Err(Error::TimedOut));
    assert!(matches!(send(&client, b"x", soon()), Err(Error::Protocol(_))));
    client.close();
    assert_eq!(receive(&server, soon()), Err(Error::Reset));
}

#[test]
fn a_confirmation_is_an_empty_frame_that_receive_passes_over() {
    let (client, server) = unix_pair();
    send(&server, b"answer", soon()).unwrap();
    let is_confirmed = |link: &Link| link.enter().unwrap().core().unwrap().is_confirmed().unwrap();
    assert!(!is_confirmed(&server));
    receive(&client, soon()).unwrap();
    let inside = client.enter().unwrap();
    let core = inside.core().unwrap();
    let mut out = core.confirm().unwrap().unwrap();
    core.sender().unwrap().run(&core.link, &mut out, soon()).unwrap();
    assert!(core.confirm().unwrap().is_none(), "confirmed twice");
    send(&client, b"next", soon()).unwrap();
    assert_eq!(receive(&server, soon()), Ok(b"next".to_vec()));
    assert!(is_confirmed(&server));
}

#[test]
fn a_second_user_of_the_same_half_is_refused() {
    let (client, _server) = unix_pair();
    let inside = client.enter().unwrap();
    let core = inside.core().unwrap();
    let _receiving = core.receiver().unwrap();
    assert!(matches!(receive(&client, soon()), Err(Error::Busy(_))));
    assert_eq!(send(&client, b"x", soon()), Ok(()));
}

#[test]
fn a_flood_of_empty_frames_does_not_keep_us_from_signals_and_deadlines() {
    let (link, mut peer) = with_bare_peer();
    write(&mut peer, &[0; 8 * 2000]);
    let inside = link.enter().unwrap();
    let core = inside.core().unwrap();
    let mut receiver = core.receiver().unwrap();
    assert_eq!(receiver.attempt(&core.link), Ok(Step::Interrupted));
    assert_eq!(receiver.run(&core.link, soon()), Ok(Step::Interrupted));
    assert_eq!(receiver.run(&core.link, Deadline::Now), Err(Error::TimedOut));
    drop(receiver);
    write(&mut peer, b"\x01\0\0\0\0\0\0\0x");
    assert_eq!(receive(&link, soon()), Ok(b"x".to_vec()));
}

#[test]
fn a_deadline_holds_while_bytes_trickle_in_from_another_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let link = open(listener.accept().unwrap().0);
    peer.write_all(&Header::Message(BYTES_MAX as u64).to_bytes()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while peer.write_all(&[1]).is_ok() {
                std::thread::yield_now();
            }
        });
        assert_eq!(receive(&link, Deadline::after(Some(0.05))), Err(Error::TimedOut));
        link.close();
    });
}

#[test]
fn a_socket_is_readable_when_there_are_bytes_and_at_its_end() {
    let (near, mut far) = UnixStream::pair().unwrap();
    let stream = Stream::new(near.as_raw_fd());
    assert!(!stream.is_readable());
    far.write_all(&[1]).unwrap();
    assert!(stream.is_readable());
    (&near).read_exact(&mut [0]).unwrap();
    assert!(!stream.is_readable());
    drop(far);
    assert!(stream.is_readable());
}
