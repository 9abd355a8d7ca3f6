//! The coverage table, `docs/coverage.md`: everything that a script can set or read has a row there
//! that names the test that covers it.
//!
//! What there is comes from brunt's own tables and from a response as a script sees it, so a new
//! option, field, parameter or member fails here until it has a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use brunt_options::{ExecutorKind, ScenarioDraft, Support, TABLE};
use brunt_testkit::Target;

use crate::support::Brunt;

/// The test of what nothing acts on yet.
const NOT_YET: &str = "not yet";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rows by section: name and test.
fn table() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = std::fs::read_to_string(repository().join("docs/coverage.md")).unwrap();
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (name, rest) = row
            .split_once("` | ")
            .unwrap_or_else(|| panic!("no row: {line}"));
        let test = rest
            .trim_end_matches('|')
            .trim()
            .trim_matches('`')
            .to_owned();
        let rows = sections.entry(section.clone()).or_default();
        assert!(
            rows.insert(name.to_owned(), test).is_none(),
            "{name} stands twice in {section}"
        );
    }
    sections
}

/// The rows of a section, which must have exactly one for each of these and more only for what is
/// not there yet.
fn check(section: &str, known: &BTreeSet<String>, may_wait: impl Fn(&str) -> bool) {
    let sections = table();
    let rows = &sections[section];
    for name in known {
        let test = rows.get(name);
        let test = test.unwrap_or_else(|| panic!("docs/coverage.md, {section}: no row for {name}"));
        assert!(
            test != NOT_YET || may_wait(name),
            "docs/coverage.md, {section}: {name} works now: name its test"
        );
    }
    for (name, test) in rows {
        assert!(
            known.contains(name) || test == NOT_YET,
            "docs/coverage.md, {section}: there is no {name}"
        );
    }
}

#[test]
fn every_named_test_exists() {
    for (section, rows) in table() {
        for (name, test) in rows.iter().filter(|(_, test)| *test != NOT_YET) {
            let (file, function) = test
                .split_once("::")
                .unwrap_or_else(|| panic!("{section}, {name}: '{test}' is no file.rs::test"));
            let path = repository().join("crates").join(file);
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                source.contains(&format!("fn {function}(")),
                "{section}, {name}: {file} has no test {function}"
            );
        }
    }
}

#[test]
fn every_option_has_a_test() {
    let known = TABLE.iter().map(|spec| spec.key.to_owned()).collect();
    check("Options", &known, |key| {
        TABLE
            .iter()
            .any(|spec| spec.key == key && spec.support == Support::Later)
    });
}

#[test]
fn every_field_of_a_scenario_has_a_test() {
    let all = ExecutorKind::ALL;
    let everywhere = |field: &str| {
        all.iter()
            .all(|kind| ScenarioDraft::fields(*kind).any(|it| it == field))
    };
    let mut known = BTreeSet::new();
    for kind in all {
        for field in ScenarioDraft::fields(kind) {
            known.insert(if everywhere(field) {
                field.to_owned()
            } else {
                format!("{}.{field}", kind.as_str())
            });
        }
    }
    // Their scenarios are read, and refused before the start.
    check("Scenario fields", &known, |name| {
        name.starts_with("ramping-")
    });
}

/// The arms of the `match` that reads parameters: a table of them would be one that nobody reads.
#[test]
fn every_request_parameter_has_a_test() {
    let path = repository().join("crates/brunt-k6/src/http/params.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let (_, arms) = source.split_once("match key {").unwrap();
    let (arms, _) = arms.split_once("\n    }\n").unwrap();
    let indent = "            \"";
    let known: BTreeSet<String> = arms
        .lines()
        .filter_map(|line| line.strip_prefix(indent)?.split_once("\" =>"))
        .flat_map(|(names, _)| names.split("\" | \""))
        .map(str::to_owned)
        .collect();
    assert!(
        known.contains("headers") && known.contains("timeout"),
        "{known:?}"
    );
    check("Request parameters", &known, |_| false);
}

#[test]
fn every_member_of_a_response_has_a_test() {
    let target = Target::http().unwrap();
    let script = "import http from 'k6/http';
        export default function () {
          const r = http.get(__ENV.URL);
          const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(r));
          console.log([...Object.keys(r), ...methods].join());
        }";
    let run = Brunt::script(script)
        .env_flag("URL", &target.url("/"))
        .run()
        .expect(0);
    let members = run.console().join(",");
    let members = members.split(',').filter(|name| *name != "constructor");
    check(
        "Response members",
        &members.map(str::to_owned).collect(),
        |_| false,
    );
}

/// Outputs that have the same keys, by all their names, and the keys.
struct Family {
    names: BTreeSet<String>,
    keys: BTreeSet<String>,
}

/// As `brunt outputs` lists them: blocks of names at the margin and keys four blanks in.
fn families() -> Vec<Family> {
    let listed = Brunt::command("outputs").run().expect(0).stdout;
    let mut families: Vec<Family> = Vec::new();
    for block in listed.split("\n\n").skip(1) {
        let mut lines = block.trim_start_matches('\n').lines();
        let names = lines.next().unwrap_or_default().split(", ");
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        let lines: Vec<&str> = lines.collect();
        let like = lines
            .iter()
            .find_map(|line| line.trim().split_once("as for "));
        if let Some((_, like)) = like {
            let like = like.split(',').next().unwrap_or_default();
            let family = families.iter_mut().find(|it| it.names.contains(like));
            family.unwrap().names.extend(names);
            continue;
        }
        let keys = lines.iter().filter_map(|line| {
            let key = line.strip_prefix("    ")?;
            let end = key.find([' ', ','])?;
            (end > 0).then(|| key[..end].to_owned())
        });
        families.push(Family {
            keys: keys.collect(),
            names,
        });
    }
    families
}

#[test]
fn every_key_of_an_output_has_a_test() {
    let sections = table();
    let rows: BTreeSet<(&str, &str)> = sections["Outputs"]
        .keys()
        .map(|row| row.split_once('.').unwrap_or_else(|| panic!("{row}")))
        .collect();
    let families = families();
    assert!(families.len() > 1, "`brunt outputs` is read wrongly");
    for family in &families {
        for key in &family.keys {
            // A profile of another kind has that one's keys and some of its own.
            let has_row = families
                .iter()
                .filter(|other| {
                    other.keys.intersection(&family.keys).count() * 2 > family.keys.len()
                })
                .flat_map(|other| &other.names)
                .any(|name| rows.contains(&(name.as_str(), key.as_str())));
            assert!(
                has_row,
                "docs/coverage.md, Outputs: no row for {key} of {:?}",
                family.names
            );
        }
    }
    for (name, key) in rows {
        let is_known = families
            .iter()
            .any(|family| family.names.contains(name) && family.keys.contains(key));
        assert!(
            is_known,
            "docs/coverage.md, Outputs: there is no {name}.{key}"
        );
    }
}
