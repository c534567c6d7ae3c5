//! Lives that end in every way.

use std::os::fd::OwnedFd;

use super::*;
use crate::mutex::{Mutex, Taken};
use crate::spin::Spinner;
use crate::wait::sleep::{Ended, Patience, await_node};

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

fn reap(pid: libc::pid_t) -> i32 {
    let mut status = -1;
    // SAFETY: reaps our child.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    status
}

fn sleep_for_ever() -> ! {
    loop {
        // SAFETY: sleeps until killed.
        unsafe { libc::pause() };
    }
}

/// Waits for a minute, as it is.
struct Plain(Spinner);

impl Patience for Plain {
    fn rest(&mut self, sleep: &mut dyn FnMut()) -> bool {
        sleep();
        true
    }

    fn deadline_ns(&self) -> u64 {
        u64::MAX
    }

    fn spinner(&mut self) -> &mut Spinner {
        &mut self.0
    }
}

/// Takes a lock for which it has to wait.
fn wait_for(heap: &Heap<Shared>, lock: Mutex, me: LifeId) -> Taken {
    let (taken, ticket) = lock.enqueue(heap, me, 1).unwrap();
    let Some(ticket) = ticket else { return taken };
    let mut patience = Plain(Spinner::new(0));
    match await_node(heap, ticket, &mut patience, || lock.look(heap, me, ticket)).unwrap() {
        Ended::Over(taken) => taken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_waiter_has_the_lock_when_its_holder_is_killed() {
    let (heap, fd) = Heap::create(8 << 20, "parent").unwrap();
    let own = Life::begin(&heap).unwrap();
    let lock = Mutex::create(&heap, false).unwrap();
    let pid = child(&fd, |heap, life| {
        assert_eq!(lock.try_acquire(heap, life.id()), Ok(Taken::Now));
        sleep_for_ever();
    });
    while !lock.is_locked(&heap).unwrap() {
        std::hint::spin_loop();
    }
    let holder = lock.holder(&heap).unwrap().unwrap().life;
    // SAFETY: our own child, which a helper thread kills while we sleep.
    let killer = std::thread::spawn(move || unsafe { libc::kill(pid, libc::SIGKILL) });
    let dead = u32::try_from(pid).unwrap();
    assert_eq!(wait_for(&heap, lock, own.id()), Taken::FromDead { pid: dead });
    assert_eq!(lock.owner_died(&heap), Ok(true));
    lock.release(&heap, own.id()).unwrap();
    assert_eq!(lock.owner_died(&heap), Ok(false));
    killer.join().unwrap();
    reap(pid);
    assert_eq!(heap.sweep_dead(), Ok(1));
    assert_eq!(heap.ending(holder), Ok(Ending::Died));
    let next = Life::begin(&heap).unwrap();
    assert_ne!(next.id(), holder);
    assert_eq!(heap.ending(next.id()), Ok(Ending::Lives));
    next.end(&heap).unwrap();
    own.end(&heap).unwrap();
}

#[test]
fn a_lock_goes_from_process_to_process() {
    let (heap, fd) = Heap::create(8 << 20, "parent").unwrap();
    let own = Life::begin(&heap).unwrap();
    let lock = Mutex::create(&heap, false).unwrap();
    let pid = child(&fd, |heap, life| {
        for _ in 0..1000 {
            assert_eq!(wait_for(heap, lock, life.id()), Taken::Now);
            lock.release(heap, life.id()).unwrap();
        }
        heap.leave_in_order().unwrap();
    });
    for _ in 0..1000 {
        assert_eq!(wait_for(&heap, lock, own.id()), Taken::Now);
        lock.release(&heap, own.id()).unwrap();
    }
    assert_eq!(reap(pid), 0);
    assert_eq!(lock.is_locked(&heap), Ok(false));
    own.end(&heap).unwrap();
}

#[test]
fn what_a_process_holds_that_leaves_in_order_stays_held() {
    let (heap, fd) = Heap::create(8 << 20, "parent").unwrap();
    let own = Life::begin(&heap).unwrap();
    let lock = Mutex::create(&heap, false).unwrap();
    let pid = child(&fd, |heap, life| {
        assert_eq!(lock.try_acquire(heap, life.id()), Ok(Taken::Now));
        heap.leave_in_order().unwrap();
    });
    assert_eq!(reap(pid), 0);
    assert_eq!(lock.try_acquire(&heap, own.id()), Ok(Taken::Busy));
    assert_eq!(heap.sweep_dead(), Ok(1));
    assert_eq!(lock.try_acquire(&heap, own.id()), Ok(Taken::Busy));
    lock.release(&heap, own.id()).unwrap();
    assert_eq!(lock.try_acquire(&heap, own.id()), Ok(Taken::Now));
    own.end(&heap).unwrap();
}

#[test]
fn a_thread_that_ends_without_a_word_is_dead() {
    let (heap, _fd) = Heap::create(8 << 20, "parent").unwrap();
    let id = std::thread::scope(|scope| {
        scope.spawn(|| Life::begin(&heap).unwrap().id()).join().unwrap()
    });
    assert_eq!(heap.ending(id), Ok(Ending::Died));
    assert_eq!(LifeId::from_word(id.word()), Some(id));
    assert_eq!(LifeId::from_word(0), None);
    assert_eq!(heap.ending(LifeId::GONE_IN_ORDER), Ok(Ending::InOrder));
}

#[test]
fn who_a_life_was_is_known_until_another_one_has_its_record() {
    let (heap, _) = Heap::create(8 << 20, "test").unwrap();
    let gone = Deputy::begin(&heap, 4711, 5).unwrap();
    gone.end(&heap, true).unwrap();
    let who = heap.who(gone.id()).unwrap();
    assert_eq!((who.pid, who.thread, who.slot), (4711, 5, None));
    // A call of its that had not ended yet took this when all was given back.
    let lock = Mutex::create(&heap, false).unwrap();
    assert_eq!(lock.try_acquire(&heap, gone.id()), Ok(Taken::Now));
    let own = Life::begin(&heap).unwrap();
    assert_eq!(heap.who(gone.id()), Ok(Who::default()));
    own.end(&heap).unwrap();
}
