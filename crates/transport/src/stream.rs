//! A connected stream socket that never blocks, and waiting for it.

use std::os::fd::{AsRawFd, RawFd};

use crate::Error;
use crate::deadline::Deadline;
use crate::nap::Nap;

/// What a transfer achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Io {
    /// So many bytes, more than none.
    Bytes(usize),
    /// Nothing can be transferred now.
    WouldBlock,
    /// The peer will send no more.
    End,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Something to read, or the end.
    Readable,
    /// Room to write, or an error.
    Writable,
}

/// Why a wait ended before its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// A transfer is worth trying.
    Ready,
    /// A signal arrived, or it is time to look for one.
    Interrupted,
}

/// A borrowed socket: whoever holds one keeps the descriptor open meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    fd: RawFd,
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}

impl Stream {
    /// The socket `fd`.
    #[must_use]
    pub fn new(fd: RawFd) -> Self {
        Self { fd }
    }

    /// Reads what is there.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes and used by nobody else.
    pub unsafe fn receive(&self, target: *mut u8, bytes: usize) -> Result<Io, Error> {
        // SAFETY: the caller promises the memory.
        let n = unsafe { libc::recv(self.fd, target.cast(), bytes, libc::MSG_DONTWAIT) };
        outcome(n, "recv")
    }

    /// Reads what is there, first into `first`, then into so many bytes at an address.
    ///
    /// # Safety
    ///
    /// The second place must be writable and used by nobody else.
    pub unsafe fn receive_in_two(
        &self,
        first: &mut [u8],
        (target, bytes): (*mut u8, usize),
    ) -> Result<Io, Error> {
        let mut vectors = [
            libc::iovec { iov_base: first.as_mut_ptr().cast(), iov_len: first.len() },
            libc::iovec { iov_base: target.cast(), iov_len: bytes },
        ];
        // SAFETY: an all-zero msghdr is valid.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = vectors.as_mut_ptr();
        message.msg_iovlen = vectors.len() as _;
        // SAFETY: the first place is exclusively borrowed, the second promised by the caller.
        let n = unsafe { libc::recvmsg(self.fd, &mut message, libc::MSG_DONTWAIT) };
        outcome(n, "recvmsg")
    }

    /// Writes what there is room for, in one call.
    pub fn send(&self, vectors: &mut [libc::iovec]) -> Result<Io, Error> {
        // SAFETY: an all-zero msghdr is valid.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = vectors.as_mut_ptr();
        message.msg_iovlen = vectors.len() as _;
        // SAFETY: the vectors describe memory that their makers promised to be readable (see `Part`).
        let n =
            unsafe { libc::sendmsg(self.fd, &message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) };
        outcome(n, "sendmsg")
    }

    /// Writes a few bytes of our own.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<Io, Error> {
        let base = bytes.as_ptr().cast_mut().cast();
        self.send(&mut [libc::iovec { iov_base: base, iov_len: bytes.len() }])
    }

    /// Sleeps until the socket is ready, a signal arrives, or the deadline passes (an error).
    pub fn wait(
        &self,
        direction: Direction,
        deadline: Deadline,
        nap: &mut Nap,
    ) -> Result<Wake, Error> {
        let remaining = deadline.remaining_ns();
        if remaining == Some(0) {
            return Err(Error::TimedOut);
        }
        let limit = match (remaining, nap.ns()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        match poll(self.fd, direction, limit)? {
            Polled::Ready => Ok(Wake::Ready),
            // Not an error yet: the caller comes back, and then nothing remains.
            Polled::TimedOut => {
                nap.lengthen();
                Ok(Wake::Interrupted)
            }
            Polled::Interrupted => Ok(Wake::Interrupted),
        }
    }

    /// Whether a read is worth trying now.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        // What went wrong is for the read to say.
        !matches!(
            poll(self.fd, Direction::Readable, Some(0)),
            Ok(Polled::TimedOut | Polled::Interrupted)
        )
    }

    /// Ends both directions: the peer and every thread that waits here see the end.
    pub fn shutdown(&self) {
        // SAFETY: plain system call. It fails only when the peer is gone already.
        unsafe { libc::shutdown(self.fd, libc::SHUT_RDWR) };
    }
}

enum Polled {
    Ready,
    TimedOut,
    Interrupted,
}

fn poll(fd: RawFd, direction: Direction, limit_ns: Option<u64>) -> Result<Polled, Error> {
    let events = match direction {
        Direction::Readable => libc::POLLIN,
        Direction::Writable => libc::POLLOUT,
    };
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    let limit = limit_ns.map(|ns| libc::timespec {
        tv_sec: libc::time_t::try_from(ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
        tv_nsec: (ns % 1_000_000_000) as _,
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: one valid entry; `limit` is null or points to a timespec that lives until the call returns.
    let n = unsafe { libc::ppoll(&mut entry, 1, limit, std::ptr::null()) };
    match n {
        0 => Ok(Polled::TimedOut),
        1.. => Ok(Polled::Ready),
        _ => match std::io::Error::last_os_error().raw_os_error() {
            Some(libc::EINTR) => Ok(Polled::Interrupted),
            errno => Err(Error::Os { call: "ppoll", errno: errno.unwrap_or(0) }),
        },
    }
}

/// Sorts what a transfer call returned.
pub(crate) fn outcome(n: isize, call: &'static str) -> Result<Io, Error> {
    match usize::try_from(n) {
        Ok(0) => Ok(Io::End),
        Ok(bytes) => Ok(Io::Bytes(bytes)),
        Err(_) => match std::io::Error::last_os_error().raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => Ok(Io::WouldBlock),
            _ => Err(Error::last_os(call)),
        },
    }
}
