//! Passing an open file to the process at the other end of a Unix socket.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::Error;
use crate::stream::{Io, Stream, outcome};

/// Room for one control message with a few descriptors, aligned as the kernel wants it.
type Control = [u64; 8];

/// Sends `bytes` with a copy of `fd` attached to the first of them.
pub fn send(stream: &Stream, bytes: &[u8], fd: &impl AsRawFd) -> Result<Io, Error> {
    let mut control: Control = [0; 8];
    let mut vector =
        libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut message = header(&mut vector, &mut control);
    let payload = size_of::<RawFd>() as u32;
    // SAFETY: the control buffer (64 bytes) is larger than CMSG_SPACE of one descriptor (24), so the first
    // header and its data lie inside; everything the message points to lives until sendmsg returns.
    let n = unsafe {
        message.msg_controllen = libc::CMSG_SPACE(payload) as _;
        let first = libc::CMSG_FIRSTHDR(&message);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(payload) as _;
        libc::CMSG_DATA(first).cast::<RawFd>().write_unaligned(fd.as_raw_fd());
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        libc::sendmsg(stream.as_raw_fd(), &message, flags)
    };
    outcome(n, "sendmsg")
}

/// Reads into `target`, and keeps a descriptor that comes along in `kept` (the last one, if several).
///
/// Every other descriptor is closed at once: a peer cannot fill our table.
pub fn receive(
    stream: &Stream,
    target: &mut [u8],
    kept: &mut Option<OwnedFd>,
) -> Result<Io, Error> {
    let mut control: Control = [0; 8];
    let mut vector = libc::iovec { iov_base: target.as_mut_ptr().cast(), iov_len: target.len() };
    let mut message = header(&mut vector, &mut control);
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: everything the message points to is writable and lives until recvmsg returns.
    let n = unsafe { libc::recvmsg(stream.as_raw_fd(), &mut message, flags) };
    if n > 0 && message.msg_controllen > 0 {
        collect(&message, kept);
    }
    outcome(n, "recvmsg")
}

fn header(vector: &mut libc::iovec, control: &mut Control) -> libc::msghdr {
    // SAFETY: an all-zero msghdr is valid.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = vector;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of::<Control>() as _;
    message
}

fn collect(message: &libc::msghdr, kept: &mut Option<OwnedFd>) {
    // SAFETY: the kernel filled the control buffer, and the CMSG macros walk what it wrote; each descriptor
    // in an SCM_RIGHTS message is newly opened in this process and owned by nobody else.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(message);
        while let Some(control) = next.as_ref() {
            if control.cmsg_level == libc::SOL_SOCKET && control.cmsg_type == libc::SCM_RIGHTS {
                let bytes = control.cmsg_len.saturating_sub(libc::CMSG_LEN(0) as _) as usize;
                let data = libc::CMSG_DATA(control).cast::<RawFd>();
                for i in 0..bytes / size_of::<RawFd>() {
                    *kept = Some(OwnedFd::from_raw_fd(data.add(i).read_unaligned()));
                }
            }
            next = libc::CMSG_NXTHDR(message, control);
        }
    }
}
