//! A file that holds whole chunks only: one that could not be written is taken back.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};

use crate::packing::{Packer, Packing};
use crate::target::{self, Target};

/// An open target.
pub(crate) struct Sink {
    out: Out,
    packer: Packer,
    /// Bytes of the chunks that were written whole.
    whole: u64,
}

enum Out {
    File(File),
    Stdout(io::Stdout),
}

impl Sink {
    /// Opens the target. Blocks where it is a pipe without a reader.
    pub(crate) fn open(target: &Target) -> io::Result<Self> {
        let out = match target.path() {
            Some(path) => Out::File(target::create(path)?),
            None => Out::Stdout(io::stdout()),
        };
        Self::new(out, target.packing())
    }

    fn new(out: Out, packing: Packing) -> io::Result<Self> {
        Ok(Self {
            out,
            packer: Packer::new(packing)?,
            whole: 0,
        })
    }

    /// Whether nothing was written yet.
    pub(crate) fn is_new(&self) -> bool {
        self.whole == 0
    }

    /// Whether more may be written after an error: not into a packed stream, which would miss what was
    /// packed, and not where a piece of the chunk may have gone for good.
    pub(crate) fn goes_on(&self) -> bool {
        let Out::File(file) = &self.out else {
            return false;
        };
        let is_file = file.metadata().is_ok_and(|found| found.is_file());
        matches!(self.packer, Packer::Plain) && is_file
    }

    /// Writes a chunk; returns how many bytes it took. After an error the file ends with the chunk
    /// before, and more may be written only if [`Self::goes_on`].
    pub(crate) fn write(&mut self, chunk: &[u8]) -> io::Result<u64> {
        let bytes = self.packer.pack(chunk)?;
        if let Err(error) = self.out.write(bytes) {
            self.out.cut(self.whole);
            return Err(error);
        }
        self.whole += bytes.len() as u64;
        Ok(bytes.len() as u64)
    }

    /// Ends a packed file; returns how many bytes that took. After an error the file can still be read
    /// up to its last chunk.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        let end = self.packer.end()?;
        if let Err(error) = self.out.write(&end) {
            self.out.cut(self.whole);
            return Err(error);
        }
        Ok(end.len() as u64)
    }
}

impl Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(bytes),
            Self::Stdout(stdout) => {
                stdout.write_all(bytes)?;
                stdout.flush()
            }
        }
    }

    /// Takes back what is beyond this length, where that can be done: not in pipes and devices.
    fn cut(&mut self, length: u64) {
        if let Self::File(file) = self
            && file.metadata().is_ok_and(|found| found.is_file())
        {
            // The error that led here is the one to tell; what stays is a chunk that is cut off.
            let _ = file.set_len(length);
            let _ = file.seek(SeekFrom::Start(length));
        }
    }
}
