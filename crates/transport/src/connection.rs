//! A connection as its users share it: who may be inside, and how it ends.
//!
//! Every operation is *inside*: it holds a read lock on the core, so that the descriptor stays open and the
//! memory mapped. Closing takes the write lock if nobody is inside; otherwise it ends the socket, which wakes
//! everybody, and the last one out closes. Locks are only ever tried, never waited for: a second
//! sender or receiver gets [`Error::Busy`], and a forked child, where a lock may be held for ever by a thread
//! that it does not have, can still let go of the descriptor.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, TryLockError};

use arena::fork::Birthplace;

use crate::Error;
use crate::channel::Channel;
use crate::options::{self, Family};
use crate::receiver::Receiver;
use crate::room::Room;
use crate::sender::Sender;
use crate::stream::Stream;

/// Messages counted, in both directions; written by the one sender and the one receiver.
///
/// Relaxed throughout: numbers to compare, ordering nothing.
#[derive(Default)]
pub struct Tally {
    sent: AtomicU64,
    received: AtomicU64,
    /// How many had been sent when the peer's last confirmation came by the socket.
    confirmed: AtomicU64,
    /// How many had been received when we last confirmed.
    confirmed_to_peer: AtomicU64,
}

impl Tally {
    pub(crate) fn count_sent(&self) {
        self.sent.store(self.sent() + 1, Ordering::Relaxed);
    }

    pub(crate) fn uncount_sent(&self) {
        self.sent.store(self.sent() - 1, Ordering::Relaxed);
    }

    pub(crate) fn count_received(&self) {
        let received = self.received.load(Ordering::Relaxed);
        self.received.store(received + 1, Ordering::Relaxed);
    }

    pub(crate) fn note_confirmation(&self) {
        self.confirmed.store(self.sent(), Ordering::Relaxed);
    }

    /// Messages received that we have not confirmed yet, if any: the count to confirm.
    pub(crate) fn to_confirm(&self) -> Option<u64> {
        let received = self.received.load(Ordering::Relaxed);
        (self.confirmed_to_peer.load(Ordering::Relaxed) != received).then_some(received)
    }

    /// The first `count` messages received have been confirmed.
    pub(crate) fn mark_confirmed(&self, count: u64) {
        self.confirmed_to_peer.store(count, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// Both sides count from here on, in the mailboxes as well.
    pub(crate) fn restart(&self) {
        for counter in [&self.sent, &self.received, &self.confirmed, &self.confirmed_to_peer] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// What senders and receivers share.
pub struct Link {
    /// The socket.
    pub stream: Stream,
    /// What lies below it.
    pub family: Family,
    /// Messages so far.
    pub tally: Tally,
}

/// The parts of an open connection.
pub struct Core<B> {
    /// What senders and receivers share.
    pub link: Link,
    /// The longest message, either way.
    pub bytes_max: usize,
    pub(crate) channel: OnceLock<Channel>,
    sender: Mutex<Sender>,
    receiver: Mutex<Receiver<B>>,
}

impl<B> Core<B> {
    /// The right to send.
    pub fn sender(&self) -> Result<MutexGuard<'_, Sender>, Error> {
        lock(&self.sender, "another thread is sending")
    }

    /// The right to receive.
    pub fn receiver(&self) -> Result<MutexGuard<'_, Receiver<B>>, Error> {
        lock(&self.receiver, "another thread is receiving")
    }

    /// The mailboxes, if there are any.
    pub fn channel(&self) -> Option<&Channel> {
        self.channel.get()
    }
}

fn lock<'l, T>(mutex: &'l Mutex<T>, busy: &'static str) -> Result<MutexGuard<'l, T>, Error> {
    match mutex.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::WouldBlock) => Err(Error::Busy(busy)),
        Err(TryLockError::Poisoned(_)) => Err(Error::Protocol("an operation failed half-way")),
    }
}

/// A connected stream socket, shared by the threads of a process.
pub struct Connection<B> {
    core: RwLock<Option<Core<B>>>,
    /// -1 once closed. Outside of the core, for a forked child that cannot have the core's lock.
    fd: AtomicI32,
    is_closed: AtomicBool,
    birthplace: Birthplace,
}

