//! Queries: through the handle and over HTTP, and the same against a real Prometheus where there
//! is one, so that the demo's fall-back answers as the real thing does.

use brunt_testkit::RemoteWrite;
use brunt_testkit::client::{ClientError, get, query, request};
use brunt_testkit::process;

use crate::bytes::{HEADERS, STALE, histogram, sample, sample_bits, send, series, snappy};

fn now() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

/// Two series of a counter, a histogram, and a gauge that has ended.
fn body(now: i64) -> Vec<u8> {
    [
        series(
            &[("__name__", "c"), ("a", "x")],
            &[sample(1.0, now - 9), sample(3.0, now - 5)].concat(),
        ),
        series(
            &[("__name__", "c"), ("a", "y \"q\"")],
            &sample(4.0, now - 5),
        ),
        series(
            &[("__name__", "h")],
            &histogram(&[(1, 1), (1, 1)], &[3, -2], 4, now - 5),
        ),
        series(
            &[("__name__", "g")],
            &[sample(7.0, now - 9), sample_bits(STALE, now - 5)].concat(),
        ),
    ]
    .concat()
}

const EXPRESSIONS: [(&str, &[f64]); 12] = [
    ("c{a=\"x\"}", &[3.0]),
    ("c{ a != 'x' , }", &[4.0]),
    ("{__name__=\"c\",a=\"y \\\"q\\\"\"}", &[4.0]),
    ("sum(c)", &[7.0]),
    ("max(c)", &[4.0]),
    ("count(c)", &[2.0]),
    ("sum(nothing)", &[]),
    ("g", &[]),
    ("last_over_time(g[5m])", &[7.0]),
    ("histogram_count(h)", &[4.0]),
    ("histogram_sum(sum(h))", &[12.5]),
    // All of it: the upper bound of the last bucket, 2^3.
    ("histogram_quantile(1, h)", &[8.0]),
];

#[test]
fn expressions_of_the_receiver() {
    let receiver = RemoteWrite::start().unwrap();
    assert_eq!(send(&receiver, &body(now())).status, 204);
    for (expression, expected) in EXPRESSIONS {
        let values: Vec<_> = query(receiver.address(), "", expression)
            .unwrap()
            .iter()
            .map(|r| r.value)
            .collect();
        assert_eq!(values, expected, "{expression}");
        let values: Vec<_> = receiver
            .query(expression)
            .unwrap()
            .iter()
            .map(|result| result.value)
            .collect();
        assert_eq!(values, expected, "{expression}");
    }
    assert_eq!(receiver.sum("c", &[]), Some(7.0));
    assert_eq!(receiver.last("c", &[("a", "x")]), Some(3.0));
    assert_eq!(receiver.last("c", &[("a", "z")]), None);
    assert_eq!(receiver.histogram("h", &[]).unwrap().count(), 4.0);
    assert!(receiver.all_stale("g", &[]) && !receiver.all_stale("c", &[]));
    assert_eq!(receiver.names(), ["c", "g", "h"]);
}

#[test]
fn expressions_of_a_real_prometheus() {
    let folder = tempfile::tempdir().unwrap();
    let prometheus = match process::prometheus(folder.path()) {
        Err(error @ process::ProcessError::Missing(_)) => return eprintln!("skipped: {error}"),
        other => other.unwrap(),
    };
    let body = snappy(&body(now()));
    let answer = request(
        prometheus.address(),
        "POST",
        "/api/v1/write",
        &HEADERS,
        &body,
    )
    .unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    for (expression, expected) in EXPRESSIONS {
        let found = prometheus.query(expression).unwrap();
        let values: Vec<_> = found.iter().map(|result| result.value).collect();
        assert_eq!(values, expected, "{expression}");
    }
}

#[test]
fn unknown_expressions_are_refused_with_a_reason() {
    let receiver = RemoteWrite::start().unwrap();
    let cases = [
        ("rate(c[5m])", "\"rate\" is not known"),
        ("c{a=~\"x\"}", "no regular expressions"),
        ("c{a=\"x}", "no closing quote"),
        ("c + c", "unexpected '+'"),
        ("sum(c", "expected ')', found the end"),
        ("", "name is missing"),
        ("last_over_time(c[5y])", "\"y\" is not one of"),
    ];
    for (expression, reason) in cases {
        match query(receiver.address(), "", expression) {
            Err(ClientError::Refused {
                status: 400, body, ..
            }) => {
                let reason = reason.replace('"', "\\\"");
                assert!(body.contains(&reason), "{expression}: {body}");
            }
            other => panic!("{expression}: {other:?}"),
        }
    }
    let deep = "sum(".repeat(1000);
    assert!(receiver.query(&deep).unwrap_err().contains("nested"));
    assert_eq!(
        get(receiver.address(), "/api/v1/query").unwrap().status,
        400
    );
    assert_eq!(get(receiver.address(), "/-/ready").unwrap().status, 200);
}
