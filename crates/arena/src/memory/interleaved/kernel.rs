//! Who sleeps, and who is woken.

use shuttle::thread::{self, Thread};

use super::THREADS;

/// A place that is in no arena: the file descriptor by which others learn that thread `number` has ended.
pub(super) fn end_of(number: u32) -> u64 {
    u64::MAX - u64::from(number)
}

/// How long a sleeper would sleep, if nobody woke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// As long as it takes.
    None,
    /// As an internal lock's waiter.
    Short,
    /// As one who stands in a line.
    Long,
    /// Until any moment: somebody else is to be told of that.
    Any,
}

/// One who sleeps in the kernel.
struct Sleeper {
    seat: u32,
    thread: Thread,
    words: Vec<u64>,
    limit: Limit,
}

/// How often time may pass, once nobody else can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rechecks {
    /// For the waiters of internal locks.
    pub short: usize,
    /// For those who stand in lines.
    pub long: usize,
}

/// What the kernel knows.
#[derive(Default)]
pub(super) struct Kernel {
    sleepers: Vec<Sleeper>,
    /// Threads that have begun and neither ended nor sleep.
    awake: usize,
    rechecks: Rechecks,
    /// The lock word that each thread has armed; 0 is none.
    pub armed: [u64; THREADS + 1],
    /// The life word of each thread.
    pub lives: [u64; THREADS + 1],
    /// Whether each thread has ended.
    pub ended: [bool; THREADS + 1],
}

impl Kernel {
    pub fn new(rechecks: Rechecks) -> Self {
        Self { rechecks, ..Self::default() }
    }

    /// A thread begins.
    pub fn begin(&mut self, seat: u32, life: u64) {
        self.awake += 1;
        self.lives[seat as usize] = life;
    }

    /// The calling thread is about to sleep, on one word after the other.
    pub fn lie_down(&mut self, seat: u32, limit: Limit) {
        self.sleepers.push(Sleeper { seat, thread: thread::current(), words: Vec::new(), limit });
    }

    /// Adds a word. Returns whether the thread has not been woken yet.
    pub fn watch(&mut self, seat: u32, at: u64) -> bool {
        let sleeper = self.sleepers.iter_mut().find(|sleeper| sleeper.seat == seat);
        let Some(sleeper) = sleeper else { return false };
        sleeper.words.push(at);
        true
    }

    /// It sleeps no more, or never did.
    pub fn get_up(&mut self, seat: u32) {
        self.sleepers.retain(|sleeper| sleeper.seat != seat);
    }

    pub fn is_asleep(&self, seat: u32) -> bool {
        self.sleepers.iter().any(|sleeper| sleeper.seat == seat)
    }

    /// Takes up to `count` sleepers of a word out, the first ones first. Whoever asks starts them, without the kernel's
    /// lock: others may go on meanwhile.
    pub fn rouse(&mut self, at: u64, count: u32) -> Vec<Thread> {
        self.rouse_those(count, |sleeper| sleeper.words.contains(&at))
    }

    fn rouse_those(&mut self, count: u32, is_woken: impl Fn(&Sleeper) -> bool) -> Vec<Thread> {
        let mut threads = Vec::new();
        for _ in 0..count {
            let Some(index) = self.sleepers.iter().position(&is_woken) else { break };
            let sleeper = self.sleepers.remove(index);
            if sleeper.words.is_empty() || sleeper.limit == Limit::Any {
                continue; // It has not stopped.
            }
            threads.push(sleeper.thread);
        }
        threads
    }

    /// One thread more goes on.
    pub fn wake_up(&mut self) {
        self.awake += 1;
    }

    /// Who sleeps, and on which words.
    pub fn sleepers(&self) -> Vec<(u32, &[u64])> {
        self.sleepers.iter().map(|sleeper| (sleeper.seat, sleeper.words.as_slice())).collect()
    }

    /// One thread less goes on. If that was the last one, time passes, and sleepers look for themselves. Returns those,
    /// or `None` if whoever is left sleeps for ever.
    pub fn rest(&mut self) -> Option<Vec<Thread>> {
        self.awake -= 1;
        if self.awake > 0 || self.sleepers.is_empty() {
            return Some(Vec::new());
        }
        for limit in [Limit::Short, Limit::Long] {
            let left = match limit {
                Limit::Short => &mut self.rechecks.short,
                _ => &mut self.rechecks.long,
            };
            if *left > 0 && self.sleepers.iter().any(|sleeper| sleeper.limit == limit) {
                *left -= 1;
                return Some(self.rouse_those(u32::MAX, |sleeper| sleeper.limit == limit));
            }
        }
        None
    }
}
