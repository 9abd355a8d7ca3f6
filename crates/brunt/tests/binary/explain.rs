//! `--explain-config`, and where errors say that an option is written.

use serde_json::Value;

use crate::support::{Brunt, Finished};

const SCRIPT: &str = "const stages = [{ duration: '1s', target: 1 }];
export const options = {
  userAgent: 'from the script',
  batch: 3,
  tags: { team: 'blue' },
};
export default function () { console.log('ran'); }";

fn explained(form: &str) -> Finished {
    let run = Brunt::script(SCRIPT)
        .file(
            "c.json",
            "{\n  \"userAgent\": \"file\",\n  \"iterations\": 7\n}",
        )
        .variable("K6_VUS", "4")
        .args(&["--config", "c.json", "--user-agent", "flag", form]);
    run.run().expect(0)
}

#[test]
fn every_value_is_shown_with_where_it_comes_from() {
    let run = explained("--explain-config");
    assert!(run.console().is_empty(), "it ran: {}", run.stderr);
    let row = |key: &str| {
        let line = run
            .stdout
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")));
        let line = line.unwrap_or_else(|| panic!("no {key} in:\n{}", run.stdout));
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        row("userAgent"),
        "userAgent flag --user-agent \"from the script\" (script.js:3:3), file (c.json:2:3)"
    );
    assert_eq!(row("vus"), "vus 4 K6_VUS");
    assert_eq!(row("iterations"), "iterations 7 c.json:3:3");
    assert!(
        row("scenarios").contains("shared-iterations"),
        "{}",
        row("scenarios")
    );
    assert_eq!(row("tags"), "tags {\"team\":\"blue\"} script.js:5:3");
    assert_eq!(row("maxRedirects"), "maxRedirects 10 default");
    // One column starts at one place.
    let starts: Vec<_> = run
        .stdout
        .lines()
        .take(20)
        .map(|line| {
            let name = line.find(' ').unwrap();
            name + line[name..].find(|c| c != ' ').unwrap()
        })
        .collect();
    assert!(
        starts.iter().all(|start| *start == starts[0]),
        "{}",
        run.stdout
    );
}

#[test]
fn the_explanation_can_be_json() {
    let run = explained("--explain-config=json");
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let agent = &json["options"]["userAgent"];
    assert_eq!(agent["value"], "flag");
    assert_eq!(agent["layer"], "command line");
    assert_eq!(agent["name"], "--user-agent");
    assert_eq!(agent["overrides"][0]["place"], "script.js:3:3");
    assert_eq!(agent["overrides"][1]["layer"], "config file");
    assert_eq!(json["options"]["scenarios"]["name"], "iterations");
    assert_eq!(json["options"]["setupTimeout"]["value"], "1m0s");
}

#[test]
fn an_error_says_where_the_option_is_written() {
    let fails = |run: Brunt, texts: &[&str]| {
        let run = run.run().expect(104);
        assert!(run.console().is_empty(), "{}", run.stderr);
        run.one_error(texts);
    };
    let body = "export default function () { console.log('ran'); }";
    let script =
        |options: &str| Brunt::script(format!("{body}\nexport const options = {options};"));
    fails(
        script("{\n  vus: 'x' }"),
        &["(script, script.js:3:3): vus: "],
    );
    fails(
        script(
            "{ scenarios: { buy: {\n executor: 'ramping-vus',\n stages: [{ duration: 1 }] } } }",
        ),
        &[
            "script.js:4:11",
            "scenarios.buy.stages[0].target: is required",
        ],
    );
    fails(
        script("{ thresholds: {\n    nope: ['count>1'] } }"),
        &[
            "script.js:3:5",
            "thresholds.nope: there is no metric named 'nope'",
        ],
    );
    fails(
        script("{\n systemTags: ['colour'] }"),
        &["script.js:3:2", "colour"],
    );
    let typescript = format!(
        "interface A {{\n  b: string;\n}}\n{body}\nexport const options = {{ vus: 'x' as string }};"
    );
    fails(Brunt::named("script.ts", typescript), &["script.ts:5:26"]);
    let file = |text: &str| {
        Brunt::script(body)
            .file("c.json", text)
            .args(&["-c", "c.json"])
    };
    fails(
        file("{\n\"vus\": -1 }"),
        &["(config file, c.json:2:1): vus: "],
    );
    fails(
        file("{ \"out\": 3 }"),
        &["c.json:1:3", "out: expected a list"],
    );
    fails(file("{ \"vus\": }"), &["c.json", "line 1 column"]);
    fails(
        Brunt::script(body).variable("K6_STAGES", "soon"),
        &["(environment): K6_STAGES: "],
    );
    fails(
        Brunt::script(body).args(&["--rps", "x"]),
        &["(command line): --rps: "],
    );
}
