//! Connections with mailboxes.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::channel::{Offer, accept};
use crate::frame::Header;

const CAPACITY: usize = 4096;

fn install(server: &Link, client: &Link) {
    let mut offer = Offer::new(CAPACITY).unwrap();
    exclusively(server, |core, sender, receiver| offer.run(core, sender, receiver, soon()))
        .unwrap();
    exclusively(client, |core, sender, receiver| accept(core, sender, receiver, soon())).unwrap();
}

fn accept_now(link: &Link) -> Result<(), Error> {
    exclusively(link, |core, sender, receiver| accept(core, sender, receiver, Deadline::Now))
}

fn pair() -> (Link, Link) {
    let (client, server) = unix_pair();
    install(&server, &client);
    (client, server)
}

#[test]
fn messages_of_all_sizes_come_back_across_threads() {
    let (client, server) = pair();
    exchange_sizes(&client, server);
}

#[test]
fn many_short_calls_come_back_whether_the_server_spins_or_sleeps() {
    let (client, server) = pair();
    std::thread::scope(|scope| {
        scope.spawn(move || echo(&server));
        for n in 0..3_000u32 {
            if n % 500 == 0 {
                // Not a wait for an event: long enough for the server to fall asleep, whichever way it goes.
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            send(&client, &n.to_le_bytes(), soon()).unwrap();
            assert_eq!(receive(&client, soon()), Ok(n.to_le_bytes().to_vec()));
        }
        client.close();
    });
}

#[test]
fn messages_keep_their_order_whichever_way_they_go() {
    let (client, server) = pair();
    let sizes = || (0..300usize).map(|n| if n % 3 == 0 { CAPACITY + n } else { 1 + n });
    std::thread::scope(|scope| {
        scope.spawn(|| sizes().for_each(|bytes| send(&client, &random(bytes), soon()).unwrap()));
        for bytes in sizes() {
            assert!(receive(&server, soon()).unwrap() == random(bytes));
        }
    });
}

#[test]
fn a_server_in_another_process_answers_and_its_last_words_arrive() {
    let (a, b) = UnixStream::pair().unwrap();
    let server = |b: UnixStream| -> ! {
        let link = open(b);
        let mut offer = Offer::new(CAPACITY).unwrap();
        exclusively(&link, |core, s, r| offer.run(core, s, r, soon())).unwrap();
        for _ in 0..100 {
            let message = receive(&link, soon()).unwrap();
            send(&link, &message, soon()).unwrap();
        }
        // SAFETY: this is how a process is killed; nothing after this line runs.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        unreachable!()
    };
    // SAFETY: the child runs `server`, which never returns.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(a);
        server(b);
    }
    drop(b);
    let client = open(a);
    exclusively(&client, |core, s, r| accept(core, s, r, soon())).unwrap();
    for n in 0..99u8 {
        send(&client, &[n], soon()).unwrap();
        assert_eq!(receive(&client, soon()), Ok(vec![n]));
    }
    send(&client, b"last", soon()).unwrap();
    let mut status = 0;
    // SAFETY: `pid` is our child and `status` a valid int.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(receive(&client, soon()), Ok(b"last".to_vec()));
    assert_eq!(receive(&client, soon()), Err(Error::EndOfStream));
}

#[test]
fn a_late_doorbell_is_passed_over() {
    let (client, server) = pair();
    let ring = || {
        let inside = server.enter().unwrap();
        inside.core().unwrap().link.stream.send_bytes(&Header::Doorbell.to_bytes()).unwrap();
    };
    ring();
    ring();
    assert_eq!(receive(&client, Deadline::Now), Err(Error::TimedOut));
    ring();
    send(&server, b"x", soon()).unwrap();
    ring();
    assert_eq!(receive(&client, soon()), Ok(b"x".to_vec()));
    server.close();
    assert_eq!(receive(&client, soon()), Err(Error::EndOfStream));
}

#[test]
fn closing_with_an_unread_doorbell_is_an_orderly_end() {
    let (client, server) = pair();
    let inside = server.enter().unwrap();
    inside.core().unwrap().link.stream.send_bytes(&Header::Doorbell.to_bytes()).unwrap();
    client.close();
    assert_eq!(receive(&server, soon()), Err(Error::EndOfStream));
    assert_eq!(receive(&server, soon()), Err(Error::EndOfStream));
}

