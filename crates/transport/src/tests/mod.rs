//! Whole connections over real sockets.

mod channels;
mod encryption;
mod frames;
mod lifetime;
mod records;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;

use crate::connection::{Connection, Core};
use crate::deadline::Deadline;
use crate::gather::Part;
use crate::receiver::Receiver;
use crate::sender::{Outgoing, Sender};
use crate::{Error, Step};

pub type Link = Connection<Vec<u8>>;

pub const BYTES_MAX: usize = 1 << 28;

/// A deadline that is only reached by a test that hangs.
pub fn soon() -> Deadline {
    Deadline::after(Some(20.0))
}

pub fn open(socket: impl IntoRawFd) -> Link {
    Connection::new(socket.into_raw_fd(), BYTES_MAX, 50_000).unwrap()
}

pub fn unix_pair() -> (Link, Link) {
    let (a, b) = UnixStream::pair().unwrap();
    (open(a), open(b))
}

pub fn tcp_pair() -> (Link, Link) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (open(a), open(listener.accept().unwrap().0))
}

/// One connection, and the bare socket at its other end.
pub fn with_bare_peer() -> (Link, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    (open(a), b)
}

pub fn send(link: &Link, message: &[u8], deadline: Deadline) -> Result<(), Error> {
    let inside = link.enter()?;
    let core = inside.core()?;
    // SAFETY: the slices outlive the call.
    let parts = [&message[..message.len() / 3], &message[message.len() / 3..]]
        .map(|piece| unsafe { Part::new(piece.as_ptr(), piece.len()) });
    let mut out = Outgoing::message(&parts, core.bytes_max)?;
    let mut sender = core.sender()?;
    loop {
        match sender.run(&core.link, &mut out, deadline) {
            Ok(Step::Done) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                sender.withdraw(&core.link, &mut out)?;
                return Err(error);
            }
        }
    }
}

pub fn receive(link: &Link, deadline: Deadline) -> Result<Vec<u8>, Error> {
    let inside = link.enter()?;
    let core = inside.core()?;
    let mut receiver = core.receiver()?;
    loop {
        match receiver.run(&core.link, deadline)? {
            Step::Grow(bytes) => match receiver.room() {
                Some(room) => room.resize(bytes, 0),
                None => receiver.give_room(vec![0; bytes]),
            },
            Step::Done => return Ok(receiver.take_message().unwrap()),
            Step::Blocked | Step::Interrupted => {}
        }
    }
}

/// Runs an operation that needs both halves, until it is done.
pub fn exclusively(
    link: &Link,
    mut run: impl FnMut(&Core<Vec<u8>>, &mut Sender, &mut Receiver<Vec<u8>>) -> Result<Step, Error>,
) -> Result<(), Error> {
    let inside = link.enter()?;
    let core = inside.core()?;
    let (mut sender, mut receiver) = (core.sender()?, core.receiver()?);
    while run(core, &mut sender, &mut receiver)? != Step::Done {}
    Ok(())
}

pub fn random(bytes: usize) -> Vec<u8> {
    let mut state = bytes as u64 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..bytes.div_ceil(8)).flat_map(|_| next()).take(bytes).collect()
}

/// Answers each message with itself until the peer goes.
pub fn echo(link: &Link) {
    while let Ok(message) = receive(link, soon()) {
        send(link, &message, soon()).unwrap();
    }
}

/// Sends every size that is special somewhere, and expects it back.
pub fn exchange_sizes(client: &Link, server: Link) {
    std::thread::scope(|scope| {
        scope.spawn(move || echo(&server));
        for bytes in [1, 2, 7, 8, 9, 16_383, 16_384, 65_519, 65_520, 65_536, 65_537, 3_000_001] {
            let message = random(bytes);
            send(client, &message, soon()).unwrap();
            assert!(receive(client, soon()).unwrap() == message, "{bytes} bytes");
        }
        client.close();
    });
}

/// Forks; the child runs `body` and exits with 0 if it returns true.
pub fn in_child(body: impl FnOnce() -> bool) {
    // SAFETY: the child only runs `body` and leaves by _exit.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let code = i32::from(!body());
        // SAFETY: _exit is always allowed in a forked child.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: `pid` is our child and `status` a valid int.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(status, 0, "the child failed");
}

pub fn write(socket: &mut UnixStream, bytes: &[u8]) {
    socket.write_all(bytes).unwrap();
}

pub fn read(socket: &mut UnixStream, bytes: usize) -> Vec<u8> {
    let mut all = vec![0; bytes];
    socket.read_exact(&mut all).unwrap();
    all
}
