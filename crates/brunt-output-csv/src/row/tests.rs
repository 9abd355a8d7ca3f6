use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_file::Encode as _;
use brunt_file::lines::Lines;
use brunt_metrics::{MetaTable, SampleBatch};
use brunt_output::kit::Fixture;
use proptest::prelude::*;

use super::*;

/// 2026-11-22T10:59:01.150490939Z
const TIME: i64 = 1_795_345_141_150_490_939;

fn encode(fixture: &Fixture, config: RowConfig, batch: &SampleBatch) -> String {
    let format = CsvRows::new(config, fixture.context().system_tags, TimeZone::UTC);
    let mut rows = Lines::new(format, fixture.context());
    let mut out = Vec::new();
    rows.begin(&mut out);
    rows.encode(batch, &mut out);
    String::from_utf8(out).unwrap()
}

fn unix() -> RowConfig {
    RowConfig {
        time: TimeFormat::Unix(1_000_000_000),
        ..RowConfig::default()
    }
}

/// The rows below the header by column, read by the `csv` crate.
fn read(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

const HEADER: &str = "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n";

#[test]
fn rows_have_k6s_columns() {
    let fixture = Fixture::new();
    let series = fixture.series(
        "http_reqs",
        &[
            ("group", ""),
            ("kind", "plain"),
            ("method", "GET"),
            ("name", "a, \"b\""),
            ("size", "3"),
            ("scenario", "default"),
        ],
    );
    let mut batch = fixture.batch(&[(series, TIME, 1.0), (series, TIME, 4e-7)]);
    let mut meta = MetaTable::default();
    let row = [("vu", "1"), ("iter", "0")].into_iter().collect();
    batch.samples[1].meta = meta.add(&Arc::new(row));
    batch.meta = meta;
    let expected = format!(
        "{HEADER}\
        http_reqs,1795345141,1,,,,,,GET,\"a, \"\"b\"\"\",,default,,,,,,kind=plain&size=3,\n\
        http_reqs,1795345141,4e-07,,,,,,GET,\"a, \"\"b\"\"\",,default,,,,,,kind=plain&size=3,iter=0&vu=1\n"
    );
    assert_eq!(encode(&fixture, unix(), &batch), expected);
}

#[test]
fn without_system_tags_and_tags_two_cells_are_empty() {
    let fixture = Fixture::new();
    let format = CsvRows::new(unix(), SystemTags::NONE, TimeZone::UTC);
    let mut rows = Lines::new(format, fixture.context());
    let mut out = Vec::new();
    let series = fixture.series("vus", &[]);
    rows.begin(&mut out);
    rows.encode(&fixture.batch(&[(series, TIME, 1.0)]), &mut out);
    let expected = "metric_name,timestamp,metric_value,extra_tags,metadata\nvus,1795345141,1,,\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn precision_k6_has_six_decimals() {
    let fixture = Fixture::new();
    let series = fixture.series("vus", &[]);
    let values = [
        1.0,
        4e-7,
        1_234_567.891,
        0.000_001_5,
        -0.25,
        f64::INFINITY,
        1e21,
    ];
    let samples: Vec<_> = values.map(|value| (series, TIME, value)).into();
    let of = |precision| {
        let config = RowConfig {
            precision,
            ..unix()
        };
        let text = encode(&fixture, config, &fixture.batch(&samples));
        let rows = read(&text).into_iter();
        rows.map(|mut row| row.remove("metric_value").unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(Precision::SixDecimals),
        [
            "1.000000",
            "0.000000",
            "1234567.891000",
            "0.000002",
            "-0.250000",
            "+Inf",
            "1000000000000000000000.000000"
        ]
    );
    assert_eq!(
        of(Precision::Full),
        [
            "1",
            "4e-07",
            "1234567.891",
            "0.0000015",
            "-0.25",
            "+Inf",
            "1e+21"
        ]
    );
}

#[test]
fn times_have_k6s_formats() {
    let fixture = Fixture::new();
    let series = fixture.series("vus", &[]);
    let table = [
        (TimeFormat::Unix(1_000_000_000), ["1795345141", "-1"]),
        (TimeFormat::Unix(1_000_000), ["1795345141150", "-1"]),
        (TimeFormat::Unix(1_000), ["1795345141150490", "-1"]),
        (TimeFormat::Unix(1), ["1795345141150490939", "-1"]),
        (
            TimeFormat::Rfc3339,
            ["2026-11-22T10:59:01Z", "1969-12-31T23:59:59Z"],
        ),
        (
            TimeFormat::Rfc3339Nano,
            [
                "2026-11-22T10:59:01.150490939Z",
                "1969-12-31T23:59:59.999999999Z",
            ],
        ),
    ];
    for (time, expected) in table {
        let batch = fixture.batch(&[(series, TIME, 1.0), (series, -1, 1.0)]);
        let config = RowConfig { time, ..unix() };
        let rows = read(&encode(&fixture, config, &batch));
        let times: Vec<_> = rows.iter().map(|row| row["timestamp"].as_str()).collect();
        assert_eq!(times, expected);
    }
}

#[test]
fn k6s_maps_are_plain_and_lack_tags_that_are_off() {
    let fixture = Fixture::new();
    let series = fixture.series("vus", &[("a&b", "c=d"), ("ip", "::1")]);
    let batch = fixture.batch(&[(series, TIME, 1.0)]);
    let of = |k6_maps| {
        let config = RowConfig { k6_maps, ..unix() };
        read(&encode(&fixture, config, &batch))[0]["extra_tags"].clone()
    };
    assert_eq!(of(true), "a&b=c=d");
    assert_eq!(of(false), "a%26b=c%3Dd&ip=::1");
}

proptest! {
    #[test]
    fn a_reader_gets_everything_back(
        time in any::<i64>(),
        value in prop::num::f64::ANY,
        [url, key, text] in any::<[String; 3]>(),
    ) {
        prop_assume!(value.is_finite());
        let fixture = Fixture::new();
        let key = format!("x{key}");
        let series = fixture.series("http_req_duration", &[("url", &url), (&key, &text)]);
        let config = RowConfig { time: TimeFormat::Unix(1), ..RowConfig::default() };
        let rows = read(&encode(&fixture, config, &fixture.batch(&[(series, time, value)])));
        prop_assert_eq!(rows.len(), 1);
        let row = &rows[0];
        prop_assert_eq!(&row["metric_name"], "http_req_duration");
        prop_assert_eq!(row["timestamp"].parse::<i64>().unwrap(), time);
        prop_assert_eq!(row["metric_value"].parse::<f64>().unwrap().to_bits(), value.to_bits());
        prop_assert_eq!(&row["url"], &url);
        let mut extra = String::new();
        map::write([(key.as_str(), text.as_str())].into_iter(), &mut extra);
        prop_assert_eq!(&row["extra_tags"], &extra);
    }
}
