//! Shared memory, without Python.
//!
//! Two processes that map the same bytes trust nothing that they read there: every word goes through
//! [`words`], every offset and length is checked before it is used, and a corrupt value is an [`Error`].

pub mod clock;
mod error;
pub mod fork;
pub mod header;
pub mod mailbox;
pub mod mapping;
pub mod spin;
pub mod words;

pub use error::Error;
