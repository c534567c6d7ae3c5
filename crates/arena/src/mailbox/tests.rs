use super::*;
use crate::header::{self, Side};

const CAPACITY: usize = 100;

struct Pair {
    outbox: Outbox,
    inbox: Inbox,
    confirmations: Confirmations,
    mapping: Arc<Mapping>,
    at: usize,
}

fn pair() -> Pair {
    let (mapping, _fd) = header::create(CAPACITY).unwrap();
    let mapping = Arc::new(mapping);
    let at = Side::Guest.outbox(CAPACITY);
    Pair {
        outbox: Outbox::new(mapping.clone(), at, CAPACITY),
        inbox: Inbox::new(mapping.clone(), at, CAPACITY),
        confirmations: Confirmations::new(mapping.clone(), at, CAPACITY),
        mapping,
        at,
    }
}

impl Pair {
    fn send(&mut self, message: &[u8]) {
        assert!(self.outbox.has_room(message.len()).unwrap());
        // SAFETY: the slice is readable for its length.
        unsafe { self.outbox.write(0, message.as_ptr(), message.len()).unwrap() };
        self.outbox.publish(message.len()).unwrap();
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let bytes = self.inbox.peek().unwrap()?;
        let mut message = vec![0; bytes];
        // SAFETY: the vector is writable for its length.
        unsafe { self.inbox.take(message.as_mut_ptr(), bytes).unwrap() };
        Some(message)
    }

    fn corrupt(&self, word: usize, value: u64) {
        let words = self.mapping.words().unwrap();
        words.store64(self.at + word, value, Ordering::Release).unwrap();
    }
}

#[test]
fn messages_arrive_once_and_in_order() {
    let mut pair = pair();
    for n in 1..=100u8 {
        assert_eq!(pair.receive(), None);
        let message = vec![n; usize::from(n)];
        pair.send(&message);
        assert_eq!(pair.receive(), Some(message));
    }
    assert_eq!(pair.receive(), None);
}

#[test]
fn a_full_slot_has_no_room_until_it_is_taken() {
    let mut pair = pair();
    pair.send(b"one");
    assert_eq!(pair.outbox.has_room(1), Ok(false));
    pair.receive().unwrap();
    assert_eq!(pair.outbox.has_room(1), Ok(true));
    assert_eq!(pair.outbox.has_room(CAPACITY), Ok(true));
    assert_eq!(pair.outbox.has_room(CAPACITY + 1), Ok(false));
}

#[test]
fn a_message_waits_for_those_sent_by_the_socket_before_it() {
    let mut pair = pair();
    pair.outbox.announce().unwrap();
    assert!(pair.inbox.is_stirred() && pair.inbox.is_announced());
    pair.send(b"second");
    assert_eq!(pair.receive(), None);
    pair.inbox.count().unwrap();
    assert_eq!(pair.receive(), Some(b"second".to_vec()));
    assert!(!pair.inbox.is_stirred());
}

#[test]
fn a_corrupt_counter_is_an_error() {
    for value in [2, 1 << 40, u64::MAX] {
        let mut pair = pair();
        pair.send(b"a");
        pair.receive().unwrap();
        pair.send(b"b");
        pair.receive().unwrap();
        pair.corrupt(PUBLISHED, if value == 2 { 1 } else { value });
        assert!(matches!(pair.inbox.peek(), Err(Error::Corrupt(_))), "{value}");
    }
    let pair = pair();
    pair.corrupt(TAKEN, 1);
    assert!(matches!(pair.outbox.has_room(1), Err(Error::Corrupt(_))));
}

#[test]
fn a_corrupt_length_is_an_error() {
    for value in [0, CAPACITY as u64 + 1, u64::MAX] {
        let mut pair = pair();
        pair.send(b"a");
        pair.corrupt(LENGTH, value);
        assert!(matches!(pair.inbox.peek(), Err(Error::Corrupt(_))), "{value}");
    }
}

#[test]
fn nothing_is_written_past_the_slot() {
    let pair = pair();
    let message = [1u8; CAPACITY + 1];
    for (from, bytes) in [(0, CAPACITY + 1), (CAPACITY, 1), (usize::MAX, 1)] {
        // SAFETY: the array holds `bytes` bytes.
        assert!(unsafe { pair.outbox.write(from, message.as_ptr(), bytes) }.is_err());
    }
}

#[test]
fn the_sender_sees_that_the_receiver_sleeps() {
    let pair = pair();
    assert_eq!(pair.outbox.is_peer_sleeping(), Ok(false));
    pair.inbox.sleep().unwrap();
    assert_eq!(pair.outbox.is_peer_sleeping(), Ok(true));
    pair.inbox.wake().unwrap();
    assert_eq!(pair.outbox.is_peer_sleeping(), Ok(false));
}

#[test]
fn confirmations_travel_back() {
    let pair = pair();
    assert_eq!(pair.confirmations.count(), Ok(0));
    pair.confirmations.confirm(3).unwrap();
    assert_eq!(pair.confirmations.count(), Ok(3));
}

#[test]
fn two_threads_exchange_many_messages() {
    let Pair { mut outbox, mut inbox, .. } = pair();
    let sender = std::thread::spawn(move || {
        for n in 0..20_000u64 {
            let message = n.to_le_bytes();
            while !outbox.has_room(8).unwrap() {
                std::thread::yield_now();
            }
            // SAFETY: the array is readable for 8 bytes.
            unsafe { outbox.write(0, message.as_ptr(), 8).unwrap() };
            outbox.publish(8).unwrap();
        }
    });
    for n in 0..20_000u64 {
        while inbox.peek().unwrap().is_none() {
            std::thread::yield_now();
        }
        let mut message = [0u8; 8];
        // SAFETY: the array is writable for 8 bytes.
        unsafe { inbox.take(message.as_mut_ptr(), 8).unwrap() };
        assert_eq!(u64::from_le_bytes(message), n);
    }
    sender.join().unwrap();
}
