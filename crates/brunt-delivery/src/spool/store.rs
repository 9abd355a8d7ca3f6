//! The folder of one output's spool: segments in order, bounded in bytes.
//!
//! ```text
//! FOLDER/lock            held by the process that uses it
//! FOLDER/00000001.seg    the oldest segment
//! FOLDER/position        which snapshot is the next to be delivered: segment and frame
//! ```
//!
//! The snapshot that was delivered last can be read again: its segment goes only when one of the next
//! segment was delivered.
//!
//! When the segments take more than they may, the oldest one that nobody reads goes, counted. Snapshots
//! are cumulative, so that costs resolution in time and no final count.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use brunt_aggregate::Snapshot;
use brunt_metrics::{Interner, Registry};
use prost::Message as _;

use super::record::{Decoder, Encoder, Origin};
use super::segment::{Reader, Writer};

const LOCK: &str = "lock";
const POSITION: &str = "position";
const SUFFIX: &str = ".seg";

/// A segment is closed when it has this many bytes, or an eighth of what the spool may take.
const SEGMENT: u64 = 64 << 20;

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process uses it.
    #[error("the spool {0} is in use by another process")]
    InUse(String),
    /// There are no measurements in it.
    #[error("there is no spool in {0}: no segment could be read")]
    Empty(String),
    /// The system says no.
    #[error("cannot use the spool {folder}: {source}")]
    Io {
        /// The folder.
        folder: String,
        /// The reason.
        source: io::Error,
    },
}

/// Snapshots on disk: the oldest one is read first.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    origin: Vec<u8>,
    limit: u64,
    segments: VecDeque<Segment>,
    writing: Option<Writing>,
    reading: Option<Reading>,
    /// Points that went to make room or could not be read, since somebody asked.
    given_up: u64,
    /// A segment of which everything was taken out; the snapshot that was delivered last may be in it.
    spent: Option<u64>,
    /// Closed when the store is.
    _lock: File,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    number: u64,
    bytes: u64,
    /// Snapshots that were not taken out, and their points.
    snapshots: u64,
    points: u64,
}

#[derive(Debug)]
struct Writing {
    number: u64,
    writer: Writer,
    encoder: Encoder,
}

#[derive(Debug)]
struct Reading {
    number: u64,
    reader: Reader<File>,
    decoder: Decoder,
    /// Frames that were delivered, the origin not counted.
    done: u64,
    /// Whether a snapshot was taken out and is not delivered yet.
    in_hand: bool,
}

impl Store {
    /// A new, empty spool in a folder that is made with all its parents.
    pub fn create(folder: &Path, origin: &Origin, limit: u64) -> Result<Self, StoreError> {
        let failed = |source| io_error(folder, source);
        make_folder(folder).map_err(failed)?;
        Ok(Self {
            folder: folder.to_owned(),
            origin: origin.encode_to_vec(),
            limit,
            segments: VecDeque::new(),
            writing: None,
            reading: None,
            given_up: 0,
            spent: None,
            _lock: lock(folder)?,
        })
    }

