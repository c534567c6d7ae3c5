//! Which words more than one thread has to do with.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

/// What is known of one word, a bit for each thread.
#[derive(Default)]
struct Footprint {
    touched: AtomicU8,
    written: AtomicU8,
    is_contested: AtomicBool,
}

/// Of all runs of a model: which words were touched by several threads, and written by one of them.
///
/// The order in which others are touched makes no difference, so the checker need not choose before. What a run finds
/// counts from the next one on: within a run, the places at which there is a choice depend on choices alone.
pub(crate) struct Footprints {
    words: Box<[Footprint]>,
    fresh: Mutex<Vec<usize>>,
    /// The memory of a run that has ended, for the next one.
    spare: Mutex<Option<Box<[AtomicU64]>>>,
}

impl Footprints {
    pub fn new(bytes: u64) -> Self {
        let words = usize::try_from(bytes / 8).unwrap();
        let words = std::iter::repeat_with(Footprint::default).take(words).collect();
        Self { words, fresh: Mutex::default(), spare: Mutex::default() }
    }

    /// Memory for a run: zeros.
    pub fn memory(&self) -> Box<[AtomicU64]> {
        let spare = self.spare.lock().unwrap().take();
        let mut memory = spare.unwrap_or_else(|| {
            std::iter::repeat_with(AtomicU64::default).take(self.words.len()).collect()
        });
        memory.iter_mut().for_each(|word| *word.get_mut() = 0);
        memory
    }

    /// Takes the memory of a run back.
    pub fn keep(&self, memory: Box<[AtomicU64]>) {
        *self.spare.lock().unwrap() = Some(memory);
    }

    /// Thread `seat` is about to touch the word at `at`. Returns whether the order matters.
    pub fn note(&self, at: u64, seat: u32, is_write: bool) -> bool {
        let index = (at / 8) as usize;
        let Some(word) = self.words.get(index) else { return true };
        if word.is_contested.load(Relaxed) {
            return true;
        }
        let bit = 1 << seat;
        let touched = word.touched.fetch_or(bit, Relaxed) | bit;
        let written = word.written.fetch_or(if is_write { bit } else { 0 }, Relaxed);
        if touched.count_ones() > 1 && (written != 0 || is_write) {
            self.fresh.lock().unwrap().push(index);
        }
        false
    }

    /// A run has ended. Returns whether it has found something.
    pub fn settle(&self) -> bool {
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap());
        for &index in &fresh {
            self.words[index].is_contested.store(true, Relaxed);
        }
        !fresh.is_empty()
    }
}
