//! The dashboards against the types that Grafana's own TypeScript is written with: what the JSON schemas leave
//! open, each kind of panel's options and field configuration above all, is closed there.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use brunt_grafana::{boards, classic, v2};
use serde_json::{Value, json};

use crate::node;

const HEAD: &str = "import type { Dashboard, Panel } from '@grafana/schema';
import type { Spec } from '@grafana/schema/apis/dashboard.grafana.app/v2';
// Enums have names in the types, and only their values in JSON.
type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
// Kinds of panels say what is in a panel's parts that are open in the type of all.
type Partly<T> = T extends (infer U)[] ? Partly<U>[] : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;
";

/// Kind of panel, the folder of its types, and whether they have one for its fields.
const KINDS: [(&str, &str, bool); 7] = [
    ("timeseries", "timeseries", true),
    ("stat", "stat", false),
    ("table", "table", true),
    ("heatmap", "heatmap", true),
    ("state-timeline", "statetimeline", true),
    ("logs", "logs", false),
    ("text", "text", false),
];

fn panels(dashboard: &Value) -> Vec<&Value> {
    let mut panels = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        match panel["type"].as_str() {
            Some("row") => panels.extend(panel["panels"].as_array().unwrap()),
            _ => panels.push(panel),
        }
    }
    panels
}

/// The dashboards as constants with their types.
fn module(dashboards: &[(Value, Value)]) -> String {
    let mut text = HEAD.to_owned();
    for (kind, folder, fields) in KINDS {
        let path = format!("@grafana/schema/panelcfg/{folder}");
        let name = kind.replace('-', "_");
        let _ = writeln!(
            text,
            "import type {{ Options as {name}_options }} from '{path}';"
        );
        if fields {
            let _ = writeln!(
                text,
                "import type {{ FieldConfig as {name}_fields }} from '{path}';"
            );
        }
    }
    let mut number = 0;
    let mut constant = |kind: &str, value: &Value| {
        number += 1;
        let _ = writeln!(text, "export const n{number}: Json<{kind}> = {value};");
    };
    for (classic, v2) in dashboards {
        constant("Dashboard", classic);
        constant("Spec", v2);
        for panel in panels(classic) {
            let known = KINDS.iter().find(|kind| panel["type"] == kind.0);
            let (kind, _, fields) = known.unwrap_or_else(|| panic!("{}", panel["type"]));
            let kind = kind.replace('-', "_");
            constant(&format!("Partly<{kind}_options>"), &panel["options"]);
            let custom = &panel["fieldConfig"]["defaults"]["custom"];
            if *fields && !custom.is_null() {
                constant(&format!("Partly<{kind}_fields>"), custom);
            }
        }
    }
    text
}

/// What the compiler has against them.
fn complaints(packages: &Path, dashboards: &[(Value, Value)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let modules = packages.join("node_modules");
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).unwrap();
    std::fs::write(folder.path().join("boards.ts"), module(dashboards)).unwrap();
    let schema = modules.join("@grafana/schema/dist/types");
    let configuration = json!({
        "compilerOptions": {
            "module": "nodenext", "strict": true, "noEmit": true, "skipLibCheck": true, "types": [],
            "paths": {
                "@grafana/schema": [schema.join("index.d.ts")],
                "@grafana/schema/panelcfg/*": [schema.join("raw/composable/*/panelcfg/x/types.gen.d.ts")],
            },
        },
        "files": ["boards.ts"],
    });
    let path = folder.path().join("tsconfig.json");
    std::fs::write(path, configuration.to_string()).unwrap();
    let mut tsc = Command::new(modules.join(".bin/tsc"));
    node::output(tsc.current_dir(folder.path()), "")
}

fn dashboards() -> Vec<(Value, Value)> {
    let forms = |dashboard| {
        let mut classic = classic(&dashboard);
        // For the public gallery; no part of a dashboard.
        classic.as_object_mut().unwrap().remove("__requires");
        // Grafana writes it, and has it in no type.
        for variable in classic["templating"]["list"].as_array_mut().unwrap() {
            variable.as_object_mut().unwrap().remove("definition");
        }
        // What Prometheus' plug-in has in an annotation; the type is that of all plug-ins.
        for annotation in classic["annotations"]["list"].as_array_mut().unwrap() {
            for own in [
                "expr",
                "useValueForTime",
                "step",
                "titleFormat",
                "textFormat",
                "tagKeys",
            ] {
                annotation.as_object_mut().unwrap().remove(own);
            }
        }
        (classic, v2(&dashboard)["spec"].take())
    };
    boards::all().into_iter().map(forms).collect()
}

#[test]
fn the_dashboards_have_grafanas_types() {
    let Some(packages) = node::packages() else {
        return;
    };
    let good = dashboards();
    assert_eq!(complaints(&packages, &good), "");
    // Each mistake is one that the schemas let pass.
    let wrong = [
        ("/panels/1/options/graphMode", "curve"),
        ("/panels/1/options/reduceOptions/calculations", "last"),
    ];
    for (pointer, value) in wrong {
        let mut bad = good[..1].to_vec();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        bad[0].0.pointer_mut(parent).unwrap()[key] = value.into();
        assert_ne!(complaints(&packages, &bad), "", "{pointer}");
    }
}
