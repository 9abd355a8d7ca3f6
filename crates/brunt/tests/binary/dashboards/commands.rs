//! `brunt dashboards`: what it writes can be used, and what it is given wrong is said.

use serde_json::Value;

use crate::support::{Brunt, Finished};

fn dashboards(args: &[&str]) -> Finished {
    Brunt::command("dashboards").args(args).run()
}

fn json(run: &Finished, name: &str) -> Value {
    serde_json::from_str(&run.read(name)).unwrap()
}

#[test]
fn the_exported_dashboards_are_those_of_the_repository() {
    let run = dashboards(&["export", "out"]).expect(0);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboards");
    let listed = dashboards(&["list"]).expect(0).stdout;
    let mut number = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert_eq!(
                run.read(&format!("out/{name}")),
                std::fs::read_to_string(&path).unwrap()
            );
            assert!(
                listed.contains(name.trim_end_matches(".json")),
                "{name}\n{listed}"
            );
            number += 1;
        }
    }
    assert!(number > 5, "{number}");
}

#[test]
fn each_form_holds_the_dashboard_where_its_reader_looks() {
    let export = |form: &str| dashboards(&["export", "--format", form, "out"]).expect(0);
    let classic = json(&export("classic"), "out/runs.json");
    let v2 = json(&export("v2"), "out/runs.json");
    assert_eq!(v2["apiVersion"], "dashboard.grafana.app/v2");
    assert_eq!(v2["metadata"]["name"], classic["uid"]);
    let map = json(&export("configmap"), "out/runs.json");
    assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    let inside: Value = serde_json::from_str(map["data"]["runs.json"].as_str().unwrap()).unwrap();
    assert_eq!(inside, classic);
    let operator = json(&export("grafana-operator"), "out/runs.json");
    assert_eq!(operator["kind"], "GrafanaDashboard");
    let inside: Value = serde_json::from_str(operator["spec"]["json"].as_str().unwrap()).unwrap();
    assert_eq!(inside, classic);
    let provider = export("file-provider");
    assert_eq!(json(&provider, "out/runs.json"), classic);
    assert!(provider.read("out/brunt.yaml").contains("providers:"));
    let gallery = json(&export("grafana-com"), "out/runs.json");
    assert_eq!(gallery["__inputs"][0]["name"], "DS_PROMETHEUS");
    let text = gallery.to_string();
    assert!(
        text.contains("${DS_PROMETHEUS}") && !text.contains("${datasource}"),
        "{text}"
    );
}

#[test]
fn a_prefix_goes_into_the_constant() {
    let run = dashboards(&["export", "--prefix", "load_", "out"]).expect(0);
    let overview = json(&run, "out/test-overview.json");
    let variables = overview["templating"]["list"].as_array().unwrap();
    let prefix = variables.iter().find(|it| it["name"] == "prefix").unwrap();
    assert_eq!(prefix["query"], "load_");
    let run = dashboards(&["export", "--prefix", "a b", "out"]).expect(255);
    run.one_error(&["--prefix a b", "letters"]);
}

#[test]
fn dashboards_of_others_are_converted_with_other_names() {
    let own = r#"{"title":"T","panels":[{"targets":[{"expr":"rate(http_reqs[1m]) + http_reqs_total"}]}]}"#;
    let convert = |args: &[&str]| {
        let run = Brunt::command("dashboards").file("own.json", own);
        run.args(&["convert", "own.json"]).args(args).run()
    };
    let run = convert(&["--rename", "http_reqs=k6_x"]).expect(0);
    assert!(
        run.stdout.contains("rate(k6_x[1m]) + http_reqs_total"),
        "{}",
        run.stdout
    );
    let run = convert(&["--format", "configmap"]).expect(0);
    assert!(run.stdout.contains("\"own.json\""), "{}", run.stdout);
    convert(&["--rename", "nothing=x"])
        .expect(255)
        .one_error(&["own.json", "--rename"]);
    convert(&["--rename", "nothing"])
        .expect(255)
        .one_error(&["OLD=NEW"]);
    convert(&["--format", "v2"])
        .expect(255)
        .one_error(&["Grafana 13"]);
}

