//! An arena's memory as a sparse memory file, mapped once.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Memory;
use crate::Error;
use crate::failure::{Failure, Result};
use crate::futex;
use crate::robust;
use crate::wait::Bell;
use crate::words::Words;

const SEALS: libc::c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

/// A mapping of an arena's file. Forked children inherit it (other than a channel's [`crate::mapping`]): they
/// go on using the proxies of their parent.
pub struct Shared {
    words: Words<'static>,
    base: *mut u8,
    bytes: u64,
}

// SAFETY: the bytes are only reached through `Words`, whose accesses are all atomic; `base` is only used for
// addresses handed to the kernel.
unsafe impl Send for Shared {}
// SAFETY: as for Send.
unsafe impl Sync for Shared {}

impl Shared {
    /// Creates `bytes` bytes of sparse memory, sealed, and the descriptor by which another process maps it.
    pub fn create(bytes: u64) -> Result<(Self, OwnedFd)> {
        let size =
            libc::off_t::try_from(bytes).map_err(|_| Error::Corrupt("arena size too large"))?;
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a valid C string.
        let raw = unsafe { libc::memfd_create(c"manor-arena".as_ptr(), flags) };
        if raw < 0 {
            return Err(Error::last_os("memfd_create").into());
        }
        // SAFETY: `raw` was just opened and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        // SAFETY: plain system call on a descriptor that we own.
        if unsafe { libc::ftruncate(raw, size) } != 0 {
            return Err(Error::last_os("ftruncate").into());
        }
        // SAFETY: as above.
        if unsafe { libc::fcntl(raw, libc::F_ADD_SEALS, SEALS) } != 0 {
            return Err(Error::last_os("fcntl(F_ADD_SEALS)").into());
        }
        Ok((Self::map(raw, bytes)?, fd))
    }

    /// Maps an arena that another process made. A file that could shrink is refused: touching it could kill.
    pub fn open(fd: &impl AsRawFd) -> Result<Self> {
        let fd = fd.as_raw_fd();
        // SAFETY: plain system call; a descriptor that is not a memfd gives an error.
        let seals = unsafe { libc::fcntl(fd, libc::F_GET_SEALS) };
        if seals < 0 || seals & SEALS != SEALS {
            return Err(Error::Corrupt("the descriptor is no sealed memory file").into());
        }
        // SAFETY: an all-zero stat is valid, and fstat overwrites it.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: `stat` is a valid place for the answer.
        if unsafe { libc::fstat(fd, &mut stat) } != 0 {
            return Err(Error::last_os("fstat").into());
        }
        match u64::try_from(stat.st_size) {
            Ok(bytes) if bytes > 0 => Self::map(fd, bytes),
            _ => Err(Error::Corrupt("the memory file is empty").into()),
        }
    }

    fn map(fd: RawFd, bytes: u64) -> Result<Self> {
        let length = usize::try_from(bytes).map_err(|_| Error::Corrupt("arena size too large"))?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(Error::last_os("mmap").into());
        }
        // A core dump would otherwise contain, and allocate, the whole sparse file.
        // SAFETY: the range is the mapping just made.
        unsafe { libc::madvise(base, length, libc::MADV_DONTDUMP) };
        let base = base.cast::<u8>();
        // SAFETY: mapped until `self` is dropped, and `words` never leaves `self`; page-aligned.
        let words = unsafe { Words::new(base, length) };
        Ok(Self { words, base, bytes })
    }

    /// The address of an offset, for the kernel and for the C library's mutexes.
    pub(crate) fn address(&self, at: u64, bytes: u64) -> Result<*mut u8> {
        match (at.checked_add(bytes), usize::try_from(at)) {
            (Some(end), Ok(offset)) if end <= self.bytes => Ok(self.base.wrapping_add(offset)),
            _ => Err(Error::Corrupt("an access would leave the mapping").into()),
        }
    }

    fn advise(&self, at: u64, bytes: u64, advice: libc::c_int) -> Result<()> {
        let address = self.address(at, bytes)?;
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        // SAFETY: the range lies in our own mapping; neither advice makes an access through `Words` unsound.
        if unsafe { libc::madvise(address.cast(), length, advice) } != 0 {
            return Err(Error::last_os("madvise").into());
        }
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let length = usize::try_from(self.bytes).unwrap_or(0);
        // SAFETY: the range was mapped by `map`, and no view of it outlives `self`.
        unsafe { libc::munmap(self.base.cast(), length) };
    }
}

