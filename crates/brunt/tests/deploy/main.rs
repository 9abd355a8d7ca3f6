//! What is in `deploy/`: compose file, Helm values, manifests for EKS and the container image, against the
//! validators that there are, and against what brunt really does and exports.
//!
//! Values of charts cannot be checked against the charts: no package registry has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stderr)]

mod image;
mod job;
mod manifests;
mod stack;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use brunt_testkit::process::test_venv;
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn deploy(path: &str) -> PathBuf {
    repository().join("deploy").join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(deploy(path)).unwrap()
}

/// A program of the tests' virtual environment; `None`, said, where it is not installed.
fn tool(name: &str) -> Option<Command> {
    let program = test_venv().join("bin").join(name);
    if program.exists() {
        return Some(Command::new(program));
    }
    eprintln!(
        "skipped: {} is not there; scripts/setup-tests.sh installs it",
        program.display()
    );
    None
}

fn good(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn manifests(what: &str, paths: &[PathBuf]) -> Option<Value> {
    // Without it the virtual environment is an older one.
    tool("kubernetes-validate")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/manifests.py");
    let output = tool("python")?
        .arg(script)
        .arg(what)
        .args(paths)
        .output()
        .unwrap();
    Some(serde_json::from_str(&good(&output)).unwrap())
}

/// The documents of a YAML file.
fn yaml(path: &str) -> Option<Vec<Value>> {
    let documents = manifests("json", &[deploy(path)])?;
    Some(documents.as_array().unwrap().clone())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).iter().map(|it| it.as_str().unwrap()).collect()
}

/// The files below a folder, by their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}

fn brunt(args: &[&str], variables: &[(String, String)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_brunt"))
        .args(args)
        .envs(variables.iter().cloned())
        .output()
        .unwrap()
}

/// A folder with the dashboards in a form.
fn exported(form: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    good(&brunt(&["dashboards", "export", "--format", form, to], &[]));
    folder
}

/// `registry/name:1.2.3`, and neither `latest` nor nothing.
fn is_pinned(image: &str) -> bool {
    let tag = image.rsplit('/').next().unwrap().split_once(':');
    tag.is_some_and(|(_, tag)| tag != "latest" && !tag.is_empty())
}
