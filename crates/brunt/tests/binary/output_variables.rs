//! Every key of every output can be set by an environment variable, as `brunt outputs` prints them: a
//! value that makes no sense is refused, whichever variable it is in.

use std::collections::BTreeSet;

use crate::support::Brunt;

/// Keys that take any text, so that no value can be refused. That they arrive is seen by receivers in
/// `remote_write_keys.rs`, `otlp.rs` and `csv_output.rs`.
const ANY_TEXT: [&str; 24] = [
    "api-key",
    "bearer-token",
    "drop",
    "drop-metrics",
    "fileName",
    "grpc-endpoint",
    "header.*",
    "http-endpoint",
    "http-path",
    "keep",
    "keep-metrics",
    "label.*",
    "prefix",
    "region",
    "service-name",
    "service-version",
    "sigv4-access-key",
    "sigv4-profile",
    "sigv4-secret-key",
    "sigv4-session-token",
    "tenant",
    "testid",
    "url",
    "username",
];

/// A variable of a key, and the first output that names it.
struct Variable {
    output: String,
    key: String,
    name: String,
}

#[test]
fn a_senseless_value_is_refused_in_every_variable() {
    let list = Brunt::command("outputs").run().expect(0).stdout;
    let variables = variables(&list);
    assert!(variables.len() > 100, "{}", variables.len());
    let mut free = BTreeSet::new();
    for Variable { output, key, name } in &variables {
        if ANY_TEXT.contains(&key.as_str()) {
            free.insert(key.as_str());
            continue;
        }
        let target = match output.as_str() {
            "csv" => "csv=o.csv",
            "parquet" => "parquet=o.parquet",
            "newrelic" => "newrelic=http://127.0.0.1:1,api-key=x",
            "mimir" | "otlp" => &format!("{output}=http://127.0.0.1:1"),
            other => other,
        };
        let run = Brunt::script("export default function () {}")
            .variable(name, "\u{a7} senseless")
            .args(&["--out", target])
            .run()
            .expect(104);
        // `client-cert and client-key are given together`, `a password but no username`.
        assert!(run.stderr.contains(key.as_str()), "{name}: {}", run.stderr);
    }
    let named: BTreeSet<&str> = ANY_TEXT.into_iter().collect();
    assert_eq!(free, named, "each of them is a key of some output");
}

/// The variables in what `brunt outputs` prints, and that no key is without one.
fn variables(list: &str) -> Vec<Variable> {
    let (mut output, mut key, mut keyless) = (String::new(), String::new(), None);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for line in list.lines().skip_while(|line| !line.is_empty()) {
        let text = line.trim_start();
        let first = text.split([',', ' ']).next().unwrap_or_default();
        match line.len() - text.len() {
            0 if !text.is_empty() => first.clone_into(&mut output),
            4 if text.starts_with("keys as for ") => {}
            // Only the default differs from that of another output.
            4 if text.ends_with(']') && !text.contains(". [") && !text.contains("? [") => {}
            4 => {
                assert_eq!(keyless, None, "a key of {output} without a variable");
                first.clone_into(&mut key);
                keyless = Some(key.clone());
            }
            indent if indent > 4 => {
                keyless = None;
                for name in text
                    .split(", ")
                    .filter(|name| seen.insert(name.to_string()))
                {
                    found.push(Variable {
                        output: output.clone(),
                        key: key.clone(),
                        name: name.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    found
}
