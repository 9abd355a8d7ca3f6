//! The report's text, and the rules of the schema that Jenkins publishes for it.

use std::collections::BTreeMap;

use brunt_aggregate::CheckNode;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::*;
use crate::fixture::{self, crossed, kept};

fn check(name: &str, passes: u64, fails: u64) -> CheckNode {
    CheckNode {
        name: name.to_owned(),
        passes,
        fails,
        ..CheckNode::default()
    }
}

fn report() -> Report {
    let mut took = fixture::time("http_req_duration", &[120.0, 2500.0]);
    took.thresholds = vec![
        crossed("p(95)<500", "p(95)", 2381.0),
        kept("avg<2000", "avg", 1310.0),
    ];
    let mut report = fixture::report(vec![took]);
    report.root.checks = vec![check("is 200", 3, 0)];
    report.root.groups = vec![GroupNode {
        name: "cart v1.2".to_owned(),
        path: "::cart v1.2".to_owned(),
        groups: Vec::new(),
        checks: vec![check("has <items> & \"more\"", 2, 1)],
    }];
    report
}

fn run(failure: Option<&str>) -> JunitRun<'_> {
    JunitRun {
        script: "script.js",
        started: Some("2026-01-02T03:04:05"),
        failure,
        properties: vec![("iterations".to_owned(), "3".to_owned())],
    }
}

#[test]
fn the_report_has_a_case_for_each_threshold_and_check() {
    let xml = render(&report(), &SummaryOptions::default(), &run(None)).expect("XML");
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="brunt" tests="5" failures="2" errors="0" time="2.000">
    <testsuite name="run" tests="1" skipped="0" errors="0" failures="0" time="2.000" timestamp="2026-01-02T03:04:05">
        <properties>
            <property name="iterations" value="3"/>
        </properties>
        <testcase name="script.js" classname="run" time="2.000"/>
    </testsuite>
    <testsuite name="thresholds" tests="2" skipped="0" errors="0" failures="1" time="0.000" timestamp="2026-01-02T03:04:05">
        <properties>
            <property name="iterations" value="3"/>
        </properties>
        <testcase name="p(95)&lt;500" classname="thresholds.http_req_duration" time="0.000">
            <failure message="p(95)=2.38s" type="threshold">http_req_duration: &apos;p(95)&lt;500&apos; was crossed: p(95)=2.38s</failure>
        </testcase>
        <testcase name="avg&lt;2000" classname="thresholds.http_req_duration" time="0.000"/>
    </testsuite>
    <testsuite name="checks" tests="2" skipped="0" errors="0" failures="1" time="0.000" timestamp="2026-01-02T03:04:05">
        <properties>
            <property name="iterations" value="3"/>
        </properties>
        <testcase name="is 200" classname="checks" time="0.000"/>
        <testcase name="has &lt;items&gt; &amp; &quot;more&quot;" classname="checks.cart v1_2" time="0.000">
            <failure message="33.33% failed: 1 out of 3" type="check">✓ 2 / ✗ 1</failure>
        </testcase>
    </testsuite>
</testsuites>
"#;
    assert_eq!(xml, expected);
    obeys_the_schema(&xml);
}

