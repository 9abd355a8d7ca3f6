//! The thread that writes: files block, and the control runtime must not.

use std::fs::File;
use std::io::{self, Write};

use brunt_output::Account;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::{mpsc, oneshot};

/// Lines and how many samples they hold.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) text: Vec<u8>,
    pub(crate) samples: u64,
}

/// Where lines go.
pub(crate) enum Sink {
    Plain(Box<dyn Write + Send>),
    Gzip(Box<GzEncoder<File>>),
}

/// A running writer.
pub(crate) struct Writer {
    /// Chunks to be written; few, so that a slow disk is felt.
    pub(crate) chunks: mpsc::Sender<Chunk>,
    /// Written chunks, emptied, to be filled again.
    pub(crate) empty: mpsc::Receiver<Vec<u8>>,
    /// How the writing ended.
    pub(crate) done: oneshot::Receiver<io::Result<()>>,
}

const CHUNKS: usize = 4;

impl Sink {
    /// Opens the target: a file, compressed if its name ends in `.gz`, or the standard output.
    pub(crate) fn open(path: Option<&str>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Plain(Box::new(io::stdout())));
        };
        let file = File::create(path)?;
        Ok(
            if std::path::Path::new(path)
                .extension()
                .is_some_and(|end| end == "gz")
            {
                // The lines repeat so much that the fastest level is nearly as small as the best.
                Self::Gzip(Box::new(GzEncoder::new(file, Compression::fast())))
            } else {
                Self::Plain(Box::new(file))
            },
        )
    }

    /// Writes a chunk so that a reader finds all of it, also if nothing follows: a compressed
    /// file is flushed to a byte boundary, which costs a few bytes in a quarter of a megabyte.
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => {
                out.write_all(text)?;
                out.flush()
            }
            Self::Gzip(out) => {
                out.write_all(text)?;
                out.flush()
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut out) => out.flush(),
            Self::Gzip(out) => out.finish()?.flush(),
        }
    }
}

impl Writer {
    /// Starts the thread, which writes down what it has written. It ends when the chunks' sender goes, or at the first error.
    pub(crate) fn start(mut sink: Sink, account: Account) -> io::Result<Self> {
        let (chunks, mut incoming) = mpsc::channel::<Chunk>(CHUNKS);
        let (recycle, empty) = mpsc::channel(CHUNKS);
        let (report, done) = oneshot::channel();
        let work = move || {
            while let Some(mut chunk) = incoming.blocking_recv() {
                sink.write(&chunk.text)?;
                account.delivered(chunk.samples);
                account.wrote(chunk.text.len() as u64);
                chunk.text.clear();
                // Nobody waits for empty buffers; one too many is freed.
                let _ = recycle.try_send(chunk.text);
            }
            sink.finish()
        };
        let run = move || {
            let _ = report.send(work());
        };
        std::thread::Builder::new()
            .name("brunt-json".to_owned())
            .spawn(run)?;
        Ok(Self {
            chunks,
            empty,
            done,
        })
    }
}
