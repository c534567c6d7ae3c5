//! Memory for an incoming message, lent by the caller.

/// Memory that is filled from the socket directly, so that a message is not copied once more.
///
/// # Safety
///
/// Until the value is dropped or given back, `pointer` must be writable for `bytes` bytes, and nobody else
/// may touch them.
pub unsafe trait Room: Send {
    /// The first byte.
    fn pointer(&mut self) -> *mut u8;
    /// How many bytes there are.
    fn bytes(&self) -> usize;
}

// SAFETY: a vector owns its bytes, and initialised ones are writable.
unsafe impl Room for Vec<u8> {
    fn pointer(&mut self) -> *mut u8 {
        self.as_mut_ptr()
    }

    fn bytes(&self) -> usize {
        self.len()
    }
}
