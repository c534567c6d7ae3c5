//! Memory on which a model checker chooses who goes on before every access (for tests).
//!
//! # Theory of operation
//!
//! A [`Machine`] has the words and plays the kernel; each thread of a model has its own [`Seat`] at it, as a process
//! of its own would. Before a thread touches a word that others touch too, the checker may let others go on. What it
//! finds are interleavings of whole accesses, in one order for all: weaker orders are not its subject.
//!
//! The kernel here is unkind. Nobody wakes without a reason, and no sleep ends by its timeout, so a wake-up that is lost
//! leaves threads that sleep for ever: that is a failure. It wakes the first sleeper of a word first, and one that is
//! just falling asleep, or whose time is over, may use up a wake-up as any other.
//!
//! Where a thread is killed right between a store and the wake-up that it owes, the timeout is the algorithm's own
//! answer; a model says how often it may be used ([`Rechecks`]), and it is only when nobody else can go on.
//!
//! A thread that is killed finds that all its accesses fail from then on. It returns at once, and its destructors change
//! nothing.

mod footprints;
mod kernel;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use shuttle::sync::atomic::AtomicU32;
use shuttle::thread::{self, Thread};

use crate::failure::{Result, corrupt};
use crate::life::low;
use crate::robust::{OWNER, OWNER_DIED, WAITERS};

pub(crate) use footprints::Footprints;
pub(crate) use kernel::Rechecks;
use kernel::{Kernel, Limit, end_of};

/// How many threads there may be; they are numbered from 1.
pub(crate) const THREADS: usize = 4;

/// When a thread is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Instead of the access with this number, from 1.
    Access(usize),
    /// While it sleeps for this time, from 1, and has or has not been woken.
    Sleep(usize),
}

/// What a thread does until it is killed.
struct Lifetime {
    accesses: AtomicUsize,
    sleeps: AtomicUsize,
    /// Whether its sleeps end at any moment.
    is_hasty: AtomicBool,
}

impl Lifetime {
    fn endless() -> Self {
        Self {
            accesses: AtomicUsize::new(usize::MAX),
            sleeps: AtomicUsize::new(usize::MAX),
            is_hasty: AtomicBool::new(false),
        }
    }
}

/// Words, and a kernel.
pub(crate) struct Machine {
    words: Box<[AtomicU64]>,
    kernel: Mutex<Kernel>,
    footprints: Arc<Footprints>,
    /// Touched before an access, since that is where the checker chooses.
    turn: AtomicU32,
    lifetimes: [Lifetime; THREADS + 1],
    /// The time, and how it goes on whenever somebody asks for it: not at all, or in strides.
    now_ns: AtomicU64,
    stride_ns: AtomicU64,
}

impl Machine {
    pub fn new(footprints: &Arc<Footprints>, rechecks: Rechecks) -> Arc<Self> {
        Arc::new(Self {
            words: footprints.memory(),
            kernel: Mutex::new(Kernel::new(rechecks)),
            footprints: footprints.clone(),
            turn: AtomicU32::new(0),
            lifetimes: std::array::from_fn(|_| Lifetime::endless()),
            now_ns: AtomicU64::new(0),
            stride_ns: AtomicU64::new(0),
        })
    }

    /// Whether thread `number` has been killed.
    pub fn has_died(&self, number: u32) -> bool {
        self.lifetimes[number as usize].accesses.load(Relaxed) == 0
    }

    fn kernel(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap()
    }

    fn choose(&self) {
        self.turn.load(Relaxed);
    }

    fn wake(&self, at: u64, count: u32) {
        let threads = self.kernel().rouse(at, count);
        self.start(&threads);
    }

    fn start(&self, threads: &[Thread]) {
        for thread in threads {
            self.kernel().wake_up();
            thread.unpark();
        }
    }

    fn rest(&self) {
        let threads = {
            let mut kernel = self.kernel();
            let threads = kernel.rest();
            if threads.is_none() && !std::thread::panicking() {
                let sleepers = format!("{:?}", kernel.sleepers());
                drop(kernel);
                panic!("deadlock: these threads sleep for ever on these words: {sleepers}");
            }
            threads.unwrap_or_default()
        };
        self.start(&threads);
    }

