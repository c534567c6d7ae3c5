//! Keys: what makes two of them equal, and what is shown of them.
//!
//! Python decides what equals what; the arena compares canonical forms, which the caller makes so that equal
//! keys have equal forms and hashes (`1`, `1.0` and `True` are the int 1). Where the object that was first used
//! as the key looks different from its form, its own value is kept beside it.

use crate::block::{Block, State};
use crate::failure::{Result, corrupt};
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::value::{self, Bytes, Cell, Kind, Loaded, Staged};

/// A key to look for, or to store.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub(super) hash: u64,
    form: Form<'a>,
    shown: Option<(Kind, &'a [u8])>,
}

#[derive(Debug, Clone, Copy)]
enum Form<'a> {
    Cell(Cell),
    /// An int too large for a cell.
    Wide(i64),
    Bytes(Kind, &'a [u8]),
}

/// Words of a key block: form kind and length, shown kind and length; then the form, then what is shown.
const FORM: u64 = 8;
const SHOWN: u64 = 16;
const BYTES: u64 = 24;
/// In place of a form's kind: the form is a cell.
const IS_CELL: u64 = 0xff;

impl<'a> Key<'a> {
    /// An int, or whatever equals one. `hash` must be the same wherever equal keys are made.
    #[inline]
    #[must_use]
    pub fn int(hash: u64, value: i64) -> Self {
        let form = Cell::int(value).map_or(Form::Wide(value), Form::Cell);
        Self { hash: mixed(hash), form, shown: None }
    }

    /// A str, bytes or any other canonical form.
    #[inline]
    #[must_use]
    pub fn data(hash: u64, kind: Kind, form: &'a [u8]) -> Self {
        let form = Cell::short(kind, form).map_or(Form::Bytes(kind, form), Form::Cell);
        Self { hash: mixed(hash), form, shown: None }
    }

    /// The same key, first used as a value that looks different.
    #[must_use]
    pub fn shown_as(self, kind: Kind, value: &'a [u8]) -> Self {
        Self { shown: Some((kind, value)), ..self }
    }

    /// Prepares the key for an item: its cell, and a pending block if it needs one.
    pub(super) fn stage<M: Memory>(&self, heap: &Heap<M>) -> Result<Staged> {
        let word;
        let (kind, form) = match (self.form, self.shown) {
            (Form::Cell(cell), None) => return Ok(cell.into()),
            (Form::Cell(cell), Some(_)) => {
                word = cell.0.to_ne_bytes();
                (IS_CELL, &word[..])
            }
            (Form::Wide(int), _) => {
                word = int.to_ne_bytes();
                (Kind::Int as u64, &word[..])
            }
            (Form::Bytes(kind, bytes), _) => (kind as u64, bytes),
        };
        let (shown_kind, shown) = self.shown.map_or((0, &[][..]), |(k, bytes)| (k as u64, bytes));
        let length = form.len() as u64;
        let block = heap.allocate(BYTES - 8 + length + shown.len() as u64)?;
        let memory = &heap.space.memory;
        memory.store(block.at + FORM, kind | length << 8)?;
        memory.store(block.at + SHOWN, shown_kind | (shown.len() as u64) << 8)?;
        memory.write(block.at + BYTES, form)?;
        memory.write(block.at + BYTES + length, shown)?;
        Ok(Staged { cell: Cell(block.at), block: Some(block) })
    }

    /// Whether the stored key `cell`, whose hash is equal, is this key.
    #[inline(always)]
    pub(super) fn matches<M: Memory>(&self, space: &Space<M>, cell: Cell) -> Result<bool> {
        match (self.form, cell.block()) {
            (Form::Cell(own), _) if own == cell => Ok(true),
            (_, None) => Ok(false),
            (form, Some(at)) => matches_block(space, form, at),
        }
    }
}

#[inline(never)]
fn matches_block<M: Memory>(space: &Space<M>, form: Form<'_>, at: u64) -> Result<bool> {
    let at = super::checked(space, at)?;
    let word = space.memory.load(at + FORM)?;
    let (kind, mut bytes) = match form {
        Form::Cell(cell) => {
            return Ok(word & 0xff == IS_CELL && space.memory.load(at + BYTES)? == cell.0);
        }
        Form::Wide(int) => {
            let same = space.memory.load(at + BYTES)? == int.cast_unsigned();
            return Ok(word & 0xff == Kind::Int as u64 && same);
        }
        Form::Bytes(kind, bytes) => (kind, bytes),
    };
    if word != kind as u64 | (bytes.len() as u64) << 8 {
        return Ok(false);
    }
    let (mut place, mut buffer) = (at + BYTES, [0; 64]);
    while !bytes.is_empty() {
        let (now, rest) = bytes.split_at(bytes.len().min(buffer.len()));
        let stored = &mut buffer[..now.len()];
        space.memory.read(place, stored)?;
        if *stored != *now {
            return Ok(false);
        }
        place += now.len() as u64;
        bytes = rest;
    }
    Ok(true)
}

/// The key that an item shows.
pub(super) fn load<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Loaded> {
    let Some(at) = cell.block() else { return value::load(space, cell) };
    let room = value::room(space, at)?;
    let (form, shown) = (space.memory.load(at + FORM)?, space.memory.load(at + SHOWN)?);
    let (form_length, shown_length) = (form >> 8, shown >> 8);
    if form_length.checked_add(shown_length).is_none_or(|sum| sum > room - BYTES) {
        return corrupt("a key is longer than its block");
    }
    let (kind, from, length) = match shown & 0xff {
        0 if form & 0xff == Kind::Int as u64 => {
            return Ok(Loaded::Int(space.memory.load(at + BYTES)?.cast_signed()));
        }
        0 => (form, 0, form_length),
        _ => (shown, form_length, shown_length),
    };
    Ok(Loaded::Data(Kind::from_word(kind)?, Bytes::read(&space.memory, at + BYTES + from, length)?))
}

/// The block of a stored key, to be freed with its item.
pub(super) fn block<M: Memory>(space: &Space<M>, cell: Cell) -> Result<Option<Block>> {
    let Some(at) = cell.block() else { return Ok(None) };
    let header = super::live_header(space, at)?;
    debug_assert!(header.is(State::Live));
    Ok(Some(Block { at, header }))
}

/// Spreads a hash over its low bits, which choose the bucket: Python's hash of an int is the int, and multiples
/// of a power of two are common. Neighbours stay near each other, so a loop over a range walks through memory.
#[inline]
fn mixed(hash: u64) -> u64 {
    // What lies above 16 bits is spread by a multiplication (with the golden ratio, as Fibonacci hashing does).
    hash ^ hash >> 7 ^ (hash >> 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[test]
fn common_patterns_of_ints_spread_over_the_buckets() {
    for shift in 0..40 {
        let mut buckets = vec![0u32; 4096];
        for number in 0..4096u64 {
            buckets[(mixed(number << shift) & 4095) as usize] += 1;
        }
        assert!(buckets.iter().max() < Some(&24), "multiples of 2^{shift}");
    }
}
