//! A wait that is given up at any moment.

use super::Actor;
use crate::spin::Spinner;
use crate::wait::sleep::Patience;

/// Sleeps once, until any moment, and wants no more then.
pub(super) struct Hasty<'a> {
    actor: &'a Actor,
    /// Whether its time is over then; else it wants to wait no longer, as one whom a signal has interrupted.
    has_deadline: bool,
    is_over: bool,
    spinner: Spinner,
}

impl<'a> Hasty<'a> {
    pub fn late(actor: &'a Actor) -> Self {
        Self { actor, has_deadline: true, is_over: false, spinner: Spinner::new(0) }
    }

    pub fn interrupted(actor: &'a Actor) -> Self {
        Self { has_deadline: false, ..Self::late(actor) }
    }
}

impl Patience for Hasty<'_> {
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool {
        // Once its time is over, it may still have to wait for the lock of a condition.
        self.actor.seat().set_hasty(!self.is_over);
        sleep();
        self.actor.seat().set_hasty(false);
        self.is_over = true;
        self.has_deadline
    }

    fn deadline_ns(&self) -> u64 {
        if self.is_over && self.has_deadline { 0 } else { u64::MAX }
    }

    fn spinner(&mut self) -> &mut Spinner {
        &mut self.spinner
    }
}
