//! Shared memory, without Python.
//!
//! Two processes that map the same bytes trust nothing that they read there: every word goes through
//! [`words`], every offset and length is checked before it is used, and a corrupt value is an [`Error`].

mod attach;
#[cfg(test)]
mod audit;
mod block;
mod change;
mod classes;
pub mod clock;
pub mod dict;
mod error;
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
mod inherit;
pub mod layout;
pub mod life;
mod lock;
pub mod mailbox;
pub mod mapping;
pub mod memory;
mod mutation;
pub mod object;
mod robust;
mod slab;
pub mod slots;
pub mod spin;
mod sweep;
mod units;
pub mod value;
pub mod variable;
pub mod words;

pub use attach::Stats;
pub use error::Error;
pub use failure::Failure;
