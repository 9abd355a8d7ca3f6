//! Summaries with groups and scenarios, for people, programs and CI servers.

use serde_json::Value;

use crate::support::Brunt;

const SCRIPT: &str = "import { check, group } from 'k6';
import { Counter } from 'k6/metrics';
const apples = new Counter('apples');
export const options = {
  tags: { testid: 'nightly' },
  thresholds: { apples: ['count<1', 'count>0'] },
  scenarios: {
    default: { executor: 'shared-iterations', iterations: 2 },
    buy: { executor: 'shared-iterations', iterations: 3, exec: 'buy' },
  },
};
export default function () { group('cart', () => { apples.add(1); check(1, { fine: () => true }); }); }
export function buy() {
  apples.add(10);
  group('cart', () => { check(__ITER, { even: (n) => n % 2 === 0 }); group('pay', () => apples.add(100)); });
}";

#[test]
fn the_full_summary_has_the_values_of_each_group_and_scenario() {
    let run = Brunt::script(SCRIPT)
        .args(&["--quiet", "--summary-mode", "full"])
        .run()
        .expect(99);
    let blocks: Vec<(&str, &str)> = run
        .stdout
        .split("█ ")
        .filter_map(|block| block.split_once(" \n"))
        .collect();
    let names: Vec<&str> = blocks.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "THRESHOLDS",
            "TOTAL RESULTS",
            "GROUP: cart",
            "SCENARIO: buy"
        ],
        "{}",
        run.stdout
    );
    let has = |at: usize, texts: &[&str]| {
        for text in texts {
            assert!(
                blocks[at].1.contains(text),
                "no '{text}' in\n{}",
                run.stdout
            );
        }
    };
    has(1, &["apples.", ": 332 ", "✓ fine", "✗ even"]);
    has(2, &["✓ fine", "apples...: 2 "]);
    assert!(!blocks[2].1.contains("even"), "{}", run.stdout);
    has(
        3,
        &[
            "✗ even\n      ↳  66% — ✓ 2 / ✗ 1",
            "apples.",
            ": 330 ",
            "    ↳ GROUP: cart \n",
            "      ↳ GROUP: pay \n",
            "        apples...: 300 ",
        ],
    );
    let compact = Brunt::script(SCRIPT).args(&["--quiet"]).run().expect(99);
    assert!(!compact.stdout.contains("GROUP") && !compact.stdout.contains("SCENARIO"));
    let variable = Brunt::script(SCRIPT)
        .variable("K6_SUMMARY_MODE", "full")
        .run()
        .expect(99);
    assert!(variable.stdout.contains("█ SCENARIO: buy"));
}

#[test]
fn the_summary_for_programs_is_the_handlers_and_the_files() {
    let handler = "\nexport function handleSummary(data) {
      return { 'h.json': JSON.stringify(data), bytes: new Uint8Array([104, 105]).buffer };
    }";
    let args = [
        "--quiet",
        "--new-machine-readable-summary",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(SCRIPT.to_owned() + handler)
        .args(&args)
        .run()
        .expect(99);
    assert_eq!(run.read("bytes"), "hi");
    assert_eq!(run.stdout, "");
    let handed: Value = serde_json::from_str(&run.read("h.json")).unwrap();
    let written: Value = serde_json::from_str(&run.read("s.json")).unwrap();
    assert_eq!(handed["results"], written["results"]);
    assert_eq!(written["config"]["script"], SCRIPT.to_owned() + handler);
    let results = &written["results"];
    assert_eq!(results["thresholds"][0]["source"], "count<1");
    assert_eq!(results["thresholds"][0]["ok"], false);
    assert_eq!(results["groups"][0]["name"], "cart");
    let buy = &results["scenarios"][0];
    assert_eq!(buy["name"], "buy");
    assert_eq!(buy["checks"]["results"][0]["passes"], 2);
    assert_eq!(
        buy["groups"][0]["groups"][0]["metrics"][0]["values"]["count"],
        300
    );
}

#[test]
fn a_junit_report_has_a_case_for_each_threshold_and_check() {
    let run = Brunt::script(SCRIPT)
        .args(&["--junit", "j.xml"])
        .run()
        .expect(99);
    let xml = run.read("j.xml");
    for text in [
        "<testsuites name=\"brunt\" tests=\"5\" failures=\"2\" errors=\"0\"",
        "<property name=\"iterations\" value=\"5\"/>",
        "<property name=\"tag.testid\" value=\"nightly\"/>",
        "<property name=\"exit_code\" value=\"99\"/>",
        "<testcase name=\"script.js\" classname=\"run\" time=",
        "<testcase name=\"count&lt;1\" classname=\"thresholds.apples\" time=\"0.000\">\n            <failure message=\"count=332\" type=\"threshold\">",
        "<testcase name=\"even\" classname=\"checks.cart\" time=\"0.000\">\n            <failure message=\"33.33% failed: 1 out of 3\" type=\"check\">",
    ] {
        assert!(xml.contains(text), "no {text} in\n{xml}");
    }
    let failing =
        "export function setup() { throw new Error('no server'); } export default function () {}";
    let run = Brunt::script(failing)
        .args(&["--junit", "j.xml"])
        .run()
        .expect(107);
    let xml = run.read("j.xml");
    assert!(
        xml.contains("errors=\"1\"") && xml.contains("Error: no server"),
        "{xml}"
    );
    let args = ["--junit", "absent/j.xml"];
    let run = Brunt::script("export default function () {}")
        .args(&args)
        .run()
        .expect(0);
    run.one_error(&["--junit absent/j.xml: No such file"]);
}

#[test]
fn what_handle_summary_returns_decides_what_is_printed() {
    let with = |body: &str| {
        let script = format!(
            "export default function () {{}}\nexport function handleSummary() {{ {body} }}"
        );
        Brunt::script(script).args(&["--quiet"]).run().expect(0)
    };
    for body in [
        "",
        "return null;",
        "return false;",
        "return 0;",
        "return '';",
    ] {
        let run = with(body);
        assert!(
            run.stdout.contains("TOTAL RESULTS"),
            "{body}: {}",
            run.stdout
        );
        assert_eq!(run.stderr, "", "{body}");
    }
    let run = with("return 'text';");
    assert!(run.stdout.contains("TOTAL RESULTS"));
    run.one_error(&["must return an object"]);
    let run = with("return { stdout: 'to out\\n', stderr: 'to err\\n' };");
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("to out\n", "to err\n")
    );
    let run = with("return { stdout: 5 };");
    run.one_error(&["'stdout' must be a string or an ArrayBuffer"]);
}
