//! Parts of lists that are replaced: killed after every store, and against a model.

use super::*;
use crate::list::kills::{LONG, filled, kill};
use crate::list::tests::arena;
use crate::list::with_small_nodes;
use crate::value::{Kind, Loaded};

const VALUES: [Value<'static>; 9] = [
    Value::Data(Kind::Str, &[LONG]),
    Value::Int(1),
    Value::None,
    Value::Data(Kind::Bytes, &[LONG]),
    Value::Bool(true),
    Value::Int(2),
    Value::Int(3),
    Value::Data(Kind::Bytes, &[LONG, LONG]),
    Value::Int(4),
];

pub(crate) fn splicing_survives(
    count: u64,
    (from, to): (i64, i64),
    added: usize,
) -> std::result::Result<crate::harness::Report, String> {
    kill(&|heap| filled(heap, count), &|heap, list| {
        let part = Part::new(Some(from), Some(to));
        let _ = list.splice(heap, part, &VALUES[..added]);
    })
}

#[test]
fn replacing_a_part_survives_every_kill() {
    // In a leaf: removing, replacing, inserting, with a split; all of a leaf. Over several: made of cells.
    for (count, part, added) in [
        (5, (1, 3), 0),
        (5, (1, 3), 2),
        (6, (2, 2), 3),
        (20, (15, 17), 5),
        (20, (0, 7), 0),
        (20, (3, 13), 0),
        (20, (3, 13), 4),
        (20, (3, 4), 9),
        (4, (0, 4), 0),
        (0, (0, 0), 9),
    ] {
        let report = splicing_survives(count, part, added).unwrap();
        assert!(report.cuts > 3, "{count} {part:?} {added}: {report:?}");
    }
}

fn history(steps: u64, typical: u64) {
    let heap = arena();
    let before = heap.stats().unwrap().bytes_used;
    let (list, mut model) = (List::create(&heap).unwrap(), Vec::new());
    let mut seed = typical;
    let mut draw = |below: u64| crate::list::tests::random(&mut seed) % below;
    for step in 0..steps {
        let length = model.len() as u64;
        let (from, mut added) = (draw(length + 3), draw(12));
        let to = if draw(8) == 0 { draw(length + 3) } else { from + draw(12) };
        if length > typical {
            added /= 2;
        }
        let new: Vec<u64> = (0..added).map(|number| step * 16 + number).collect();
        let texts: Vec<_> = new.iter().map(|number| format!("value number {number}")).collect();
        let slices: Vec<_> = texts.iter().map(|text| [text.as_bytes()]).collect();
        let values: Vec<_> = new
            .iter()
            .zip(&slices)
            .map(|(&number, slice)| match number % 3 {
                0 => Value::Data(Kind::Str, slice),
                _ => Value::Int(number.cast_signed()),
            })
            .collect();
        let part = Part::new(Some(from.cast_signed()), Some(to.cast_signed()));
        assert_eq!(list.splice(&heap, part, &values), Ok(true));
        let from = from.min(length) as usize;
        let to = (to.min(length) as usize).max(from);
        model.splice(from..to, new);
    }
    crate::audit::audit(&heap.space).unwrap();
    let (items, _) = list.snapshot(&heap).unwrap();
    assert_eq!(items.len(), model.len());
    for (item, number) in items.iter().zip(model) {
        let text = format!("value number {number}");
        let expected = match number % 3 {
            0 => Loaded::Data(Kind::Str, text.into_bytes().into()),
            _ => Loaded::Int(number.cast_signed()),
        };
        assert_eq!(*item, expected);
    }
    heap.let_go(list.handle()).unwrap();
    assert_eq!(heap.stats().unwrap().bytes_used, before);
}

#[test]
fn a_random_history_of_parts_gives_what_a_vec_gives() {
    history(3_000, 300);
    with_small_nodes(|| history(3_000, 100));
}
