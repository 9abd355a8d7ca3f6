//! Ids stand for what they were given for, whoever asks, and the bound holds.

use std::sync::Barrier;

use proptest::prelude::*;

use super::*;
use crate::builtin::{CHECKS, HTTP_REQS};

fn tags(pairs: &[(&str, &str)]) -> TagSet {
    pairs.iter().copied().collect()
}

#[test]
fn a_series_keeps_its_id_and_its_tags() {
    let interner = Interner::new(100);
    assert!(interner.is_empty());
    let set = interner.tag_set(&tags(&[("b", "2"), ("a", "")])).unwrap();
    assert_eq!(interner.tag_set(&tags(&[("a", ""), ("b", "2")])), Some(set));
    let (one, other) = (
        interner.series(HTTP_REQS, set),
        interner.series(CHECKS, set),
    );
    assert_ne!(one, other);
    assert_eq!(interner.series(HTTP_REQS, set), one);
    let series = interner.resolve(one.unwrap()).unwrap();
    assert_eq!(
        (series.metric, (*series.tags).clone()),
        (HTTP_REQS, tags(&[("a", ""), ("b", "2")]))
    );
    assert_eq!(interner.len(), 2);
    assert_eq!(interner.resolve(SeriesId(2)), None);
    assert_eq!(interner.resolve(SeriesId::overflow(0)), None);
}

#[test]
fn keys_and_values_do_not_run_into_each_other() {
    let interner = Interner::new(100);
    let sets = [
        &[("a", "b"), ("c", "d")][..],
        &[("a", "bc"), ("d", "")],
        &[("ab", "c")],
        &[("a", "b")],
        &[],
    ];
    let ids: Vec<_> = sets
        .iter()
        .map(|pairs| interner.tag_set(&tags(pairs)).unwrap())
        .collect();
    for (pairs, id) in sets.iter().zip(&ids) {
        assert_eq!(*interner.tags(*id).unwrap(), tags(pairs));
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1);
    }
}

#[test]
fn beyond_the_bound_only_the_overflow_series_is_made() {
    let interner = Interner::new(2);
    let set = |n: u32| interner.tag_set(&tags(&[("n", &n.to_string())]));
    let (first, second) = (set(1).unwrap(), set(2).unwrap());
    assert_eq!(set(3), None);
    assert_eq!(set(1), Some(first), "known sets are still found");
    let kept = interner.series(HTTP_REQS, first);
    assert!(interner.series(HTTP_REQS, second).is_some());
    assert_eq!(
        (interner.series(CHECKS, first), interner.overflowed()),
        (None, 1)
    );
    assert_eq!(interner.series(HTTP_REQS, first), kept);
    let overflow = interner.overflow_series(CHECKS);
    assert_eq!(interner.overflow_series(CHECKS), overflow);
    assert_ne!(interner.overflow_series(HTTP_REQS), overflow);
    let series = interner.resolve(overflow).unwrap();
    assert_eq!(
        (series.metric, (*series.tags).clone()),
        (CHECKS, tags(&[OVERFLOW_TAG]))
    );
    assert_eq!(interner.len(), 4);
}

#[test]
fn packed_sets_come_back_as_they_were() {
    // More than what is kept ready, both of sets and of texts.
    let interner = Interner::new(100_000);
    let of = |n: u32| {
        tags(&[
            ("method", "GET"),
            ("url", &format!("http://127.0.0.1/{n}")),
            ("ü", "→"),
        ])
    };
    let ids: Vec<_> = (0..20_000)
        .map(|n| interner.tag_set(&of(n)).unwrap())
        .collect();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(*interner.tags(*id).unwrap(), of(n as u32));
    }
    assert_eq!(interner.tag_set(&of(19_999)), ids.last().copied());
}

#[test]
fn threads_that_race_for_the_same_series_agree() {
    let interner = Interner::new(500);
    let barrier = Barrier::new(4);
    let work = |_: usize| {
        barrier.wait();
        let found = (0..1000).map(|n| {
            let set = interner.tag_set(&tags(&[("n", &(n % 700).to_string())]))?;
            Some((interner.series(HTTP_REQS, set)?, n % 700))
        });
        found.flatten().collect::<Vec<_>>()
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|at| scope.spawn(move || work(at))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(interner.len(), 500);
    for (id, n) in found {
        assert_eq!(
            interner.resolve(id).unwrap().tags.get("n"),
            Some(n.to_string().as_str())
        );
    }
}

proptest! {
    #[test]
    fn equal_sets_have_equal_ids(
        sets in prop::collection::vec(prop::collection::vec(("[a-c]{0,2}", "\\PC{0,3}"), 0..4), 0..30)
    ) {
        let interner = Interner::new(1000);
        let sets: Vec<TagSet> = sets.into_iter().map(|pairs| pairs.into_iter().collect()).collect();
        let ids: Vec<_> = sets.iter().map(|set| interner.tag_set(set).unwrap()).collect();
        for (a, id_a) in sets.iter().zip(&ids) {
            for (b, id_b) in sets.iter().zip(&ids) {
                prop_assert_eq!(a == b, id_a == id_b);
            }
            prop_assert_eq!(&*interner.tags(*id_a).unwrap(), a);
        }
    }
}

#[test]
fn the_tag_that_grows_is_told() {
    let interner = Interner::new(100);
    assert_eq!(interner.widest_tag(), None);
    for at in 0..200 {
        let (status, url) = (format!("{}", 200 + at % 3), format!("/{at}"));
        let set = [("method", "GET"), ("status", &*status), ("url", &*url)];
        let _ = interner.tag_set(&tags(&set));
    }
    assert_eq!(interner.widest_tag(), Some(("url".into(), 100)));
}
