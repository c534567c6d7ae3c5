//! The harness can fail: each deliberate bug of [`crate::mutation`] is caught by some operation.

use super::{Report, Scenario, Stage, as_survivor, exhaust};
use crate::barrier::kills::last_one_comes;
use crate::condition::kills::pass_on;
use crate::dict::Dict;
use crate::dict::kills::{LONG, filled, key, kill, view};
use crate::list::{self, End, List, splicing_survives};
use crate::mutation::{Bug, with_planted};
use crate::object::kills::{drop_with_contents, store_reference};
use crate::queue;
use crate::semaphore::kills::release_to_a_waiter;
use crate::site::kills::take_a_lock;
use crate::tally::kills::sweep_one_that_counted;
use crate::value::{Kind, Value};
use crate::watch::kills::change_what_is_watched;

type Verdict = Result<Report, String>;

fn insert() -> Verdict {
    kill(2, &|heap, dict| {
        let _ = dict.set(heap, &key(1000), &Value::Data(Kind::Str, &[LONG]));
    })
}

fn remove() -> Verdict {
    kill(3, &|heap, dict| {
        let _ = dict.pop(heap, &key(1));
    })
}

/// The actor frees a block of the survivor's slab; the survivor gives it out anew before it recovers.
fn replace_what_another_allocated() -> Verdict {
    let long = Value::Data(Kind::Str, &[LONG]);
    exhaust(&Scenario {
        prepare: &|heap| {
            let (dict, other) = (filled(heap, 1), filled(heap, 1));
            as_survivor(heap, |survivor| dict.set(survivor, &key(0), &long).unwrap());
            (dict, other)
        },
        act: &|heap, (dict, _): &(Dict, Dict)| {
            let _ = dict.set(heap, &key(0), &Value::Int(7));
        },
        look: &|heap, (dict, _)| view(heap, *dict),
        meanwhile: Some(&|survivor, (_, other)| {
            survivor.rediscover().unwrap();
            other.set(survivor, &key(0), &long).unwrap();
        }),
        shared: true,
    })
}

#[track_caller]
fn caught(bug: Bug, operation: impl Fn() -> Verdict, symptom: &str) {
    assert!(operation().is_ok(), "the operation fails without the bug");
    let finding = with_planted(bug, operation).unwrap_err();
    assert!(finding.contains(symptom), "{bug:?} was caught, but as: {finding}");
}

#[test]
fn publishing_before_filling_is_caught() {
    caught(Bug::PublishBeforeFill, insert, "");
}

#[test]
fn a_missing_intent_is_caught() {
    caught(Bug::NoIntent, remove, "");
}

#[test]
fn an_intent_announced_before_its_entries_is_caught() {
    caught(Bug::IntentBeforeItsEntries, insert, "");
}

#[test]
fn an_intent_cleared_too_early_is_caught() {
    caught(Bug::IntentClearedEarly, remove, "");
}

#[test]
fn freeing_before_unlinking_is_caught() {
    caught(Bug::FreeBeforeUnlink, remove, "is linked but Ok(Free)");
}

#[test]
fn freeing_twice_on_recovery_is_caught() {
    caught(Bug::DoubleFreeOnRecovery, replace_what_another_allocated, "is linked but Ok(Free)");
}

#[test]
fn a_length_stored_apart_is_caught() {
    caught(Bug::LostCount, insert, "a dict of 3 items links 2");
}

#[test]
fn a_forgotten_recovery_is_caught() {
    caught(Bug::RecoveryForgotten, remove, "leaked");
}

#[test]
fn sweeping_before_recovering_is_caught() {
    caught(Bug::SweepBeforeRecovery, insert, "");
}

#[test]
fn taking_a_counted_reference_for_a_pending_block_is_caught() {
    caught(Bug::CountedIsPending, store_reference, "counts 1 of 0 references");
}

#[test]
fn forgotten_contents_are_caught() {
    caught(Bug::ContentsForgotten, drop_with_contents, "");
}

#[test]
fn owners_turned_around_after_the_swap_are_caught() {
    caught(Bug::AddedKeepsItsValues, || splicing_survives(20, (3, 13), 4), "");
}

#[test]
fn counts_added_apart_from_their_removal_are_caught() {
    caught(Bug::CountsApart, sweep_one_that_counted, "half done");
}

#[test]
fn a_death_that_is_counted_twice_is_caught() {
    caught(Bug::DeathCountedAgain, sweep_one_that_counted, "half done");
}

#[test]
fn a_change_of_which_nobody_is_told_after_a_death_is_caught() {
    caught(Bug::DeadHadToldAll, change_what_is_watched, "");
}

#[test]
fn forgetting_who_watches_once_they_are_told_is_caught() {
    caught(Bug::ToldAndUnwatched, change_what_is_watched, "watch the object at");
}