#[test]
fn a_confirmation_is_a_word_in_shared_memory() {
    let (client, server) = pair();
    let inside = [client.enter().unwrap(), server.enter().unwrap()];
    let [ours, theirs] = inside.each_ref().map(|i| i.core().unwrap());
    assert!(theirs.is_confirmed().unwrap());
    for message in [&b"short"[..], &[0; CAPACITY * 2]] {
        send(&server, message, soon()).unwrap();
        assert!(!theirs.is_confirmed().unwrap());
        receive(&client, soon()).unwrap();
        assert!(!theirs.is_confirmed().unwrap());
        assert!(ours.confirm().unwrap().is_none());
        assert!(theirs.is_confirmed().unwrap());
    }
}

#[test]
fn the_peer_sees_that_we_abandoned_the_connection() {
    let (client, server) = pair();
    let inside = server.enter().unwrap();
    let channel = inside.core().unwrap().channel().unwrap();
    assert!(!channel.is_abandoned().unwrap());
    client.abandon();
    assert!(channel.is_abandoned().unwrap());
    assert_eq!(receive(&server, soon()), Err(Error::EndOfStream));
}

#[test]
fn a_forked_child_gets_an_error_and_the_parent_goes_on() {
    let (client, server) = pair();
    in_child(|| {
        let refused = send(&client, b"x", soon()) == Err(Error::Forked)
            && receive(&client, soon()) == Err(Error::Forked);
        client.abandon();
        server.discard();
        refused && client.fd() == -1
    });
    send(&client, b"still here", soon()).unwrap();
    assert_eq!(receive(&server, soon()), Ok(b"still here".to_vec()));
}

#[test]
fn something_else_in_place_of_an_offer_is_refused() {
    for frame in [&[1u8; 32][..], &[&24u64.to_le_bytes()[..], &[0; 24]].concat()] {
        let (link, mut peer) = with_bare_peer();
        write(&mut peer, frame);
        assert!(matches!(accept_now(&link), Err(Error::Protocol(_))));
    }
    let (link, peer) = with_bare_peer();
    assert_eq!(accept_now(&link), Err(Error::TimedOut));
    drop(peer);
    assert_eq!(accept_now(&link), Err(Error::EndOfStream));
}

#[test]
fn mailboxes_are_refused_where_they_cannot_work() {
    assert!(Offer::new(0).is_err());
    assert!(Offer::new(usize::MAX).is_err());
    assert!(matches!(accept_now(&tcp_pair().0), Err(Error::Unsupported(_))));
    assert!(matches!(accept_now(&pair().0), Err(Error::Unsupported(_))));
}

#[test]
fn two_receivers_that_sleep_and_spin_lose_no_wakeup() {
    let (client, server) = pair();
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for link in [&client, &server] {
            let done = &done;
            scope.spawn(move || {
                for n in 0..2_000u32 {
                    send(link, &n.to_le_bytes(), soon()).unwrap();
                    assert_eq!(receive(link, soon()), Ok(n.to_le_bytes().to_vec()));
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(done.into_inner(), 2);
}

/// Sends until a peer that does not read has no more room; returns how many messages went.
fn fill(link: &Link) -> u32 {
    for n in 0u32.. {
        match send(link, &n.to_le_bytes(), Deadline::Now) {
            Ok(()) => {}
            Err(Error::TimedOut) => return n,
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!()
}

fn a_message_without_room_never_was((client, server): (Link, Link)) {
    let sent = fill(&client);
    assert_eq!(send(&client, b"never", Deadline::Now), Err(Error::TimedOut));
    for n in 0..sent {
        assert_eq!(receive(&server, soon()), Ok(n.to_le_bytes().to_vec()));
    }
    send(&client, b"next", soon()).unwrap();
    assert_eq!(receive(&server, soon()), Ok(b"next".to_vec()));
    send(&server, b"back", soon()).unwrap();
    assert_eq!(receive(&client, soon()), Ok(b"back".to_vec()));
}

#[test]
fn a_short_message_that_found_no_room_in_time_never_was() {
    a_message_without_room_never_was(unix_pair());
    a_message_without_room_never_was(pair());
}
