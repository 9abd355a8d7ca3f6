//! Every rule: a body that breaks it and nothing else is refused, and the rule is on record.

use std::time::Duration;

use brunt_testkit::RemoteWrite;
use brunt_testkit::client::request;
use brunt_testkit::remote_write::{Config, Rule};

use crate::bytes::{
    HEADERS, STALE, block, double, histogram, labels, number, sample, sample_bits, send, series,
    simple, snappy,
};

fn rules(receiver: &RemoteWrite) -> Vec<Rule> {
    receiver
        .violations()
        .into_iter()
        .map(|violation| violation.rule)
        .collect()
}

#[track_caller]
fn refused(message: &[u8], rule: Rule) {
    let receiver = RemoteWrite::start().unwrap();
    let response = send(&receiver, message);
    assert_eq!(
        (response.status, rules(&receiver)),
        (400, vec![rule]),
        "{}",
        response.text()
    );
    assert!(
        response.text().starts_with(&format!("{rule:?}: ")),
        "{}",
        response.text()
    );
    assert_eq!((receiver.samples(), receiver.requests()), (0, 1));
}

#[track_caller]
fn accepted(message: &[u8]) {
    let receiver = RemoteWrite::start().unwrap();
    let response = send(&receiver, message);
    assert_eq!(
        (response.status, receiver.violations()),
        (204, vec![]),
        "{}",
        response.text()
    );
}

#[test]
fn a_valid_request_is_stored() {
    let receiver = RemoteWrite::start().unwrap();
    let pairs = [("A", "1"), ("__name__", "m:x"), ("a", "é")];
    let body = series(
        &pairs,
        &[sample(1.5, 10), sample(f64::INFINITY, 20)].concat(),
    );
    let metadata = block(
        3,
        &[number(1, 1), block(2, b"m"), block(4, b"help")].concat(),
    );
    assert_eq!(send(&receiver, &[body, metadata].concat()).status, 204);
    assert_eq!(receiver.violations(), []);
    assert_eq!(receiver.last("m:x", &[("a", "é")]), Some(f64::INFINITY));
    assert_eq!(receiver.times("m:x", &[]), [10, 20]);
    assert_eq!(receiver.metadata("m").unwrap().help, "help");
    let entry = &receiver.journal()[0];
    assert_eq!((entry.series, entry.samples, entry.status), (1, 2, 204));
    assert_eq!(entry.header("user-agent"), Some("test"));
}

#[test]
fn the_head_of_a_request() {
    let cases = [
        (0, ("Content-Encoding", "gzip"), Rule::ContentEncoding, 415),
        (
            1,
            ("Content-Type", "application/json"),
            Rule::ContentType,
            415,
        ),
        (
            2,
            ("X-Prometheus-Remote-Write-Version", "2.0.0"),
            Rule::Version,
            415,
        ),
        (3, ("User-Agent", ""), Rule::UserAgent, 400),
        (3, ("X-Other", "no user agent"), Rule::UserAgent, 400),
    ];
    for (at, header, rule, status) in cases {
        let receiver = RemoteWrite::start().unwrap();
        let mut headers = HEADERS;
        headers[at] = header;
        let body = snappy(&simple(1.0, 1));
        let answer = request(receiver.address(), "POST", "/api/v1/write", &headers, &body);
        assert_eq!(
            (answer.unwrap().status, rules(&receiver)),
            (status, vec![rule])
        );
    }
    let receiver = RemoteWrite::start().unwrap();
    let body = snappy(&simple(1.0, 1));
    let twice = [&HEADERS[..], &HEADERS[..1]].concat();
    for (method, path, headers) in [
        ("PUT", "/api/v1/write", &HEADERS[..]),
        ("POST", "/write", &HEADERS[..]),
        ("POST", "/api/v1/push", &twice),
    ] {
        request(receiver.address(), method, path, headers, &body).unwrap();
    }
    assert_eq!(
        rules(&receiver),
        [Rule::Method, Rule::Path, Rule::RepeatedHeader]
    );
    assert_eq!(receiver.samples(), 0);
}

