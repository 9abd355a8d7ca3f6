//! JSON lines and CSV, packed or not.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::packing::Packing;
use crate::repair::records::{Form, Records};
use crate::repair::{Found, KNOWN, RepairError};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

const PIECE: usize = 256 * 1024;

fn packing(head: &[u8]) -> Packing {
    if head.starts_with(GZIP) {
        Packing::Gzip
    } else if head.starts_with(ZSTD) {
        Packing::Zstd
    } else {
        Packing::Plain
    }
}

/// Whether a file is text that can be repaired, by its name and its first bytes.
pub(super) fn knows(path: &Path, head: &[u8]) -> bool {
    // A file that was cut before its first byte has nothing but its name.
    let by_name = || {
        let name = path.to_string_lossy();
        let endings = [
            ".json",
            ".csv",
            ".json.gz",
            ".csv.gz",
            ".json.zst",
            ".csv.zst",
        ];
        endings.iter().any(|ending| name.ends_with(ending))
    };
    match packing(head) {
        Packing::Plain if head.is_empty() => by_name(),
        Packing::Plain => Form::of(head).is_some(),
        Packing::Gzip | Packing::Zstd => true,
    }
}

/// Writes a whole file with everything of the old one that can be kept.
pub(super) fn repair(path: &Path, to: &File) -> Result<Found, RepairError> {
    let read = |source| RepairError::Read {
        path: path.to_owned(),
        source,
    };
    let write = |source| RepairError::Write {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(4).read_to_end(&mut head));
    opened.map_err(read)?;
    let file = File::open(path).map_err(read)?;
    let to = BufWriter::with_capacity(PIECE, to);
    match packing(&head) {
        Packing::Plain => copy(path, file, to, |mut to| to.flush()),
        Packing::Gzip => {
            let to = GzEncoder::new(to, Compression::fast());
            copy(path, MultiGzDecoder::new(file), to, |to| {
                to.finish()?.flush()
            })
        }
        Packing::Zstd => {
            let from = zstd::stream::read::Decoder::new(file).map_err(read)?;
            let to = zstd::stream::write::Encoder::new(to, 1).and_then(|mut encoder| {
                encoder.include_checksum(true)?;
                Ok(encoder)
            });
            copy(path, from, to.map_err(write)?, |to| to.finish()?.flush())
        }
    }
}

/// Copies whole records until the text ends or cannot be unpacked any further.
fn copy<W: Write>(
    path: &Path,
    mut from: impl Read,
    mut to: W,
    finish: impl FnOnce(W) -> io::Result<()>,
) -> Result<Found, RepairError> {
    let write = |source| RepairError::Write {
        path: path.to_owned(),
        source,
    };
    let mut piece = vec![0; PIECE];
    let mut out = Vec::new();
    let mut damage = None;
    let mut records: Option<Records> = None;
    loop {
        let got = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // What the system says of a file has a number; all other errors are the unpacker's.
            Err(source) if source.raw_os_error().is_some() => {
                return Err(RepairError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                damage = Some("the compressed data ends before its end mark".to_owned());
                break;
            }
            Err(error) => {
                damage = Some(format!(
                    "the compressed data is damaged, what follows is lost: {error}"
                ));
                break;
            }
        };
        let piece = &piece[..got];
        let records = match &mut records {
            Some(records) => records,
            none => {
                let form = Form::of(piece).ok_or_else(|| RepairError::Unknown {
                    path: path.to_owned(),
                    known: KNOWN,
                })?;
                none.insert(Records::new(form))
            }
        };
        records.take(piece, &mut out);
        to.write_all(&out).map_err(write)?;
        out.clear();
    }
    finish(to).map_err(write)?;
    let form = records.as_ref().map_or(Form::Json, Records::form);
    Ok(Found {
        records: form.records(),
        kept: records.as_ref().map_or(0, |records| records.whole),
        cut: records.map_or(0, |records| records.damaged + records.open()),
        damage,
    })
}
