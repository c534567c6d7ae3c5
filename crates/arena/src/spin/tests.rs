//! When spinning ends, and what is learned from that.

use super::*;
use std::cell::Cell;

#[test]
fn a_ready_word_is_seen_at_once() {
    assert_eq!(spin(1_000_000, Looks::Cheap, &mut false, || true), Outcome::Hit);
}

#[test]
fn spinning_ends_with_its_budget() {
    let looks = Cell::new(0u64);
    let start = clock::now_ns();
    let outcome = spin(100_000, Looks::Cheap, &mut false, || {
        looks.set(looks.get() + 1);
        false
    });
    assert_ne!(outcome, Outcome::Hit);
    assert!(looks.get() > 0);
    assert!(clock::now_ns() - start < 1_000_000_000);
}

#[test]
fn a_waiter_gives_up_spinning_when_it_never_pays_but_probes() {
    let mut spinner = Spinner::new(1);
    spinner.credit = 0;
    let tries = (0..PROBE_EVERY * 3).filter(|_| spinner.is_worth_trying()).count();
    assert_eq!(tries, if clock::cpus() == 1 { 0 } else { 3 });
}

#[test]
fn a_lost_time_slice_costs_more_than_a_miss() {
    let mut spinner = Spinner::new(1);
    spinner.learn(Outcome::Miss);
    assert_eq!(spinner.credit, CREDIT_MAX - MISS_COSTS);
    spinner.learn(Outcome::Contended);
    assert_eq!(spinner.credit, CREDIT_MAX - MISS_COSTS - SLICE_COSTS);
    spinner.learn(Outcome::Hit);
    assert_eq!(spinner.credit, CREDIT_MAX - MISS_COSTS - SLICE_COSTS + HIT_EARNS);
}

#[test]
fn one_who_shares_its_processor_with_the_other_side_gives_it_up_after_one_look() {
    let looks = |kind, mut is_shared| {
        let looks = Cell::new(0);
        spin(0, kind, &mut is_shared, || {
            looks.set(looks.get() + 1);
            false
        });
        looks.get()
    };
    // With no time left, it ends where it would give up the processor for the first time.
    assert_eq!(looks(Looks::Cheap, false), LOOKS);
    assert_eq!(looks(Looks::Cheap, true), 1);
    assert_eq!(looks(Looks::Dear, false), 0);
}

#[test]
fn no_budget_means_no_spinning() {
    assert!(!Spinner::new(0).wait(|| true));
}

#[test]
fn one_who_is_permitted_spins_however_many_others_do() {
    SPINNING.fetch_add(1_000, Ordering::Relaxed);
    let seen = Spinner::new(1_000_000).wait_permitted(|| true);
    let not_permitted = Spinner::new(1_000_000).wait(|| true);
    SPINNING.fetch_sub(1_000, Ordering::Relaxed);
    assert_eq!(seen, clock::cpus() > 1);
    assert!(!not_permitted);
}

#[test]
fn who_looks_out_alone_does_not_look_where_another_runs() {
    let mut spinner = Spinner::new(1_000_000);
    spinner.is_shared = true;
    assert!(!spinner.wait_alone(|| true));
    assert!(!spinner.glance(|| true));
    spinner.learn(Outcome::Shared);
    assert_eq!(spinner.credit, CREDIT_MAX);
}

#[test]
fn a_glance_that_finds_nothing_costs_no_credit() {
    let mut spinner = Spinner::new(1_000_000);
    assert!(!spinner.glance(|| false));
    assert_eq!(spinner.credit, CREDIT_MAX);
    spinner.credit = 1;
    assert_eq!(spinner.glance(|| true), clock::cpus() > 1);
    assert_eq!(spinner.credit > 1, clock::cpus() > 1);
}
