//! `brunt convert` into a real Prometheus: what it holds then, moment by moment, is what the file says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use brunt_testkit::process::{ProcessError, Prometheus, prometheus};
use brunt_testkit::{Otlp, RemoteWrite};

use crate::support::{Brunt, Finished, Points, skip};

/// Seconds that the made-up run took.
const LASTS: i64 = 40;

fn start(folder: &std::path::Path) -> Option<Prometheus> {
    match prometheus(folder) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A run that ended just now, as k6 writes it: a point of a counter every 100 ms, and of a trend. `of` tells the
fn lines(begin: i64, generator: &str, part: std::ops::Range<i64>) -> String {
    let mut lines = String::from(
        "{\"type\":\"Metric\",\"data\":{\"name\":\"orders\",\"type\":\"counter\",\"contains\":\"default\",\"thresholds\":[],\"submetrics\":null},\"metric\":\"orders\"}\n\
         {\"type\":\"Metric\",\"data\":{\"name\":\"took\",\"type\":\"trend\",\"contains\":\"time\",\"thresholds\":[],\"submetrics\":null},\"metric\":\"took\"}\n",
    );
    for tenth in part.start * 10..part.end * 10 {
        let (second, tenth) = (begin + tenth / 10, tenth % 10);
        let time = jiff::Timestamp::from_second(second).unwrap();
        let time = time.strftime("%Y-%m-%dT%H:%M:%S");
        for metric in ["orders", "took"] {
            writeln!(
                lines,
                "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"{time}.{tenth}05Z\",\"value\":{},\"tags\":{{\"generator\":\"{generator}\"}}}}}}",
                tenth + 1
            )
            .unwrap();
        }
    }
    lines
}

/// What a counter and a trend's count had come to before each second of the files.
fn sums(files: &[&str], generator: &str) -> BTreeMap<i64, (f64, f64)> {
    let mut of_second: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for file in files {
        let points = Points::parse(file);
        for (metric, data) in &points.points {
            if data["tags"]["generator"] != generator {
                continue;
            }
            let time: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
            let entry = of_second.entry(time.as_second() + 1).or_default();
            if metric == "orders" {
                entry.0 += data["value"].as_f64().unwrap();
            } else {
                entry.1 += 1.0;
            }
        }
    }
    let mut sum = (0.0, 0.0);
    for value in of_second.values_mut() {
        sum = (sum.0 + value.0, sum.1 + value.1);
        *value = sum;
    }
    of_second
}

fn convert(files: &[(&str, &str)], out: &str) -> Finished {
    let mut brunt = Brunt::command("convert");
    for (name, content) in files {
        brunt = brunt.file(name, content);
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    brunt.args(&names).args(&["--out", out]).run()
}

#[test]
fn prometheus_holds_at_every_second_what_the_files_say() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let begin = jiff::Timestamp::now().as_second() - LASTS - 30;
    // One generator's file in two parts, the later one first, and another generator at the same time.
    let (late, early, other) = (
        lines(begin, "one", LASTS / 2..LASTS),
        lines(begin, "one", 0..LASTS / 2),
        lines(begin + 3, "two", 0..LASTS),
    );
    let files = [
        ("b.json", late.as_str()),
        ("a.json", early.as_str()),
        ("c.json", other.as_str()),
    ];
    let out = format!(
        "prometheus=http://{},interval=1s,resend=1s,stale-markers=false",
        server.address()
    );
    let finished = convert(&files, &out).expect(0);
    assert!(
        finished.stderr.contains("points written"),
        "{}",
        finished.stderr
    );
    let texts = files.map(|(_, text)| text);
    for generator in ["one", "two"] {
        let expected = sums(&texts, generator);
        assert_eq!(expected.len(), LASTS as usize);
        for (second, (orders, took)) in expected {
            let at = |expression: &str| {
                let expression = format!("{expression} @ {second}");
                let results = server.query(&expression).unwrap();
                assert_eq!(results.len(), 1, "{expression}: {results:?}");
                results[0].value
            };
            let orders_held = at(&format!("k6_orders_total{{generator=\"{generator}\"}}"));
            assert_eq!(orders_held, orders, "{generator} at {second}");
            let count = format!("k6_took_seconds{{generator=\"{generator}\"}} @ {second}");
            let held = server.query(&format!("histogram_count({count})")).unwrap();
            assert_eq!(held[0].value, took, "{generator} at {second}");
        }
    }
}

#[test]
fn a_receiver_that_takes_nothing_so_old_is_told_with_the_setting_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path()) else {
        return;
    };
    let out = format!("prometheus=http://{},interval=1s", server.address());
    let now = jiff::Timestamp::now().as_second();
    let recent = lines(now - 60, "one", 0..5);
    convert(&[("a.json", recent.as_str())], &out).expect(0);
    // Prometheus takes what is at most some hours older than the newest it has.
    let old = lines(now - 30 * 24 * 3600, "two", 0..5);
    let refused = convert(&[("a.json", old.as_str())], &out).expect(120);
    refused.says(&["out_of_order_time_window"]);
}