#[test]
fn telling_those_who_watch_without_the_lock_is_caught() {
    caught(Bug::ToldAfterwards, change_what_is_watched, "half done");
}

fn list_of(count: u64, act: &dyn Fn(&Stage, &List)) -> Verdict {
    list::kills::kill(&|heap| list::kills::filled(heap, count), act)
}

/// Into a leaf with one free cell, at its end.
fn list_insert() -> Verdict {
    list_of(6, &|heap, list| {
        let _ = list.insert(heap, 3, &Value::Data(Kind::Str, &[LONG]));
    })
}

fn list_append() -> Verdict {
    list_of(5, &|heap, list| {
        let _ = list.append(heap, &Value::Data(Kind::Str, &[LONG]));
    })
}

fn list_split() -> Verdict {
    list_of(7, &|heap, list| {
        let _ = list.insert(heap, 3, &Value::Int(1));
    })
}

fn list_pop() -> Verdict {
    list_of(14, &|heap, list| {
        let _ = list.pop(heap, 3);
    })
}

fn list_rebuild() -> Verdict {
    list_of(5, &|heap, list| {
        let values = [Value::Data(Kind::Str, &[LONG]), Value::None];
        let _ = list.version(heap).and_then(|version| list.rebuild(heap, version, &values));
    })
}

fn list_reverse() -> Verdict {
    list_of(5, &|heap, list| {
        let order = [4, 3, 2, 1, 0];
        let _ = list.version(heap).and_then(|version| list.permute(heap, version, &order));
    })
}

#[test]
fn a_cell_stored_after_it_was_counted_is_caught() {
    caught(Bug::CellAfterCount, list_append, "a cell has no valid form");
}

#[test]
fn a_gap_moved_over_cells_in_use_is_caught() {
    // The gap is narrower than its way: what is left behind is there twice or not at all.
    caught(Bug::GapInOneStride, list_insert, "");
}

#[test]
fn a_split_before_its_other_half_is_linked_is_caught() {
    caught(Bug::SplitBeforeItsHalf, list_split, "leaked: the block");
}

#[test]
fn sizes_changed_apart_are_caught() {
    caught(Bug::SizesApart, list_pop, "items holds");
}

#[test]
fn a_list_aside_that_is_left_out_of_the_change_is_caught() {
    caught(Bug::AsideApart, list_rebuild, "is linked but Ok(Free)");
}

#[test]
fn a_shell_that_frees_values_is_caught() {
    caught(Bug::ShellOwnsItsValues, list_reverse, "is linked but Ok(Free)");
}

#[test]
fn a_permit_taken_after_its_new_holder_left_the_line_is_caught() {
    caught(Bug::PermitTakenApart, release_to_a_waiter, "permits are on record");
}

#[test]
fn a_site_stored_after_the_lock_was_taken_is_caught() {
    caught(Bug::SiteApart, take_a_lock, "half done");
}

#[test]
fn a_meeting_counted_down_apart_is_caught() {
    caught(Bug::MeetingCountedApart, last_one_comes, "have come");
}

#[test]
fn what_was_told_and_is_passed_on_too_late_is_caught() {
    caught(Bug::PassedOnApart, || pass_on(false), "half done: 0");
}

fn queue_put() -> Verdict {
    queue::kills::kill(&|heap| queue::kills::filled(heap, 0, 2), &|heap, queue| {
        let _ = queue.put(heap, &Value::Int(1));
    })
}

fn queue_get() -> Verdict {
    queue::kills::kill(&|heap| queue::kills::filled(heap, 1, 2), &|heap, queue| {
        let _ = queue.get(heap, End::Front);
    })
}

fn queue_close() -> Verdict {
    queue::kills::kill(&|heap| queue::kills::filled(heap, 0, 3), &|heap, queue| {
        let _ = queue.close(heap, true);
    })
}

#[test]
fn what_a_queue_counts_apart_from_its_items_is_caught() {
    caught(Bug::CountedApart, queue_put, "half done");
}

#[test]
fn an_item_taken_out_in_nobodys_name_is_caught() {
    caught(Bug::TakenIsNobodys, queue_get, "leaked");
}

#[test]
fn a_queue_emptied_before_it_is_closed_is_caught() {
    caught(Bug::ClosedApart, queue_close, "half done");
}

#[test]
fn a_wait_given_up_that_takes_along_what_it_was_told_is_caught() {
    caught(Bug::ToldAndGone, queue::kills::waiting::give_up_what_was_told, "wake-up was lost");
}

#[test]
fn what_a_dead_thread_was_told_and_nobody_else_is_caught() {
    caught(Bug::DeadWasTold, queue::kills::waiting::die_after_being_told, "wake-up was lost");
}
