//! Lives that end in every way.

use super::*;
use std::os::fd::OwnedFd;

/// A child that lives in the arena until it is told to end, or killed.
fn child(fd: &OwnedFd, run: impl FnOnce(&Heap<Shared>, Life)) -> libc::pid_t {
    // SAFETY: the child uses the arena and leaves by _exit.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let heap = Heap::attach(fd, "child").unwrap();
        let life = Life::begin(&heap).unwrap();
        run(&heap, life);
        // SAFETY: always allowed.
        unsafe { libc::_exit(0) };
    }
    pid
}

/// Waits for the first life in record 1 (record 0 is the test's own).
fn first_in_record_1(heap: &Heap<Shared>) -> LifeId {
    let id = LifeId(THREADS + 1);
    while life_word(&heap.space, id).unwrap() == 0 || is_dead(&heap.space, id).unwrap() {
        std::hint::spin_loop();
    }
    id
}

#[test]
fn a_waiter_is_woken_when_the_one_it_waits_for_is_killed() {
    let (heap, fd) = Heap::create(8 << 20, "parent").unwrap();
    let own = Life::begin(&heap).unwrap();
    let pid = child(&fd, |_, _| {
        loop {
            // SAFETY: sleeps until killed.
            unsafe { libc::pause() };
        }
    });
    let holder = first_in_record_1(&heap);
    // SAFETY: our own child, which a helper thread kills while we sleep.
    let killer = std::thread::spawn(move || unsafe { libc::kill(pid, libc::SIGKILL) });
    let start = crate::clock::now_ns();
    let mut wake = Wake::Look;
    while wake == Wake::Look {
        wake = own.wait(&heap, 0, Some(holder), 60_000_000_000).unwrap();
    }
    assert!(crate::clock::now_ns() - start < 20_000_000_000);
    killer.join().unwrap();
    // SAFETY: reaps our child.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    assert_eq!(heap.sweep_dead(), Ok(1));
    assert_eq!(heap.is_dead(holder), Ok(true));
    let next = Life::begin(&heap).unwrap();
    assert_ne!(next.id(), holder);
    assert_eq!(heap.is_dead(next.id()), Ok(false));
    next.end(&heap).unwrap();
    own.end(&heap).unwrap();
}

#[test]
fn a_thread_is_woken_by_its_own_word() {
    let (heap, fd) = Heap::create(8 << 20, "parent").unwrap();
    let own = Life::begin(&heap).unwrap();
    let id = own.id();
    let pid = child(&fd, |heap, life| {
        assert!(wake(heap, id).unwrap());
        life.end(heap).unwrap();
    });
    while own.word(&heap).unwrap() == 0 {
        own.wait(&heap, 0, None, 60_000_000_000).unwrap();
    }
    let mut status = -1;
    // SAFETY: reaps our child.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    own.end(&heap).unwrap();
    assert_eq!(heap.is_dead(id), Ok(true));
}

#[test]
fn a_thread_that_ends_without_a_word_is_dead() {
    let (heap, _fd) = Heap::create(8 << 20, "parent").unwrap();
    let id = std::thread::scope(|scope| {
        scope.spawn(|| Life::begin(&heap).unwrap().id()).join().unwrap()
    });
    assert_eq!(heap.is_dead(id), Ok(true));
    assert_eq!(LifeId::from_word(id.word()), Some(id));
    assert_eq!(LifeId::from_word(0), None);
}