#[test]
fn a_collector_holds_at_every_second_what_the_file_says() {
    let collector = Otlp::start().unwrap();
    let begin = 1_795_000_000;
    let (one, two) = (
        lines(begin, "one", 0..LASTS),
        lines(begin + 3, "two", 0..LASTS),
    );
    let files = [("a.json", one.as_str()), ("b.json", two.as_str())];
    let out = format!("otlp={},interval=1s", collector.url());
    convert(&files, &out).expect(0);
    assert_eq!(collector.problems(), [""; 0]);
    for generator in ["one", "two"] {
        let of = [("generator", generator)];
        let expected = sums(&[&one, &two], generator);
        assert_eq!(expected.len(), LASTS as usize);
        let times = collector.times("orders", &of);
        let values = collector.values("orders", &of);
        assert_eq!(times.len(), values.len());
        let held: BTreeMap<i64, f64> = times
            .iter()
            .map(|(_, time)| (*time / 1_000_000_000) as i64)
            .zip(values)
            .collect();
        for (second, (orders, _)) in &expected {
            assert_eq!(held.get(second), Some(orders), "{generator} at {second}");
        }
        // Nothing else was sent before the last one.
        let last = *expected.keys().next_back().unwrap();
        let other = held
            .keys()
            .filter(|second| **second <= last && !expected.contains_key(second));
        assert_eq!(other.count(), 0, "{held:?}");
        let took = collector.totals("took", &of).unwrap();
        assert_eq!(took.count, LASTS as u64 * 10);
        // In seconds or milliseconds, each value from 1 to 10 as often.
        let sum = LASTS as f64 * 55.0;
        assert!(
            ((took.sum - sum) / sum).abs() < 1e-9 || ((took.sum * 1e3 - sum) / sum).abs() < 1e-9,
            "{took:?}"
        );
    }
}

#[test]
fn load_generators_that_no_tag_tells_apart_stay_apart_by_their_files() {
    let receiver = RemoteWrite::start().unwrap();
    let begin = 1_795_000_000;
    let same = lines(begin, "same", 0..LASTS);
    let files = [("west.json", same.as_str()), ("east.json", same.as_str())];
    let brunt = files
        .iter()
        .fold(Brunt::command("convert"), |brunt, (name, text)| {
            brunt.file(name, text)
        });
    let out = format!("mimir={},interval=1s,rate=1000000", receiver.write_url());
    let args = ["west.json", "east.json", "--instance-tag", "--out", &out];
    brunt.args(&args).run().expect(0);
    let sum = LASTS as f64 * 55.0;
    for instance in ["west", "east"] {
        let held = receiver.sum("k6_orders_total", &[("instance", instance)]);
        assert_eq!(held, Some(sum), "{instance}");
    }
}
