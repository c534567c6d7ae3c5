//! A mutex of one process, which a forked child has anew.
//!
//! # Theory of operation
//!
//! A thread that runs while another one forks may hold any mutex just then. The child has the mutex as it was, held, but
//! not the thread: it would wait for ever, and what is inside may be half changed. So the child begins with a new one.
//! The old contents are never dropped, which costs the child some memory at most.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::FORKS;

/// In [`PrivateMutex::made`]: a thread is making the new one.
const BUSY: u64 = 1;

/// A mutex whose contents begin as their default, in every process.
#[derive(Debug)]
pub struct PrivateMutex<T> {
    mutex: UnsafeCell<Mutex<T>>,
    /// The number of forks, doubled, when the mutex was made.
    made: AtomicU64,
}

// SAFETY: what is in the cell is a mutex, which threads may share, but for its replacement: `renew` does that before any
// thread of its process has used it, and the others wait.
unsafe impl<T: Send> Sync for PrivateMutex<T> {}

impl<T: Default> Default for PrivateMutex<T> {
    fn default() -> Self {
        super::watch();
        let made = AtomicU64::new(FORKS.load(Ordering::Relaxed) << 1);
        Self { mutex: UnsafeCell::default(), made }
    }
}

impl<T: Default> PrivateMutex<T> {
    /// Locks it. A thread that panicked with it is no reason not to.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        // Relaxed: changes only in a forked child, which has one thread then.
        let now = FORKS.load(Ordering::Relaxed) << 1;
        // Acquire: pairs with the Release store of `renew`.
        if self.made.load(Ordering::Acquire) != now {
            self.renew(now);
        }
        // SAFETY: it was made in this process, so nobody replaces it any more.
        unsafe { &*self.mutex.get() }.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn renew(&self, now: u64) {
        let seen = self.made.load(Ordering::Acquire);
        let is_others = seen == now || seen == now | BUSY;
        let (order, failed) = (Ordering::Acquire, Ordering::Relaxed);
        if !is_others && self.made.compare_exchange(seen, now | BUSY, order, failed).is_ok() {
            // SAFETY: no thread of this process has a reference to the old one: whoever wants the mutex gets here first,
            // and one thread gets further. What other processes do, they do to their own memory.
            unsafe { self.mutex.get().write(Mutex::default()) };
            self.made.store(now, Ordering::Release);
        }
        while self.made.load(Ordering::Acquire) != now {
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_forked_child_can_lock_what_another_thread_of_its_parent_held() {
        let mutex = PrivateMutex::<u64>::default();
        *mutex.lock() = 1;
        let (is_held, held) = channel();
        let (end, ended) = channel::<()>();
        std::thread::scope(|scope| {
            let mutex = &mutex;
            scope.spawn(move || {
                let mut guard = mutex.lock();
                is_held.send(()).unwrap();
                ended.recv().unwrap();
                *guard += 1;
            });
            held.recv().unwrap();
            // SAFETY: the child locks mutexes that are its own, and leaves by _exit, or by the alarm if it waits.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                // SAFETY: as above.
                unsafe { libc::alarm(10) };
                let mut found = [2; 2];
                for place in &mut found {
                    *place = *mutex.lock();
                }
                let code = i32::from(found != [0, 0]);
                // SAFETY: as above.
                unsafe { libc::_exit(code) };
            }
            let mut status = -1;
            // SAFETY: reaps our child.
            unsafe { libc::waitpid(pid, &raw mut status, 0) };
            end.send(()).unwrap();
            assert_eq!(status, 0);
        });
        assert_eq!(*mutex.lock(), 2);
    }
}
