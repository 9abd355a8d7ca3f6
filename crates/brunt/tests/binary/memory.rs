//! Resident memory stays flat: over many iterations, and over many different URLs.

use crate::support::{Brunt, Started};

/// Resident memory in KiB: now (`VmRSS`) or at most (`VmHWM`); `None` once the process is gone.
pub(crate) fn resident(run: &Started, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", run.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn iterations_do_not_grow_memory() {
    let script = "import { check, sleep } from 'k6';
        import exec from 'k6/execution';
        import { Trend } from 'k6/metrics';
        const trend = new Trend('my_trend', true);
        export const options = { vus: 10, iterations: 300000 };
        export default function () {
          const n = exec.scenario.iterationInTest;
          trend.add(n % 1000, { part: `${n % 10}` });
          check(n, { 'is a number': (v) => v >= 0 });
          if (n === 50000) console.log('fifty thousand');
          if (n === 299999) { console.log('at the end'); sleep(0.5); }
        }";
    let run = Brunt::script(script)
        .args(&["--quiet", "--summary-export", "s.json"])
        .start();
    run.wait_for_log("fifty thousand");
    let early = resident(&run, "VmRSS").unwrap();
    run.wait_for_log("at the end");
    let most = resident(&run, "VmHWM").unwrap();
    let run = run.finish().expect(0);
    assert_eq!(
        run.summary("s.json").value("iterations", "count"),
        300_000.0
    );
    assert!(
        most < early + early / 10 + 4096,
        "{early} KiB early, {most} KiB at most"
    );
}

#[test]
fn different_tag_values_beyond_the_limit_do_not_grow_memory_and_are_said() {
    let script = "import { sleep } from 'k6';
        import exec from 'k6/execution';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export const options = { vus: 4, iterations: 200000 };
        export default function () {
          const n = exec.scenario.iterationInTest;
          counter.add(1, { name: `http://127.0.0.1/some/path/that/never/comes/again/${n}` });
          if (n === 50000) console.log('fifty thousand');
          if (n === 199999) { console.log('at the end'); sleep(0.5); }
        }";
    let args = [
        "--quiet",
        "--max-series",
        "5000",
        "--summary-export",
        "s.json",
    ];
    let run = Brunt::script(script).args(&args).start();
    run.wait_for_log("fifty thousand");
    let early = resident(&run, "VmRSS").unwrap();
    run.wait_for_log("at the end");
    let most = resident(&run, "VmHWM").unwrap();
    let run =
        run.finish()
            .expect(0)
            .says(&["--max-series=5000", "brunt_overflow", "tag `name` has"]);
    assert_eq!(
        run.summary("s.json").value("my_counter", "count"),
        200_000.0
    );
    assert!(
        most < early + early / 10 + 8192,
        "{early} KiB early, {most} KiB at most"
    );
}

/// Outputs of raw samples and totals do not lose anything to the bound.
#[test]
fn beyond_the_limit_raw_samples_keep_their_tags_and_thresholds_their_totals() {
    let script = "import exec from 'k6/execution';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export const options = { vus: 2, iterations: 1500, thresholds: { my_counter: ['count==1500'] } };
        export default function () {
          counter.add(1, { item: `${exec.scenario.iterationInTest}` });
        }";
    let run = Brunt::script(script)
        .variable("BRUNT_MAX_SERIES", "100")
        .args(&["--quiet", "--out", "json=samples.json"])
        .run()
        .expect(0);
    let warnings = run.messages("warning");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("--max-series=100") && warnings[0].contains("tag `item` has"),
        "{warnings:?}"
    );
    let mut items = run.points("samples.json").tag("my_counter", "item");
    items.sort_unstable();
    items.dedup();
    assert_eq!(items.len(), 1500);
    let none = Brunt::script("export default function () {}")
        .args(&["--max-series", "0"])
        .run();
    none.expect(255).says(&["--max-series"]);
}
