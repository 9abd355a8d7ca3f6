//! The commands of README and user guide, run as they stand there.
//!
//! In a block marked `console`, a line that begins with `$ ` is a command, everything else is what
//! it prints and is not compared. A command has to end with 0, or with the code of its comment
//! `# exits 99`. A code block whose first line is a comment with a file's name is put into that file
//! first. Commands find `brunt` in the path, the examples in `examples/`, a server at `$BASE_URL`,
//! strict receivers at `$MIMIR_URL` and `$OTLP_URL`, and a Grafana at `$GRAFANA_URL` that knows `$GRAFANA_TOKEN`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use brunt_testkit::{Grafana, Otlp, RemoteWrite, Target, grafana};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fenced block: the word behind its fence, and its lines.
struct Block {
    kind: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(kind), None) => {
                let (kind, lines) = (kind.to_owned(), Vec::new());
                open = Some(Block { kind, lines });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.lines.push(line.to_owned());
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The name of the file that a code block is, if its first line is a comment with one.
fn file_name(block: &Block) -> Option<&str> {
    let name = block.lines.first()?.strip_prefix("// ")?;
    let extension = Path::new(name).extension()?;
    let is_name = extension == "js" || extension == "ts";
    (is_name && !name.contains([' ', '/'])).then_some(name)
}

fn exit_code(command: &str) -> i32 {
    command
        .split_once("# exits ")
        .map_or(0, |(_, code)| code.trim().parse().unwrap())
}

/// Runs a page; gives the number of its commands.
fn run(page: &str) -> usize {
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let examples = folder.path().join("examples");
    std::fs::create_dir(&examples).unwrap();
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        std::fs::copy(&path, examples.join(path.file_name().unwrap())).unwrap();
    }
    let target = Target::http().unwrap();
    let receiver = RemoteWrite::start().unwrap();
    let collector = Otlp::start().unwrap();
    let account = grafana::Config::default();
    let grafana = Grafana::start(account.clone()).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_brunt")).parent().unwrap();
    let mut path = binary.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut commands = 0;
    for block in blocks(&text) {
        if let Some(name) = file_name(&block) {
            std::fs::write(folder.path().join(name), block.lines.join("\n")).unwrap();
        }
        if block.kind != "console" {
            continue;
        }
        let before = commands;
        for command in block
            .lines
            .iter()
            .filter_map(|line| line.strip_prefix("$ "))
        {
            let output = Command::new("sh")
                .args(["-c", command])
                .current_dir(folder.path())
                .env_clear()
                .env("PATH", &path)
                .env("BASE_URL", format!("http://{}", target.address()))
                .env("MIMIR_URL", receiver.write_url())
                .env("OTLP_URL", collector.url())
                .env("GRAFANA_URL", grafana.url())
                .env("GRAFANA_TOKEN", &account.token)
                .output()
                .unwrap();
            let printed = [&output.stdout[..], &output.stderr[..]].concat();
            let printed = String::from_utf8_lossy(&printed);
            let code = output.status.code();
            assert_eq!(
                code,
                Some(exit_code(command)),
                "{page}: {command}\n{printed}"
            );
            assert!(
                !printed.contains("panicked"),
                "{page}: {command}\n{printed}"
            );
            commands += 1;
        }
        assert!(
            commands > before,
            "{page}: a console block without a command"
        );
    }
    let violations = receiver.violations();
    assert!(violations.is_empty(), "{page}: {violations:?}");
    assert_eq!(collector.problems(), [""; 0], "{page}");
    assert_links(page, &text);
    commands
}

/// Fails where a relative link leads nowhere.
fn assert_links(page: &str, text: &str) {
    let folder = repository().join(page).parent().unwrap().to_owned();
    for part in text.split("](").skip(1) {
        let link = part.split([')', '#']).next().unwrap();
        if link.is_empty() || link.starts_with("http") {
            continue;
        }
        assert!(
            folder.join(link).exists(),
            "{page}: the link {link} leads nowhere"
        );
    }
}

macro_rules! pages {
    ($($name:ident $page:literal)*) => {
        $(
            #[test]
            fn $name() {
                assert!(run($page) > 0, "no command in {}", $page);
            }
        )*

        #[test]
        fn every_page_of_the_guide_has_a_test() {
            let known = [$($page),*];
            for entry in std::fs::read_dir(repository().join("docs/guide")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let page = format!("docs/guide/{name}");
                assert!(known.contains(&&*page), "{page} is not tested");
            }
        }
    };
}

pages! {
    readme "README.md"
    running "docs/guide/running.md"
    control "docs/guide/control.md"
    options "docs/guide/options.md"
    scripts "docs/guide/scripts.md"
    http "docs/guide/http.md"
    html "docs/guide/html.md"
    thresholds "docs/guide/thresholds.md"
    parquet "docs/guide/parquet.md"
    outputs "docs/guide/outputs.md"
    delivery "docs/guide/delivery.md"
    mimir "docs/guide/mimir.md"
    dashboards "docs/guide/dashboards.md"
    otlp "docs/guide/otlp.md"
    network "docs/guide/network.md"
    json "docs/guide/json.md"
    csv "docs/guide/csv.md"
    convert "docs/guide/convert.md"
    convert_other_tools "docs/guide/convert-other-tools.md"
    compare "docs/guide/compare.md"
    report "docs/guide/report.md"
    repair "docs/guide/repair.md"
    exit_codes "docs/guide/exit-codes.md"
    summary "docs/guide/summary.md"
    logs "docs/guide/logs.md"
    troubleshooting "docs/guide/troubleshooting.md"
}

#[test]
fn links_of_the_other_pages_lead_somewhere() {
    let mut pages = vec!["docs/architecture.md".to_owned()];
    for entry in std::fs::read_dir(repository().join("docs/decisions")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        pages.push(format!("docs/decisions/{name}"));
    }
    for page in pages {
        let text = std::fs::read_to_string(repository().join(&page)).unwrap();
        assert_links(&page, &text);
    }
}
