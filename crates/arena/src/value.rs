//! Values: one word each, and immutable blocks for what does not fit a word.
//!
//! # Theory of operation
//!
//! A **cell** is the word that a container stores for a value, so that replacing a small value is one store:
//!
//! | low bits | cell |
//! | --- | --- |
//! | all zero | nothing |
//! | `000` | the offset of a value block |
//! | `001` | an int of 61 bits |
//! | `10` | a float whose exponent is between -255 and 256: two of its bits follow from a third |
//! | `011` | `None`, `False`, `True`, `0.0` |
//! | `100`, `101` | a str, bytes of at most 7 bytes |
//!
//! A value block is a header, a word with the kind and length, and the bytes; it never changes once published.
//! A **reference** is a block too: it names an object, and it *is* the object's count (see [`crate::object`]).

mod bytes;
mod cell;
mod copied;
mod witness;

use crate::block::{Block, Header, State};
use crate::classes::SIZES;
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Handle;
use crate::units;

pub use bytes::Bytes;
pub(crate) use cell::Cell;
pub use copied::Copied;
pub use witness::Witness;

/// What the bytes of a value block, or of a key, are. The arena does not look into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An int that needs more than 61 bits, in the caller's encoding.
    BigInt = 1,
    /// A str, as the caller encodes it.
    Str = 2,
    /// Bytes.
    Bytes = 3,
    /// A pickle, with its out-of-band buffers as the caller frames them.
    Pickle = 4,
    /// A float of an extreme exponent (made by [`Value::Float`]).
    Float = 5,
    /// An int of 62 to 64 bits (made by [`Value::Int`]).
    Int = 6,
    /// A reference to an object (made by [`Value::Object`]).
    Object = 7,
    /// Any other canonical form of a key.
    Other = 8,
}

impl Kind {
    pub(crate) fn from_word(word: u64) -> Result<Self> {
        Ok(match word & 0xff {
            1 => Self::BigInt,
            2 => Self::Str,
            3 => Self::Bytes,
            4 => Self::Pickle,
            5 => Self::Float,
            6 => Self::Int,
            7 => Self::Object,
            8 => Self::Other,
            _ => return corrupt("a value has no valid kind"),
        })
    }
}

/// A value to be stored.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Bytes of a kind, in parts that are stored one after another.
    Data(Kind, &'a [&'a [u8]]),
    /// An object of this arena, which the container then holds.
    Object(Handle),
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Bytes of a kind.
    Data(Kind, Bytes),
    /// An object of this arena. Not held: [`crate::object`] says how to.
    Object(Handle),
}

/// Where a value block's bytes begin.
const DATA: u64 = 16;
const META: u64 = 8;

/// A cell that no container has yet, and its pending (or counted) block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Staged {
    pub cell: Cell,
    pub block: Option<Block>,
}

impl From<Cell> for Staged {
    fn from(cell: Cell) -> Self {
        Self { cell, block: None }
    }
}

impl<M: Memory> Heap<M> {
    /// Prepares a value for a container. The container's change makes it live; else [`Self::unstage`] it.
    #[inline]
    pub(crate) fn stage(&self, value: &Value<'_>) -> Result<Staged> {
        let cell = match *value {
            Value::None => Some(Cell::NONE),
            Value::Bool(truth) => Some(if truth { Cell::TRUE } else { Cell::FALSE }),
            Value::Int(int) => Cell::int(int),
            Value::Float(float) => Cell::float(float),
            Value::Data(kind, [bytes]) => Cell::short(kind, bytes),
            _ => None,
        };
        match cell {
            Some(cell) => Ok(cell.into()),
            None => self.stage_block(value),
        }
    }

    fn stage_block(&self, value: &Value<'_>) -> Result<Staged> {
        let block = match *value {
            Value::Int(int) => self.fill(Kind::Int, &[&int.to_ne_bytes()])?,
            Value::Float(float) => self.fill(Kind::Float, &[&float.to_ne_bytes()])?,
            Value::Object(handle) => self.count(handle)?,
            Value::Data(kind, parts) if !matches!(kind, Kind::Object) => self.fill(kind, parts)?,
            _ => return corrupt("a value without a block was given one"),
        };
        Ok(Staged { cell: Cell(block.at), block: Some(block) })
    }

