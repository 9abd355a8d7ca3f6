//! Files of lines that were cut off anywhere, packed or not: what is repaired is whole.
#![no_main]

use std::io::Write as _;
use std::sync::LazyLock;

use brunt_file::repair::{Place, repair};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

const HEADER: &[u8] = b"metric_name,timestamp,metric_value\n";
const LINE: &[u8] = b"{\"metric\":\"a\",\"type\":\"Point\",\"data\":{}}\n";

fn packed(kind: u8, bytes: Vec<u8>) -> (&'static str, Vec<u8>) {
    let (lines, rows) = ("a.json", "a.csv");
    let name = if kind & 1 == 0 { lines } else { rows };
    match kind >> 1 & 3 {
        0 | 3 => (name, bytes),
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let _ = gzip.write_all(&bytes);
            (if name == lines { "a.json.gz" } else { "a.csv.gz" }, gzip.finish().unwrap_or_default())
        }
        _ => {
            let packed = zstd::encode_all(&bytes[..], 1).unwrap_or_default();
            (if name == lines { "a.json.zst" } else { "a.csv.zst" }, packed)
        }
    }
}

fuzz_target!(|data: (u8, u16, Option<(u16, u8)>, &[u8])| {
    let (kind, cut, flip, text) = data;
    let mut bytes = if kind & 1 == 0 { LINE } else { HEADER }.to_vec();
    bytes.extend_from_slice(text);
    let (name, mut bytes) = packed(kind, bytes);
    bytes.truncate(bytes.len().saturating_sub(usize::from(cut)));
    if let Some((at, with)) = flip
        && let Some(byte) = bytes.get_mut(usize::from(at))
    {
        *byte ^= with;
    }
    let path = FOLDER.path().join(name);
    std::fs::write(&path, &bytes).expect("a file");
    if let Ok(repaired) = repair(&path, Place::Instead)
        && repaired.written.is_some()
    {
        let again = repair(&path, Place::Instead).expect("what was repaired can be read");
        assert!(again.written.is_none(), "{repaired:?} {again:?}");
        assert_eq!(again.found.kept, repaired.found.kept);
    }
});
