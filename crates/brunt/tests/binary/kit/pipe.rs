//! A pipe as a peer: whether and how fast it is read is in the test's hands.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use brunt_output::Output;
use brunt_output::kit::{Behaviour, METRIC, Peer};

/// The pause of a slow reader after each piece.
const SLOW: Duration = Duration::from_millis(5);

/// Makes values of the kit of what was written.
type Values = fn(&[u8]) -> Result<Vec<f64>, String>;

/// A named pipe with a thread that reads it.
pub(super) struct Pipe {
    _folder: tempfile::TempDir,
    argument: String,
    is_plugin: bool,
    values: Values,
    shared: Arc<(Mutex<Behaviour>, Condvar)>,
    reader: Mutex<Option<JoinHandle<Vec<u8>>>>,
}

impl Pipe {
    /// What `--out KIND=…` writes to.
    pub(super) fn new(kind: &str, values: Values) -> Self {
        Self::with(values, false, |path| format!("{kind}={}", path.display()))
    }

    /// What a plug-in writes to that hands on what it reads.
    pub(super) fn of_a_plugin(values: Values) -> Self {
        Self::with(values, true, |path| {
            format!("exec=exec cat > {}", path.display())
        })
    }

    fn with(values: Values, is_plugin: bool, argument: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let shared = Arc::new((Mutex::new(Behaviour::Takes), Condvar::new()));
        let reader = std::thread::spawn({
            let (shared, path) = (Arc::clone(&shared), path.clone());
            move || read(path, &shared)
        });
        Self {
            argument: argument(&path),
            _folder: folder,
            is_plugin,
            values,
            shared,
            reader: Mutex::new(Some(reader)),
        }
    }
}

/// Reads to the end, as the behaviour of the moment has it.
fn read(path: PathBuf, shared: &(Mutex<Behaviour>, Condvar)) -> Vec<u8> {
    let (behaviour, changed) = shared;
    let mut file = File::open(path).unwrap();
    let (mut all, mut piece) = (Vec::new(), vec![0; 4096]);
    loop {
        let now = {
            let stalls = |now: &mut Behaviour| *now == Behaviour::Stalls;
            *changed
                .wait_while(behaviour.lock().unwrap(), stalls)
                .unwrap()
        };
        match file.read(&mut piece).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&piece[..count]),
        }
        if now == Behaviour::Dawdles {
            std::thread::sleep(SLOW);
        }
    }
}

impl Peer for Pipe {
    fn output(&self) -> Box<dyn Output> {
        super::output(&self.argument)
    }

    fn behave(&self, behaviour: Behaviour) -> bool {
        let (current, changed) = &*self.shared;
        if behaviour != Behaviour::Refuses {
            *current.lock().unwrap() = behaviour;
            changed.notify_all();
        }
        behaviour != Behaviour::Refuses
    }

    /// A plug-in that is ended takes with it what it has read.
    fn forgets(&self) -> bool {
        self.is_plugin
    }

    fn held(&self) -> Result<Vec<f64>, String> {
        let reader = self.reader.lock().unwrap().take();
        let bytes = reader.ok_or("read before")?.join();
        (self.values)(&bytes.map_err(|_| "the reader failed")?)
    }
}

/// The kit's values in JSON lines, up to the last whole one.
pub(super) fn json(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let mut values = Vec::new();
    for line in whole_lines(bytes) {
        let line: serde_json::Value =
            serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if line["type"] == "Point" && line["metric"] == METRIC {
            values.extend(line["data"]["value"].as_f64());
        }
    }
    Ok(values)
}

/// The kit's values in CSV.
pub(super) fn csv(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let lines: Vec<_> = whole_lines(bytes).collect();
    let text = lines.concat();
    let mut reader = csv::Reader::from_reader(&text[..]);
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name| headers.iter().position(|header| header == name);
    let Some((metric, value)) = column("metric_name").zip(column("metric_value")) else {
        return Ok(Vec::new());
    };
    let mut values = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        if &row[metric] == METRIC {
            values.push(row[value].parse().map_err(|_| row[value].to_owned())?);
        }
    }
    Ok(values)
}

fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| line.ends_with(b"\n"))
}

/// The values in a stream of Arrow, up to the last whole batch.
pub(super) fn arrow(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let mut values = Vec::new();
    let Ok(reader) = arrow_ipc::reader::StreamReader::try_new(bytes, None) else {
        return Ok(values);
    };
    for batch in reader.map_while(Result::ok) {
        let column = batch.column_by_name("value").ok_or("no column 'value'")?;
        let column = column.as_primitive_opt::<Float64Type>();
        values.extend(column.ok_or("not of doubles")?.values());
    }
    Ok(values)
}
