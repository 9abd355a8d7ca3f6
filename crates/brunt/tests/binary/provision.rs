//! `brunt dashboards provision`, against a Grafana that is strict about versions, names and rights.

mod faults;

use std::process::{Command, Output};

use brunt_testkit::Grafana;
use brunt_testkit::grafana::Config;
use serde_json::{Map, Value, json};

const TOKEN: &str = "glsa_secret";

/// Both interfaces: a Grafana without and one with `/apis`.
const VERSIONS: [&str; 2] = ["11.6.0", "13.0.1"];

const SOURCES: [&str; 6] = [
    "--datasource",
    "mimir=http://mimir:9009/prometheus,tenant=top-secret",
    "--datasource",
    "loki=http://loki:3100",
    "--datasource",
    "tempo=http://tempo:3200",
];

fn start(config: Config) -> Grafana {
    Grafana::start(config).unwrap()
}

fn grafana(version: &str) -> Grafana {
    start(Config {
        version: version.to_owned(),
        ..Config::default()
    })
}

/// Provisions with data sources; whatever happens, no secret is printed.
#[track_caller]
fn provision(grafana: &Grafana, args: &[&str]) -> (i32, String) {
    let args = [&SOURCES, args].concat();
    checked(&command(&grafana.url(), &args).output().unwrap())
}

fn command(url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    command
        .args(["dashboards", "provision", "-v", "--url", url])
        .args(args)
        .env("GRAFANA_TOKEN", TOKEN)
        .env("RUST_LOG", "trace")
        .env("NO_PROXY", "127.0.0.1");
    command
}

#[track_caller]
fn checked(output: &Output) -> (i32, String) {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    for secret in [TOKEN, "top-secret", "hunter2"] {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.code().unwrap_or(-1), said)
}

/// What is stored of the bundled dashboards, by uid.
fn dashboards(grafana: &Grafana) -> Map<String, Value> {
    let mut contents = grafana.contents();
    contents["dashboards"]
        .as_object_mut()
        .map(std::mem::take)
        .unwrap()
}

fn title(grafana: &Grafana, uid: &str) -> Value {
    dashboards(grafana)[uid]["dashboard"]["title"].clone()
}

fn writes(calls: &[String]) -> usize {
    let is_write = |call: &&String| !call.starts_with("GET ");
    calls.iter().filter(is_write).count()
}

