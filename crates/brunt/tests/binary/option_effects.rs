//! Options by what they do to a test that runs.

use brunt_testkit::Target;

use crate::support::{Brunt, Finished};

/// Runs a default function with these options against a target.
fn run(target: &Target, options: &str, body: &str) -> Finished {
    let script = format!(
        "import http from 'k6/http';
         export const options = {options};
         export default function () {{ {body} }}"
    );
    let url = target.url("");
    let run = Brunt::script(script).env_flag("URL", url.trim_end_matches('/'));
    run.args(&["--out", "json=o.json", "--summary-export", "s.json"])
        .run()
        .expect(0)
}

const GET: &str = "const r = http.get(__ENV.URL + '/json');";

#[test]
fn redirects_are_followed_as_often_as_the_option_says() {
    let target = Target::http().unwrap();
    let body =
        "const r = http.get(__ENV.URL + '/redirect/3'); console.log(r.status, r.url.slice(-11));";
    let followed = run(&target, "{ maxRedirects: 1 }", body);
    assert_eq!(followed.console(), ["302 /redirect/2"]);
    assert_eq!(target.requests(), 2);
}

#[test]
fn bodies_can_be_thrown_away_and_asked_for() {
    let target = Target::http().unwrap();
    let body = format!(
        "{GET} const s = http.get(__ENV.URL + '/json', {{ responseType: 'text' }});
         console.log(r.body, r.status, s.body.length > 0);"
    );
    let run = run(&target, "{ discardResponseBodies: true }", &body);
    assert_eq!(run.console(), ["null 200 true"]);
}

#[test]
fn samples_have_the_system_tags_that_were_asked_for() {
    let target = Target::http().unwrap();
    let tags = |options: &str| {
        let points = run(&target, options, GET).points("o.json");
        let data = points.of("http_req_duration")[0]["tags"].clone();
        data.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        tags("{ systemTags: ['method', 'status'] }"),
        ["method", "status"]
    );
    assert_eq!(tags("{ systemTags: [], tags: { mine: 'x' } }"), ["mine"]);
}

#[test]
fn the_user_agent_is_the_options_or_none() {
    let target = Target::http().unwrap();
    let body = "console.log(http.get(__ENV.URL + '/echo').json().headers['user-agent']);";
    assert_eq!(
        run(&target, "{ userAgent: 'mine/1' }", body).console(),
        ["mine/1"]
    );
    let none = run(&target, "{ userAgent: '' }", body).console();
    assert!(none == [""] || none == ["undefined"], "{none:?}");
}

#[test]
fn an_iteration_lasts_at_least_as_long_as_the_option_says() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "{ minIterationDuration: '300ms', iterations: 2 }",
        "console.log(Date.now());",
    );
    let times: Vec<f64> = run
        .console()
        .iter()
        .map(|time| time.parse().unwrap())
        .collect();
    assert!(times[1] - times[0] >= 299.0, "{times:?}");
}

#[test]
fn the_summarys_own_time_is_bounded() {
    let script = "export const options = { handleSummaryTimeout: '100ms' };
        export default function () {}
        export function handleSummary() { for (;;) {} }";
    let run = Brunt::script(script).run();
    assert!(run.stderr.contains("handleSummary"), "{}", run.stderr);
    assert!(
        run.stdout.contains("iterations"),
        "the default summary is shown: {}",
        run.stdout
    );
}