    /// A spool that a run has left, with where it comes from.
    pub fn open(folder: &Path, limit: u64) -> Result<(Self, Origin), StoreError> {
        let failed = |source| io_error(folder, source);
        let numbers = numbers(folder).map_err(failed)?;
        let mut store = Self {
            folder: folder.to_owned(),
            origin: Vec::new(),
            limit,
            segments: VecDeque::new(),
            writing: None,
            reading: None,
            given_up: 0,
            spent: None,
            _lock: lock(folder)?,
        };
        let (first, done) = store.position();
        let mut origin = None;
        for number in numbers.into_iter().filter(|number| *number >= first) {
            let skip = if number == first { done } else { 0 };
            let Some((segment, head)) = scan(&store.path(number), number, skip) else {
                continue;
            };
            origin = origin.or_else(|| Origin::decode(&*head).ok().map(|known| (known, head)));
            store.segments.push_back(segment);
        }
        let Some((origin, bytes)) = origin else {
            return Err(StoreError::Empty(folder.display().to_string()));
        };
        store.origin = bytes;
        Ok((store, origin))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Points in snapshots that were not taken out.
    pub fn points(&self) -> u64 {
        self.segments.iter().map(|segment| segment.points).sum()
    }

    /// Whether every snapshot was taken out.
    pub fn is_empty(&self) -> bool {
        self.segments.iter().all(|segment| segment.snapshots == 0)
    }

    /// Points that were given up since this was asked last: to make room, or because they could not be
    /// read.
    pub fn given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// Adds a snapshot as the newest one.
    pub fn append(
        &mut self,
        snapshot: &Snapshot,
        registry: &Registry,
        interner: &Interner,
    ) -> io::Result<()> {
        let full = self.segment_limit();
        if self
            .writing
            .as_ref()
            .is_some_and(|writing| writing.writer.bytes() >= full)
        {
            self.writing = None;
        }
        let mut writing = match self.writing.take() {
            Some(writing) => writing,
            None => self.next_segment()?,
        };
        let payload = writing.encoder.encode(snapshot, registry, interner);
        let points = u32::try_from(snapshot.series.len()).unwrap_or(u32::MAX);
        // After an error the segment's dictionary knows more than the file: it is not written again.
        writing.writer.append(points, &payload)?;
        if let Some(segment) = self.segments.back_mut() {
            segment.bytes = writing.writer.bytes();
            segment.snapshots += 1;
            segment.points += u64::from(points);
        }
        self.writing = Some(writing);
        self.make_room();
        Ok(())
    }

    /// Adds a snapshot that has arrived already, as the ground that those after it stand on. To be
    /// called before anything else is added.
    pub fn arrived(
        &mut self,
        snapshot: &Snapshot,
        registry: &Registry,
        interner: &Interner,
    ) -> io::Result<()> {
        self.append(snapshot, registry, interner)?;
        self.take(registry, interner)?;
        self.delivered()
    }

    /// The snapshot that was delivered last, by this process or the one before; `None` if none was.
    ///
    /// # Errors
    /// If one was delivered and cannot be read.
    pub fn last_delivered(
        &self,
        registry: &Registry,
        interner: &Interner,
    ) -> io::Result<Option<Snapshot>> {
        let (number, done) = self.position();
        if done == 0 {
            return Ok(None);
        }
        let mut reader = Reader::open(&self.path(number))?;
        let mut decoder = Decoder::default();
        // The origin.
        reader.next()?;
        let mut last = None;
        for _ in 0..done {
            let frame = reader.next()?;
            last = frame.and_then(|frame| decoder.decode(&frame.payload, registry, interner));
        }
        last.map(Some)
            .ok_or_else(|| io::Error::other("the snapshot that was delivered last is garbled"))
    }

    /// Takes the oldest snapshot out; it stays on disk until [`Store::delivered`]. One at a time.
    pub fn take(
        &mut self,
        registry: &Registry,
        interner: &Interner,
    ) -> io::Result<Option<Snapshot>> {
        loop {
            let Some(front) = self.segments.front().copied() else {
                return Ok(None);
            };
            let mut reading = match self.reading.take() {
                Some(reading) if reading.number == front.number => reading,
                _ => self.start_reading(front.number, registry, interner)?,
            };
            let frame = reading.reader.next()?;
            let points = frame.as_ref().map_or(0, |frame| frame.points);
            let snapshot =
                frame.and_then(|frame| reading.decoder.decode(&frame.payload, registry, interner));
            let Some(snapshot) = snapshot else {
                // All was read, or the rest cannot be.
                let is_written = self
                    .writing
                    .as_ref()
                    .is_some_and(|writing| writing.number == front.number);
                if is_written && front.snapshots == 0 {
                    self.reading = Some(reading);
                    return Ok(None);
                }
                self.given_up += front.points;
                self.forget_front();
                continue;
            };
            reading.in_hand = true;
            self.reading = Some(reading);
            if let Some(front) = self.segments.front_mut() {
                front.snapshots = front.snapshots.saturating_sub(1);
                front.points = front.points.saturating_sub(points.into());
            }
            return Ok(Some(snapshot));
        }
    }

    /// The snapshot that was taken out has arrived.
    pub fn delivered(&mut self) -> io::Result<()> {
        let Some(reading) = self.reading.as_mut().filter(|reading| reading.in_hand) else {
            return Ok(());
        };
        reading.in_hand = false;
        reading.done += 1;
        let number = reading.number;
        let text = format!("{} {}\n", reading.number, reading.done);
        let new = self.folder.join("position.new");
        fs::write(&new, text)?;
        fs::rename(new, self.folder.join(POSITION))?;
        if let Some(spent) = self.spent.take_if(|spent| *spent != number) {
            let _ = fs::remove_file(self.path(spent));
        }
        Ok(())
    }

    /// Removes the folder with everything in it: nothing waits any more.
    pub fn remove(mut self) -> io::Result<()> {
        self.writing = None;
        self.reading = None;
        fs::remove_dir_all(&self.folder)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:08}{SUFFIX}"))
    }

