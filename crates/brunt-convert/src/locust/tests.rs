//! Files that Locust 2.47 wrote in a run against a server on the loopback interface.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_metrics::{Interner, MetricKind, Registry, ValueType};

use super::*;
use crate::foreign::testing::told;

const FULL: &str = include_str!("../../tests/other-tools/locust-full-history.csv");
const PLAIN: &str = include_str!("../../tests/other-tools/locust-history.csv");

fn read(files: &[&str]) -> (Vec<String>, Lines) {
    let known = Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(1000)),
    };
    for gauge in gauges() {
        known
            .registry
            .register(gauge, MetricKind::Gauge, ValueType::Time)
            .unwrap();
    }
    let mut lines = Lines::default();
    let mut reader = LocustReader::new(known.clone());
    for file in files {
        reader.read(file.as_bytes(), &mut lines);
    }
    (told(&known, &lines), lines)
}

/// Sums of the values by metric and the rest of the line.
fn sums(samples: &[String], metric: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for sample in samples {
        let mut parts = sample.splitn(4, ' ');
        let (_, name, value) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
        if name == metric {
            let tags = parts.next().unwrap_or_default().to_owned();
            *sums.entry(tags).or_default() += value.parse::<f64>().unwrap();
        }
    }
    sums
}

fn of(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
    pairs
        .iter()
        .map(|(tags, sum)| ((*tags).to_owned(), *sum))
        .collect()
}

#[test]
fn counts_are_those_of_the_last_rows_and_none_counts_twice() {
    let (samples, lines) = read(&[FULL]);
    assert_eq!(
        (lines.seen, lines.told().count()),
        (FULL.lines().count() as u64, 0)
    );
    assert_eq!(
        sums(&samples, "http_reqs"),
        of(&[
            ("expected_response=false method=GET name=/bad", 20.0),
            (
                "expected_response=false method=GET name=home, \"front\"",
                7.0
            ),
            ("expected_response=false method=POST name=/order", 1.0),
            (
                "expected_response=true method=GET name=home, \"front\"",
                37.0
            ),
            ("expected_response=true method=POST name=/order", 10.0),
        ])
    );
    let rate: Vec<&String> = samples
        .iter()
        .filter(|it| it.contains(" http_req_failed "))
        .collect();
    let failed = rate
        .iter()
        .filter(|it| it.contains(" http_req_failed 1 "))
        .count();
    assert_eq!((rate.len(), failed), (75, 28));
    // Bytes of all answers: sizes times counts of the last rows.
    let bytes = sums(&samples, "data_received")[""];
    assert_eq!(
        bytes,
        (20.0 * 131.9 + 11.0 * 141.727_272_727_272_72 + 44.0 * 157.863_636_363_636_37_f64).round()
    );
}

#[test]
fn users_and_percentiles_are_those_of_the_rows() {
    let (samples, _) = read(&[FULL]);
    assert!(
        samples.contains(&"1795439544.000 vus 2".to_owned()),
        "{samples:?}"
    );
    assert!(samples.contains(&"1795439548.000 vus 4".to_owned()));
    let last = "1795439548.000 http_req_duration_p95 8 method=GET name=home, \"front\"";
    assert!(samples.contains(&last.to_owned()));
    let all = "1795439548.000 http_req_duration_max 55 name=Aggregated";
    assert!(samples.contains(&all.to_owned()));
    // The first second's rows of 0 say nothing.
    assert!(
        !samples
            .iter()
            .any(|it| it.starts_with("1795439543.000 http_req"))
    );
}

#[test]
fn the_average_is_that_of_the_requests_since_the_row_before() {
    let (samples, _) = read(&[PLAIN]);
    let (before, now) = (
        (47.0, 5.065_895_574_281_309),
        (64.0, 4.614_367_218_664_483_5),
    );
    let expected = (now.0 * now.1 - before.0 * before.1) / (now.0 - before.0);
    let sums = sums(&samples, AVERAGE);
    assert_eq!(sums.len(), 1);
    let told = samples
        .iter()
        .find(|it| it.starts_with("1795439554.000 http_req_duration_avg"))
        .unwrap();
    let value: f64 = told.split(' ').nth(2).unwrap().parse().unwrap();
    assert!((value - expected).abs() < 1e-9, "{told}");
}

#[test]
fn without_names_the_rows_of_all_together_count() {
    let (samples, _) = read(&[PLAIN]);
    assert_eq!(
        sums(&samples, "http_reqs"),
        of(&[
            ("expected_response=false name=Aggregated", 25.0),
            ("expected_response=true name=Aggregated", 39.0),
        ])
    );
}

#[test]
fn a_file_in_pieces_counts_the_same_and_statistics_that_were_reset_count_anew() {
    let (whole, _) = read(&[PLAIN]);
    let (head, rest) = PLAIN.split_at(PLAIN.len() - 250);
    let cut = head.rfind('\n').unwrap() + 1;
    let pieces = [&PLAIN[..cut], &PLAIN[cut..]];
    assert!(!rest.is_empty());
    assert_eq!(read(&pieces).0, whole);
    let header = PLAIN.lines().next().unwrap();
    let row = |time, count| {
        format!(
            "{time},1,,Aggregated,0,0{},{count},0,0,1.0,1,1,0\n",
            ",N/A".repeat(11)
        )
    };
    let file = format!(
        "{header}\n{}{}",
        row(1_795_439_550, 10),
        row(1_795_439_551, 4)
    );
    assert_eq!(
        sums(&read(&[&file]).0, "http_reqs"),
        of(&[("expected_response=true name=Aggregated", 14.0)])
    );
}

#[test]
fn rows_that_cannot_be_are_broken() {
    let header = PLAIN.lines().next().unwrap();
    let tail = format!("{},1,0,0,1.0,1,1,0\n", ",N/A".repeat(11));
    let many = format!(
        "1795439551,1,,Aggregated,0,0{},1e300,0,0,1.0,1,1,0\n",
        ",N/A".repeat(11)
    );
    let file = format!(
        "{header}\nx,1,,Aggregated,0,0{tail}1795439551,-1,,Aggregated,0,0{tail}{many}1795439551,1,,Aggr"
    );
    let (_, lines) = read(&[&file]);
    let told: Vec<u64> = lines.told().map(|(line, _)| line).collect();
    assert_eq!(told, [1, 2, 3]);
    assert!(lines.half);
}

#[test]
fn the_other_files_are_known() {
    let totals = include_str!("../../tests/other-tools/locust-totals.csv");
    for (row, kind) in [
        (FULL.lines().next().unwrap(), Some(Kind::History)),
        (totals.lines().next().unwrap(), Some(Kind::Totals)),
        (
            "Method,Name,Error,Occurrences,First Seen,Last Seen",
            Some(Kind::Totals),
        ),
        ("Count,Message,Traceback,Nodes", Some(Kind::Totals)),
        ("a,b", None),
    ] {
        assert_eq!(super::of(row.as_bytes()), kind, "{row}");
    }
}