/// Offsets are 64 bits wide in the arena; one that does not fit an address is out of bounds for sure.
#[inline]
fn offset(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

impl Memory for Shared {
    #[inline]
    fn bytes(&self) -> u64 {
        self.bytes
    }

    #[inline]
    fn load(&self, at: u64) -> Result<u64> {
        // Acquire and Release below: pairs as the trait says.
        Ok(self.words.load64(offset(at), Ordering::Acquire)?)
    }

    #[inline]
    fn store(&self, at: u64, value: u64) -> Result<()> {
        Ok(self.words.store64(offset(at), value, Ordering::Release)?)
    }

    #[inline]
    fn exchange(&self, at: u64, expected: u64, new: u64) -> Result<u64> {
        Ok(self.words.compare_exchange64(offset(at), expected, new)?)
    }

    #[inline]
    fn swap(&self, at: u64, value: u64) -> Result<u64> {
        Ok(self.words.swap64(offset(at), value)?)
    }

    #[inline]
    fn set_bits(&self, at: u64, bits: u64) -> Result<u64> {
        Ok(self.words.fetch_or64(offset(at), bits)?)
    }

    #[inline]
    fn write(&self, at: u64, source: &[u8]) -> Result<()> {
        // SAFETY: the slice is readable; private memory is never part of the mapping.
        Ok(unsafe { self.words.copy_in(offset(at), source.as_ptr(), source.len()) }?)
    }

    #[inline]
    fn read(&self, at: u64, target: &mut [u8]) -> Result<()> {
        // SAFETY: the slice is writable and borrowed exclusively; it is never part of the mapping.
        Ok(unsafe { self.words.copy_out(offset(at), target.as_mut_ptr(), target.len()) }?)
    }

    fn read_new(&self, at: u64, bytes: usize) -> Result<Vec<u8>> {
        // A damaged length must not become a request for memory.
        self.address(at, bytes as u64)?;
        let mut target = Vec::with_capacity(bytes);
        // SAFETY: there is room for `bytes` bytes that nobody else uses, and all of them are written if it succeeds.
        unsafe {
            self.words.copy_out(offset(at), target.as_mut_ptr(), bytes)?;
            target.set_len(bytes);
        }
        Ok(target)
    }

    fn populate(&self, at: u64, bytes: u64) -> Result<()> {
        match self.advise(at, bytes, libc::MADV_POPULATE_WRITE) {
            // Before Linux 5.14: pages come when touched, and running out is the kernel's to punish.
            Err(Failure::Shared(Error::Os { errno: libc::EINVAL, .. })) => Ok(()),
            other => other,
        }
    }

    fn punch(&self, at: u64, bytes: u64) -> Result<()> {
        self.advise(at, bytes, libc::MADV_REMOVE)
    }

    #[inline]
    fn thread(&self) -> Result<u32> {
        robust::thread()
    }

    #[inline]
    fn arm(&self, at: u64) -> Result<()> {
        robust::arm(self.address(at, 8)? as usize)
    }

    #[inline]
    fn disarm(&self) {
        robust::disarm();
    }

    fn word(&self, at: u64) -> Option<*const AtomicU64> {
        let place = self.address(at, 8).ok()?;
        // The mapping begins at a page.
        at.is_multiple_of(8).then(|| place.cast_const().cast())
    }

    #[inline]
    fn fetch(&self, at: u64) {
        #[cfg(target_arch = "x86_64")]
        if let Ok(place) = self.address(at, 8) {
            // SAFETY: the instruction changes nothing but caches, and never faults; where it is unknown, it does nothing.
            unsafe {
                std::arch::asm!(
                    "prefetchw [{}]", in(reg) place, options(nostack, preserves_flags, readonly)
                );
            }
        }
    }

    fn sleep(&self, at: u64, value: u32, timeout_ns: u64) -> Result<()> {
        futex::wait(self.address(at, 8)?, value, timeout_ns);
        Ok(())
    }

    fn sleep_on_any(
        &self,
        words: &[(u64, u32)],
        bell: Option<&Bell>,
        timeout_ns: u64,
    ) -> Result<()> {
        let mut places = Vec::with_capacity(words.len() + 1);
        for &(at, value) in words {
            places.push((self.address(at, 8)?.cast_const(), value));
        }
        places.extend(bell.map(Bell::word));
        futex::wait_any(&places, timeout_ns);
        Ok(())
    }

    fn wake(&self, at: u64, count: u32) -> Result<()> {
        futex::wake(self.address(at, 8)?, count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_mappings_share_words_and_punched_pages_read_as_zeros() {
        let (ours, fd) = Shared::create(1 << 20).unwrap();
        let theirs = Shared::open(&fd).unwrap();
        ours.populate(8192, 8192).unwrap();
        ours.store(8192, 7).unwrap();
        assert_eq!(theirs.load(8192), Ok(7));
        assert_eq!(theirs.exchange(8192, 7, 8), Ok(7));
        assert_eq!(ours.swap(8192, 1), Ok(8));
        assert_eq!(ours.set_bits(8192, 4), Ok(1));
        ours.punch(8192, 8192).unwrap();
        assert_eq!(theirs.load(8192), Ok(0));
    }

    #[test]
    fn nothing_outside_of_the_arena_is_reached() {
        let (memory, _fd) = Shared::create(4096).unwrap();
        for at in [4096, 4089, u64::MAX, u64::MAX - 7, 12] {
            assert!(memory.load(at).is_err());
            assert!(memory.store(at, 1).is_err());
            assert!(memory.swap(at, 1).is_err());
        }
        assert!(memory.populate(4096, 4096).is_err());
        assert!(memory.arm(4096).is_err());
        assert!(Shared::open(&std::fs::File::open("/dev/null").unwrap()).is_err());
    }
}
