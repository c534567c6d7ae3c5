//! The checker finds deliberate bugs, each of which needs threads that meet at the wrong moment.

use super::Model;
use super::{find, locks, queues, reservations, seekers};
use crate::mutation::{Bug, with_planted};

#[track_caller]
fn found<T: Send + Sync + 'static>(bug: Bug, model: Model<T>, interruptions: usize, symptom: &str) {
    let finding = with_planted(bug, || find(|| model.explore(interruptions)));
    assert!(finding.contains(symptom), "{bug:?} led to: {finding}");
}

#[test]
fn leaving_a_lock_by_a_store_is_found() {
    found(Bug::FreedByStore, locks::two_fight(), 1, "deadlock");
}

#[test]
fn leaving_a_lock_that_is_sought_by_a_store_is_found() {
    found(Bug::LeftToOne, seekers::two_seek(), 2, "deadlock");
}

#[test]
fn taking_a_lock_after_a_look_is_found() {
    found(Bug::TakenAfterALook, locks::two_fight(), 1, "2 holders");
}

#[test]
fn falling_asleep_by_a_store_is_found() {
    found(Bug::AsleepByStore, locks::two_fight(), 1, "deadlock");
}

#[test]
fn leaving_a_line_unseen_is_found() {
    let model = locks::a_holder_dies_and_one_is_late();
    found(Bug::LeftUnseen, model, 1, "deadlock");
}

#[test]
fn waking_one_who_is_just_falling_asleep_is_found() {
    let model = locks::a_holder_dies_and_one_is_late();
    found(Bug::OnlyWoken, model, 1, "deadlock");
}

#[test]
fn a_death_that_is_kept_secret_is_found() {
    found(Bug::DeathKeptSecret, locks::a_holder_of_two_dies(), 1, "deadlock");
}

#[test]
fn rousing_nobody_since_the_first_in_line_was_roused_before_is_found() {
    found(Bug::StillRoused, locks::one_comes_again(), 2, "deadlock");
}

#[test]
fn forgetting_who_else_sleeps_is_found() {
    found(Bug::OthersForgotten, locks::three_inside(), 1, "deadlock");
}

#[test]
fn ending_a_reservation_in_silence_is_found() {
    found(Bug::EndedUnheard, reservations::one_reserves(), 2, "deadlock");
}

#[test]
fn sleeping_after_a_vain_attempt_is_found() {
    found(Bug::TriedInVain, queues::two_take(), 1, "deadlock");
}
