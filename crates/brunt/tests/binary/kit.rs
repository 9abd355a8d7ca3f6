//! Every output in the hands of the conformance kit: order, drain, an outage, a slow peer, a peer that
//! never comes back, `kill -9`; and the books close in all of them.

mod files;
mod pipe;
mod receivers;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use brunt_output::kit::{Peer, conform_in_all_cases, feed_until_killed, holds_up_to};
use brunt_output::{Catalogue, Environment, Output};

use crate::support::Brunt;

use self::files::OnDisk;
use self::pipe::Pipe;
use self::receivers::Receiver;

fn catalogue() -> Catalogue {
    Catalogue::new()
        .with(brunt_output_json::Json)
        .with(brunt_output_parquet::Parquet)
        .with(brunt_output_arrow::Arrow)
        .with(brunt_output_arrow::Exec)
        .with(brunt_output_csv::Csv)
        .with(brunt_output_prometheus::Mimir)
        .with(brunt_output_prometheus::Prometheus)
        .with(brunt_output_prometheus::K6RemoteWrite)
        .with(brunt_output_otlp::Otlp)
        .with(brunt_output_otlp::K6Opentelemetry)
        .with(brunt_output_otlp::GrafanaCloud)
        .with(brunt_output_otlp::NewRelic)
}

/// What `--out ARGUMENT` makes.
fn output(argument: &str) -> Box<dyn Output> {
    let mut outputs = catalogue()
        .configure(&[argument.to_owned()], &Environment::new())
        .unwrap_or_else(|error| panic!("{error}"));
    outputs.pop().unwrap().output
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn all_cases<P: Peer>(make: impl Fn() -> P) {
    let led = runtime().block_on(conform_in_all_cases(make));
    led.unwrap_or_else(|broken| panic!("{broken}"));
}

/// Names the process that is killed its output.
const KILLED: &str = "BRUNT_TEST_KILLED_OUTPUT";

/// What is printed before each value that has arrived by the books.
const SETTLED: &str = "settled ";

/// Has this test binary feed an output in a process of its own, kills that in the middle, and looks at
/// what the peer has.
fn killed<P: Peer>(argument: &str, peer: &P) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kit::one_that_is_killed", "--nocapture"])
        .env(KILLED, argument)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let settled = lines.filter_map(|line| {
        let line = line.unwrap();
        // The test harness prints its own words into the first line.
        let (_, value) = line.split_once(SETTLED)?;
        value.parse::<f64>().ok()
    });
    let settled = settled.take(5).last();
    child.kill().unwrap();
    child.wait().unwrap();
    let settled = settled.unwrap_or_else(|| panic!("{argument}: nothing arrived"));
    holds_up_to(peer, settled).unwrap_or_else(|violation| panic!("{argument}: {violation}"));
}

/// What [`killed`] starts; by itself it has nothing to do.
#[test]
fn one_that_is_killed() {
    let Ok(argument) = std::env::var(KILLED) else {
        return;
    };
    let tell = |value| println!("{SETTLED}{value}");
    let ended = runtime().block_on(feed_until_killed(output(&argument), tell));
    panic!("{argument} ended: {ended:?}");
}

#[test]
fn json() {
    all_cases(|| Pipe::new("json", pipe::json));
    for name in ["o.json", "o.json.gz", "o.json.zst"] {
        let file = OnDisk::new("json", name);
        all_cases(|| OnDisk::new("json", name));
        killed(&file.argument(), &file);
    }
}

#[test]
fn csv() {
    all_cases(|| Pipe::new("csv", pipe::csv));
    for name in ["o.csv", "o.csv.gz", "o.csv.zst"] {
        let file = OnDisk::new("csv", name);
        all_cases(|| OnDisk::new("csv", name));
        killed(&file.argument(), &file);
    }
}

#[test]
fn arrow() {
    all_cases(|| Pipe::new("arrow", pipe::arrow));
    let file = OnDisk::new("arrow", "o.arrows");
    killed(&file.argument(), &file);
}

#[test]
fn exec() {
    all_cases(|| Pipe::of_a_plugin(pipe::arrow));
    let file = OnDisk::new("exec", "o.arrows");
    killed(&file.argument(), &file);
}

#[test]
fn parquet() {
    let file = OnDisk::new("parquet", "o.parquet");
    all_cases(|| OnDisk::new("parquet", "o.parquet"));
    killed(&file.argument(), &file);
}

#[test]
fn remote_write() {
    for name in ["mimir", "prometheus", "experimental-prometheus-rw"] {
        all_cases(|| Receiver::remote_write(name));
        let peer = Receiver::remote_write(name);
        killed(&peer.argument(), &peer);
    }
}

#[test]
fn otlp() {
    for name in ["otlp", "opentelemetry", "grafana-cloud", "newrelic"] {
        all_cases(|| Receiver::otlp(name));
        let peer = Receiver::otlp(name);
        killed(&peer.argument(), &peer);
    }
}

#[test]
fn every_output_is_in_the_kits_hands() {
    let shown = Brunt::command("outputs").run().expect(0).stdout;
    let catalogue = catalogue();
    let here: Vec<_> = catalogue.kinds().map(|kind| kind.names()[0]).collect();
    for name in &here {
        assert!(shown.lines().any(|line| line.starts_with(name)), "{name}");
    }
    let there = shown.split("\n\n").skip(1).filter(|part| {
        let first = part.lines().next().unwrap_or_default();
        first.starts_with(|c: char| c.is_ascii_lowercase())
    });
    assert_eq!(there.count(), here.len(), "{shown}");
}
