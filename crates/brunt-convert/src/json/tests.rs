use std::sync::Arc;

use brunt_metrics::{Interner, Registry};
use proptest::prelude::*;

use super::*;

fn known() -> Known {
    Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(1000)),
    }
}

/// Metric, time, value, tags and metadata of each sample.
type Seen = (
    String,
    i64,
    f64,
    Vec<(String, String)>,
    Vec<(String, String)>,
);

fn pairs(tags: &TagSet) -> Vec<(String, String)> {
    let pairs = tags.iter();
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn read(text: &str) -> (Vec<Seen>, Lines) {
    let known = known();
    let mut lines = Lines::default();
    JsonReader::new(known.clone()).read(text.as_bytes(), &mut lines);
    let sample = |sample: &Sample| {
        let series = match sample.series.overflow_row() {
            Some(row) => lines.batch.overflow[row].clone(),
            None => known.interner.resolve(sample.series).unwrap(),
        };
        (
            known.registry.metric(series.metric).name.to_string(),
            sample.time,
            sample.value,
            pairs(&series.tags),
            lines
                .batch
                .meta
                .get(sample.meta)
                .map(pairs)
                .unwrap_or_default(),
        )
    };
    (lines.batch.samples.iter().map(sample).collect(), lines)
}

fn of(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let list = list.iter();
    list.map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
}

const USUAL: &str = r#"{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-22T10:59:01.150490939Z","value":1,"tags":{"a":"}\"{","group":""},"metadata":{"iter":"0","vu":"1"}}}"#;

#[test]
fn a_line_of_k6_is_read_where_it_stands() {
    let known = known();
    let mut batch = SampleBatch::default();
    let usual = JsonReader::new(known).usual(USUAL.as_bytes(), &mut batch);
    assert!(usual.is_some());
    let (seen, _) = read(USUAL);
    let expected = (
        "http_reqs".to_owned(),
        1_795_345_141_150_490_939,
        1.0,
        of(&[("a", "}\"{"), ("group", "")]),
        of(&[("iter", "0"), ("vu", "1")]),
    );
    assert_eq!(seen, [expected]);
}

#[test]
fn another_order_of_keys_means_the_same() {
    let other = r#" {"type":"Point","data":{"tags":{"group":"","a":"}\"{"},"value":1.0,"metadata":{"vu":"1","iter":"0"},"time":"2026-11-22T10:59:01.150490939Z"},"metric":"http_reqs"}"#;
    assert_eq!(read(other).0, read(USUAL).0);
}

#[test]
fn a_broken_line_is_told_with_its_place_and_the_others_are_read() {
    let text = format!(
        "{USUAL}\n{}\n\n{USUAL}\n{{\"metric\":1}}\n{}",
        &USUAL[..50],
        &USUAL[..99]
    );
    let (seen, lines) = read(&text);
    assert_eq!(seen.len(), 2);
    let places: Vec<_> = lines.told().collect();
    let second = USUAL.len() + 1;
    assert_eq!(places, [(1, second), (4, second + 52 + USUAL.len() + 1)]);
    assert!(lines.half, "the last line was being written");
}

#[test]
fn series_that_the_interner_does_not_take_go_with_the_batch() {
    let known = Known {
        interner: Arc::new(Interner::new(1)),
        ..known()
    };
    let line = |tag: &str| USUAL.replace("\"group\":\"\"", &format!("\"group\":\"{tag}\""));
    let text = [line("a"), line("b"), line("b"), line("c")].join("\n");
    let mut lines = Lines::default();
    JsonReader::new(known).read(text.as_bytes(), &mut lines);
    let rows: Vec<_> = lines
        .batch
        .samples
        .iter()
        .map(|it| it.series.overflow_row())
        .collect();
    assert_eq!(rows, [None, Some(0), Some(0), Some(1)]);
    assert_eq!(lines.batch.overflow[1].tags.get("group"), Some("c"));
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..USUAL.len()) {
        let mut text = USUAL.as_bytes()[..cut].to_vec();
        text.extend(bytes);
        JsonReader::new(known()).read(&text, &mut Lines::default());
    }

    /// The fast way and the library agree wherever the fast way answers.
    #[test]
    fn both_ways_read_the_same(
        value in proptest::num::f64::NORMAL,
        tags in proptest::collection::btree_map(".{0,8}", ".{0,8}", 0..4),
    ) {
        let tags = serde_json::to_string(&tags).unwrap();
        let usual = format!(r#"{{"metric":"http_reqs","type":"Point","data":{{"time":"2026-11-22T10:59:01.1Z","value":{value},"tags":{tags}}}}}"#);
        let mut reader = JsonReader::new(known());
        let mut batch = SampleBatch::default();
        let fast = reader.usual(usual.as_bytes(), &mut batch);
        prop_assert!(fast.is_some(), "{}", usual);
        reader.unusual(usual.as_bytes(), &mut batch).unwrap();
        prop_assert_eq!(fast.map(|it| (it.time, it.value, it.meta)), batch.samples.last().map(|it| (it.time, it.value, it.meta)));
        prop_assert_eq!(fast.map(|it| it.series), batch.samples.last().map(|it| it.series));
    }
}