    fn word(&self, at: u64) -> Result<&AtomicU64> {
        match self.words.get((at / 8) as usize) {
            Some(word) if at.is_multiple_of(8) => Ok(word),
            _ => corrupt("an access would leave the mapping"),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.footprints.keep(std::mem::take(&mut self.words));
    }
}

/// A thread's place at a machine.
#[derive(Clone)]
pub(crate) struct Seat {
    machine: Arc<Machine>,
    number: u32,
    /// Whether others run; nobody does while a model is prepared.
    is_interleaved: bool,
}

impl Seat {
    /// For thread `number`, or for whoever prepares in its name.
    pub fn new(machine: &Arc<Machine>, number: u32) -> Self {
        assert!((1..=THREADS).contains(&(number as usize)));
        Self { machine: machine.clone(), number, is_interleaved: false }
    }

    /// The thread begins, whose life word is at `life`. Each [`Self::begin`] comes before the first thread runs.
    pub fn begin(&mut self, life: u64) {
        self.machine.kernel().begin(self.number, life);
        self.is_interleaved = true;
    }

    /// The thread has ended, killed or not.
    pub fn end(&self) {
        self.machine.kernel().ended[self.number as usize] = true;
        self.machine.wake(end_of(self.number), u32::MAX);
        self.machine.rest();
    }

    /// Kills the thread at a moment that is to come.
    pub fn die_at(&self, moment: Moment) {
        match moment {
            Moment::Access(number) => self.lifetime().accesses.store(number, Relaxed),
            Moment::Sleep(number) => self.lifetime().sleeps.store(number, Relaxed),
        }
    }

    /// Whether it has been killed.
    pub fn is_dead(&self) -> bool {
        self.machine.has_died(self.number)
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The thread's number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// From now on the thread's sleeps end at any moment, or not.
    pub fn set_hasty(&self, is_hasty: bool) {
        self.lifetime().is_hasty.store(is_hasty, Relaxed);
    }

    /// Has time pass between any two looks at the clock.
    pub fn let_time_pass(&self) {
        self.machine.stride_ns.store(1 << 40, Relaxed);
    }

    /// Lets others go on, at a place where that costs the checker nothing.
    pub fn pause(&self) -> Result<()> {
        self.spend()?;
        thread::yield_now();
        Ok(())
    }

    /// Sleeps until thread `number` has ended, as those do who watch processes. Returns whether it was killed.
    pub fn await_end(&self, number: u32) -> bool {
        let at = end_of(number);
        let has_to_wait = {
            let mut kernel = self.machine.kernel();
            let has_to_wait = !kernel.ended[number as usize];
            if has_to_wait {
                kernel.lie_down(self.number, Limit::None);
                kernel.watch(self.number, at);
            }
            has_to_wait
        };
        if has_to_wait {
            self.stop();
        }
        self.machine.has_died(number)
    }

    fn lifetime(&self) -> &Lifetime {
        &self.machine.lifetimes[self.number as usize]
    }

    /// Before a word is touched: lets others go on, and fails if this thread is dead.
    fn turn(&self, at: u64, is_write: bool) -> Result<()> {
        if !self.is_interleaved || std::thread::panicking() {
            return Ok(());
        }
        self.spend()?;
        if self.machine.footprints.note(at, self.number, is_write) {
            self.machine.choose();
        }
        Ok(())
    }

    /// Takes an access off what the thread has left.
    fn spend(&self) -> Result<()> {
        let accesses = &self.lifetime().accesses;
        match accesses.load(Relaxed) {
            0 => corrupt("the thread is dead"),
            1 => self.die(),
            usize::MAX => Ok(()),
            left => {
                accesses.store(left - 1, Relaxed);
                Ok(())
            }
        }
    }

    /// Does what the kernel does at a thread's end: first its mutexes, then the word that it has armed.
    fn die(&self) -> Result<()> {
        self.lifetime().accesses.store(0, Relaxed);
        let (life, armed) = {
            let kernel = self.machine.kernel();
            let seat = self.number as usize;
            (kernel.lives[seat], kernel.armed[seat])
        };
        self.mark(life, false)?;
        if armed != 0 {
            self.mark(armed, true)?;
        }
        corrupt("the thread is dead")
    }

    fn mark(&self, at: u64, is_pending: bool) -> Result<()> {
        self.machine.footprints.note(at, self.number, true);
        self.machine.choose();
        let word = self.machine.word(at)?;
        let seen = word.load(Relaxed);
        let waits = if seen & u64::from(OWNER) == u64::from(self.number) {
            word.store(seen & !u64::from(OWNER) | u64::from(OWNER_DIED), Relaxed);
            seen & u64::from(WAITERS) != 0
        } else {
            is_pending && low(seen) == 0 // It may have left the lock, and not have woken anybody yet.
        };
        if waits {
            self.machine.choose();
            self.machine.wake(at, 1);
        }
        Ok(())
    }
}

mod access;
