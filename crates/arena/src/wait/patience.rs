//! Patience without Python (for tests).

use super::sleep::Patience;
use crate::clock;
use crate::spin::Spinner;

/// Waits until a moment, or until it was asked to rest so many times.
pub(crate) struct Until {
    deadline_ns: u64,
    rests: u64,
    spinner: Spinner,
}

impl Until {
    /// Waits as long as it takes.
    pub fn the_end() -> Self {
        Self { deadline_ns: u64::MAX, rests: u64::MAX, spinner: Spinner::new(0) }
    }

    /// Waits for so long.
    pub fn milliseconds(milliseconds: u64) -> Self {
        let deadline_ns = clock::now_ns() + milliseconds * 1_000_000;
        Self { deadline_ns, ..Self::the_end() }
    }

    /// Gives up instead of sleeping.
    pub fn no_rest() -> Self {
        Self::rests(0)
    }

    /// Gives up instead of sleeping once more than so often.
    pub fn rests(rests: u64) -> Self {
        Self { rests, ..Self::the_end() }
    }
}

impl Patience for Until {
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool {
        if self.rests == 0 {
            return false;
        }
        self.rests -= 1;
        sleep();
        true
    }

    fn deadline_ns(&self) -> u64 {
        self.deadline_ns
    }

    fn spinner(&mut self) -> &mut Spinner {
        &mut self.spinner
    }
}
