//! Groups and scenarios in a full summary.

use brunt_aggregate::{ScenarioCheck, Section, SectionTotals, Totals};

use super::*;

fn section(scenario: &str, group: &str, totals: Vec<Totals>) -> SectionTotals {
    SectionTotals {
        section: Section {
            scenario: scenario.into(),
            group: group.into(),
        },
        totals: fixture::report(totals).totals,
    }
}

/// A check with its passes and fails in each scenario.
fn check(name: &str, seen: u64, scenarios: &[(&str, u64, u64)]) -> CheckNode {
    CheckNode {
        name: name.to_owned(),
        passes: scenarios.iter().map(|it| it.1).sum(),
        fails: scenarios.iter().map(|it| it.2).sum(),
        seen,
        scenarios: scenarios
            .iter()
            .map(|(scenario, passes, fails)| ScenarioCheck {
                scenario: (*scenario).to_owned(),
                passes: *passes,
                fails: *fails,
            })
            .collect(),
    }
}

fn group(name: &str, path: &str, checks: Vec<CheckNode>, groups: Vec<GroupNode>) -> GroupNode {
    GroupNode {
        name: name.to_owned(),
        path: path.to_owned(),
        groups,
        checks,
    }
}

fn full() -> Report {
    let mut report = fixture::report(vec![
        fixture::counter("http_reqs", 12.0),
        fixture::time("http_req_waiting", &[1.0, 3.0]),
        fixture::time("group_duration", &[1.0]),
    ]);
    let pay = group(
        "pay",
        "::cart::pay",
        vec![check("is paid", 2, &[("buy", 1, 1)])],
        Vec::new(),
    );
    let cart = group(
        "cart",
        "::cart",
        vec![check("is 200", 1, &[("", 4, 0), ("buy", 2, 0)])],
        vec![pay],
    );
    let silent = group("silent", "::silent", Vec::new(), Vec::new());
    report.root = group(
        "",
        "",
        vec![check("outside", 0, &[("", 1, 0), ("buy", 0, 3)])],
        vec![cart, silent],
    );
    let hidden = || fixture::time("group_duration", &[1.0]);
    let duration = |ms| fixture::time("http_req_duration", &[ms]);
    report.sections = vec![
        section("zap", "", vec![fixture::counter("iterations", 1.0)]),
        section(
            "buy",
            "",
            vec![
                fixture::counter("http_reqs", 5.0),
                duration(9.0),
                fixture::sub(duration(8.0), "expected_response:true"),
            ],
        ),
        section("buy", "::cart", vec![hidden(), duration(7.0)]),
        section(
            "buy",
            "::cart::pay",
            vec![fixture::counter("http_reqs", 2.0)],
        ),
        section(
            "",
            "::cart",
            vec![fixture::counter("http_reqs", 7.0), duration(1.0)],
        ),
        section("", "::silent", vec![hidden()]),
    ];
    report
}

fn options(mode: Mode) -> SummaryOptions {
    SummaryOptions {
        mode,
        trend_stats: vec!["avg".parse().expect("a statistic")],
        ..SummaryOptions::default()
    }
}

#[test]
fn groups_of_the_default_scenario_come_first_then_scenarios_by_name() {
    let text = render(&full(), &options(Mode::Full));
    let expected = "
  █ GROUP: cart 

    checks_total.......: 4       2/s
    checks_succeeded...: 100.00% 4 out of 4
    checks_failed......: 0.00%   0 out of 4

    ✓ is 200

    HTTP
    http_req_duration...: avg=1ms
    http_reqs...........: 7 3.5/s


  █ SCENARIO: buy 

    checks_total.......: 7      3.5/s
    checks_succeeded...: 42.85% 3 out of 7
    checks_failed......: 57.14% 4 out of 7

    ✗ outside
      ↳  0% — ✓ 0 / ✗ 3
    ✓ is 200
    ✗ is paid
      ↳  50% — ✓ 1 / ✗ 1

    HTTP
    http_req_duration..............: avg=9ms
      { expected_response:true }...: avg=8ms
    http_reqs......................: 5 2.5/s

    ↳ GROUP: cart 

      checks_total.......: 2       1/s
      checks_succeeded...: 100.00% 2 out of 2
      checks_failed......: 0.00%   0 out of 2

      ✓ is 200

      HTTP
      http_req_duration...: avg=7ms

      ↳ GROUP: pay 

        checks_total.......: 2      1/s
        checks_succeeded...: 50.00% 1 out of 2
        checks_failed......: 50.00% 1 out of 2

        ✗ is paid
          ↳  50% — ✓ 1 / ✗ 1

        HTTP
        http_reqs...: 2 1/s


  █ SCENARIO: zap 

    EXECUTION
    iterations...: 1 0.5/s


\n";
    let start = text.find("\n  █ GROUP").expect("a group");
    assert_eq!(&text[start..], expected, "{text}");
}

#[test]
fn the_compact_summary_has_neither() {
    let text = render(&full(), &options(Mode::Compact));
    assert!(
        !text.contains("GROUP") && !text.contains("SCENARIO"),
        "{text}"
    );
    assert!(
        text.contains("✗ outside\n      ↳  25% — ✓ 1 / ✗ 3"),
        "{text}"
    );
}

#[test]
fn it_says_when_there_were_too_many() {
    let mut report = full();
    report.sections_left_out = true;
    let text = render(&report, &options(Mode::Full));
    assert!(
        text.contains("more than 200 groups and scenarios"),
        "{text}"
    );
}
