//! Forked children of a test.

/// Runs `work` in a forked child for ever, until it is killed.
pub fn child(work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the test runs this in its only thread that has locks; the child never returns.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: leaves without running anything of the parent's.
        unsafe { libc::_exit(99) };
    }
    pid
}

pub fn kill(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: our own child; `status` is a valid int.
    unsafe {
        libc::kill(pid, libc::SIGKILL);
        libc::waitpid(pid, &raw mut status, 0);
    }
    assert!(libc::WIFSIGNALED(status), "the child ended by itself: {status:#x}");
}

/// Waits for a child that ends by itself.
pub fn join(pid: libc::pid_t) {
    let mut status = -1;
    // SAFETY: our own child; `status` is a valid int.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
}
