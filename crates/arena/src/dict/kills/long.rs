//! Values that have extents of their own, replaced and removed.

use super::{LONG, filled, key, survives, view};
use crate::dict::Dict;
use crate::harness::{Scenario, Stage, exhaust};
use crate::value::{Kind, Loaded, Value};

static LARGE: [u8; 20_000] = [5; 20_000];

fn large() -> Loaded {
    Loaded::Data(Kind::Bytes, LARGE.to_vec().into())
}

/// Kills an operation on a dict whose newest value is large.
fn survives_large(act: &dyn Fn(&Stage, &Dict)) {
    let report = exhaust(&Scenario {
        prepare: &|heap| {
            let dict = filled(heap, 2);
            dict.set(heap, &key(9), &Value::Data(Kind::Bytes, &[&LARGE])).unwrap();
            dict
        },
        act,
        look: &|heap, dict| view(heap, *dict),
        meanwhile: None,
        shared: true,
    });
    assert!(report.unwrap().cuts > 10);
}

#[test]
fn replacing_large_values_survives_every_kill() {
    survives(2, &|heap, dict| {
        dict.set(heap, &key(1), &Value::Data(Kind::Bytes, &[&LARGE[..40]])).unwrap();
    });
    survives_large(&|heap, dict| {
        dict.set(heap, &key(9), &Value::Data(Kind::Bytes, &[LONG])).unwrap();
    });
}

#[test]
fn removing_large_values_survives_every_kill() {
    survives_large(&|heap, dict| assert_eq!(dict.pop(heap, &key(9)), Ok(Some(large()))));
    survives_large(&|heap, dict| {
        assert_eq!(dict.pop_newest(heap), Ok(Some((Loaded::Int(9), large()))));
    });
    survives_large(&|heap, dict| assert_eq!(dict.remove(heap, &key(9)), Ok(true)));
}
