//! Samples to a stream of record batches.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use brunt_arrow::Encoder;
use brunt_metrics::SampleBatch;
use brunt_output::{Account, OutputContext};

/// A record batch is written when it has enough rows, or after this time.
const FLUSH: Duration = Duration::from_millis(200);

/// A dictionary is sent again as a whole when it has grown, so it may not grow for ever: beyond this
/// many bytes of texts and keys the dictionaries begin anew.
const TABLE: usize = 1 << 20;

/// A stream under way.
pub(crate) struct Stream<W: Write> {
    encoder: Encoder,
    writer: StreamWriter<Counted<W>>,
    account: Account,
    last_flush: Instant,
    told: u64,
}

/// Knows how many bytes went through.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Stream<W> {
    /// Begins with the schema.
    pub(crate) fn begin(to: W, context: &OutputContext) -> io::Result<Self> {
        let encoder = Encoder::new(context);
        let to = Counted {
            inner: to,
            bytes: 0,
        };
        let mut writer = StreamWriter::try_new(to, encoder.schema()).map_err(io_error)?;
        writer.flush().map_err(io_error)?;
        Ok(Self {
            encoder,
            writer,
            account: context.account.clone(),
            last_flush: Instant::now(),
            told: 0,
        })
    }

    pub(crate) fn push(&mut self, batch: &SampleBatch) -> io::Result<()> {
        let left_out = self.encoder.push(batch);
        if left_out > 0 {
            let reason = "they belong to a series that is not known";
            self.account.rejected(left_out, reason);
        }
        if self.encoder.rows().len() >= self.encoder.batch_rows() {
            return self.flush();
        }
        self.tick()
    }

    pub(crate) fn tick(&mut self) -> io::Result<()> {
        if self.last_flush.elapsed() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.last_flush = Instant::now();
        let rows = self.encoder.rows().len();
        let mut from = 0;
        while from < rows {
            let to = (from + self.encoder.batch_rows()).min(rows);
            let batch = self.encoder.batch(from..to).map_err(io_error)?;
            self.writer.write(&batch).map_err(io_error)?;
            self.writer.flush().map_err(io_error)?;
            self.account.delivered((to - from) as u64);
            from = to;
        }
        if let Some(time) = self.encoder.rows().time.last() {
            self.account.settled(*time);
        }
        self.count();
        self.encoder.clear_rows();
        if self.encoder.table_size() > TABLE {
            self.encoder.clear();
        }
        Ok(())
    }

    fn count(&mut self) {
        let bytes = self.writer.get_ref().bytes;
        self.account.wrote(bytes - self.told);
        self.told = bytes;
    }

    /// Writes what waits and the end of the stream.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.finish().map_err(io_error)?;
        self.count();
        Ok(())
    }
}

pub(crate) fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    }
}
