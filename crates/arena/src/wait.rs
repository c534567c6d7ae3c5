//! Waiting for somebody to do something: what locks, queues and the like have in common.
//!
//! # Theory of operation
//!
//! Who waits stands in a **line**: two words of an object, the first and last of a doubly linked list of nodes
//! ([`node`]). A line changes under its object's lock only, by a [`crate::change::Change`] as everything else does. The
//! node's own word says how the wait stands; its thread sleeps on that word, so nobody is woken in vain.
//!
//! Somebody may die:
//!
//! * **Whoever is waited for.** A thread sleeps also on the life word of the one that stands before it in the line, and
//!   the first one on that of the lock's holder, whoever the lines of this kind of object wait for. So a death wakes
//!   the one who is next at once. Who leaves a line early stirs the one behind, which then watches somebody else: its
//!   word changes, since it may be just falling asleep, when nobody can wake it.
//!   The kernel wakes one sleeper of a life word: that one wakes all others.
//! * **Whoever waits.** A dead thread's node is taken out by whoever comes across it, or sweeps ([`line::prune`]).
//!   What it had been told but not acted upon yet is told to the next one.
//! * **Whoever was about to wake somebody.** The node's word has changed by then, or the object says so when asked;
//!   what is missing is the system call. A sleeper looks for itself after [`RECHECK_NS`].
//!
//! An operation that may have to wait consists of steps that never do: it tries, stands in line, is asked how things
//! stand ([`Look`]) each time its thread wakes, and leaves the line if it is given up. [`sleep::await_node`] puts them
//! together.

mod bell;
mod ends;
pub(crate) mod line;
pub(crate) mod node;
#[cfg(test)]
pub(crate) mod patience;
pub mod sleep;
pub(crate) mod tell;

use crate::life::LifeId;

pub use bell::Bell;
pub(crate) use ends::End;
pub(crate) use line::Line;
pub use node::Ticket;

/// How long a sleeper trusts that it will be woken.
pub const RECHECK_NS: u64 = 1_000_000_000;

/// How many deaths one thread can watch for: the kernel takes 128 words, and three are needed for what else may happen.
pub const WATCHED_MAX: usize = 125;

/// How a wait stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It is over, and the node in no line any more.
    Over(T),
    /// It goes on; the death of this thread would be a reason to look again.
    Behind(Option<LifeId>),
    /// It goes on; the death of any of these threads would be one, of [`WATCHED_MAX`] at most.
    BehindAny(Vec<LifeId>),
}

/// Somebody who waits, for the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiter {
    /// Whose wait it is.
    pub life: LifeId,
    /// Since when, on `CLOCK_MONOTONIC` in ns.
    pub since_ns: u64,
}
