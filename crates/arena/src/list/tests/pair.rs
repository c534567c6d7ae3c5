//! A list beside the vector that it should be.

use crate::heap::Heap;
use crate::list::List;
use crate::list::kills::LONG;
use crate::memory::Memory;
use crate::value::{Kind, Loaded, Value};

pub(in crate::list) fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 20
}

/// A value for a number: mostly a word, now and then a block.
fn with_value<T>(number: u64, job: impl FnOnce(&Value<'_>) -> T) -> T {
    match number % 5 {
        0 => job(&Value::Data(Kind::Str, &[LONG, &number.to_ne_bytes()])),
        _ => job(&Value::Int(number.cast_signed())),
    }
}

fn loaded(number: u64) -> Loaded {
    match number % 5 {
        0 => Loaded::Data(Kind::Str, [LONG, &number.to_ne_bytes()].concat().into()),
        _ => Loaded::Int(number.cast_signed()),
    }
}

/// Runs `job` with the values of numbers.
fn with_values<T>(numbers: &[u64], job: impl FnOnce(&[Value<'_>]) -> T) -> T {
    let bytes: Vec<_> = numbers.iter().map(|number| number.to_ne_bytes()).collect();
    let parts: Vec<[&[u8]; 2]> = bytes.iter().map(|bytes| [LONG, bytes.as_slice()]).collect();
    let value = |(number, parts): (&u64, _)| match number % 5 {
        0 => Value::Data(Kind::Str, parts),
        _ => Value::Int(number.cast_signed()),
    };
    let values: Vec<_> =
        numbers.iter().zip(parts.iter().map(|p| p.as_slice())).map(value).collect();
    job(&values)
}

/// A list and what it should hold.
pub(super) struct Pair<'h, M: Memory> {
    heap: &'h Heap<M>,
    pub list: List,
    pub model: Vec<u64>,
    next: u64,
}

impl<'h, M: Memory> Pair<'h, M> {
    pub fn new(heap: &'h Heap<M>) -> Self {
        Self { heap, list: List::create(heap).unwrap(), model: Vec::new(), next: 0 }
    }

    pub fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn check(&self) {
        let (items, version) = self.list.snapshot(self.heap).unwrap();
        let expected: Vec<_> = self.model.iter().map(|&number| loaded(number)).collect();
        assert_eq!(items.len(), expected.len());
        assert!(items == expected);
        assert_eq!(self.list.version(self.heap), Ok(version));
    }

    pub fn insert(&mut self, index: u64) {
        let number = self.fresh();
        let length = with_value(number, |value| self.list.insert(self.heap, index, value));
        self.model.insert((index as usize).min(self.model.len()), number);
        assert_eq!(length, Ok(self.model.len() as u64));
    }

    pub fn pop(&mut self, index: u64) {
        let expected = ((index as usize) < self.model.len())
            .then(|| loaded(self.model.remove(index as usize)));
        assert_eq!(self.list.pop(self.heap, index), Ok(expected));
    }

    fn set(&mut self, index: u64) {
        let number = self.fresh();
        let is_there = with_value(number, |value| self.list.set(self.heap, index, value));
        let place = self.model.get_mut(index as usize);
        assert_eq!(is_there, Ok(place.is_some()));
        if let Some(place) = place {
            *place = number;
        }
    }

    pub fn extend(&mut self, count: u64) {
        let numbers: Vec<_> = (0..count).map(|_| self.fresh()).collect();
        let length = with_values(&numbers, |values| self.list.extend(self.heap, values));
        self.model.extend(numbers);
        assert_eq!(length, Ok(self.model.len() as u64));
    }

    fn rebuild(&mut self, seed: &mut u64) {
        let version = self.list.version(self.heap).unwrap();
        let mut order: Vec<u64> = (0..self.model.len() as u64).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, (random(seed) % (place as u64 + 1)) as usize);
        }
        assert_eq!(self.list.permute(self.heap, version, &order), Ok(true));
        self.model = order.iter().map(|&index| self.model[index as usize]).collect();
        assert_eq!(self.list.permute(self.heap, version, &order), Ok(false));
        let version = self.list.version(self.heap).unwrap();
        self.model.reverse();
        self.model.truncate(self.model.len() * 9 / 10);
        let rebuild = |version| {
            with_values(&self.model, |values| self.list.rebuild(self.heap, version, values))
        };
        assert_eq!(rebuild(version), Ok(true));
        assert_eq!(rebuild(version), Ok(false));
    }

    /// One operation of a random kind; the list tends to a length of `typical`.
    pub fn step(&mut self, seed: &mut u64, typical: u64) {
        let (length, number) = (self.model.len() as u64, random(seed));
        let index = number % (length + 1);
        let grows = number >> 20 & 0xff < if length < typical { 160 } else { 96 };
        match (random(seed) % 64, grows) {
            (0..20, true) => self.insert(index),
            (20..28, true) => self.insert(length / 3),
            (28..34, true) => self.insert(0),
            (34..54, true) => self.insert(u64::MAX),
            (54..56, true) => self.extend(number % 9),
            (56, true) => self.extend(number % (typical / 4 + 1)),
            (0..20, false) => self.pop(index),
            (20..28, false) => self.pop(length / 3),
            (28..38, false) => self.pop(0),
            (38..56, false) => {
                let expected = self.model.pop().map(loaded);
                assert_eq!(self.list.pop_last(self.heap), Ok(expected));
            }
            (57, _) if number >> 30 & 0x3f == 0 => {
                self.list.clear(self.heap).unwrap();
                self.model.clear();
            }
            (57, _) if number >> 30 & 7 == 1 => self.rebuild(seed),
            _ => self.set(index),
        }
        let index = random(seed) % (self.model.len() as u64 + 2);
        let expected = self.model.get(index as usize).map(|&number| loaded(number));
        assert_eq!(self.list.get(self.heap, index), Ok(expected));
    }
}
