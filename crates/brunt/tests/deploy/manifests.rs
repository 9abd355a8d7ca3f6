//! Kubernetes' objects, ours and those that are exported, against schemas of others.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use brunt_testkit::process::test_venv;
use serde_json::Value;

use super::{deploy, exported, files, good, manifests, strings, yaml};

/// By Kubernetes' own schemas, and Karpenter's and the Grafana operator's where npm's packages are there.
#[test]
fn manifests_are_valid() {
    let folder = exported("configmap");
    let mut paths = files(&deploy("eks"));
    assert!(paths.len() > 5);
    paths.extend(files(folder.path()));
    let Some(unknown) = manifests("validate", &paths) else {
        return;
    };
    assert_eq!(strings(&unknown), ["EC2NodeClass", "NodePool"]);
    let mut objects = yaml("eks/karpenter.yaml").unwrap();
    for file in files(exported("grafana-operator").path()) {
        objects.push(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap());
    }
    let packages = test_venv().join("node");
    if !packages.join("node_modules").exists() {
        eprintln!("skipped: no npm packages; scripts/setup-tests.sh installs them");
        return;
    }
    assert_eq!(invalid(&packages, &objects), "");
    objects[0]["spec"]["disruption"]["consolidationPolicy"] = "Sometimes".into();
    assert!(invalid(&packages, &objects).contains("consolidationPolicy"));
}

/// What npm's models of these objects refuse.
fn invalid(packages: &Path, objects: &[Value]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/models.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let json = serde_json::to_vec(objects).unwrap();
    node.stdin.take().unwrap().write_all(&json).unwrap();
    good(&node.wait_with_output().unwrap())
}
