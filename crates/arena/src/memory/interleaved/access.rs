//! What a thread does with words.

use std::sync::atomic::Ordering::Relaxed;

use shuttle::thread;

use super::{Limit, Seat};
use crate::failure::{Result, corrupt};
use crate::life::low;
use crate::memory::Memory;
use crate::wait::Bell;

impl Seat {
    /// Sleeps on words whose values are looked at one after the other, as the kernel does.
    fn sleep_on(&self, words: &[(u64, u32)], limit: Limit) -> Result<()> {
        let is_hasty = self.lifetime().is_hasty.load(Relaxed);
        let dies = self.lifetime().sleeps.load(Relaxed) == 1;
        let limit = if is_hasty || dies { Limit::Any } else { limit };
        self.machine.kernel().lie_down(self.number, limit);
        for &(at, value) in words {
            let turn = self.turn(at, false);
            let is_same = turn.is_ok() && low(self.machine.word(at)?.load(Relaxed)) == value;
            let mut kernel = self.machine.kernel();
            if !is_same || !kernel.watch(self.number, at) {
                kernel.get_up(self.number);
                return turn;
            }
        }
        match self.lifetime().sleeps.load(Relaxed) {
            0 | usize::MAX => {}
            left => self.lifetime().sleeps.store(left - 1, Relaxed),
        }
        if limit == Limit::Any {
            thread::yield_now();
            self.machine.kernel().get_up(self.number);
            return if dies { self.die() } else { Ok(()) };
        }
        self.stop();
        Ok(())
    }

    /// Stops until somebody has woken this thread.
    pub(super) fn stop(&self) {
        let is_asleep = || self.machine.kernel().is_asleep(self.number);
        if !is_asleep() {
            return;
        }
        self.machine.rest();
        while is_asleep() {
            thread::park();
        }
    }
}

impl Memory for Seat {
    fn bytes(&self) -> u64 {
        self.machine.words.len() as u64 * 8
    }

    fn load(&self, at: u64) -> Result<u64> {
        self.turn(at, false)?;
        Ok(self.machine.word(at)?.load(Relaxed))
    }

    fn store(&self, at: u64, value: u64) -> Result<()> {
        self.swap(at, value).map(|_| ())
    }

    fn exchange(&self, at: u64, expected: u64, new: u64) -> Result<u64> {
        self.turn(at, true)?;
        let word = self.machine.word(at)?;
        Ok(word.compare_exchange(expected, new, Relaxed, Relaxed).unwrap_or_else(|seen| seen))
    }

    fn swap(&self, at: u64, value: u64) -> Result<u64> {
        self.turn(at, true)?;
        Ok(self.machine.word(at)?.swap(value, Relaxed))
    }

    fn set_bits(&self, at: u64, bits: u64) -> Result<u64> {
        self.turn(at, true)?;
        Ok(self.machine.word(at)?.fetch_or(bits, Relaxed))
    }

    fn write(&self, at: u64, source: &[u8]) -> Result<()> {
        for (place, &byte) in (at..).zip(source) {
            let (word, shift) = (place / 8 * 8, place % 8 * 8);
            let rest = self.load(word)? & !(0xff << shift);
            self.store(word, rest | u64::from(byte) << shift)?;
        }
        Ok(())
    }

    fn read(&self, at: u64, target: &mut [u8]) -> Result<()> {
        for (place, byte) in (at..).zip(target) {
            *byte = self.load(place / 8 * 8)?.to_le_bytes()[(place % 8) as usize];
        }
        Ok(())
    }

    fn populate(&self, _at: u64, _bytes: u64) -> Result<()> {
        Ok(())
    }

    fn punch(&self, _at: u64, _bytes: u64) -> Result<()> {
        corrupt("no model returns memory")
    }

    fn thread(&self) -> Result<u32> {
        Ok(self.number)
    }

    fn arm(&self, at: u64) -> Result<()> {
        self.machine.kernel().armed[self.number as usize] = at;
        Ok(())
    }

    fn disarm(&self) {
        if !self.is_dead() {
            self.machine.kernel().armed[self.number as usize] = 0;
        }
    }

    fn is_parallel(&self) -> bool {
        false
    }

    fn sleep(&self, at: u64, value: u32, _timeout_ns: u64) -> Result<()> {
        self.sleep_on(&[(at, value)], Limit::Short)
    }

    fn sleep_on_any(
        &self,
        words: &[(u64, u32)],
        _bell: Option<&Bell>,
        _timeout_ns: u64,
    ) -> Result<()> {
        self.sleep_on(words, Limit::Long)
    }

    fn is_thread(&self, number: u64) -> bool {
        !self.machine.has_died(u32::try_from(number).unwrap())
    }

    fn wake(&self, at: u64, count: u32) -> Result<()> {
        self.turn(at, true)?;
        self.machine.wake(at, count);
        Ok(())
    }

    fn now_ns(&self) -> u64 {
        let stride_ns = self.machine.stride_ns.load(Relaxed);
        self.machine.now_ns.fetch_add(stride_ns, Relaxed) + stride_ns
    }
}
