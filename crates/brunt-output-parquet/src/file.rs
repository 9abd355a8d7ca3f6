//! One Parquet file from its first sample to its name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use brunt_arrow::Encoder;
use brunt_metrics::SampleBatch;
use brunt_output::{Account, OutputContext};
use parquet::errors::ParquetError;
use parquet::schema::types::SchemaDescPtr;

use crate::column::Compressor;
use crate::config::Config;
use crate::row_group;
use crate::side::{self, Committed, Side};
use crate::whole::{self, io_error};

/// Rows go to the side file when there are enough of them for a record batch, or after this time.
const FLUSH: Duration = Duration::from_millis(400);

/// A file that is whole.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "s3"), allow(dead_code))]
pub(crate) struct Whole {
    pub(crate) path: PathBuf,
    pub(crate) samples: u64,
    /// The time of the newest sample, in nanoseconds since the Unix epoch.
    pub(crate) newest: i64,
}

/// A file under its temporary name, with its side file if it needs one.
pub(crate) struct SampleFile {
    path: PathBuf,
    temporary: PathBuf,
    schema: SchemaDescPtr,
    writer: whole::Writer,
    /// Not where all can be had once more.
    side: Option<Side>,
    /// To make sure that all is on disk before the file gets its name.
    file: File,
    encoder: Encoder,
    compressor: Compressor,
    account: Account,
    /// It is delivered when it has been sent, not when it is on disk.
    staged: bool,
    /// The time of the newest sample, in nanoseconds since the Unix epoch.
    newest: i64,
    rows: u64,
    row_group: usize,
    /// Rows of the open row group that are in the side file.
    flushed: usize,
    last_flush: Instant,
    opened: Instant,
    /// Bytes of finished row groups.
    written: u64,
}

impl SampleFile {
    pub(crate) fn create(
        path: &Path,
        config: &Config,
        context: &OutputContext,
    ) -> io::Result<Self> {
        let temporary = side::temporary_of(path);
        side::left_by_another(path)?;
        let file = File::create_new(&temporary)?;
        let encoder = Encoder::new(context);
        let compressor = Compressor::new(config.level).map_err(io_error)?;
        let second = file.try_clone()?;
        let schema = whole::schema(encoder.schema()).map_err(io_error)?;
        let mut writer =
            whole::begin(file, encoder.schema(), compressor.codec(), false).map_err(io_error)?;
        // What the side file counts on has to be there before it.
        writer.flush()?;
        let committed = Committed {
            length: writer.bytes_written() as u64,
            footer: whole::footer(&writer, &schema).map_err(io_error)?,
        };
        let side = if context.repeatable {
            None
        } else {
            let path = side::path_of(path);
            Some(Side::begin(&path, encoder.schema(), &committed)?)
        };
        Ok(Self {
            path: path.to_owned(),
            temporary,
            schema,
            writer,
            side,
            file: second,
            encoder,
            compressor,
            account: context.account.clone(),
            staged: config.place.is_some(),
            newest: i64::MIN,
            rows: 0,
            row_group: config.row_group,
            flushed: 0,
            last_flush: Instant::now(),
            opened: Instant::now(),
            written: 0,
        })
    }

    /// Adds samples.
    pub(crate) fn push(&mut self, batch: &SampleBatch) -> io::Result<()> {
        let left_out = self.encoder.push(batch);
        if left_out > 0 {
            let reason = "they belong to a series that is not known";
            self.account.rejected(left_out, reason);
        }
        if self.encoder.size() >= self.row_group {
            return self.end_row_group();
        }
        if self.encoder.rows().len() - self.flushed >= self.encoder.batch_rows() {
            return self.flush();
        }
        self.tick()
    }

    /// Writes to the side file what has waited long enough.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        if self.last_flush.elapsed() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.last_flush = Instant::now();
        let rows = self.encoder.rows().len();
        while let Some(side) = &mut self.side
            && self.flushed < rows
        {
            let end = (self.flushed + self.encoder.batch_rows()).min(rows);
            let batch = self.encoder.batch(self.flushed..end);
            side.write(&batch.map_err(side::io_error)?)?;
            self.count(end);
            self.flushed = end;
        }
        Ok(())
    }

    /// So many rows of the open row group are on disk.
    fn count(&mut self, rows: usize) {
        let new = (rows - self.flushed) as u64;
        self.rows += new;
        if let Some(time) = self.encoder.rows().time.last() {
            self.newest = self.newest.max(*time);
        }
        if !self.staged {
            self.account.delivered(new);
            self.account.settled(self.newest);
        }
    }

    /// The finished part is so many bytes long.
    fn grew(&mut self, length: u64) {
        if !self.staged {
            self.account.wrote(length - self.written);
        }
        self.written = length;
    }

    fn end_row_group(&mut self) -> io::Result<()> {
        self.write_row_group().map_err(io_error)?;
        self.count(self.encoder.rows().len());
        let length = self.writer.bytes_written() as u64;
        self.grew(length);
        self.encoder.clear();
        self.flushed = 0;
        self.last_flush = Instant::now();
        if self.side.is_none() {
            return Ok(());
        }
        let footer = whole::footer(&self.writer, &self.schema).map_err(io_error)?;
        let committed = Committed { length, footer };
        // A side file that outlives a power cut without the row groups that it counts on would make them
        // unreadable.
        self.file.sync_data()?;
        let path = side::path_of(&self.path);
        self.side = Some(Side::begin(&path, self.encoder.schema(), &committed)?);
        Ok(())
    }

    fn write_row_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        row_group::write(
            &self.encoder,
            &self.schema,
            &mut group,
            &mut self.compressor,
        )?;
        group.close()?;
        // What the writer holds back belongs to the length that the side file names.
        Ok(self.writer.flush()?)
    }

    /// Since when it is open.
    pub(crate) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Whether nothing was put in yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.writer.flushed_row_groups().is_empty() && self.encoder.rows().is_empty()
    }

    /// How long its finished row groups are, in bytes.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The name that it will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it whole and gives it its name. What is on disk then survives a power cut, too.
    pub(crate) fn finish(mut self) -> io::Result<Whole> {
        if !self.encoder.rows().is_empty() {
            self.write_row_group().map_err(io_error)?;
            self.count(self.encoder.rows().len());
        }
        self.writer.finish().map_err(io_error)?;
        self.grew(self.writer.bytes_written() as u64);
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.side.map_or(Ok(()), Side::remove)?;
        Ok(Whole {
            path: self.path,
            samples: self.rows,
            newest: self.newest,
        })
    }
}
