//! Queues: each item is taken once, and nobody sleeps while there is something for it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::hasty::Hasty;
use super::{Act, Actor, Model};
use crate::failure::Result;
use crate::heap::Heap;
use crate::list::End;
use crate::memory::interleaved::{Rechecks, Seat};
use crate::queue::{Got, Put, Queue, Wait};
use crate::value::{Loaded, Value};
use crate::wait::patience::Until;
use crate::wait::sleep::{Ended, Patience, await_node};

/// How many items there are.
const ITEMS: i64 = 2;

/// A queue that has room for one item, and how often each was taken.
pub(crate) struct Items {
    queue: Queue,
    taken: [AtomicU32; ITEMS as usize],
}

fn items(heap: &Heap<Seat>) -> Items {
    Items { queue: Queue::create(heap, 1).unwrap(), taken: Default::default() }
}

impl Items {
    fn wait<T>(
        &self,
        actor: &Actor,
        wait: Wait,
        patience: &mut impl Patience,
        mut attempt: impl FnMut() -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let (heap, queue) = (&actor.heap, self.queue);
        loop {
            if let Some(outcome) = attempt()? {
                return Ok(Some(outcome));
            }
            let Some(ticket) = queue.stand(heap, actor.me, wait)? else { continue };
            let look = || queue.look(heap, ticket, wait, &mut attempt);
            if let Ended::Over(outcome) = await_node(heap, ticket, patience, look)? {
                return Ok(Some(outcome));
            }
            queue.abandon(heap, ticket, wait)?;
            return Ok(None);
        }
    }

    fn put(&self, actor: &Actor, item: i64) -> Result<()> {
        let attempt = || {
            let put = self.queue.put(&actor.heap, &Value::Int(item))?;
            Ok((put != Put::Full).then_some(()))
        };
        self.wait(actor, Wait::Room, &mut Until::the_end(), attempt).map(|_| ())
    }

    fn take(&self, actor: &Actor, patience: &mut impl Patience) -> Result<()> {
        let attempt = || {
            Ok(match self.queue.get(&actor.heap, End::Front)? {
                Got::Item(item) => Some(Some(item)),
                Got::Closed => Some(None),
                Got::Empty => None,
            })
        };
        if let Some(Some(Loaded::Int(item))) = self.wait(actor, Wait::Item, patience, attempt)? {
            let taken = &self.taken[usize::try_from(item).unwrap()];
            assert_eq!(taken.fetch_add(1, Relaxed), 0, "an item was taken twice");
        }
        Ok(())
    }
}

fn put_all(actor: &Actor, scene: &Items) -> Result<()> {
    (0..ITEMS).try_for_each(|item| scene.put(actor, item))
}

/// For more takers than items.
fn put_all_and_close(actor: &Actor, scene: &Items) -> Result<()> {
    put_all(actor, scene)?;
    scene.queue.close(&actor.heap, false)
}

fn take(actor: &Actor, scene: &Items) -> Result<()> {
    scene.take(actor, &mut Until::the_end())
}

fn take_late(actor: &Actor, scene: &Items) -> Result<()> {
    scene.take(actor, &mut Hasty::late(actor))
}

fn take_interrupted(actor: &Actor, scene: &Items) -> Result<()> {
    scene.take(actor, &mut Hasty::interrupted(actor))
}

fn sweep(actor: &Actor, _: &Items) -> Result<()> {
    super::sweep(actor)
}

/// Cleans up; nobody puts any more.
fn sweep_and_close(actor: &Actor, scene: &Items) -> Result<()> {
    super::sweep(actor)?;
    scene.queue.close(&actor.heap, false)
}

fn nothing_is_lost(heap: &Heap<Seat>, scene: &Items, has_died: bool) {
    let taken: u32 = scene.taken.iter().map(|taken| taken.load(Relaxed)).sum();
    let left = scene.queue.len(heap).unwrap();
    assert!(has_died || u64::from(taken) + left == ITEMS.cast_unsigned(), "{taken} and {left}");
}

fn model(threads: &'static [Act<Items>]) -> Model<Items> {
    let rechecks = Rechecks::default();
    Model { prepare: items, threads, finish: nothing_is_lost, rechecks, is_swept: false }
}

fn dying(threads: &'static [Act<Items>]) -> Model<Items> {
    let rechecks = Rechecks { short: 2, long: 0 };
    Model { rechecks, is_swept: true, ..model(threads) }
}

pub(super) fn two_take() -> Model<Items> {
    model(&[put_all, take, take])
}

fn one_is_interrupted() -> Model<Items> {
    model(&[take_interrupted, take, put_all])
}

fn a_taker_dies() -> Model<Items> {
    dying(&[take, take, put_all, sweep])
}

fn a_putter_dies() -> Model<Items> {
    dying(&[put_all, take, take, sweep_and_close])
}

/// A short test tries one of so many moments.
const FEW: usize = 61;

#[test]
fn each_item_is_taken_once() {
    two_take().explore(0);
    model(&[put_all, take_late, take]).explore(0);
    one_is_interrupted().explore(0);
}

#[test]
fn what_a_dead_taker_was_told_is_told_to_the_next() {
    a_taker_dies().explore_deaths(0, FEW);
}

#[test]
fn takers_survive_a_dead_putter() {
    a_putter_dies().explore_deaths(0, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn each_item_is_taken_once_in_many_more_runs() {
    two_take().explore(1);
    model(&[put_all, take_late, take]).explore(1);
    one_is_interrupted().explore(1);
    model(&[put_all_and_close, take, take_late, take_interrupted]).sample(50_000, false);
    a_taker_dies().explore_deaths(0, 1);
    a_putter_dies().explore_deaths(0, 1);
    a_taker_dies().sample(50_000, true);
    a_putter_dies().sample(50_000, true);
}
