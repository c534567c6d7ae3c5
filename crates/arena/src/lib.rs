//! Shared memory, without Python.
//!
//! Two processes that map the same bytes trust nothing that they read there: every word goes through
//! [`words`], every offset and length is checked before it is used, and a corrupt value is an [`Error`].
//!
//! Two things live here. A **channel** ([`header`], [`mailbox`], [`mapping`]) carries calls between two processes.
//! An **arena** holds objects for many, and survives the death of any of them at any store; from the bottom up:
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`memory`] | the one interface for loads and stores; tests record them |
//! | [`layout`] | where everything is; the magic number and version |
//! | `block`, `classes`, `units`, `slab`, [`heap`] | memory: states and generations, slabs, extents |
//! | `robust`, `lock`, [`pause`], `change` | a lock whose owner may die, and changes that happen wholly or not at all |
//! | [`slots`], `identity`, `sweep`, `tally`, [`inherit`], [`life`] | who is attached, cleaning up behind the dead, and counting |
//! | [`object`], [`value`] | handles, references, lifetimes; values |
//! | `chores` | waking whoever returns memory to the system |
//! | [`wait`] | lines of those who wait, and sleeping |
//! | [`site`] | from where threads acquire and wait, for debugging |
//! | [`mutex`], [`semaphore`], [`event`], [`condition`], [`barrier`] | locks for users, and what else is waited for |
//! | [`dict`], [`list`], [`queue`], [`variable`] | the containers |
//! | [`watch`] | waiting until a container changes |
//! | `harness`, `model`, `audit`, `mutation`, `fuzz` | tests: killing after every store, choosing who goes on before every access, and bugs that must be caught |

mod attach;
#[cfg(test)]
mod audit;
pub mod barrier;
mod block;
mod change;
mod chores;
mod classes;
pub mod clock;
pub mod condition;
pub mod dict;
mod error;
pub mod event;
pub mod failure;
pub mod fork;
mod futex;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod harness;
pub mod header;
pub mod heap;
mod identity;
pub mod inherit;
pub mod layout;
pub mod life;
mod lines;
pub mod list;
mod lock;
pub mod mailbox;
pub mod mapping;
pub mod memory;
#[cfg(test)]
mod model;
mod mutation;
pub mod mutex;
pub mod object;
pub mod pause;
pub mod queue;
mod robust;
pub mod semaphore;
pub mod site;
mod slab;
pub mod slots;
pub mod spin;
mod sweep;
mod tally;
mod units;
pub mod value;
pub mod variable;
pub mod wait;
pub mod watch;
pub mod words;

pub use attach::Stats;
pub use error::Error;
pub use failure::Failure;
pub use tally::Counts;
