//! Remote write 2.0: a body that breaks a rule and nothing else is refused, and what a receiver that
//! does not understand it answers.

use brunt_testkit::RemoteWrite;
use brunt_testkit::client::{HttpResponse, request};
use brunt_testkit::remote_write::{Config, Rule, Speaks};

use crate::bytes::{block, double, number, send, simple, snappy, varint};

const HEADERS: [(&str, &str); 4] = [
    ("Content-Encoding", "snappy"),
    (
        "Content-Type",
        "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    ),
    ("X-Prometheus-Remote-Write-Version", "2.0.0"),
    ("User-Agent", "test"),
];

const SYMBOLS: [&str; 5] = ["", "__name__", "m", "a", "x"];

fn symbols(all: &[&str]) -> Vec<u8> {
    all.iter()
        .flat_map(|text| block(4, text.as_bytes()))
        .collect()
}

fn references(all: &[u64]) -> Vec<u8> {
    let packed: Vec<u8> = all.iter().flat_map(|place| varint(*place)).collect();
    block(1, &packed)
}

fn sample(value: f64, time: u64, start: u64) -> Vec<u8> {
    let fields = [
        double(1, value.to_bits()),
        number(2, time),
        number(3, start),
    ];
    block(2, &fields.concat())
}

/// A counter, if nothing else is said.
fn metadata(kind: u64) -> Vec<u8> {
    block(5, &number(1, kind))
}

fn series(content: &[Vec<u8>]) -> Vec<u8> {
    block(5, &content.concat())
}

fn good() -> Vec<u8> {
    series(&[references(&[1, 2, 3, 4]), sample(1.0, 20, 10), metadata(1)])
}

fn post(receiver: &RemoteWrite, message: &[u8]) -> HttpResponse {
    let body = snappy(message);
    request(receiver.address(), "POST", "/api/v1/write", &HEADERS, &body).unwrap()
}

#[track_caller]
fn refused(message: &[u8], rule: Rule) {
    let receiver = RemoteWrite::start().unwrap();
    let response = post(&receiver, message);
    let rules: Vec<_> = receiver.violations().iter().map(|it| it.rule).collect();
    assert_eq!(
        (response.status, rules),
        (400, vec![rule]),
        "{}",
        response.text()
    );
    assert_eq!(
        response.header("x-prometheus-remote-write-samples-written"),
        Some("0")
    );
    assert_eq!(receiver.samples(), 0);
}

#[test]
fn a_valid_request_is_stored_and_told() {
    let receiver = RemoteWrite::start().unwrap();
    let response = post(&receiver, &[symbols(&SYMBOLS), good()].concat());
    assert_eq!(
        (response.status, receiver.violations()),
        (204, vec![]),
        "{}",
        response.text()
    );
    let written = |kind: &str| {
        let name = format!("x-prometheus-remote-write-{kind}-written");
        response.header(&name).map(str::to_owned)
    };
    assert_eq!(written("samples").as_deref(), Some("1"));
    assert_eq!(written("histograms").as_deref(), Some("0"));
    assert_eq!(receiver.last("m", &[("a", "x")]), Some(1.0));
    assert_eq!(receiver.metadata("m").unwrap().kind, 1);
    assert_eq!(receiver.journal()[0].version, "2.0");
}

#[test]
fn symbols_and_references() {
    let all = |symbols: Vec<u8>, references: Vec<u8>| {
        let series = series(&[references, sample(1.0, 20, 10), metadata(1)]);
        [symbols, series].concat()
    };
    refused(
        &all(symbols(&["b", "__name__", "m"]), references(&[1, 2])),
        Rule::FirstSymbol,
    );
    refused(
        &all(symbols(&["", "__name__", "m", "m"]), references(&[1, 2])),
        Rule::DuplicateSymbol,
    );
    refused(
        &all(symbols(&SYMBOLS), references(&[1, 2, 3])),
        Rule::Reference,
    );
    let mut beyond = all(symbols(&SYMBOLS), references(&[1, 2, 3, 9]));
    let receiver = RemoteWrite::start().unwrap();
    assert_eq!(post(&receiver, &beyond).status, 400);
    assert_eq!(receiver.violations()[0].rule, Rule::Reference);
    // Unpacked references are valid protobuf too.
    beyond = series(&[number(1, 1), number(1, 2), sample(1.0, 20, 10), metadata(1)]);
    let receiver = RemoteWrite::start().unwrap();
    assert_eq!(
        post(&receiver, &[symbols(&SYMBOLS), beyond].concat()).status,
        204
    );
}

#[test]
fn labels_are_held_to_the_same_rules_as_in_1_0() {
    let with = |places: &[u64]| {
        let series = series(&[references(places), sample(1.0, 20, 10), metadata(1)]);
        [symbols(&SYMBOLS), series].concat()
    };
    refused(&with(&[3, 4, 1, 2]), Rule::UnsortedLabels);
    refused(&with(&[1, 2, 3, 4, 3, 4]), Rule::DuplicateLabel);
    refused(&with(&[1, 2, 3, 0]), Rule::EmptyLabelValue);
}

#[test]
fn content_of_a_series() {
    let with = |content: &[Vec<u8>]| {
        let all = [&[references(&[1, 2])], content].concat();
        [symbols(&SYMBOLS), series(&all)].concat()
    };
    let histogram = block(3, &[number(1, 0), number(15, 21), number(17, 10)].concat());
    refused(
        &with(&[sample(1.0, 20, 10), histogram.clone(), metadata(1)]),
        Rule::MixedSeries,
    );
    refused(
        &with(&[sample(1.0, 20, 0), metadata(1)]),
        Rule::StartTimestamp,
    );
    refused(
        &with(&[sample(1.0, 20, 21), metadata(1)]),
        Rule::StartTimestamp,
    );
    refused(&with(&[sample(1.0, 20, 10)]), Rule::Metadata);
    // The created timestamp of earlier drafts.
    refused(
        &with(&[sample(1.0, 20, 10), metadata(1), number(6, 1)]),
        Rule::Protobuf,
    );
    // A message of 1.0 under the name of 2.0.
    refused(&simple(1.0, 1), Rule::Protobuf);
}

#[test]
fn a_receiver_can_understand_one_version_only() {
    let answers = |speaks| {
        let config = Config {
            speaks,
            ..Config::default()
        };
        let receiver = RemoteWrite::start_with(config).unwrap();
        let two = post(&receiver, &[symbols(&SYMBOLS), good()].concat());
        let stored = receiver.samples();
        let one = send(&receiver, &simple(1.0, 1));
        assert!(
            receiver.violations().is_empty(),
            "that is no mistake of the sender's"
        );
        let told = two.header("x-prometheus-remote-write-samples-written");
        (two.status, told.is_some(), stored, one.status)
    };
    assert_eq!(answers(Speaks::Both), (204, true, 1, 204));
    assert_eq!(answers(Speaks::One), (415, false, 0, 204));
    assert_eq!(answers(Speaks::Two), (204, true, 1, 415));
    assert_eq!(answers(Speaks::OneAndShrugs), (204, false, 0, 204));
    assert_eq!(answers(Speaks::OneAndComplains), (400, false, 0, 204));
}

#[test]
fn what_was_refused_must_not_come_again() {
    let receiver = RemoteWrite::start().unwrap();
    receiver.poison("a", "x", 400);
    let message = [symbols(&SYMBOLS), good()].concat();
    assert_eq!(post(&receiver, &message).status, 400);
    assert!(
        receiver.violations().is_empty(),
        "poison is not the sender's mistake"
    );
    assert_eq!(post(&receiver, &message).status, 400);
    assert_eq!(receiver.violations()[0].rule, Rule::Repetition);
    let busy = RemoteWrite::start().unwrap();
    busy.poison("a", "x", 500);
    assert_eq!([0, 1].map(|_| post(&busy, &message).status), [500, 500]);
    assert!(
        busy.violations().is_empty(),
        "a server's error may be repeated"
    );
}

#[test]
fn good_series_of_a_bad_request_are_stored_where_that_is_the_receivers_way() {
    let config = Config {
        partial: true,
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    assert_eq!(send(&receiver, &simple(5.0, 100)).status, 204);
    let old = series(&[references(&[1, 2]), sample(1.0, 20, 10), metadata(1)]);
    let response = post(&receiver, &[symbols(&SYMBOLS), old, good()].concat());
    assert_eq!(response.status, 400);
    let written = response.header("x-prometheus-remote-write-samples-written");
    assert_eq!(written, Some("1"));
    assert_eq!(receiver.last("m", &[("a", "x")]), Some(1.0));
    // What is there already may come again.
    assert_eq!(
        post(&receiver, &[symbols(&SYMBOLS), good()].concat()).status,
        204
    );
}
