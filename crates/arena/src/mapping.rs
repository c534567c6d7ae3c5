//! A fixed-size anonymous file, mapped shared.
//!
//! The size is sealed before anyone else sees the file, and whoever receives one checks the seals: a peer
//! that could shrink it could make every later access of ours a SIGBUS.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;

use crate::Error;
use crate::fork::Birthplace;
use crate::words::Words;

const SEALS: libc::c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

/// Shared bytes, mapped in this process only (a forked child does not inherit them).
pub struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
    birthplace: Birthplace,
}

// SAFETY: the bytes are only reached through `Words`, whose accesses are all atomic.
unsafe impl Send for Mapping {}
// SAFETY: as for Send.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Creates `bytes` zero bytes, sealed, and the descriptor by which another process can map them.
    pub fn create(bytes: usize) -> Result<(Self, OwnedFd), Error> {
        let size = libc::off_t::try_from(bytes).map_err(|_| Error::Corrupt("size too large"))?;
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a valid C string.
        let raw = unsafe { libc::memfd_create(c"manor".as_ptr(), flags) };
        if raw < 0 {
            return Err(Error::last_os("memfd_create"));
        }
        // SAFETY: `raw` was just opened and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        // SAFETY: plain system call on a descriptor that we own.
        if unsafe { libc::ftruncate(fd.as_raw_fd(), size) } != 0 {
            return Err(Error::last_os("ftruncate"));
        }
        // SAFETY: as above.
        if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_ADD_SEALS, SEALS) } != 0 {
            return Err(Error::last_os("fcntl(F_ADD_SEALS)"));
        }
        Ok((Self::map(fd.as_raw_fd(), bytes)?, fd))
    }

    /// Maps a file that another process made, which must have exactly `bytes` bytes and our seals.
    pub fn from_fd(fd: &impl AsRawFd, bytes: usize) -> Result<Self, Error> {
        let fd = fd.as_raw_fd();
        // SAFETY: plain system call; a descriptor that is not a memfd gives an error.
        let seals = unsafe { libc::fcntl(fd, libc::F_GET_SEALS) };
        if seals < 0 {
            return Err(Error::Corrupt("the descriptor is not a sealable memory file"));
        }
        if seals & SEALS != SEALS {
            return Err(Error::Corrupt("the memory file is not sealed against resizing"));
        }
        // SAFETY: an all-zero stat is valid, and fstat overwrites it.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: `stat` is a valid place for the answer.
        if unsafe { libc::fstat(fd, &mut stat) } != 0 {
            return Err(Error::last_os("fstat"));
        }
        if usize::try_from(stat.st_size) != Ok(bytes) {
            return Err(Error::Corrupt("the memory file has the wrong size"));
        }
        Self::map(fd, bytes)
    }

    fn map(fd: RawFd, bytes: usize) -> Result<Self, Error> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let base =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_SHARED, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(Error::last_os("mmap"));
        }
        let Some(base) = NonNull::new(base.cast::<u8>()) else {
            return Err(Error::Corrupt("mmap returned the null page"));
        };
        let mapping = Self { base, bytes, birthplace: Birthplace::here() };
        // A core dump would otherwise contain, and allocate, the whole file; a forked child that inherited
        // the mapping would be a second reader of mailboxes meant for one.
        for advice in [libc::MADV_DONTDUMP, libc::MADV_DONTFORK] {
            // SAFETY: the range is the mapping just made.
            if unsafe { libc::madvise(base.as_ptr().cast(), bytes, advice) } != 0 {
                return Err(Error::last_os("madvise"));
            }
        }
        Ok(mapping)
    }

    /// The bytes; an error in a forked child, where they are not mapped.
    #[inline]
    pub fn words(&self) -> Result<Words<'_>, Error> {
        if !self.birthplace.is_here() {
            return Err(Error::Forked);
        }
        // SAFETY: mapped for as long as `self` lives, page-aligned, and reached through `Words` only.
        Ok(unsafe { Words::new(self.base.as_ptr(), self.bytes) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // In a forked child the range is not ours: something else may live there by now.
        if self.birthplace.is_here() {
            // SAFETY: the range was mapped by `map`, and no view of it outlives `self`.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn memory_file(bytes: libc::off_t, seals: libc::c_int) -> OwnedFd {
        // SAFETY: plain system calls on a new descriptor.
        unsafe {
            let raw = libc::memfd_create(c"test".as_ptr(), libc::MFD_ALLOW_SEALING);
            assert!(raw >= 0);
            assert_eq!(libc::ftruncate(raw, bytes), 0);
            assert_eq!(libc::fcntl(raw, libc::F_ADD_SEALS, seals), 0);
            OwnedFd::from_raw_fd(raw)
        }
    }

    #[test]
    fn two_mappings_of_one_file_share_their_bytes() {
        let (ours, fd) = Mapping::create(8192).unwrap();
        let theirs = Mapping::from_fd(&fd, 8192).unwrap();
        ours.words().unwrap().store64(8000, 7, Ordering::Release).unwrap();
        assert_eq!(theirs.words().unwrap().load64(8000, Ordering::Acquire), Ok(7));
    }

    #[test]
    fn a_file_that_could_shrink_is_refused() {
        let fd = memory_file(4096, libc::F_SEAL_GROW);
        assert!(matches!(Mapping::from_fd(&fd, 4096), Err(Error::Corrupt(_))));
    }

    #[test]
    fn a_file_of_another_size_is_refused() {
        let fd = memory_file(4096, SEALS);
        assert!(matches!(Mapping::from_fd(&fd, 8192), Err(Error::Corrupt(_))));
        assert!(Mapping::from_fd(&fd, 4096).is_ok());
    }

    #[test]
    fn a_descriptor_that_is_no_memory_file_is_refused() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(matches!(Mapping::from_fd(&file, 0), Err(Error::Corrupt(_))));
    }

    #[test]
    fn a_created_file_cannot_be_resized() {
        let (_mapping, fd) = Mapping::create(4096).unwrap();
        // SAFETY: plain system calls on a descriptor that we own.
        unsafe {
            assert_ne!(libc::ftruncate(fd.as_raw_fd(), 0), 0);
            assert_ne!(libc::ftruncate(fd.as_raw_fd(), 8192), 0);
        }
    }

    #[test]
    fn a_forked_child_gets_an_error_not_a_fault() {
        let (mapping, _fd) = Mapping::create(4096).unwrap();
        // SAFETY: the child reads one atomic and leaves by _exit.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let code = i32::from(!matches!(mapping.words(), Err(Error::Forked)));
            // SAFETY: _exit is always allowed in a forked child.
            unsafe { libc::_exit(code) };
        }
        let mut status = -1;
        // SAFETY: `pid` is our child and `status` a valid int.
        unsafe { libc::waitpid(pid, &mut status, 0) };
        assert_eq!(status, 0);
    }
}
