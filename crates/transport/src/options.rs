//! How a socket is set up when a connection takes it over.

use std::os::fd::RawFd;

use crate::Error;

/// Room for large messages, so that they need few system calls; the kernel may grant less.
const UNIX_BUFFER_BYTES: libc::c_int = 1 << 20;
/// A peer whose machine vanished is noticed after 10 + 3 * 5 seconds without traffic.
const KEEPALIVE_IDLE_S: libc::c_int = 10;
const KEEPALIVE_INTERVAL_S: libc::c_int = 5;
const KEEPALIVE_COUNT: libc::c_int = 3;

/// What lies below a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A Unix socket: same machine, can carry descriptors.
    Unix,
    /// A network socket.
    Network,
}

/// Prepares a connected stream socket; changes nothing when it is none.
pub fn prepare(fd: RawFd) -> Result<Family, Error> {
    let family = family(fd)?;
    add_flags(fd, libc::F_GETFD, libc::F_SETFD, libc::FD_CLOEXEC)?;
    add_flags(fd, libc::F_GETFL, libc::F_SETFL, libc::O_NONBLOCK)?;
    match family {
        // Best effort: the limits of the system may be lower, and everything works with any size.
        Family::Unix => {
            set(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, UNIX_BUFFER_BYTES);
            set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, UNIX_BUFFER_BYTES);
        }
        // Buffers are left to the kernel, which tunes them to the path unless they are set.
        Family::Network => {
            set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1);
            set(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1);
            set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
            set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
            set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPCNT, KEEPALIVE_COUNT);
        }
    }
    Ok(family)
}

fn family(fd: RawFd) -> Result<Family, Error> {
    if get(fd, libc::SO_TYPE)? != libc::SOCK_STREAM {
        return Err(Error::Unsupported("a connection needs a stream socket"));
    }
    match get(fd, libc::SO_DOMAIN)? {
        libc::AF_UNIX => Ok(Family::Unix),
        _ => Ok(Family::Network),
    }
}

fn get(fd: RawFd, option: libc::c_int) -> Result<libc::c_int, Error> {
    let mut value: libc::c_int = 0;
    let mut bytes = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `value` is a valid int of the size passed.
    let rc = unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, option, (&raw mut value).cast(), &mut bytes)
    };
    if rc == 0 { Ok(value) } else { Err(Error::last_os("getsockopt")) }
}

fn set(fd: RawFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    let bytes = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `value` is a valid int of the size passed. Failure leaves the default in place.
    unsafe { libc::setsockopt(fd, level, option, (&raw const value).cast(), bytes) };
}

fn add_flags(fd: RawFd, get: i32, set: i32, flags: i32) -> Result<(), Error> {
    // SAFETY: plain system calls.
    let rc = unsafe {
        match libc::fcntl(fd, get) {
            -1 => -1,
            old => libc::fcntl(fd, set, old | flags),
        }
    };
    if rc == -1 { Err(Error::last_os("fcntl")) } else { Ok(()) }
}
