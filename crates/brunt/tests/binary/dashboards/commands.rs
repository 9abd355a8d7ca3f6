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
