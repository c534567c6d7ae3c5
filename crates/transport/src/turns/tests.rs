use std::sync::mpsc;

use super::*;
use crate::tests::{receive, send, soon, unix_pair};

/// What began then has taken no time at all.
const FAR_FUTURE_NS: u64 = u64::MAX;

fn taking_part(turns: &Arc<Turns>) -> Turn {
    let mut turn = Turn::new(turns.clone());
    turn.credit = CREDIT_MAX;
    turn
}

/// Turns of one thread at a time that are never lost, however long a thread of the test is without a processor.
fn turns() -> Arc<Turns> {
    Arc::new(Turns::new(1, u64::MAX))
}

/// Begins a call in another thread, and returns when it waits for its turn, and how to get it back once it has it.
fn queue_up(mut turn: Turn) -> mpsc::Receiver<Turn> {
    let turns = turn.turns.clone();
    let before = turns.waiting.load(Ordering::Relaxed);
    let (done, result) = mpsc::channel();
    thread::spawn(move || {
        turn.begin_call();
        done.send(turn).unwrap();
    });
    while turns.waiting.load(Ordering::Relaxed) == before {
        thread::yield_now();
    }
    result
}

#[test]
fn a_thread_takes_turns_after_a_few_short_calls() {
    let mut turn = Turn::new(turns());
    for _ in 0..CREDIT_NEEDED {
        assert!(!turn.takes_part() && turn.may_go_on());
        turn.began_ns = Some(FAR_FUTURE_NS);
        turn.finish_call();
    }
    assert!(turn.takes_part() && !turn.may_go_on());
    turn.begin_call();
    assert!(turn.is_ours() && turn.may_go_on());
}

#[test]
fn a_thread_whose_calls_wait_for_something_takes_no_turns() {
    let mut turn = taking_part(&turns());
    for _ in 0..CREDIT_MAX / STUCK_COSTS {
        turn.began_ns = Some(0);
        turn.finish_call();
    }
    assert!(!turn.takes_part());
    turn.begin_call();
    assert!(!turn.is_ours());
}

#[test]
fn one_who_takes_no_turns_waits_for_none() {
    let turns = turns();
    let mut first = taking_part(&turns);
    first.begin_call();
    Turn::new(turns.clone()).begin_call();
    assert!(first.is_ours());
}

#[test]
fn turns_are_passed_on_in_the_order_of_arrival() {
    let turns = turns();
    let mut first = taking_part(&turns);
    first.begin_call();
    first.release_interpreter();
    let second = queue_up(taking_part(&turns));
    let third = queue_up(taking_part(&turns));
    first.leave();
    let second = second.recv().unwrap();
    assert!(second.is_ours() && second.may_go_on());
    assert!(third.try_recv().is_err());
    second.leave();
    assert!(third.recv().unwrap().is_ours());
}

#[test]
fn a_turn_ends_when_it_has_lasted_and_somebody_waits() {
    let turns = turns();
    let mut first = taking_part(&turns);
    first.begin_call();
    first.since_ns = 0;
    first.finish_call();
    assert!(first.is_ours(), "nobody waits");
    turns.waiting.store(1, Ordering::Relaxed);
    (first.since_ns, first.began_ns) = (FAR_FUTURE_NS, Some(FAR_FUTURE_NS));
    first.finish_call();
    assert!(first.is_ours(), "it has not lasted");
    turns.waiting.store(0, Ordering::Relaxed);
    let second = queue_up(taking_part(&turns));
    (first.since_ns, first.began_ns) = (0, Some(now_ns()));
    first.finish_call();
    assert!(second.recv().unwrap().is_ours());
}

#[test]
fn a_turn_of_a_thread_that_is_stuck_in_its_call_goes_to_one_who_waits() {
    let turns = Arc::new(Turns::new(1, STUCK_NS));
    let mut first = taking_part(&turns);
    first.begin_call();
    let mut second = taking_part(&turns);
    second.begin_call(); // Nobody passes it on.
    assert!(second.is_ours() && !first.is_ours());
    first.leave();
    assert!(second.is_ours(), "it was not the first's to leave");
}

#[test]
fn a_thread_that_ends_passes_its_turn_on() {
    let turns = turns();
    let mut first = taking_part(&turns);
    first.begin_call();
    let second = queue_up(taking_part(&turns));
    drop(first);
    assert!(second.recv().unwrap().is_ours());
}

#[test]
fn only_the_one_whose_turn_it_is_waits_without_sleeping() {
    let turns = turns();
    let (mut first, second) = (taking_part(&turns), taking_part(&turns));
    assert!(first.may_spin() && second.may_spin());
    first.begin_call();
    assert!(first.may_spin() && !second.may_spin());
    first.leave();
    assert!(second.may_spin());
}

#[test]
fn a_call_that_has_arrived_is_handed_out_when_it_is_its_turn() {
    let turns = turns();
    let mut first = taking_part(&turns);
    first.begin_call();
    let (client, server) = unix_pair();
    let inside = server.enter().unwrap();
    inside.core().unwrap().receiver().unwrap().take_turns(taking_part(&turns));
    send(&client, b"a call", soon()).unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(|| receive(&server, soon()));
        while turns.waiting.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        assert!(!call.is_finished());
        first.leave();
        assert_eq!(call.join().unwrap(), Ok(b"a call".to_vec()));
    });
}

#[test]
fn as_many_have_a_turn_at_a_time_as_there_are_places() {
    let turns = Arc::new(Turns::new(2, u64::MAX));
    let (mut first, mut second) = (taking_part(&turns), taking_part(&turns));
    first.begin_call();
    first.release_interpreter();
    assert!(second.may_spin());
    second.begin_call();
    assert!(first.is_ours() && second.is_ours());
    let third = taking_part(&turns);
    assert!(!third.may_spin());
    let third = queue_up(third);
    second.release_interpreter();
    second.leave();
    assert!(first.is_ours() && third.recv().unwrap().is_ours());
}

#[test]
fn one_whose_turn_it_is_gives_the_interpreter_up_while_another_wants_it() {
    let turns = Arc::new(Turns::new(2, u64::MAX));
    let mut first = taking_part(&turns);
    first.begin_call();
    assert!(first.may_go_on());
    let mut second = taking_part(&turns);
    thread::scope(|scope| {
        let call = scope.spawn(|| second.begin_call());
        while first.may_go_on() && !call.is_finished() {
            thread::yield_now();
        }
        first.release_interpreter();
    });
    assert!(first.may_go_on());
}

#[test]
fn a_call_takes_the_time_from_when_it_has_the_interpreter() {
    let mut turn = taking_part(&turns());
    turn.begin_call();
    assert_eq!(turn.began_ns, None);
    turn.finish_call();
    assert_eq!(turn.credit, CREDIT_MAX);
    turn.carry_out();
    assert!(turn.began_ns.is_some());
}