#[test]
fn what_is_no_dashboard_is_said() {
    let cases = [
        ("no JSON", "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "no panels"),
        (r#"{"apiVersion":"dashboard.grafana.app/v2"}"#, "v2 form"),
        (r#"{"dashboard":{},"meta":{}}"#, "key dashboard"),
        (r#"{"panels":[]}"#, "no title"),
        (
            r#"{"panels":[],"title":"t","schemaVersion":12}"#,
            "schemaVersion 12 is older",
        ),
    ];
    for (text, why) in cases {
        let run = Brunt::command("dashboards").file("x.json", text);
        let run = run.args(&["convert", "x.json"]).run().expect(255);
        run.one_error(&["x.json", why]);
    }
    dashboards(&["convert", "none.json"])
        .expect(255)
        .one_error(&["none.json"]);
    let run = Brunt::command("dashboards")
        .file("taken", "a file")
        .args(&["export", "taken"]);
    run.run().expect(255).one_error(&["taken"]);
}

#[test]
fn names_of_k6s_otlp_output_become_those_of_its_remote_write_output() {
    let own = r#"{"title":"T","panels":[{"targets":[{"expr":"rate(data_sent_bytes_total[1m]) / mine"}]}]}"#;
    let convert = |args: &[&str]| {
        let run = Brunt::command("dashboards").file("own.json", own);
        let run = run.file("names.txt", "# mine\nmine = yours\n");
        run.args(&["convert", "own.json"]).args(args).run()
    };
    let run = convert(&[
        "--rename",
        "otlp-to-remote-write",
        "--rename-file",
        "names.txt",
    ]);
    let text = run.expect(0).stdout;
    assert!(
        text.contains("rate(k6_data_sent_total[1m]) / yours"),
        "{text}"
    );
    convert(&["--rename", "otlp"])
        .expect(255)
        .one_error(&["--rename otlp", "otlp-to-remote-write"]);
    convert(&["--rename-file", "own.json"])
        .expect(255)
        .one_error(&["own.json", "line 1"]);
}

/// One panel without a unit, on a dashboard that can be edited.
const FAULTY: &str = r#"{"title":"T","panels":[{"id":7,"type":"stat","title":"P","description":"D.","targets":[{"expr":"up"}]}]}"#;

#[test]
fn broken_rules_are_told_with_their_place_unless_a_file_excludes_them() {
    let lint = |config: &str, args: &[&str]| {
        let run = Brunt::command("dashboards").file("own.json", FAULTY);
        let run = run.file("rules", config);
        let run = run.args(&["lint", "own.json", "--config", "rules"]);
        run.args(args).run()
    };
    let run = lint("", &[]).expect(1);
    let line = "own.json: panel-units-rule: panel \"P\" (7): it has no unit";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    let rest = "  template-datasource-rule:\n  uneditable-dashboard:\n";
    let warned = format!("warnings:\n  panel-units-rule:\nexclusions:\n{rest}");
    let run = lint(&warned, &[]).expect(0);
    assert!(
        run.stdout.contains("warning: panel-units-rule"),
        "{}",
        run.stdout
    );
    lint(&warned, &["--strict"]).expect(1);
    let excluded = format!("exclusions:\n  panel-units-rule:\n{rest}");
    let run = lint(&excluded, &["--strict", "--format", "json"]).expect(0);
    let list: Value = serde_json::from_str(&run.stdout).unwrap();
    let units: Vec<_> = list.as_array().unwrap().iter().collect();
    let units = units
        .iter()
        .find(|it| it["rule"] == "panel-units-rule")
        .unwrap();
    assert_eq!(units["severity"], "excluded");
    assert_eq!(units["panel"]["id"], 7);
    lint("exclusions:\n  no-rule:\n", &[])
        .expect(255)
        .one_error(&["rules", "no-rule"]);
    dashboards(&["lint"]).expect(0);
    dashboards(&["lint", "nowhere"])
        .expect(255)
        .one_error(&["nowhere", "neither a file nor a bundled"]);
}

#[test]
fn two_dashboards_are_compared_as_a_reader_would() {
    let diff = |text: &str, args: &[&str]| {
        let run = Brunt::command("dashboards").file("a.json", FAULTY);
        let run = run.file("b.json", text).args(&["diff", "a.json", "b.json"]);
        run.args(args).run()
    };
    assert_eq!(diff(FAULTY, &[]).expect(0).stdout, "");
    let other = FAULTY.replace("\"up\"", "\"down\"");
    let run = diff(&other, &[]).expect(1);
    assert_eq!(run.stdout, "~ panel \"P\", query A\n    - up\n    + down\n");
    let run = diff(&other, &["--format", "json"]).expect(1);
    let list: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(list[0]["after"], "down");
    dashboards(&["diff", "runs", "brunt-runs"]).expect(0);
    dashboards(&["diff", "runs", "latency"]).expect(1);
}
