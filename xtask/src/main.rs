//! Writes what is generated in this repository, and says whether what lies there is up to date:
//! `cargo xtask dashboards [--check]`.
//!
//! Generated files are committed, so that people can import them without a Rust toolchain.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("usage: cargo xtask dashboards [--check]")]
    Usage,
    #[error("{path}: {source}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("stale: {0}. Run `cargo xtask dashboards` and commit what it writes")]
    Stale(String),
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["dashboards"] => dashboards(false),
        ["dashboards", "--check"] => dashboards(true),
        _ => Err(Error::Usage),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dashboards(check: bool) -> Result<(), Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards");
    let files = brunt_grafana::files();
    let mut stale: Vec<_> = brunt_grafana::left_over(&folder, &files);
    for file in &files {
        let path = folder.join(&file.path);
        let io = |source| Error::Io {
            path: path.clone(),
            source,
        };
        if std::fs::read_to_string(&path).is_ok_and(|there| there == file.text) {
            continue;
        }
        stale.push(file.path.clone());
        if !check {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(io)?;
            }
            std::fs::write(&path, &file.text).map_err(io)?;
        }
    }
    if check && !stale.is_empty() {
        return Err(Error::Stale(stale.join(", ")));
    }
    Ok(())
}
