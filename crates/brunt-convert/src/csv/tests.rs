use std::sync::Arc;

use brunt_metrics::{Interner, Registry};
use proptest::prelude::*;

use super::*;

const HEADER: &str = "metric_name,timestamp,metric_value,group,name,extra_tags,metadata";

type Pairs = Vec<(String, String)>;

fn pairs(tags: &TagSet) -> Pairs {
    let pairs = tags.iter();
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn of(list: &[(&str, &str)]) -> Pairs {
    let list = list.iter();
    list.map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn read(rows: &str) -> (Vec<(f64, Pairs, Pairs)>, Lines) {
    read_with(HEADER, rows)
}

fn read_with(header: &str, rows: &str) -> (Vec<(f64, Pairs, Pairs)>, Lines) {
    let known = Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(1000)),
    };
    let columns = Columns::read(header.as_bytes()).unwrap();
    let mut lines = Lines::default();
    let text = format!("{header}\n{rows}");
    CsvReader::new(known.clone()).read(text.as_bytes(), &columns, &mut lines);
    let sample = |sample: &Sample| {
        let series = known.interner.resolve(sample.series).unwrap();
        let meta = lines.batch.meta.get(sample.meta);
        (
            sample.value,
            pairs(&series.tags),
            meta.map(pairs).unwrap_or_default(),
        )
    };
    (lines.batch.samples.iter().map(sample).collect(), lines)
}

#[test]
fn cells_become_tags_and_empty_ones_none() {
    let (seen, lines) =
        read("http_reqs,1,1.5,::a,,x=1&y=2,vu=1&iter=0\nhttp_reqs,1,2,::a,,x=1&y=2,\n");
    let tags = of(&[("group", "::a"), ("x", "1"), ("y", "2")]);
    assert_eq!(
        seen,
        [
            (1.5, tags.clone(), of(&[("iter", "0"), ("vu", "1")])),
            (2.0, tags, Vec::new())
        ]
    );
    assert_eq!((lines.told().count(), lines.seen), (0, 3));
}

#[test]
fn what_a_user_measured_has_a_group() {
    let header = HEADER.replace("name,extra", "scenario,extra");
    let rows = "iterations,1,1,,s,,\ndropped_iterations,1,1,,s,,\niterations,1,1,,s,,\n\
                \"dropped_iterations\",1,1,,s,,\n\"iterations\",1,1,,s,,\nvus,1,1,,,,\n";
    let (seen, lines) = read_with(&header, rows);
    let (user, none) = (
        of(&[("group", ""), ("scenario", "s")]),
        of(&[("scenario", "s")]),
    );
    let tags: Vec<_> = seen.into_iter().map(|row| row.1).collect();
    assert_eq!(
        tags,
        [
            user.clone(),
            none.clone(),
            user.clone(),
            none,
            user,
            Vec::new()
        ]
    );
    assert_eq!(lines.told().count(), 0);
}

#[test]
fn a_row_that_begins_as_the_one_before_is_not_taken_for_it() {
    let (seen, lines) =
        read("http_reqs,1,1,g,,a=1,\nhttp_reqs,1,1,g,,a=12,\nhttp_reqs,1,1,g,,a=1,x,\n");
    let values: Vec<_> = seen.iter().map(|(_, tags, _)| tags[0].1.as_str()).collect();
    assert_eq!(values, ["1", "12"]);
    assert_eq!(lines.told().next().map(|(line, _)| line), Some(3));
}

#[test]
fn quotes_hold_commas_quotes_and_line_ends() {
    let (seen, lines) =
        read("http_reqs,1,1,\"a,\"\"b\"\"\nc\",n,,\"k=v,w\"\nhttp_reqs,1,2,g,n,,\nbroken\n");
    let expected = [
        (
            1.0,
            of(&[("group", "a,\"b\"\nc"), ("name", "n")]),
            of(&[("k", "v,w")]),
        ),
        (2.0, of(&[("group", "g"), ("name", "n")]), Vec::new()),
    ];
    assert_eq!(seen, expected);
    // A line of the file for each line end, those between quotes too.
    assert_eq!(lines.told().next().map(|(line, _)| line), Some(4));
}

#[test]
fn a_stray_quote_costs_no_other_row() {
    let (seen, lines) = read(
        "http_reqs,1,1,5\" disk,n,,\nhttp_reqs,1,2,g,n,,\nhttp_reqs,1,3,\"g,n,,\nhttp_reqs,1,4,g,n,,\n",
    );
    let values: Vec<f64> = seen.iter().map(|(value, ..)| *value).collect();
    assert_eq!(values, [1.0, 2.0, 4.0]);
    assert_eq!(seen[0].1, of(&[("group", "5\" disk"), ("name", "n")]));
    let told: Vec<u64> = lines.told().map(|(line, _)| line).collect();
    assert_eq!(told, [3]);
}

#[test]
fn rows_with_tags_in_doubt_are_counted_each() {
    let (seen, lines) =
        read("http_reqs,1,1,,,q=a=b,\nhttp_reqs,1,1,,,q=a=b,\nhttp_reqs,1,1,,,q=w & m,\n");
    assert_eq!((seen.len(), lines.doubtful), (3, 2));
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(text in "[a-z0-9,\"\n&=%]{0,200}") {
        read(&text);
    }
}
