//! Files as peers.

use std::path::{Path, PathBuf};

use brunt_output::Output;
use brunt_output::kit::{Behaviour, METRIC, Peer};

use crate::columnar::python;
use crate::file_outputs::{repair, unpacked};

use super::pipe;

/// A file in a folder of its own, and the kind of output that writes it.
pub(super) struct OnDisk {
    folder: tempfile::TempDir,
    kind: &'static str,
    name: &'static str,
}

impl OnDisk {
    pub(super) fn new(kind: &'static str, name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, kind, name }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    pub(super) fn argument(&self) -> String {
        let path = self.path();
        match self.kind {
            "exec" => format!("exec=cat > {}", path.display()),
            kind => format!("{kind}={}", path.display()),
        }
    }
}

impl Peer for OnDisk {
    fn output(&self) -> Box<dyn Output> {
        super::output(&self.argument())
    }

    /// A disk that is full is in another test.
    fn behave(&self, behaviour: Behaviour) -> bool {
        behaviour == Behaviour::Takes
    }

    /// Of a file that was cut off, too.
    fn held(&self) -> Result<Vec<f64>, String> {
        let ending = Path::new(self.name).extension().unwrap_or_default();
        if ending == "arrows" {
            return pipe::arrow(&std::fs::read(self.path()).map_err(|error| error.to_string())?);
        }
        if ending == "parquet" {
            if !self.path().exists() {
                repair(self.folder.path(), &[self.name]).expect(0);
            }
            return parquet(&self.path());
        }
        if matches!(ending.to_str(), Some("gz" | "zst")) {
            repair(self.folder.path(), &["--in-place", self.name]).expect(0);
        }
        let (text, _) = unpacked(&self.path());
        match self.kind {
            "json" => pipe::json(text.as_bytes()),
            _ => pipe::csv(text.as_bytes()),
        }
    }
}

/// As pyarrow reads it.
fn parquet(path: &Path) -> Result<Vec<f64>, String> {
    let program = "import sys, json, pyarrow.parquet as pq, pyarrow.compute as pc
t = pq.read_table(sys.argv[1])
t = t.filter(pc.equal(t['metric'], sys.argv[2]))
print(json.dumps(t['value'].to_pylist()))";
    let mut python = python().ok_or("pyarrow is not installed")?;
    let read = python.args(["-c", program]).arg(path).arg(METRIC).output();
    let read = read.map_err(|error| error.to_string())?;
    serde_json::from_slice(&read.stdout)
        .map_err(|_| String::from_utf8_lossy(&read.stderr).into_owned())
}
