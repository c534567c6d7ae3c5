//! Closing, from other threads and other processes.

use std::os::fd::AsRawFd;
use std::sync::mpsc;

use super::*;

fn is_open(fd: i32) -> bool {
    // SAFETY: asks only.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

#[test]
fn a_closed_connection_refuses_everything() {
    let (client, _server) = unix_pair();
    client.close();
    client.close();
    assert!(client.is_closed());
    assert_eq!(client.fd(), -1);
    assert_eq!(send(&client, b"x", soon()), Err(Error::Closed));
    assert_eq!(receive(&client, soon()), Err(Error::Closed));
    assert_eq!(client.shutdown(), Err(Error::Closed));
}

fn wakes_a_receiver(end: impl Fn(&Link)) {
    let (client, _server) = unix_pair();
    let (started, start) = mpsc::channel();
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let inside = client.enter().unwrap();
            let core = inside.core().unwrap();
            let mut receiver = core.receiver().unwrap();
            started.send(()).unwrap();
            loop {
                match receiver.run(&core.link, soon()) {
                    Ok(_) => {}
                    Err(error) => return error,
                }
            }
        });
        start.recv().unwrap();
        end(&client);
        assert_eq!(receiver.join().unwrap(), Error::EndOfStream);
    });
}

#[test]
fn shutdown_close_and_abandon_wake_a_thread_that_receives() {
    wakes_a_receiver(|link| link.shutdown().unwrap());
    wakes_a_receiver(Link::close);
    wakes_a_receiver(Link::abandon);
}

#[test]
fn the_last_thread_out_closes_the_descriptor() {
    let (client, server) = unix_pair();
    let inside = client.enter().unwrap();
    client.close();
    assert_eq!(client.fd(), -1);
    assert_eq!(receive(&server, soon()), Err(Error::EndOfStream), "it was shut down at once");
    assert!(is_open(inside.core().unwrap().link.stream.as_raw_fd()));
    drop(inside);
    assert!(client.enter().is_err());
}

#[test]
fn closing_without_anyone_inside_does_not_shut_down_other_holders_of_the_socket() {
    let (a, b) = UnixStream::pair().unwrap();
    let copy = a.try_clone().unwrap();
    let (client, server) = (open(a), open(b));
    client.close();
    let second = open(copy);
    send(&second, b"through the copy", soon()).unwrap();
    assert_eq!(receive(&server, soon()), Ok(b"through the copy".to_vec()));
}

#[test]
fn a_child_lets_go_while_a_thread_of_the_parent_is_inside() {
    let (client, server) = unix_pair();
    let inside = client.enter().unwrap();
    let receiving = inside.core().unwrap().receiver().unwrap();
    in_child(|| {
        let fd = client.fd();
        client.discard();
        !is_open(fd) && client.is_closed()
    });
    in_child(|| {
        client.close();
        client.abandon();
        client.fd() == -1
    });
    drop(receiving);
    send(&server, b"alive", soon()).unwrap();
    assert_eq!(receive(&client, soon()), Ok(b"alive".to_vec()));
}

#[test]
fn what_is_no_stream_socket_stays_the_callers() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let refused: Result<Link, Error> = Connection::new(file.as_raw_fd(), 1, 0);
    assert!(matches!(refused, Err(Error::Os { .. })));
    assert!(is_open(file.as_raw_fd()));
    let datagrams = std::os::unix::net::UnixDatagram::unbound().unwrap();
    let refused: Result<Link, Error> = Connection::new(datagrams.as_raw_fd(), 1, 0);
    assert!(matches!(refused, Err(Error::Unsupported(_))));
}