impl<B: Room> Connection<B> {
    /// Takes over the connected stream socket `fd`; on failure it stays the caller's.
    pub fn new(fd: RawFd, bytes_max: usize, spin_ns_max: u64) -> Result<Self, Error> {
        let family = options::prepare(fd)?;
        let core = Core {
            link: Link { stream: Stream::new(fd), family, tally: Tally::default() },
            bytes_max,
            channel: OnceLock::new(),
            sender: Mutex::new(Sender::default()),
            receiver: Mutex::new(Receiver::new(family, bytes_max, spin_ns_max)),
        };
        Ok(Self {
            core: RwLock::new(Some(core)),
            fd: AtomicI32::new(fd),
            is_closed: AtomicBool::new(false),
            birthplace: Birthplace::here(),
        })
    }
}

impl<B> Connection<B> {
    /// The descriptor, -1 once closed.
    pub fn fd(&self) -> RawFd {
        if self.is_closed() { -1 } else { self.fd.load(Ordering::Relaxed) }
    }

    /// Whether it has been closed here. The descriptor may live on until the last thread is out.
    pub fn is_closed(&self) -> bool {
        // Relaxed: `enter` and `close` do the ordering.
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Keeps the connection open while the result lives.
    pub fn enter(&self) -> Result<Inside<'_, B>, Error> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        match self.core.try_read() {
            Ok(guard) => Ok(Inside { guard: Some(guard), connection: self }),
            Err(_) => Err(Error::Closed),
        }
    }

    /// Ends the socket without closing it; threads inside see the end of the stream.
    pub fn shutdown(&self) -> Result<(), Error> {
        let inside = self.enter()?;
        if self.birthplace.is_here() {
            inside.core()?.link.stream.shutdown();
        }
        Ok(())
    }

    /// Closes; threads inside are woken, and the last of them closes.
    pub fn close(&self) {
        if !self.birthplace.is_here() {
            return self.discard();
        }
        self.is_closed.store(true, Ordering::Relaxed);
        if self.release() {
            return;
        }
        // The guard keeps the descriptor ours: its number cannot be reused between test and shutdown.
        if let Ok(guard) = self.core.try_read()
            && let Some(core) = guard.as_ref()
        {
            core.link.stream.shutdown();
        }
        self.release();
    }

    /// Tells the peer that we have left, then closes.
    pub fn abandon(&self) {
        if let (true, Ok(inside)) = (self.birthplace.is_here(), self.enter())
            && let Ok(core) = inside.core()
        {
            if let Some(channel) = core.channel() {
                // It fails only for a mapping that is not ours, which `is_here` has excluded.
                let _ = channel.abandon();
            }
            core.link.stream.shutdown();
        }
        self.close();
    }

    /// Lets go of the descriptor without any effect on other processes; waits for nothing.
    pub fn discard(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        if self.birthplace.is_here() {
            self.release();
        } else {
            // The core stays: its locks may be held by threads that this process does not have.
            self.close_descriptor();
        }
    }

    /// Closes unless somebody is inside; returns whether it is closed now.
    fn release(&self) -> bool {
        // SeqCst pairs with the fence in `Inside::drop`: of one that closes and one that leaves, at least one
        // sees what the other did (`is_closed` set, or the read lock given up).
        fence(Ordering::SeqCst);
        let mut core = match self.core.try_write() {
            Ok(core) => core,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        if core.take().is_some() {
            self.close_descriptor();
        }
        true
    }

    fn close_descriptor(&self) {
        let fd = self.fd.swap(-1, Ordering::Relaxed);
        if fd >= 0 {
            // SAFETY: the descriptor was ours, and the swap gives it to exactly one closer.
            unsafe { libc::close(fd) };
        }
    }
}

impl<B> Drop for Connection<B> {
    fn drop(&mut self) {
        self.close_descriptor();
    }
}

/// A stay inside a connection.
pub struct Inside<'c, B> {
    guard: Option<RwLockReadGuard<'c, Option<Core<B>>>>,
    connection: &'c Connection<B>,
}

impl<B> Inside<'_, B> {
    /// The parts.
    pub fn core(&self) -> Result<&Core<B>, Error> {
        self.guard.as_ref().and_then(|guard| guard.as_ref()).ok_or(Error::Closed)
    }
}

impl<B> Drop for Inside<'_, B> {
    fn drop(&mut self) {
        self.guard = None;
        // SeqCst pairs with the fence in `release`: either we see `is_closed`, or it sees that we are out. On
        // x86 giving up the lock is a full barrier already, and only the compiler must be told.
        #[cfg(target_arch = "x86_64")]
        std::sync::atomic::compiler_fence(Ordering::SeqCst);
        #[cfg(not(target_arch = "x86_64"))]
        fence(Ordering::SeqCst);
        if self.connection.is_closed() {
            self.connection.release();
        }
    }
}
