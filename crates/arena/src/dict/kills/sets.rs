//! Every operation of the set, killed after every store.

use super::{LONG, key};
use crate::dict::{Key, Set, item};
use crate::failure::Result;
use crate::harness::{Scenario, Stage, exhaust};
use crate::value::{Kind, Loaded};

fn text(number: u64) -> Key<'static> {
    Key::data(number, Kind::Str, LONG)
}

/// A set with members that need blocks and members that do not.
fn filled(heap: &Stage) -> Set {
    let set = Set::create(heap).unwrap();
    for number in 0..3 {
        set.add(heap, &key(number)).unwrap();
    }
    set.add(heap, &text(3)).unwrap();
    set
}

/// All members, in order, and how many there are said to be.
fn view(heap: &Stage, set: &Set) -> Result<(Vec<Loaded>, u64)> {
    let (mut position, mut members) = (set.begin(heap)?, Vec::new());
    while !position.is_end() {
        set.advance(heap, &mut position, 100, &mut members)?;
    }
    let members = members.into_iter().map(|member| item(member).map(|(member, _)| member));
    Ok((members.collect::<Result<_>>()?, set.len(heap)?))
}

fn survives(act: &dyn Fn(&Stage, &Set)) {
    let report =
        exhaust(&Scenario { prepare: &filled, act, look: &view, meanwhile: None, shared: true });
    assert!(report.unwrap().cuts > 3);
}

#[test]
fn adding_members_survives_every_kill() {
    survives(&|heap, set| assert_eq!(set.add(heap, &key(9)), Ok(true)));
    survives(&|heap, set| assert_eq!(set.add(heap, &text(9)), Ok(true)));
}

#[test]
fn removing_members_survives_every_kill() {
    survives(&|heap, set| assert_eq!(set.remove(heap, &key(1)), Ok(true)));
    survives(&|heap, set| assert_eq!(set.remove(heap, &text(3)), Ok(true)));
    survives(&|heap, set| assert!(set.pop(heap).unwrap().is_some()));
    survives(&|heap, set| set.clear(heap).unwrap());
}