#[test]
fn a_run_that_broke_off_is_an_error() {
    let report = fixture::report(vec![]);
    let failure = "setup() failed: Error: no server";
    let xml = render(&report, &SummaryOptions::default(), &run(Some(failure))).expect("XML");
    assert!(
        xml.contains(r#"<error message="setup() failed: Error: no server" type="run">"#),
        "{xml}"
    );
    assert!(
        xml.contains(r#"tests="1" failures="0" errors="1""#),
        "{xml}"
    );
    assert!(!xml.contains(r#"name="checks""#), "no empty suites: {xml}");
    obeys_the_schema(&xml);
}

proptest! {
    #[test]
    fn no_name_breaks_the_report(name in any::<String>(), group in any::<String>()) {
        let mut report = report();
        report.root.groups[0].name = group;
        report.root.groups[0].checks[0].name = name;
        let xml = render(&report, &SummaryOptions::default(), &run(None)).expect("XML");
        obeys_the_schema(&xml);
    }
}

fn attributes(start: &BytesStart<'_>) -> BTreeMap<String, String> {
    start
        .attributes()
        .map(|it| {
            let it = it.expect("an attribute");
            let key = String::from_utf8(it.key.as_ref().to_vec()).expect("a name");
            let value = it
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .expect("a value");
            (key, value.into_owned())
        })
        .collect()
}

/// What may stand in an element, in this order; attributes that it must and that it may have.
struct Rule {
    name: &'static str,
    children: &'static [&'static str],
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

/// Of the schema `junit-10.xsd` of Jenkins' xUnit plug-in, as far as the elements are used.
const RULES: &[Rule] = &[
    Rule {
        name: "testsuites",
        children: &["testsuite"],
        required: &[],
        optional: &["name", "time", "tests", "failures", "errors"],
    },
    Rule {
        name: "testsuite",
        children: &["properties", "testcase"],
        required: &["name", "tests", "failures", "errors"],
        optional: &["time", "skipped", "timestamp", "hostname", "id", "package"],
    },
    Rule {
        name: "properties",
        children: &["property"],
        required: &[],
        optional: &[],
    },
    Rule {
        name: "property",
        children: &[],
        required: &["name", "value"],
        optional: &[],
    },
    Rule {
        name: "testcase",
        children: &["skipped", "error", "failure"],
        required: &["name"],
        optional: &["time", "classname", "group"],
    },
    Rule {
        name: "error",
        children: &[],
        required: &[],
        optional: &["message", "type"],
    },
    Rule {
        name: "failure",
        children: &[],
        required: &[],
        optional: &["message", "type"],
    },
];

struct Open {
    rule: &'static Rule,
    attributes: BTreeMap<String, String>,
    /// The place of the last child among those that the rule allows.
    at: usize,
    counts: BTreeMap<String, u64>,
}

fn obeys_the_schema(xml: &str) {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(
        xml.chars().all(allowed),
        "characters that XML 1.0 forbids: {xml:?}"
    );
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Open> = Vec::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                let element = enter(&start, &mut open);
                open.push(element);
            }
            Event::Empty(start) => {
                let element = enter(&start, &mut open);
                leave(element, &mut open);
            }
            Event::End(_) => {
                let element = open.pop().expect("an open element");
                leave(element, &mut open);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
}

fn enter(start: &BytesStart<'_>, open: &mut [Open]) -> Open {
    let name = String::from_utf8(start.name().as_ref().to_vec()).expect("a name");
    let rule = RULES.iter().find(|rule| rule.name == name);
    let rule = rule.unwrap_or_else(|| panic!("no element is called {name}"));
    match open.last_mut() {
        None => assert_eq!(name, "testsuites"),
        Some(parent) => {
            let at = parent.rule.children.iter().position(|child| *child == name);
            let at = at.unwrap_or_else(|| panic!("{name} in {}", parent.rule.name));
            assert!(
                at >= parent.at,
                "{name} comes too late in {}",
                parent.rule.name
            );
            parent.at = at;
        }
    }
    let attributes = attributes(start);
    for required in rule.required {
        assert!(
            attributes.contains_key(*required),
            "{name} without {required}"
        );
    }
    for key in attributes.keys() {
        let known = rule
            .required
            .iter()
            .chain(rule.optional)
            .any(|it| it == key);
        assert!(known, "{name} with {key}");
    }
    if let Some(timestamp) = attributes.get("timestamp") {
        let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
        let shape: String = timestamp.chars().map(digits).collect();
        assert_eq!(shape, "0000-00-00T00:00:00");
    }
    Open {
        rule,
        attributes,
        at: 0,
        counts: BTreeMap::new(),
    }
}

/// Numbers in attributes are those of the elements inside.
fn leave(element: Open, open: &mut [Open]) {
    for (attribute, of) in [
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
    ] {
        if let Some(said) = element.attributes.get(attribute) {
            let counted = element.counts.get(of).copied().unwrap_or_default();
            assert_eq!(
                said.parse(),
                Ok(counted),
                "{attribute} of {}",
                element.rule.name
            );
        }
    }
    if let Some(parent) = open.last_mut() {
        *parent
            .counts
            .entry(element.rule.name.to_owned())
            .or_default() += 1;
        for (name, count) in element.counts {
            *parent.counts.entry(name).or_default() += count;
        }
    }
}