#[test]
fn everything_is_there_after_one_run_and_a_second_one_writes_nothing() {
    for version in VERSIONS {
        let grafana = grafana(version);
        let (code, said) = provision(&grafana, &["--dry-run"]);
        assert_eq!(code, 0, "{said}");
        assert!(
            said.contains("create     dashboard Load test: overview"),
            "{said}"
        );
        assert_eq!(writes(&grafana.take_calls()), 0);
        assert_eq!(dashboards(&grafana).len(), 0);
        let (code, said) = provision(&grafana, &["--folder", "Our tests"]);
        assert_eq!(code, 0, "{said}");
        let contents = grafana.contents();
        assert_eq!(contents["folders"]["brunt-load-tests"], "Our tests");
        let sources = &contents["dataSources"];
        assert_eq!(
            sources["mimir"]["secureJsonData"]["httpHeaderValue1"],
            "top-secret"
        );
        assert_eq!(
            sources["mimir"]["jsonData"]["httpHeaderName1"],
            "X-Scope-OrgID"
        );
        assert_eq!(
            sources["mimir"]["jsonData"]["exemplarTraceIdDestinations"][0]["datasourceUid"],
            "tempo"
        );
        assert_eq!(
            sources["tempo"]["jsonData"]["tracesToLogsV2"]["datasourceUid"],
            "loki"
        );
        let stored = dashboards(&grafana);
        assert!(stored.len() >= 9, "{}", stored.len());
        assert!(stored.values().all(|it| it["folder"] == "brunt-load-tests"));
        assert_eq!(
            stored["brunt-overview"]["dashboard"]["title"],
            "Load test: overview"
        );
        grafana.take_calls();
        let (code, said) = provision(&grafana, &["--folder", "Our tests"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("nothing to change"), "{said}");
        let calls = grafana.take_calls();
        assert_eq!(writes(&calls), 0, "{calls:?}");
        assert_eq!(
            calls.iter().any(|call| call.contains("/apis/dashboard")),
            version == VERSIONS[1],
            "{calls:?}"
        );
        assert_eq!(grafana.contents(), contents);
        // Another prefix is another text of our own: it is updated.
        let (_, said) = provision(&grafana, &["--prefix", "load_"]);
        assert!(
            said.contains("update     dashboard Load test: overview"),
            "{said}"
        );
    }
}

#[test]
fn what_people_changed_stays_unless_they_say_otherwise() {
    for version in VERSIONS {
        let grafana = grafana(version);
        provision(&grafana, &[]);
        grafana.edit("brunt-overview", |dashboard| {
            dashboard["title"] = "Mine".into();
        });
        grafana.move_dashboard("brunt-latency", "");
        let (code, said) = provision(&grafana, &["--prefix", "load_"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("changed by hand; --force"), "{said}");
        assert_eq!(title(&grafana, "brunt-overview"), "Mine");
        let latency = &dashboards(&grafana)["brunt-latency"];
        assert!(latency["dashboard"].to_string().contains("load_"));
        assert_eq!(latency["folder"], "", "it was moved by hand");
        let (_, said) = provision(&grafana, &["--prefix", "load_", "--force"]);
        assert!(
            said.contains("update     dashboard Load test: overview"),
            "{said}"
        );
        assert_eq!(title(&grafana, "brunt-overview"), "Load test: overview");
    }
}

#[test]
fn what_others_wrote_and_what_comes_from_files_is_left_alone() {
    for version in VERSIONS {
        let grafana = grafana(version);
        grafana.put_dashboard(json!({ "uid": "brunt-overview", "title": "Theirs" }), false);
        grafana.put_dashboard(
            json!({ "uid": "brunt-latency", "title": "From a file" }),
            true,
        );
        grafana.put_data_source(json!({ "uid": "loki", "name": "Logs", "type": "loki", "readOnly": true, "version": 1 }));
        let (code, said) = provision(&grafana, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("another one has this uid"), "{said}");
        assert_eq!(said.matches("comes from a file").count(), 2, "{said}");
        assert!(said.contains("3 left alone"), "{said}");
        assert_eq!(
            [
                title(&grafana, "brunt-overview"),
                title(&grafana, "brunt-latency")
            ],
            ["Theirs", "From a file"]
        );
        // Force is for what Grafana would let go.
        provision(&grafana, &["--force"]);
        assert_eq!(
            [
                title(&grafana, "brunt-overview"),
                title(&grafana, "brunt-latency")
            ],
            [json!("Load test: overview"), json!("From a file")]
        );
    }
}

#[test]
fn a_folder_keeps_its_title_and_a_data_source_its_kind() {
    for version in VERSIONS {
        let grafana = grafana(version);
        grafana.put_data_source(
            json!({ "uid": "tempo", "name": "Old", "type": "jaeger", "version": 1 }),
        );
        provision(&grafana, &[]);
        grafana.rename_folder("brunt-load-tests", "Ours");
        let (code, said) = provision(&grafana, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(
            said.contains("folder Load tests: it is there as 'Ours'"),
            "{said}"
        );
        assert!(
            said.contains("data source Tempo: another one, of type \"jaeger\""),
            "{said}"
        );
        assert!(said.contains("nothing to change, 2 left alone"), "{said}");
        assert_eq!(grafana.contents()["folders"]["brunt-load-tests"], "Ours");
    }
}

#[test]
fn a_data_source_that_is_there_keeps_what_people_have_set_beside() {
    let grafana = grafana(VERSIONS[1]);
    grafana.put_data_source(json!({
        "uid": "mimir", "name": "Mimir", "type": "prometheus", "url": "http://old", "access": "proxy", "version": 4,
        "isDefault": true, "jsonData": { "httpHeaderName1": "X-Team", "queryTimeout": "90s" },
        "secureJsonData": { "httpHeaderValue1": "theirs" },
    }));
    let (code, said) = provision(&grafana, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("update     data source Mimir"), "{said}");
    let mimir = grafana.contents()["dataSources"]["mimir"].take();
    assert_eq!(mimir["url"], "http://mimir:9009/prometheus");
    assert_eq!(mimir["isDefault"], true);
    assert_eq!(mimir["jsonData"]["queryTimeout"], "90s");
    assert_eq!(
        mimir["secureJsonData"],
        json!({ "httpHeaderValue1": "theirs", "httpHeaderValue2": "top-secret" })
    );
    let (_, said) = provision(&grafana, &[]);
    assert!(said.contains("nothing to change"), "{said}");
    // Nobody can read a tenant; that it is another one is seen all the same.
    let other = [
        "--datasource",
        "mimir=http://mimir:9009/prometheus,tenant=hunter2",
    ];
    let said = checked(&command(&grafana.url(), &other).output().unwrap()).1;
    assert!(said.contains("update     data source Mimir"), "{said}");
    let mimir = grafana.contents()["dataSources"]["mimir"].take();
    assert_eq!(mimir["secureJsonData"]["httpHeaderValue2"], "hunter2");
}

#[test]
fn a_grafana_without_metrics_gets_its_dashboards_and_a_note() {
    let grafana = grafana(VERSIONS[1]);
    let note = "no data source for Prometheus or Mimir";
    let said = checked(&command(&grafana.url(), &[]).output().unwrap()).1;
    assert!(
        said.contains(note) && said.contains("--datasource mimir=URL"),
        "{said}"
    );
    grafana.put_data_source(json!({ "uid": "x", "name": "P", "type": "prometheus", "version": 1 }));
    let said = checked(&command(&grafana.url(), &[]).output().unwrap()).1;
    assert!(
        said.contains("nothing to change") && !said.contains(note),
        "{said}"
    );
}

#[test]
fn other_organisations_and_hidden_versions_are_found_out() {
    for (version, namespace) in [("12.0.0", "org-3"), ("13.0.1", "stacks-7"), ("10.4.1", "")] {
        let grafana = start(Config {
            version: version.to_owned(),
            hides_version: true,
            namespace: namespace.to_owned(),
            ..Config::default()
        });
        let (code, said) = provision(&grafana, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(dashboards(&grafana).len() >= 9, "{version}: {said}");
        let (_, said) = provision(&grafana, &[]);
        assert!(said.contains("nothing to change"), "{version}: {said}");
    }
}
