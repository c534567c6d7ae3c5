//! Operations that need room.

use ::arena::Failure;
use pyo3::prelude::*;

use super::arena::Arena;

impl Arena {
    /// Runs an operation; when there is no room, once more after looking for what nobody needs any longer.
    #[inline]
    pub fn roomy<R>(
        &self,
        mut operation: impl FnMut() -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match operation() {
            Err(Failure::ArenaFull { .. }) => {
                self.make_room()?;
                operation()
            }
            other => other,
        }
    }

    #[cold]
    fn make_room(&self) -> Result<(), Failure> {
        // All of it takes locks that others may have for long, and none of it touches anything of Python's.
        Python::attach(|py| {
            py.detach(|| {
                self.heap().sweep_dead()?;
                self.heap().reap()?;
                self.heap().trim(0).map(|_| ())
            })
        })
    }
}