#[test]
fn insecure_connections_and_thresholds_come_from_variables_too() {
    let target = Target::https().unwrap();
    let script = "import http from 'k6/http';
        export default function () { console.log(http.get(__ENV.URL).status); }";
    let run = Brunt::script(script)
        .env_flag("URL", &target.url("/"))
        .variable("K6_INSECURE_SKIP_TLS_VERIFY", "true")
        .variable("K6_THRESHOLDS", r#"{"http_reqs": ["count>5"]}"#);
    assert_eq!(run.run().expect(99).console(), ["200"]);
}

#[test]
fn features_are_told_to_the_script_and_put_on_samples() {
    let script = "export default function () {
        try { __ENV.MORE = 'x'; } catch (e) {}
        console.log(__ENV.K6_FEATURES, __ENV.MORE, __ENV.OWN); }
        export const options = { tags: { a: 'script' }, scenarios: { s: {
          executor: 'shared-iterations', env: { OWN: 'scenario' } } } };";
    let run = Brunt::script(script)
        .file(
            "c.json",
            r#"{ "tags": { "b": "file" }, "features": ["freeze-env"] }"#,
        )
        .args(&["-c", "c.json", "--out", "json=o.json"])
        .args(&[
            "--features",
            "merge-run-tags,freeze-env",
            "--features",
            "warp",
        ]);
    let run = run.run().expect(0);
    assert_eq!(
        run.console(),
        ["merge-run-tags,freeze-env undefined scenario"]
    );
    assert!(
        run.messages("error")[0].contains("unknown feature \"warp\""),
        "{}",
        run.stderr
    );
    let points = run.points("o.json");
    let tags = &points.of("iterations")[0]["tags"];
    assert_eq!((&tags["a"], &tags["b"]), (&"script".into(), &"file".into()));
    assert_eq!(tags["k6_feature_freeze_env"], "true");
    // The file's features count if nobody else names any.
    let run = Brunt::script(script).file("c.json", r#"{ "features": "freeze-env" }"#);
    let run = run.args(&["-c", "c.json"]).run().expect(0);
    assert_eq!(run.console(), ["freeze-env undefined scenario"]);
}

#[test]
fn the_configuration_file_has_a_default_place_and_names_outputs() {
    let script = "import exec from 'k6/execution';
        export default function () { console.log(exec.test.options.userAgent); }";
    let run = Brunt::script(script).file(
        "settings/k6/config.json",
        r#"{ "userAgent": "k6", "out": "json=file.json" }"#,
    );
    let home = run.folder().join("settings").to_str().unwrap().to_owned();
    let ran = run.variable("XDG_CONFIG_HOME", &home).run().expect(0);
    assert_eq!(ran.console(), ["k6"]);
    assert_eq!(ran.points("file.json").of("iterations").len(), 1);
    // Flag beats variable beats file.
    let run = Brunt::script(script)
        .file(
            ".config/brunt/config.json",
            r#"{ "userAgent": "brunt", "out": ["json=file.json"] }"#,
        )
        .file(".config/k6/config.json", r#"{ "userAgent": "k6" }"#);
    let home = run.folder().to_str().unwrap().to_owned();
    let ran = run
        .variable("HOME", &home)
        .variable("K6_OUT", "json=variable.json")
        .run()
        .expect(0);
    assert_eq!(ran.console(), ["brunt"]);
    assert!(ran.path("variable.json").exists() && !ran.path("file.json").exists());
    let ran = Brunt::script(script)
        .variable("K6_OUT", "json=variable.json")
        .args(&["--out", "json=flag.json"])
        .run()
        .expect(0);
    assert!(ran.path("flag.json").exists() && !ran.path("variable.json").exists());
}

#[test]
fn names_in_e_must_be_names_and_a_value_may_be_left_out() {
    let script = "export default function () { console.log(`[${__ENV.EMPTY}]`); }";
    let run = Brunt::script(script).args(&["-e", "EMPTY"]).run().expect(0);
    assert_eq!(run.console(), ["[]"]);
    for name in ["1A=x", "A-B=x", "=x", "Ä=x"] {
        let run = Brunt::script(script).args(&["-e", name]).run().expect(255);
        run.one_error(&["-e", name]);
    }
}

#[test]
fn unknown_options_and_flags_name_what_was_meant() {
    let script = "export const options = { thresholdss: {}, features: ['x'] };
        export default function () { console.log('ran'); }";
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["ran"]);
    run.says(&[
        "did you mean \\\"thresholds\\\"?",
        "unknown option \\\"features\\\"",
    ]);
    let run = Brunt::script(script)
        .args(&["--vuss", "3"])
        .run()
        .expect(255);
    run.says(&["--vuss", "'--vus'"]);
}
