//! Memory that several heaps share, counted.

use crate::failure::Result;
use crate::memory::Memory;
use crate::wait::Bell;

/// Several heaps of one test share the memory.
impl<M: Memory> Memory for std::rc::Rc<M> {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }

    fn load(&self, at: u64) -> Result<u64> {
        (**self).load(at)
    }

    fn store(&self, at: u64, value: u64) -> Result<()> {
        (**self).store(at, value)
    }

    fn exchange(&self, at: u64, expected: u64, new: u64) -> Result<u64> {
        (**self).exchange(at, expected, new)
    }

    fn swap(&self, at: u64, value: u64) -> Result<u64> {
        (**self).swap(at, value)
    }

    fn set_bits(&self, at: u64, bits: u64) -> Result<u64> {
        (**self).set_bits(at, bits)
    }

    fn write(&self, at: u64, source: &[u8]) -> Result<()> {
        (**self).write(at, source)
    }

    fn read(&self, at: u64, target: &mut [u8]) -> Result<()> {
        (**self).read(at, target)
    }

    fn populate(&self, at: u64, bytes: u64) -> Result<()> {
        (**self).populate(at, bytes)
    }

    fn punch(&self, at: u64, bytes: u64) -> Result<()> {
        (**self).punch(at, bytes)
    }

    fn thread(&self) -> Result<u32> {
        (**self).thread()
    }

    fn arm(&self, at: u64) -> Result<()> {
        (**self).arm(at)
    }

    fn disarm(&self) {
        (**self).disarm();
    }

    fn sleep(&self, at: u64, value: u32, timeout_ns: u64) -> Result<()> {
        (**self).sleep(at, value, timeout_ns)
    }

    fn sleep_on_any(
        &self,
        words: &[(u64, u32)],
        bell: Option<&Bell>,
        timeout_ns: u64,
    ) -> Result<()> {
        (**self).sleep_on_any(words, bell, timeout_ns)
    }

    fn is_thread(&self, number: u64) -> bool {
        (**self).is_thread(number)
    }

    fn wake(&self, at: u64, count: u32) -> Result<()> {
        (**self).wake(at, count)
    }

    fn now_ns(&self) -> u64 {
        (**self).now_ns()
    }
}
