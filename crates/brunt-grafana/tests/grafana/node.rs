//! npm's packages, where they are installed.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The folder with `node_modules`; `None` where `scripts/setup-tests.sh` found no npm.
pub(crate) fn packages() -> Option<PathBuf> {
    let folder = brunt_testkit::process::test_venv().join("node");
    if folder.join("node_modules").exists() {
        return Some(folder);
    }
    eprintln!("skipped: no npm packages; scripts/setup-tests.sh installs them");
    None
}

/// What a program prints when it reads `input`.
pub(crate) fn output(command: &mut Command, input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
