//! Who a process is, so that another one can tell whether it still lives.
//!
//! A pid alone is reused; with the start time of the process it is not. A pid means something only in its pid
//! namespace: of a process in another one nothing can be said from here.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::Error;
use crate::failure::Result;

/// A process, for as long as the machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub pid: u64,
    /// In clock ticks since the machine started (field 22 of `/proc/<pid>/stat`).
    pub started: u64,
    /// The inode of the pid namespace.
    pub namespace: u64,
}

impl Identity {
    /// The calling process.
    pub fn own() -> Result<Self> {
        let pid = u64::from(std::process::id());
        let started = started(pid).ok_or(Error::Corrupt("cannot read /proc/self/stat"))?;
        Ok(Self { pid, started, namespace: own_namespace() })
    }

    /// Whether the process is certainly gone, all of its threads included.
    pub fn is_dead(self) -> bool {
        self.namespace == own_namespace()
            && (self.is_dead_pid()
                || started(self.pid).is_some_and(|started| started != self.started))
    }

    /// Whether no process of our namespace has the pid, or the one that has it has ended.
    pub fn is_dead_pid(self) -> bool {
        let pid = libc::pid_t::try_from(self.pid).unwrap_or(0);
        // SAFETY: plain system call; the descriptor is owned below.
        let raw = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let Ok(raw) = i32::try_from(raw) else { return false };
        if raw < 0 {
            return std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        }
        // SAFETY: just opened and ours.
        let pidfd = unsafe { OwnedFd::from_raw_fd(raw) };
        // A zombie counts as dead only when its last thread is: then its pidfd is readable.
        has_exited(&pidfd)
    }
}

fn has_exited(pidfd: &OwnedFd) -> bool {
    let mut poll = libc::pollfd { fd: pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd; no waiting.
    unsafe { libc::poll(&raw mut poll, 1, 0) == 1 }
}

fn own_namespace() -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self/ns/pid").map_or(0, |meta| meta.ino())
}

fn started(pid: u64) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[test]
fn a_process_is_alive_until_it_has_ended() {
    let own = Identity::own().unwrap();
    assert!(!own.is_dead());
    assert!(Identity { started: own.started + 1, ..own }.is_dead());
    assert!(!Identity { namespace: 0, ..own }.is_dead());
    // SAFETY: the child only exits.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: _exit is always allowed in a forked child.
        unsafe { libc::_exit(0) };
    }
    let child = Identity { pid: u64::try_from(pid).unwrap(), started: 0, ..own };
    // SAFETY: waits without reaping: the child stays a zombie, which counts as dead.
    unsafe {
        libc::waitid(
            libc::P_PID,
            pid.cast_unsigned(),
            &mut std::mem::zeroed(),
            libc::WEXITED | libc::WNOWAIT,
        )
    };
    assert!(child.is_dead());
    // SAFETY: reaps our child.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    assert!(child.is_dead());
}