    fn segment_limit(&self) -> u64 {
        SEGMENT.min(self.limit / 8)
    }

    fn next_segment(&mut self) -> io::Result<Writing> {
        let number = self.segments.back().map_or(1, |last| last.number + 1);
        let writer = Writer::create(&self.path(number), &self.origin)?;
        self.segments.push_back(Segment {
            number,
            bytes: writer.bytes(),
            snapshots: 0,
            points: 0,
        });
        Ok(Writing {
            number,
            writer,
            encoder: Encoder::default(),
        })
    }

    /// Gives up the oldest segments that nobody reads or writes until the rest fits.
    fn make_room(&mut self) {
        while self.segments.iter().map(|it| it.bytes).sum::<u64>() > self.limit {
            let read = self.reading.as_ref().map(|reading| reading.number);
            let written = self.writing.as_ref().map(|writing| writing.number);
            let is_idle = |it: &Segment| Some(it.number) != read && Some(it.number) != written;
            let Some(at) = self.segments.iter().position(is_idle) else {
                break;
            };
            if let Some(segment) = self.segments.remove(at) {
                self.given_up += segment.points;
                // What cannot be removed takes room and is not counted on any more.
                let _ = fs::remove_file(self.path(segment.number));
            }
        }
    }

    fn start_reading(
        &self,
        number: u64,
        registry: &Registry,
        interner: &Interner,
    ) -> io::Result<Reading> {
        let mut reader = Reader::open(&self.path(number))?;
        let mut decoder = Decoder::default();
        // The origin.
        reader.next()?;
        let (first, done) = self.position();
        let done = if first == number { done } else { 0 };
        for _ in 0..done {
            // What was delivered is the ground that later snapshots stand on.
            if let Some(frame) = reader.next()? {
                decoder.decode(&frame.payload, registry, interner);
            }
        }
        Ok(Reading {
            number,
            reader,
            decoder,
            done,
            in_hand: false,
        })
    }

    fn forget_front(&mut self) {
        self.reading = None;
        let Some(segment) = self.segments.pop_front() else {
            return;
        };
        if self
            .writing
            .as_ref()
            .is_some_and(|writing| writing.number == segment.number)
        {
            self.writing = None;
        }
        if let Some(spent) = self.spent.replace(segment.number) {
            let _ = fs::remove_file(self.path(spent));
        }
    }

    /// Segment and frames of it that were delivered.
    fn position(&self) -> (u64, u64) {
        let text = fs::read_to_string(self.folder.join(POSITION)).unwrap_or_default();
        let mut numbers = text.split_whitespace().map_while(|text| text.parse().ok());
        (
            numbers.next().unwrap_or(0),
            numbers.next().unwrap_or_default(),
        )
    }
}

fn io_error(folder: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        folder: folder.display().to_string(),
        source,
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = File::create(folder.join(LOCK)).map_err(|source| io_error(folder, source))?;
    // Some network file systems know no locks, which is another error; one process is the usual case.
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Err(StoreError::InUse(folder.display().to_string()));
    }
    Ok(file)
}

/// The numbers of the segments, ascending.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The segment with the points beyond the first `skip` snapshots, and its origin; `None` if it cannot
/// be read.
fn scan(path: &Path, number: u64, skip: u64) -> Option<(Segment, Vec<u8>)> {
    let bytes = fs::metadata(path).ok()?.len();
    let mut reader = Reader::open(path).ok()?;
    let origin = reader.next().ok()??.payload;
    let (mut frames, mut snapshots, mut unread) = (0, 0, 0);
    while let Ok(Some(points)) = reader.skip(bytes) {
        if frames >= skip {
            snapshots += 1;
            unread += u64::from(points);
        }
        frames += 1;
    }
    let bytes = reader.offset();
    Some((
        Segment {
            number,
            bytes,
            snapshots,
            points: unread,
        },
        origin,
    ))
}

#[cfg(test)]
mod tests;
