//! Memory that writes down every store, for the kill harness.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

mod counted;

use super::Memory;
use crate::Error;
use crate::failure::{Failure, Result, corrupt};
use crate::wait::Bell;

/// One store: where, what was there, what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Store {
    pub at: u64,
    pub old: u64,
    pub new: u64,
}

/// Offsets, and what comes there.
type Stores = Vec<(u64, u64)>;

/// Private words that behave like an arena's, with a record of the stores since the last [`Self::take_log`].
pub(crate) struct Recorder {
    words: Box<[Cell<u64>]>,
    log: RefCell<Vec<Store>>,
    /// The words that were loaded or stored, while that is noted.
    pub touched: RefCell<Option<BTreeSet<u64>>>,
    thread: Cell<u32>,
    /// Pages that `populate` may still make; runs out to play a system without memory.
    pub pages_left: Cell<u64>,
    /// The time, in ns: one at which a lock is handed over, since none has been yet.
    pub now_ns: Cell<u64>,
    /// What another process stores right after the word at the first offset was loaded, once.
    pub meanwhile: RefCell<Option<(u64, Stores)>>,
}

impl Recorder {
    pub fn new(bytes: u64) -> Self {
        let words = usize::try_from(bytes / 8).unwrap();
        Self {
            words: vec![Cell::new(0); words].into(),
            log: RefCell::default(),
            touched: RefCell::default(),
            thread: Cell::new(1),
            pages_left: Cell::new(u64::MAX),
            now_ns: Cell::new(1 << 40),
            meanwhile: RefCell::default(),
        }
    }

    /// Plays another thread (of another process) from here on.
    pub fn become_thread(&self, thread: u32) {
        self.thread.set(thread);
    }

    pub fn take_log(&self) -> Vec<Store> {
        self.log.take()
    }

    /// Changes a word without a trace in the log: the hand of the harness, or of the kernel.
    pub fn poke(&self, at: u64, value: u64) {
        self.words[usize::try_from(at / 8).unwrap()].set(value);
    }

    pub fn peek(&self, at: u64) -> u64 {
        self.words[usize::try_from(at / 8).unwrap()].get()
    }

    /// Undoes the stores of `log`, the last one first.
    pub fn undo(&self, log: &[Store]) {
        for store in log.iter().rev() {
            self.poke(store.at, store.old);
        }
    }

    fn index(&self, at: u64) -> Result<usize> {
        let index = (at / 8) as usize;
        if at & 7 != 0 || index >= self.words.len() {
            return corrupt("an access would leave the mapping");
        }
        if let Some(touched) = self.touched.borrow_mut().as_mut() {
            touched.insert(at);
        }
        Ok(index)
    }

    fn put(&self, index: usize, new: u64) -> u64 {
        let old = self.words[index].replace(new);
        self.log.borrow_mut().push(Store { at: index as u64 * 8, old, new });
        old
    }
}

impl Memory for Recorder {
    fn bytes(&self) -> u64 {
        self.words.len() as u64 * 8
    }

    fn load(&self, at: u64) -> Result<u64> {
        let loaded = self.words[self.index(at)?].get();
        if let Some((_, stores)) = self.meanwhile.borrow_mut().take_if(|(after, _)| *after == at) {
            stores.into_iter().for_each(|(at, value)| self.poke(at, value));
        }
        Ok(loaded)
    }

    fn store(&self, at: u64, value: u64) -> Result<()> {
        self.put(self.index(at)?, value);
        Ok(())
    }

    fn exchange(&self, at: u64, expected: u64, new: u64) -> Result<u64> {
        let seen = self.load(at)?;
        if seen == expected {
            self.store(at, new)?;
        }
        Ok(seen)
    }

    fn swap(&self, at: u64, value: u64) -> Result<u64> {
        Ok(self.put(self.index(at)?, value))
    }

    fn set_bits(&self, at: u64, bits: u64) -> Result<u64> {
        let seen = self.load(at)?;
        self.store(at, seen | bits)?;
        Ok(seen)
    }

    fn write(&self, at: u64, source: &[u8]) -> Result<()> {
        let mut done = 0;
        while done < source.len() {
            let place = at + done as u64;
            let index = self.index(place / 8 * 8)?;
            let skip = usize::try_from(place % 8).unwrap();
            let count = (8 - skip).min(source.len() - done);
            let mut word = self.words[index].get().to_ne_bytes();
            word[skip..skip + count].copy_from_slice(&source[done..done + count]);
            self.put(index, u64::from_ne_bytes(word));
            done += count;
        }
        Ok(())
    }

    fn read(&self, at: u64, target: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < target.len() {
            let Some(place) = at.checked_add(done as u64) else {
                return corrupt("an access would leave the mapping");
            };
            let word = self.words[self.index(place / 8 * 8)?].get().to_ne_bytes();
            let skip = (place % 8) as usize;
            let count = (8 - skip).min(target.len() - done);
            target[done..done + count].copy_from_slice(&word[skip..skip + count]);
            done += count;
        }
        Ok(())
    }

    fn populate(&self, at: u64, bytes: u64) -> Result<()> {
        let pages = bytes.div_ceil(4096);
        self.index(at)?;
        let Some(left) = self.pages_left.get().checked_sub(pages) else {
            return Err(Failure::Shared(Error::Os { call: "madvise", errno: libc::ENOMEM }));
        };
        self.pages_left.set(left);
        Ok(())
    }

    fn punch(&self, at: u64, bytes: u64) -> Result<()> {
        for word in (at..at + bytes).step_by(8) {
            self.store(word, 0)?;
        }
        Ok(())
    }

    fn thread(&self) -> Result<u32> {
        Ok(self.thread.get())
    }

    fn arm(&self, _at: u64) -> Result<()> {
        Ok(())
    }

    fn disarm(&self) {}

    /// A lone thread that had to wait would wait for ever: the state it waits in is a finding.
    fn sleep(&self, _at: u64, _value: u32, _timeout_ns: u64) -> Result<()> {
        corrupt("the recovering thread would wait for ever")
    }

    fn sleep_on_any(
        &self,
        _words: &[(u64, u32)],
        _bell: Option<&Bell>,
        _timeout_ns: u64,
    ) -> Result<()> {
        corrupt("the recovering thread would wait for ever")
    }

    /// Nobody else: who would wait for somebody has found the dead one.
    fn is_thread(&self, number: u64) -> bool {
        number == u64::from(self.thread.get())
    }

    fn wake(&self, _at: u64, _count: u32) -> Result<()> {
        Ok(())
    }

    fn now_ns(&self) -> u64 {
        self.now_ns.get()
    }
}

#[test]
fn every_store_is_recorded_and_can_be_undone() {
    let memory = Recorder::new(64);
    memory.store(8, 5).unwrap();
    memory.write(13, &[1, 2, 3, 4, 5]).unwrap();
    let mut back = [0; 5];
    memory.read(13, &mut back).unwrap();
    assert_eq!(back, [1, 2, 3, 4, 5]);
    let log = memory.take_log();
    assert_eq!(log.iter().map(|s| s.at).collect::<Vec<_>>(), [8, 8, 16]);
    memory.undo(&log);
    assert!((0..8).all(|i| memory.peek(i * 8) == 0));
}