#[test]
fn tenant_and_credentials_when_wanted() {
    let config = Config {
        tenant: Some("team".to_owned()),
        basic_auth: Some(("user".to_owned(), "pass".to_owned())),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    let body = snappy(&simple(1.0, 1));
    let status = |more: &[(&str, &str)]| {
        let headers = [&HEADERS[..], more].concat();
        request(receiver.address(), "POST", "/api/v1/push", &headers, &body)
            .unwrap()
            .status
    };
    let basic = ("Authorization", "Basic dXNlcjpwYXNz");
    assert_eq!(status(&[basic]), 401);
    assert_eq!(status(&[("X-Scope-OrgID", "other"), basic]), 401);
    assert_eq!(status(&[("X-Scope-OrgID", "team")]), 401);
    assert_eq!(
        rules(&receiver),
        [Rule::Tenant, Rule::Tenant, Rule::Authorization]
    );
    assert_eq!(status(&[("X-Scope-OrgID", "team"), basic]), 204);

    let config = Config {
        bearer_token: Some("abc".to_owned()),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    for (token, status) in [("Bearer abd", 401), ("Bearer abc", 204)] {
        let headers = [&HEADERS[..], &[("Authorization", token)]].concat();
        let answer = request(receiver.address(), "POST", "/api/v1/write", &headers, &body);
        assert_eq!(answer.unwrap().status, status);
    }
}

#[test]
fn bodies_that_are_not_what_they_should_be() {
    let receiver = RemoteWrite::start().unwrap();
    let raw = |body: &[u8]| {
        request(receiver.address(), "POST", "/api/v1/write", &HEADERS, body)
            .unwrap()
            .status
    };
    assert_eq!(raw(b"\xff\x06\x00\x00sNaPpY"), 400);
    assert_eq!(raw(&simple(1.0, 1)), 400);
    assert_eq!(rules(&receiver), [Rule::Snappy, Rule::Snappy]);

    let config = Config {
        max_body: 50,
        ..Config::default()
    };
    let small = RemoteWrite::start_with(config).unwrap();
    assert_eq!(send(&small, &[0; 100]).status, 400);
    assert_eq!(rules(&small), [Rule::Body]);
}

#[test]
fn protobuf_that_is_not_a_write_request() {
    let name = [("__name__", "m")];
    refused(&[0x0a, 5, 1], Rule::Protobuf);
    refused(&block(2, b""), Rule::Protobuf);
    refused(&number(1, 1), Rule::Protobuf);
    refused(
        &series(&name, &[sample(1.0, 1), number(6, 1)].concat()),
        Rule::Protobuf,
    );
    // The value as an integer, not a double.
    refused(&series(&name, &block(2, &number(1, 1))), Rule::Protobuf);
    refused(&block(1, &block(1, &block(1, b"\xff"))), Rule::Protobuf);
}

#[test]
fn labels_and_names() {
    let one = sample(1.0, 1);
    refused(&series(&[("a", "b")], &one), Rule::MissingName);
    refused(&series(&[("__name__", "a-b")], &one), Rule::MetricName);
    refused(&series(&[("__name__", "1a")], &one), Rule::MetricName);
    refused(
        &series(&[("__name__", "m"), ("weird-tag", "x")], &one),
        Rule::LabelName,
    );
    refused(
        &series(&[("__name__", "m"), ("a:b", "x")], &one),
        Rule::LabelName,
    );
    refused(
        &series(&[("", "x"), ("__name__", "m")], &one),
        Rule::EmptyLabelName,
    );
    refused(
        &series(&[("__name__", "m"), ("a", "")], &one),
        Rule::EmptyLabelValue,
    );
    refused(
        &series(&[("__name__", "m"), ("b", "x"), ("a", "x")], &one),
        Rule::UnsortedLabels,
    );
    // Upper case sorts before the underscore: by bytes, not by an alphabet.
    refused(
        &series(&[("__name__", "m"), ("A", "x")], &one),
        Rule::UnsortedLabels,
    );
    refused(
        &series(&[("__name__", "m"), ("a", "x"), ("a", "y")], &one),
        Rule::DuplicateLabel,
    );
}

#[test]
fn content_of_a_series() {
    let name = [("__name__", "m")];
    refused(&series(&name, &[]), Rule::EmptySeries);
    let mixed = [sample(1.0, 1), histogram(&[(0, 1)], &[1], 1, 2)].concat();
    refused(&series(&name, &mixed), Rule::MixedSeries);
    refused(&series(&name, &sample(f64::NAN, 1)), Rule::Nan);
    accepted(&series(&name, &sample_bits(STALE, 1)));
    let exemplar = |value: &str, bits| {
        let content = [
            labels(&[("trace_id", value)]),
            double(2, bits),
            number(3, 1),
        ]
        .concat();
        series(&name, &[sample(1.0, 1), block(3, &content)].concat())
    };
    accepted(&exemplar("abc", 1));
    refused(&exemplar(&"x".repeat(121), 1), Rule::Exemplar);
    refused(&exemplar("abc", f64::NAN.to_bits()), Rule::Exemplar);
    refused(
        &block(3, &[number(1, 8), block(2, b"m")].concat()),
        Rule::Metadata,
    );
    refused(&block(3, &number(1, 1)), Rule::Metadata);
}

#[test]
fn histograms() {
    let name = [("__name__", "m")];
    let with = |histogram: &[u8]| series(&name, histogram);
    accepted(&with(&histogram(&[(0, 2), (3, 1)], &[1, 2, -2], 5, 1)));
    // Unpacked deltas are valid protobuf too.
    let unpacked = [
        number(1, 2),
        double(3, 0),
        block(11, &number(2, 2)),
        number(12, 2),
        number(12, 0),
        number(15, 1),
    ];
    accepted(&with(&block(4, &unpacked.concat())));
    refused(&with(&histogram(&[(0, 3)], &[1, 2], 4, 1)), Rule::Histogram);
    refused(
        &with(&histogram(&[(0, 2), (-1, 1)], &[1, 0, 0], 3, 1)),
        Rule::Histogram,
    );
    refused(
        &with(&histogram(&[(0, 2)], &[1, -2], 1, 1)),
        Rule::Histogram,
    );
    refused(&with(&histogram(&[(0, 2)], &[1, 0], 3, 1)), Rule::Histogram);
    refused(
        &with(&histogram(&[(0, 161)], &[0; 161], 0, 1)),
        Rule::Histogram,
    );
    refused(
        &with(&histogram(&[(0, u64::from(u32::MAX))], &[1], 1, 1)),
        Rule::Histogram,
    );
    // A stale marker in the sum ends the series, whatever the rest says.
    let stale = block(4, &[number(1, 7), double(3, STALE), number(15, 1)].concat());
    accepted(&with(&stale));
}

#[test]
fn order_within_a_series() {
    let name = [("__name__", "m")];
    refused(
        &series(&name, &[sample(1.0, 2), sample(1.0, 1)].concat()),
        Rule::OutOfOrder,
    );
    refused(
        &series(&name, &[sample(1.0, 2), sample(1.0, 2)].concat()),
        Rule::DuplicateTimestamp,
    );
    refused(&[simple(1.0, 2), simple(2.0, 1)].concat(), Rule::OutOfOrder);

    let receiver = RemoteWrite::start().unwrap();
    let statuses = [2, 1, 2, 3].map(|time| send(&receiver, &simple(1.0, time)).status);
    assert_eq!(statuses, [204, 400, 400, 204]);
    assert_eq!(
        rules(&receiver),
        [Rule::OutOfOrder, Rule::DuplicateTimestamp]
    );
    assert_eq!(receiver.times("m", &[]), [2, 3]);
}

#[test]
fn a_bad_series_takes_the_whole_request_with_it() {
    let receiver = RemoteWrite::start().unwrap();
    let good = series(&[("__name__", "good")], &sample(1.0, 1));
    assert_eq!(
        send(&receiver, &[good, simple(f64::NAN, 1)].concat()).status,
        400
    );
    assert!(receiver.names().is_empty());
}

#[test]
fn bounds_of_the_receiver() {
    let config = Config {
        max_samples: 1,
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    assert_eq!(
        [1, 2].map(|t| send(&receiver, &simple(1.0, t)).status),
        [204, 400]
    );
    assert_eq!(rules(&receiver), [Rule::Full]);

    let config = Config {
        clock: Some(Duration::from_hours(1)),
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).unwrap();
    // Seconds where milliseconds belong.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    assert_eq!(
        send(&receiver, &simple(1.0, now.as_secs() as i64)).status,
        400
    );
    assert_eq!(
        send(&receiver, &simple(1.0, now.as_millis() as i64)).status,
        204
    );
    assert_eq!(rules(&receiver), [Rule::Clock]);
}
