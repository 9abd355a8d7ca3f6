//! A file of the spool: a magic number, then frames, each with its length and checksum.
//!
//! ```text
//! file  = "BRSPOOL1" frame*         the first frame is the origin, the others are snapshots
//! frame = length  u32 little-endian, of the payload
//!         points  u32               how many series the snapshot has, 0 for the origin
//!         crc     u32               CRC-32 (ISO-HDLC) of length, points and payload
//!         payload
//! ```
//!
//! A frame is written by one call. What a crash cut off, or a disk garbled, ends the file for a
//! reader: what stands before it counts.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What a file begins with; its last character is the version of the format.
const MAGIC: &[u8; 8] = b"BRSPOOL1";

/// Bytes before a payload.
const HEAD: usize = 12;

/// No payload is larger: a snapshot of a million series takes a fifth of it.
const LARGEST: u32 = 1 << 30;

/// A payload with the points it stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) points: u32,
    pub(super) payload: Vec<u8>,
}

/// Writes one file.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    bytes: u64,
}

impl Writer {
    /// A new file that only its owner can read.
    pub(super) fn create(path: &Path, origin: &[u8]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(MAGIC)?;
        let mut writer = Self {
            file,
            bytes: MAGIC.len() as u64,
        };
        writer.append(0, origin)?;
        Ok(writer)
    }

    /// Adds a frame. After an error the file ends as it did before.
    pub(super) fn append(&mut self, points: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len())
            .ok()
            .filter(|length| *length <= LARGEST)
            .ok_or_else(|| io::Error::other("a snapshot is larger than 1 GiB"))?;
        let mut frame = Vec::with_capacity(HEAD + payload.len());
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&points.to_le_bytes());
        frame.extend_from_slice(&checksum(length, points, payload).to_le_bytes());
        frame.extend_from_slice(payload);
        if let Err(error) = self.file.write_all(&frame) {
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            return Err(error);
        }
        self.bytes += frame.len() as u64;
        Ok(())
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads one file, frame by frame, also while it is being written.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    /// Where the next frame begins.
    offset: u64,
}

impl Reader<File> {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::new(File::open(path)?)
    }
}

impl<R: Read + Seek> Reader<R> {
    pub(super) fn new(mut source: R) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        source.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is no spool file of this version",
            ));
        }
        Ok(Self {
            source,
            offset: MAGIC.len() as u64,
        })
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame; `None` where the file ends or makes no sense any more.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let Some((length, points, crc)) = self.head()? else {
            return Ok(None);
        };
        let mut payload = Vec::new();
        let read = (&mut self.source)
            .take(length.into())
            .read_to_end(&mut payload)?;
        if read != length as usize || checksum(length, points, &payload) != crc {
            return Ok(None);
        }
        self.offset += (HEAD + payload.len()) as u64;
        Ok(Some(Frame { points, payload }))
    }

    /// Passes over the next frame and tells how many points it has; the checksum is not looked at.
    pub(super) fn skip(&mut self, end: u64) -> io::Result<Option<u32>> {
        let Some((length, points, _)) = self.head()? else {
            return Ok(None);
        };
        let next = self.offset + HEAD as u64 + u64::from(length);
        if next > end {
            return Ok(None);
        }
        self.offset = next;
        Ok(Some(points))
    }

    fn head(&mut self) -> io::Result<Option<(u32, u32, u32)>> {
        self.source.seek(SeekFrom::Start(self.offset))?;
        let mut head = [0; HEAD];
        match self.source.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let number = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&head[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let length = number(0);
        Ok((length <= LARGEST).then(|| (length, number(4), number(8))))
    }
}

fn checksum(length: u32, points: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&points.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

pub(crate) mod fuzzing {
    //! Any bytes as a file.

    use std::io::Cursor;

    use brunt_metrics::{Interner, Registry};

    use super::super::record::Decoder;

    /// Reads all snapshots of a file of any content.
    pub fn segment(bytes: &[u8]) {
        let (registry, interner) = (Registry::new(), Interner::new(1_000));
        let Ok(mut reader) = super::Reader::new(Cursor::new(bytes)) else {
            return;
        };
        let mut decoder = Decoder::default();
        while let Ok(Some(frame)) = reader.next() {
            decoder.decode(&frame.payload, &registry, &interner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.seg");
        let mut writer = Writer::create(&path, b"origin").unwrap();
        for (at, payload) in payloads.iter().enumerate() {
            writer.append(at as u32 + 1, payload).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(writer.bytes(), bytes.len() as u64);
        bytes
    }

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
        std::iter::from_fn(|| reader.next().unwrap()).collect()
    }

    #[test]
    fn frames_come_back_and_a_cut_ends_the_file_before_the_frame() {
        let bytes = file(&[b"one", b"", b"three"]);
        let whole = frames(&bytes);
        let payloads: Vec<&[u8]> = whole.iter().map(|frame| &*frame.payload).collect();
        assert_eq!(payloads, [&b"origin"[..], b"one", b"", b"three"]);
        assert_eq!(whole[3].points, 3);
        for cut in MAGIC.len()..bytes.len() {
            let frames = frames(&bytes[..cut]);
            assert!(frames.len() < 4 && whole.starts_with(&frames));
        }
    }

    #[test]
    fn a_garbled_byte_ends_the_file_before_its_frame() {
        let bytes = file(&[b"one", b"two"]);
        let whole = frames(&bytes);
        for at in MAGIC.len()..bytes.len() {
            let mut garbled = bytes.clone();
            garbled[at] ^= 1;
            let frames = frames(&garbled);
            assert!(frames.len() < 3 && whole.starts_with(&frames), "{at}");
        }
        assert!(Reader::new(Cursor::new(b"PK\x03\x04 something else")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.seg");
        Writer::create(&path, b"").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
