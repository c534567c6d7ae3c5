//! A `bytearray` as memory for an incoming message.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyByteArrayMethods};
use transport::room::Room;

/// What is kept for the next message: less is no trouble to allocate, and more too much to hold on to.
const SPARE_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=1 << 20;

/// A `bytearray` that nobody else has seen yet, so that it may be filled without the interpreter's lock.
pub struct ByteArrayRoom {
    object: Py<PyByteArray>,
    pointer: *mut u8,
    bytes: usize,
}

// SAFETY: the pointer belongs to the object, which is only resized with the interpreter's lock held.
unsafe impl Send for ByteArrayRoom {}

// SAFETY: the object owns `bytes` bytes at `pointer`, and no Python code can reach it before `into_object`
// (a bytearray is not even tracked by the garbage collector).
unsafe impl Room for ByteArrayRoom {
    fn pointer(&mut self) -> *mut u8 {
        self.pointer
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl ByteArrayRoom {
    /// A new object of `bytes` bytes.
    pub fn new(py: Python<'_>, bytes: usize) -> PyResult<Self> {
        let object = uninitialised(py, bytes)?;
        Ok(Self { pointer: object.data(), bytes, object: object.unbind() })
    }

    /// Enlarges it to `bytes` bytes; on failure it stays as it was.
    pub fn grow(&mut self, py: Python<'_>, bytes: usize) -> PyResult<()> {
        let object = self.object.bind(py);
        object.resize(bytes)?;
        (self.pointer, self.bytes) = (object.data(), bytes);
        Ok(())
    }

    /// A second hold of it, for [`Self::again`], if it is worth keeping: to have the system clear new pages for each
    /// message takes longer than to receive it.
    pub fn spare(&self, py: Python<'_>) -> Option<Self> {
        SPARE_BYTES.contains(&self.bytes).then(|| Self {
            object: self.object.clone_ref(py),
            pointer: self.pointer,
            bytes: self.bytes,
        })
    }

    /// The same memory for another message of `bytes` bytes, if nobody else has the object any more.
    pub fn again(mut self, py: Python<'_>, bytes: usize) -> Option<Self> {
        // SAFETY: a valid object, and its count cannot change while the interpreter's lock is held.
        let is_ours = unsafe { ffi::Py_REFCNT(self.object.as_ptr()) } == 1;
        let fits = SPARE_BYTES.contains(&bytes) && bytes <= self.bytes;
        if !is_ours || !fits {
            return None;
        }
        self.grow(py, bytes).ok().map(|()| self)
    }

    /// The filled object.
    pub fn into_object(self) -> Py<PyByteArray> {
        self.object
    }
}

/// A `bytearray` whose bytes are whatever the memory held: clearing them would cost as much as receiving.
fn uninitialised(py: Python<'_>, bytes: usize) -> PyResult<Bound<'_, PyByteArray>> {
    let size = ffi::Py_ssize_t::try_from(bytes)?;
    // SAFETY: a null source is allowed and leaves the bytes unset; the result is a new reference or null with
    // an exception set.
    unsafe {
        let object = ffi::PyByteArray_FromStringAndSize(std::ptr::null(), size);
        Ok(Bound::from_owned_ptr_or_err(py, object)?.cast_into_unchecked())
    }
}
