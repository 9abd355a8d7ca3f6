use std::io::Write as _;

use super::*;
use crate::packing::{Packer, Packing};

/// Lines in chunks, packed as a file output packs them, and where chunks end: packed and unpacked.
fn written(packing: Packing) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut packer = Packer::new(packing).unwrap();
    let (mut file, mut ends, mut unpacked) = (Vec::new(), vec![(0, 0)], 0);
    for chunk in 0..20 {
        let line = |at: u32| format!("{{\"chunk\":{chunk},\"at\":{at},\"x\":{{}}}}\n");
        let lines: String = (0..500).map(line).collect();
        unpacked += lines.len();
        file.extend_from_slice(packer.pack(lines.as_bytes()).unwrap());
        ends.push((file.len(), unpacked));
    }
    file.extend_from_slice(&packer.end().unwrap());
    (file, ends)
}

fn unpack(packing: Packing, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match packing {
        Packing::Plain => out.extend_from_slice(bytes),
        Packing::Gzip => {
            let mut from = flate2::read::GzDecoder::new(bytes);
            from.read_to_end(&mut out).unwrap();
        }
        Packing::Zstd => out = zstd::stream::decode_all(bytes).unwrap(),
    }
    out
}

const ALL: [Packing; 3] = [Packing::Plain, Packing::Gzip, Packing::Zstd];

#[test]
fn wherever_it_is_cut_every_chunk_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    for packing in ALL {
        let (file, ends) = written(packing);
        let whole = unpack(packing, &file);
        for cut in (20..file.len() - 1).step_by(file.len() / 50) {
            std::fs::write(&path, &file[..cut]).unwrap();
            let before = ends
                .iter()
                .rev()
                .find(|(packed, _)| *packed <= cut)
                .unwrap()
                .1;
            let repaired = match repair(&path, Place::Instead) {
                // Nothing can be unpacked of the first block.
                Err(RepairError::Unknown { .. }) if before == 0 => continue,
                repaired => repaired.unwrap(),
            };
            let kept = unpack(packing, &std::fs::read(&path).unwrap());
            assert!(kept.len() >= before, "{packing:?} cut at {cut}");
            assert!(whole.starts_with(&kept) && (kept.is_empty() || kept.ends_with(b"\n")));
            let lines = kept.split_inclusive(|byte| *byte == b'\n').count();
            assert_eq!(repaired.found.kept, lines as u64);
            if packing == Packing::Plain {
                assert_eq!(repaired.found.cut, (cut - kept.len()) as u64);
            }
            let again = repair(&path, Place::Instead).unwrap();
            assert!(again.found.is_whole() && again.written.is_none());
        }
    }
}

#[test]
fn a_whole_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (packing, name) in ALL.into_iter().zip(["a.json", "a.json.gz", "a.json.zst"]) {
        let path = folder.path().join(name);
        let (file, _) = written(packing);
        std::fs::write(&path, &file).unwrap();
        let repaired = repair(&path, Place::Beside).unwrap();
        assert_eq!((repaired.written, repaired.found.kept), (None, 10_000));
        assert_eq!(std::fs::read(&path).unwrap(), file);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn the_old_file_stays_unless_asked_for_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, "{\"a\":1}\n{\"b\"").unwrap();
    let repaired = repair(&path, Place::Beside).unwrap();
    let beside = folder.path().join("a.json.repaired");
    assert_eq!(repaired.written.as_deref(), Some(&*beside));
    assert_eq!((repaired.found.kept, repaired.found.cut), (1, 4));
    assert_eq!(std::fs::read(&beside).unwrap(), b"{\"a\":1}\n");
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"a\":1}\n{\"b\"");
    let error = repair(&path, Place::Beside).unwrap_err();
    assert!(matches!(error, RepairError::Taken { .. }), "{error}");
}

#[test]
fn other_files_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    for content in [&b"hello\n"[..], b"", b"PAR1"] {
        std::fs::write(&path, content).unwrap();
        let error = repair(&path, Place::Instead).unwrap_err();
        assert!(matches!(error, RepairError::Unknown { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"hello\n").unwrap();
    let gz = gz.finish().unwrap();
    std::fs::write(&path, &gz).unwrap();
    let error = repair(&path, Place::Instead).unwrap_err();
    assert!(matches!(error, RepairError::Unknown { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(repair(folder.path(), Place::Instead).is_err());
}

#[test]
fn damage_inside_a_packed_file_ends_it_there_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json.zst");
    let (mut file, ends) = written(Packing::Zstd);
    let at = ends[10].0 + 40;
    file[at..at + 30].fill(0xff);
    std::fs::write(&path, &file).unwrap();
    let repaired = repair(&path, Place::Instead).unwrap();
    assert!(repaired.found.damage.is_some());
    assert!(repaired.found.kept >= 5_000, "{:?}", repaired.found);
    let kept = unpack(Packing::Zstd, &std::fs::read(&path).unwrap());
    assert!(kept.ends_with(b"\n"));
}
