//! The container image, as far as it can be checked without building it.

use std::process::Command;

use super::{deploy, good, is_pinned, repository, text, tool};

#[test]
fn the_image_is_built_as_the_repository_is() {
    let file = text("Containerfile");
    let from: Vec<&str> = file
        .lines()
        .filter_map(|it| it.strip_prefix("FROM "))
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    assert_eq!(from.len(), 2);
    assert!(from.iter().all(|it| is_pinned(it)), "{from:?}");
    let workspace = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let rust = workspace
        .lines()
        .find_map(|it| it.strip_prefix("rust-version = "));
    let rust = rust.unwrap().trim_matches('"');
    assert!(from[0].contains(&format!("rust:{rust}")), "{from:?}");
    assert!(file.contains("\nUSER 65532:65532\n"));

    // What the build is given is enough for cargo, and there.
    let context = tempfile::tempdir().unwrap();
    for path in text("Containerfile.dockerignore")
        .lines()
        .filter_map(|it| it.strip_prefix('!'))
    {
        let source = repository().join(path).canonicalize().unwrap();
        std::os::unix::fs::symlink(source, context.path().join(path)).unwrap();
    }
    let cargo = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(context.path())
        .output()
        .unwrap();
    assert!(good(&cargo).contains("\"name\":\"brunt\""));
    assert!(context.path().join("examples/quickstart.js").exists());
    if let Some(mut hadolint) = tool("hadolint") {
        let output = hadolint.arg(deploy("Containerfile")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
