use brunt_file::Encode as _;
use brunt_file::lines::Lines;
use brunt_metrics::{MetaId, MetaTable, Sample, SampleBatch, Series, SeriesId};
use brunt_output::DeclaredSubmetric;
use brunt_output::kit::Fixture;
use proptest::prelude::*;

use super::*;

/// 2026-11-22T10:59:01.150490939Z
const TIME: i64 = 1_795_345_141_150_490_939;

fn encode(fixture: &Fixture, batches: &[SampleBatch]) -> (String, Lines<JsonLines>) {
    let format = JsonLines::new(&fixture.context().declarations, TimeZone::UTC);
    let mut encoder = Lines::new(format, fixture.context());
    let mut out = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut out);
    }
    (String::from_utf8(out).unwrap(), encoder)
}

fn declarations() -> BTreeMap<String, Declaration> {
    let submetric = |suffix: &str, key: &str, value: &str| DeclaredSubmetric {
        suffix: suffix.to_owned(),
        tags: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        thresholds: Vec::new(),
    };
    let duration = Declaration {
        thresholds: vec!["p(95)<500".to_owned(), "avg<200".to_owned()],
        submetrics: vec![
            submetric("scenario:buy", "scenario", "buy"),
            submetric("expected_response:true", "expected_response", "true"),
        ],
    };
    let checks = Declaration {
        thresholds: vec!["rate>0.5".to_owned()],
        submetrics: Vec::new(),
    };
    BTreeMap::from([
        ("http_req_duration".to_owned(), duration),
        ("checks".to_owned(), checks),
    ])
}

#[test]
fn the_lines_are_those_of_k6_byte_for_byte() {
    let fixture = Fixture::new().with_declarations(declarations());
    let tags = [
        ("scenario", "browse"),
        ("group", "::catalogue"),
        ("url", "http://127.0.0.1:8088/detail?q=a,b&c=%22x%22"),
    ];
    let reqs = fixture.series("http_reqs", &tags);
    let duration = fixture.series("http_req_duration", &tags);
    let check = fixture.series(
        "checks",
        &[("check", "has body, \"quoted\" & comma"), ("group", "")],
    );
    let bare = fixture.series("data_sent", &[]);
    let batch = fixture.batch(&[
        (reqs, TIME, 1.0),
        (duration, TIME, 0.33194),
        (check, TIME + 61, 1.0),
        (duration, TIME + 1_000_000_000, 12.0),
        (bare, 1_795_345_141_172_775_700, 169.0),
    ]);
    let expected = concat!(
        r#"{"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default","thresholds":[],"submetrics":null},"metric":"http_reqs"}"#,
        "\n",
        r#"{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-22T10:59:01.150490939Z","value":1,"tags":{"group":"::catalogue","scenario":"browse","url":"http://127.0.0.1:8088/detail?q=a,b&c=%22x%22"}}}"#,
        "\n",
        r#"{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":["p(95)<500","avg<200"],"submetrics":[{"name":"http_req_duration{scenario:buy}","suffix":"scenario:buy","tags":{"scenario":"buy"}},{"name":"http_req_duration{expected_response:true}","suffix":"expected_response:true","tags":{"expected_response":"true"}}]},"metric":"http_req_duration"}"#,
        "\n",
        r#"{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-22T10:59:01.150490939Z","value":0.33194,"tags":{"group":"::catalogue","scenario":"browse","url":"http://127.0.0.1:8088/detail?q=a,b&c=%22x%22"}}}"#,
        "\n",
        r#"{"type":"Metric","data":{"name":"checks","type":"rate","contains":"default","thresholds":["rate>0.5"],"submetrics":null},"metric":"checks"}"#,
        "\n",
        r#"{"metric":"checks","type":"Point","data":{"time":"2026-11-22T10:59:01.150491Z","value":1,"tags":{"check":"has body, \"quoted\" & comma","group":""}}}"#,
        "\n",
        r#"{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-22T10:59:02.150490939Z","value":12,"tags":{"group":"::catalogue","scenario":"browse","url":"http://127.0.0.1:8088/detail?q=a,b&c=%22x%22"}}}"#,
        "\n",
        r#"{"type":"Metric","data":{"name":"data_sent","type":"counter","contains":"data","thresholds":[],"submetrics":null},"metric":"data_sent"}"#,
        "\n",
        r#"{"metric":"data_sent","type":"Point","data":{"time":"2026-11-22T10:59:01.1727757Z","value":169,"tags":{}}}"#,
        "\n",
    );
    assert_eq!(encode(&fixture, &[batch]).0, expected);
}

