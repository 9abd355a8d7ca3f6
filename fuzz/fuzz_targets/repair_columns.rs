//! What a crash leaves of Parquet and Arrow files, and then anything: no panic, no endless memory, and what is
//! repaired is whole.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

/// What `kill -9` left of a run with `parquet=o.parquet,row-group-size=64KiB`.
const PARQUET: &[u8] = include_bytes!("../seeds/o.parquet.tmp");
const SIDE: &[u8] = include_bytes!("../seeds/o.parquet.tmp.arrows");

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// Changes of single bytes, from the beginning or the end, and a length.
type Changes = (Vec<(i32, u8)>, Option<u32>);

fn changed(bytes: &[u8], (changes, length): &Changes) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, with) in changes {
        let from_end = bytes.len().saturating_sub(at.unsigned_abs() as usize);
        let at = if *at < 0 { from_end } else { *at as usize };
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= with;
        }
    }
    if let Some(length) = length {
        bytes.truncate(*length as usize % (bytes.len() + 1));
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file");
}

fuzz_target!(|data: (Changes, Changes)| {
    let (parquet, side) = data;
    let folder = FOLDER.path();
    for file in std::fs::read_dir(folder).expect("the folder").flatten() {
        let _ = std::fs::remove_file(file.path());
    }
    let side = changed(SIDE, &side);
    write(&folder.join("o.parquet.tmp"), &changed(PARQUET, &parquet));
    write(&folder.join("o.parquet.tmp.arrows"), &side);
    write(&folder.join("o.arrows"), &side);
    if let Ok(repaired) = brunt_output_parquet::repair(&folder.join("o.parquet")) {
        assert!(repaired.path.exists());
        let again = brunt_output_parquet::repair(&repaired.path);
        assert!(matches!(again, Err(brunt_output_parquet::RepairError::Whole(_))), "{again:?}");
    }
    let (from, to) = (folder.join("o.arrows"), folder.join("whole.arrows"));
    if let Ok(repaired) = brunt_output_arrow::repair(&from, &to) {
        let again = brunt_output_arrow::repair(&to, &folder.join("again.arrows"));
        let again = again.expect("what was repaired can be read");
        assert_eq!((again.samples, again.cut), (repaired.samples, false));
    }
});
