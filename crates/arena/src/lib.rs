//! Shared memory, without Python.
//!
//! Two processes that map the same bytes trust nothing that they read there: every word goes through
//! [`words`], every offset and length is checked before it is used, and a corrupt value is an [`Error`].

pub mod clock;
mod error;
pub mod failure;
pub mod fork;
#[allow(dead_code)]
mod futex;
pub mod header;
pub mod mailbox;
pub mod mapping;
pub mod memory;
#[allow(dead_code)]
mod robust;
pub mod spin;
pub mod words;

pub use error::Error;