#[test]
fn metadata_follows_the_tags() {
    let fixture = Fixture::new();
    let mut meta = MetaTable::default();
    let row = meta.add(&Arc::new(
        [("vu", "1"), ("iter", "0")].into_iter().collect(),
    ));
    let series = fixture.series("vus", &[]);
    let sample = Sample {
        series,
        meta: row,
        time: 0,
        value: 2.0,
    };
    let bare = Sample {
        meta: MetaId::NONE,
        ..sample
    };
    let batch = SampleBatch {
        samples: vec![sample, bare],
        meta,
        overflow: Vec::new(),
    };
    let (text, _) = encode(&fixture, &[batch]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1],
        r#"{"metric":"vus","type":"Point","data":{"time":"1970-01-01T00:00:00Z","value":2,"tags":{},"metadata":{"iter":"0","vu":"1"}}}"#
    );
    assert!(lines[2].ends_with(r#""tags":{}}}"#));
}

#[test]
fn series_beyond_the_interner_keep_their_tags() {
    let fixture = Fixture::new();
    let http_reqs = fixture.context().registry.get("http_reqs").unwrap().id;
    let tags = |url: &str| Arc::new(TagSet::from_iter([("url", url.to_owned())]));
    let mut batch = fixture.batch(&[
        (SeriesId::overflow(1), TIME, 1.0),
        (SeriesId::overflow(0), TIME, 1.0),
    ]);
    batch.overflow = vec![
        Series {
            metric: http_reqs,
            tags: tags("a"),
        },
        Series {
            metric: http_reqs,
            tags: tags("b"),
        },
    ];
    let (text, _) = encode(&fixture, &[batch]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "one declaration");
    assert!(lines[1].contains(r#"{"url":"b"}"#) && lines[2].contains(r#"{"url":"a"}"#));
}

#[test]
fn what_json_cannot_hold_is_left_out_and_counted() {
    let fixture = Fixture::new();
    let series = fixture.series("iteration_duration", &[]);
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
    let samples: Vec<_> = values.map(|value| (series, TIME, value)).into();
    let mut batch = fixture.batch(&samples);
    batch.samples.push(Sample {
        series: SeriesId(77),
        ..batch.samples[3]
    });
    batch.samples.push(Sample {
        series: SeriesId::overflow(7),
        ..batch.samples[3]
    });
    let (text, encoder) = encode(&fixture, &[batch]);
    assert_eq!(text.lines().count(), 2);
    let complaint = encoder.complaint();
    assert!(
        complaint.contains("metric 'iteration_duration'"),
        "{complaint}"
    );
}

#[test]
fn thresholds_on_a_part_of_a_metric_stand_with_it() {
    let mut declarations = declarations();
    let duration = declarations.get_mut("http_req_duration").unwrap();
    duration.submetrics[0].thresholds = vec!["max<1".to_owned(), "p(95)<\"".to_owned()];
    let fixture = Fixture::new().with_declarations(declarations);
    let duration = fixture.series("http_req_duration", &[]);
    let (text, _) = encode(&fixture, &[fixture.batch(&[(duration, TIME, 1.0)])]);
    let part = r#"{"name":"http_req_duration{scenario:buy}","suffix":"scenario:buy","tags":{"scenario":"buy"},"thresholds":["max<1","p(95)<\""]},{"name":"http_req_duration{expected_response:true}","suffix":"expected_response:true","tags":{"expected_response":"true"}}]"#;
    assert!(text.contains(part), "{text}");
}

proptest! {
    #[test]
    fn every_point_reads_back_as_it_was(
        points in prop::collection::vec(
            (any::<i64>(), prop::num::f64::NORMAL | prop::num::f64::ZERO, any::<[String; 4]>()),
            1..20,
        )
    ) {
        let fixture = Fixture::new();
        let samples: Vec<_> = points.iter().map(|(time, value, [k1, v1, k2, v2])| {
            (fixture.series("http_req_waiting", &[(k1, v1), (k2, v2)]), *time, *value)
        }).collect();
        let (text, _) = encode(&fixture, &[fixture.batch(&samples)]);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        prop_assert_eq!(lines.len(), points.len());
        for (line, (time, value, [k1, v1, k2, v2])) in lines.iter().zip(&points) {
            let read: serde_json::Value = serde_json::from_str(line).unwrap();
            let data = &read["data"];
            let written: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
            prop_assert_eq!(written.as_nanosecond(), i128::from(*time));
            let digits = line.split("\"value\":").nth(1).unwrap().split(',').next().unwrap();
            prop_assert_eq!(digits.parse::<f64>().unwrap(), *value);
            prop_assert_eq!(data["tags"][k2].as_str(), Some(v2.as_str()));
            let first = if k1 == k2 { v2 } else { v1 };
            prop_assert_eq!(data["tags"][k1].as_str(), Some(first.as_str()));
        }
    }
}
