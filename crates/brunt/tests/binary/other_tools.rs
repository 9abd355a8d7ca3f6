//! Result files of other load generators: what `brunt convert` and `brunt summary` make of them.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::support::{Brunt, Finished};

/// A run of Locust 2.47 with `--csv-full-history`, and the totals that it wrote beside it.
const HISTORY: &str =
    include_str!("../../../brunt-convert/tests/other-tools/locust-full-history.csv");
const TOTALS: &str = include_str!("../../../brunt-convert/tests/other-tools/locust-totals.csv");

/// JMeter's CSV, a row for each of so many requests, every fourth of which fails.
fn jtl(requests: usize) -> String {
    let mut file = String::from(
        "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n",
    );
    for at in 0..requests {
        let (code, success) = if at % 4 == 0 {
            (503, false)
        } else {
            (200, true)
        };
        let (time, elapsed) = (1_795_439_544_000 + at, at % 100 + 1);
        writeln!(
            file,
            "{time},{elapsed},home,{code},said,Shop 1-{},text,{success},,100,10,3,3,http://a/{at},{elapsed},0,0",
            at % 3 + 1
        )
        .unwrap();
    }
    file
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn convert(name: &str, content: impl AsRef<[u8]>) -> Finished {
    let brunt = Brunt::command("convert").file(name, content);
    brunt.args(&[name, "--out", "json=o.json"]).run()
}

#[test]
fn a_large_file_of_jmeters_is_read_by_all_threads_in_its_order_and_summed_up() {
    let requests = 40_000;
    let file = jtl(requests);
    for (name, content) in [
        ("run.jtl", file.clone().into_bytes()),
        ("run.csv.gz", packed(&file)),
    ] {
        let run = convert(name, &content).expect(0);
        let points = run.points("o.json");
        assert_eq!(points.sum("http_reqs"), requests as f64);
        let durations = points.values("http_req_duration");
        let expected = (0..requests).map(|at| (at % 100 + 1) as f64);
        assert!(durations.into_iter().eq(expected), "{name}");
        assert_eq!(points.sum("data_received"), requests as f64 * 100.0);
        let (kinds, kept) = (
            &points.metrics["http_req_failed"],
            points.sum("http_req_failed"),
        );
        assert_eq!(
            (kinds["type"].as_str(), kept),
            (Some("rate"), requests as f64 / 4.0)
        );
        let summary = Brunt::command("summary").file(name, &content);
        let summary = summary
            .args(&[name, "--summary-export", "s.json"])
            .run()
            .expect(0);
        let exported = summary.summary("s.json");
        assert_eq!(exported.value("http_reqs", "count"), requests as f64);
        assert_eq!(exported.value("http_req_duration", "max"), 100.0);
        assert_eq!(
            exported.value("http_req_failed", "passes"),
            requests as f64 / 4.0
        );
    }
}

#[test]
fn xml_of_jmeters_that_was_cut_off_gives_what_was_whole() {
    let begin = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testResults version=\"1.2\">\n";
    let sample = "<httpSample t=\"5\" lt=\"4\" ts=\"1795439544000\" s=\"true\" lb=\"home\" rc=\"200\" tn=\"Shop 1-1\" na=\"2\"><assertionResult><name>ok</name><failure>false</failure><error>false</error></assertionResult></httpSample>\n";
    // More than one batch of samples.
    let body = sample.repeat(10_000);
    let whole = format!("{begin}{body}</testResults>\n");
    let run = convert("run.jtl", &whole).expect(0);
    let points = run.points("o.json");
    assert_eq!((points.sum("http_reqs"), points.sum("checks")), (1e4, 1e4));
    assert!(!run.stderr.contains("cut off"), "{}", run.stderr);
    let run = convert("run.jtl", &whole[..whole.len() - 30]).expect(0);
    assert_eq!(run.points("o.json").sum("http_reqs"), 9999.0);
    run.says(&["run.jtl was cut off"]);
    let broken = whole.replacen("ts=\"1795439544000\"", "ts=\"soon\"", 1);
    let run = convert("run.jtl", &broken).expect(123);
    assert_eq!(run.points("o.json").sum("http_reqs"), 9999.0);
    run.says(&["run.jtl, line 3 (byte 67)"]);
}

#[test]
fn a_log_of_gatlings_has_users_groups_and_errors() {
    let log = "RUN\tx.Shop\tshop\t1795439544000\t \t3.9.5\n\
               USER\tbuy\tSTART\t1795439544000\n\
               REQUEST\tcart\torder\t1795439544100\t1795439544150\tOK\t \n\
               REQUEST\tcart\tpay\t1795439544200\t1795439544260\tKO\tstatus.find.is(200), but actually found 500\n\
               GROUP\tcart\t1795439544100\t1795439544260\t110\tKO\n\
               ERROR\tno such attribute\t1795439544900\n\
               USER\tbuy\tEND\t1795439545000\n";
    let run = convert("simulation.log", log).expect(0);
    let points = run.points("o.json");
    assert_eq!(points.values("vus"), [1.0, 0.0]);
    assert_eq!(points.values("http_req_duration"), [50.0, 60.0]);
    assert_eq!(points.values("group_duration"), [160.0]);
    assert_eq!(points.tag("http_reqs", "error_code"), ["(none)", "1500"]);
    assert_eq!(points.values("gatling_errors"), [1.0]);
    assert_eq!(points.metrics["gatling_errors"]["type"], "counter");
}

#[test]
fn a_history_of_locusts_has_its_totals_and_its_other_files_are_left_out() {
    let folder = Brunt::command("summary")
        .file("run_stats_history.csv", HISTORY)
        .file("run_stats.csv", TOTALS)
        .file("run_exceptions.csv", "Count,Message,Traceback,Nodes\n");
    let run = folder
        .args(&[".", "--summary-export", "s.json"])
        .run()
        .expect(0);
    let summary = run.summary("s.json");
    // The last row of the totals: 75 requests, 28 failures.
    assert!(TOTALS.contains("\n,Aggregated,75,28,"));
    assert_eq!(summary.value("http_reqs", "count"), 75.0);
    assert_eq!(summary.value("http_req_failed", "passes"), 28.0);
    assert_eq!(summary.value("http_req_duration_p95", "value"), 8.0);
}

#[test]
fn files_from_which_nothing_can_be_made_are_refused_with_what_to_do() {
    for (name, content, texts) in [
        (
            "simulation.log",
            &b"\0\0\0\0\x063.13.1\0\0\0\0\x06x.Shop"[..],
            ["simulation.log is the binary log", "Gatling 3.11"],
        ),
        (
            "run_stats.csv",
            TOTALS.as_bytes(),
            ["run_stats.csv has totals", "_stats_history.csv"],
        ),
        (
            "simulation.csv",
            b"a,b,c\n1,2,3\n",
            ["simulation.csv is no result file", "JMeter"],
        ),
    ] {
        let run = convert(name, content).expect(255);
        assert!(!run.path("o.json").exists());
        run.one_error(&texts);
    }
}

#[test]
fn files_are_told_apart_by_their_names_where_they_do_not_say_it_themselves() {
    let line = |tags: &str| {
        format!(
            "{{\"metric\":\"iterations\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-22T10:00:00Z\",\"value\":1,\"tags\":{{{tags}}}}}}}\n"
        )
    };
    let own = line("\"instance\":\"mine\"");
    let names = ["west.1.json", "east.json", "own.json"];
    let files = || {
        let brunt = Brunt::command("convert").file(names[0], line(""));
        brunt
            .file(names[1], line(""))
            .file(names[2], &own)
            .args(&names)
    };
    let run = files()
        .args(&["--instance-tag", "--out", "json=o.json"])
        .run()
        .expect(0);
    let tags = run.points("o.json").tag("iterations", "instance");
    assert_eq!(tags, ["east", "mine", "west"]);
    let run = files().args(&["--out", "json=o.json"]).run().expect(0);
    let tags = run.points("o.json").tag("iterations", "instance");
    assert_eq!(tags, ["(none)", "mine"]);
    // Two of the same name are told apart by their folders.
    let brunt = Brunt::command("convert")
        .file("a.json", line(""))
        .file("a.bak.json", line(""));
    let run = brunt
        .args(&[
            "a.json",
            "a.bak.json",
            "--instance-tag",
            "--out",
            "json=o.json",
        ])
        .run()
        .expect(0);
    let tags = run.points("o.json").tag("iterations", "instance");
    assert_eq!(tags, ["a.bak.json", "a.json"]);
}

#[test]
fn a_rate_is_a_key_of_conversions_only_and_has_to_be_a_number() {
    let file = jtl(10);
    let run = Brunt::command("convert").file("run.jtl", &file);
    let run = run
        .args(&["run.jtl", "--out", "json=o.json,rate=1000000"])
        .run()
        .expect(0);
    assert_eq!(run.points("o.json").sum("http_reqs"), 10.0);
    for rate in ["0", "fast", "-5", "inf"] {
        let run = Brunt::command("convert").file("run.jtl", &file);
        let out = format!("json=o.json,rate={rate}");
        let run = run.args(&["run.jtl", "--out", &out]).run().expect(104);
        run.one_error(&["'rate'", "a number of samples per second"]);
    }
    let run = Brunt::script("export default () => {}");
    let run = run.args(&["--out", "json=o.json,rate=5"]).run().expect(104);
    run.one_error(&["'rate'"]);
}
