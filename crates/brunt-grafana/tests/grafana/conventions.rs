//! What makes a dashboard usable: descriptions, units, variables that exist, ids that stay.

use std::collections::BTreeSet;

use brunt_grafana::{Dashboard, VariableKind, Visual, boards, classic};
use serde_json::Value;

/// Changing one of these breaks people's links and bookmarks.
#[test]
fn the_ids_are_those_of_the_last_release() {
    let ids: Vec<_> = boards::all().iter().map(|it| (it.uid, it.file)).collect();
    assert_eq!(
        ids,
        [
            ("brunt-overview", "test-overview"),
            ("brunt-latency", "latency"),
            ("brunt-pods", "pods"),
            ("brunt-pods-otel", "pods-otel"),
            ("brunt-compare", "compare"),
            ("brunt-runs", "runs"),
            ("brunt-ws-grpc", "websocket-grpc"),
            ("brunt-logs-traces", "logs-traces"),
            ("brunt-k6", "k6"),
        ]
    );
    for (uid, _) in ids {
        assert!((8..=40).contains(&uid.len()), "{uid}");
    }
}

#[test]
fn every_panel_is_explained_and_asks_something() {
    for dashboard in boards::all() {
        let mut titles = BTreeSet::new();
        for panel in dashboard.panels() {
            let what = format!("{}: {}", dashboard.title, panel.title);
            assert!(panel.description.ends_with('.'), "{what}");
            let asks = !panel.targets.is_empty();
            assert_eq!(asks, !matches!(panel.visual, Visual::Text(_)), "{what}");
            assert!(
                titles.insert((&panel.title, format!("{:?}", panel.visual))),
                "{what}: twice"
            );
            for target in &panel.targets {
                let open = target.expr.matches(['(', '{', '[']).count();
                let closed = target.expr.matches([')', '}', ']']).count();
                assert_eq!(open, closed, "{what}: {}", target.expr);
            }
        }
    }
}

/// Names behind `$` in queries: Grafana leaves an unknown one as it stands, and the query fails.
fn used(dashboard: &Dashboard) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let text = classic(dashboard);
    let mut stack = vec![&text];
    while let Some(value) = stack.pop() {
        match value {
            Value::String(text) => {
                for part in text.split('$').skip(1) {
                    let part = part.strip_prefix('{').unwrap_or(part);
                    let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let name = &part[..end.unwrap_or(part.len())];
                    // Regular expressions end with one, too.
                    if !name.is_empty() {
                        used.insert(name.to_owned());
                    }
                }
            }
            Value::Array(list) => stack.extend(list),
            Value::Object(map) => stack.extend(map.values()),
            _ => {}
        }
    }
    used
}

#[test]
fn queries_use_the_variables_that_there_are_and_all_of_them() {
    const GRAFANAS: [&str; 8] = [
        "__all",
        "__auto",
        "__from",
        "__interval",
        "__range",
        "__rate_interval",
        "__to",
        "__value",
    ];
    for dashboard in boards::all() {
        let used = used(&dashboard);
        let all = dashboard.all_variables();
        let own: BTreeSet<_> = all.iter().map(|it| it.name.clone()).collect();
        for name in &used {
            let known = own.contains(name) || GRAFANAS.contains(&&**name);
            assert!(known, "{}: ${name}", dashboard.title);
        }
        for variable in &all {
            let applied = used.contains(&variable.name) || variable.kind == VariableKind::Adhoc;
            assert!(
                applied,
                "{}: {} has no effect",
                dashboard.title, variable.name
            );
        }
    }
}

#[test]
fn the_prefix_is_one_constant() {
    let overview = boards::find("brunt-overview").unwrap();
    let json = classic(&overview.with_prefix("load_")).to_string();
    assert!(
        json.contains(r#""query":"load_""#) && !json.contains("k6_"),
        "{json}"
    );
}