    /// A pending block with these bytes.
    pub(crate) fn fill(&self, kind: Kind, parts: &[&[u8]]) -> Result<Block> {
        let length = parts.iter().map(|part| part.len() as u64).sum::<u64>();
        let block = self.allocate(length + 8)?;
        self.space.memory.store(block.at + META, kind as u64 | length << 8)?;
        let mut at = block.at + DATA;
        for part in parts {
            self.space.memory.write(at, part)?;
            at += part.len() as u64;
        }
        Ok(block)
    }

    /// Frees what [`Self::stage`] prepared and no container took.
    pub(crate) fn unstage(&self, staged: Staged) -> Result<()> {
        match staged.block {
            None => Ok(()),
            Some(block) => {
                let now = Header(self.space.memory.load(block.at)?);
                if block.header.slot() != self.slot() {
                    return Ok(()); // As in `give_back`.
                }
                if now.is(State::Counted) {
                    return self.release(Block { at: block.at, header: now });
                }
                self.give_back(block)
            }
        }
    }
}

/// The kind and length of a value block, checked against the memory that the block has.
pub(crate) fn describe<M: Memory>(space: &Space<M>, at: u64) -> Result<(Kind, u64)> {
    let meta = space.memory.load(at.wrapping_add(META))?;
    let length = meta >> 8;
    if length + DATA > room(space, at)? {
        return corrupt("a value is longer than its block");
    }
    Ok((Kind::from_word(meta)?, length))
}

/// How many bytes the block at `at` has in all.
pub(crate) fn room<M: Memory>(space: &Space<M>, at: u64) -> Result<u64> {
    let run = units::run_at(space, space.map.unit_of(at)?)?;
    match run.kind {
        units::Kind::Slab => Ok(SIZES[run.class]),
        units::Kind::Extent => Ok(run.length * space.map.unit_bytes()),
        _ => corrupt("a block lies in no slab or extent"),
    }
}

/// Copies a value out. Without the container's lock the caller must validate afterwards.
#[inline]
pub(crate) fn load<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Loaded> {
    match cell.inline() {
        Some(loaded) => Ok(loaded),
        None => load_block(space, cell),
    }
}

/// What is copied in some microseconds.
const SHORT_BYTES_MAX: u64 = 16 << 10;

/// Copies a value out, unless it is so long that whoever takes it out of its container does so without the lock.
#[inline]
pub(crate) fn load_short<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Option<Loaded>> {
    let Some(at) = cell.block() else { return load(space, cell).map(Some) };
    let (kind, length) = describe(space, at)?;
    if is_long(length) { Ok(None) } else { load_described(space, at, kind, length).map(Some) }
}

/// Whether a value of so many bytes is one of those.
#[inline]
pub(crate) fn is_long(length: u64) -> bool {
    length > SHORT_BYTES_MAX
}

fn load_block<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Loaded> {
    let Some(at) = cell.block() else { return corrupt("a cell has no valid form") };
    let (kind, length) = describe(space, at)?;
    load_described(space, at, kind, length)
}

#[inline]
fn load_described<M: Memory>(space: &Space<M>, at: u64, kind: Kind, length: u64) -> Result<Loaded> {
    let word = |at| space.memory.load(at);
    Ok(match kind {
        Kind::Int => Loaded::Int(word(at + DATA)?.cast_signed()),
        Kind::Float => Loaded::Float(f64::from_bits(word(at + DATA)?)),
        Kind::Object => Loaded::Object(reference(space, at)?),
        _ => Loaded::Data(kind, Bytes::read(&space.memory, at + DATA, length)?),
    })
}

/// The object that a reference names.
pub(crate) fn reference<M: Memory>(space: &Space<M>, at: u64) -> Result<Handle> {
    let (at, generation) = (space.memory.load(at + DATA)?, space.memory.load(at + DATA + 8)?);
    Ok(Handle { at, generation })
}
