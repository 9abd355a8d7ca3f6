//! Where whole records end in a text, piece by piece, so that a file of any size takes little memory.

/// A text of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object on each line.
    Json,
    /// Rows as of RFC 4180, in which a quoted cell may hold line ends, below k6's header.
    Csv,
}

/// Finds the records of a text that comes in pieces.
#[derive(Debug)]
pub(crate) struct Records {
    form: Form,
    /// The record that has begun.
    open: Vec<u8>,
    /// Whether its last byte is inside of quotes.
    quoted: bool,
    /// Cells of the record that has begun, less one.
    commas: usize,
    /// The same of the first record.
    columns: Option<usize>,
    /// Whole records so far.
    pub(crate) whole: u64,
    /// Bytes of those that are not, except of the one that has begun.
    pub(crate) damaged: u64,
}

/// No record that brunt writes is longer: a URL has at most a few hundred kilobytes.
const LONGEST: usize = 64 << 20;

impl Form {
    /// What the beginning of a text says.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        const CSV: &[u8] = b"metric_name,timestamp,metric_value";
        // A cut may be anywhere.
        let is_csv = head.starts_with(CSV) || (head.len() < CSV.len() && CSV.starts_with(head));
        match head.first()? {
            b'{' => Some(Self::Json),
            _ if is_csv => Some(Self::Csv),
            _ => None,
        }
    }

    pub(crate) fn records(self) -> &'static str {
        match self {
            Self::Json => "lines",
            Self::Csv => "rows",
        }
    }
}

impl Records {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            open: Vec::new(),
            quoted: false,
            commas: 0,
            columns: None,
            whole: 0,
            damaged: 0,
        }
    }

    /// Takes a piece and appends the records that are whole now.
    pub(crate) fn take(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while let Some(end) = self.end(piece) {
            let (record, rest) = piece.split_at(end);
            self.open.extend_from_slice(record);
            self.close(out);
            piece = rest;
        }
        self.open.extend_from_slice(piece);
        if self.open.len() > LONGEST {
            self.damaged += self.open.len() as u64;
            self.begin();
        }
    }

    /// What the records are.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Bytes of the record that has begun.
    pub(crate) fn open(&self) -> u64 {
        self.open.len() as u64
    }

    /// The length up to and including the end of the record that has begun.
    fn end(&mut self, piece: &[u8]) -> Option<usize> {
        if self.form == Form::Json {
            return piece
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| at + 1);
        }
        for (at, byte) in piece.iter().enumerate() {
            match byte {
                // A doubled quote closes and opens.
                b'"' => self.quoted = !self.quoted,
                b',' if !self.quoted => self.commas += 1,
                b'\n' if !self.quoted => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        // Blocks that a machine lost when it went down are zeros.
        let is_text = !self.open.contains(&0);
        let is_whole = is_text
            && match self.form {
                Form::Json => self.open.starts_with(b"{") && self.open.ends_with(b"}\n"),
                Form::Csv => *self.columns.get_or_insert(self.commas) == self.commas,
            };
        if is_whole {
            out.extend_from_slice(&self.open);
            self.whole += 1;
        } else {
            self.damaged += self.open.len() as u64;
        }
        self.begin();
    }

    fn begin(&mut self) {
        self.open.clear();
        self.quoted = false;
        self.commas = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(form: Form, text: &[u8], piece: usize) -> (Vec<u8>, Records) {
        let mut records = Records::new(form);
        let mut out = Vec::new();
        for piece in text.chunks(piece.max(1)) {
            records.take(piece, &mut out);
        }
        (out, records)
    }

    const CSV: &str =
        "metric_name,timestamp,metric_value,url\na,1,2,\"x\ny, \"\"z\"\"\"\nb,1,2,\nc,1,\"2\n";

    #[test]
    fn a_line_end_in_quotes_ends_no_row() {
        let (out, records) = kept(Form::Csv, CSV.as_bytes(), 7);
        assert_eq!(out, &CSV.as_bytes()[..CSV.len() - 7]);
        assert_eq!((records.whole, records.damaged, records.open()), (3, 0, 7));
    }

    #[test]
    fn what_is_damaged_between_whole_records_is_left_out() {
        let text = b"{\"a\":1}\n\0\0\0\0\n{\"b\":{}}\n{\"c\":\n{}\n{";
        let (out, records) = kept(Form::Json, text, 3);
        assert_eq!(out, b"{\"a\":1}\n{\"b\":{}}\n{}\n");
        assert_eq!((records.whole, records.damaged, records.open()), (3, 11, 1));
        let rows = "metric_name,timestamp,metric_value\na,1\nb,1,2\n";
        let (out, records) = kept(Form::Csv, rows.as_bytes(), 100);
        assert!(out.ends_with(b"value\nb,1,2\n"), "{out:?}");
        assert_eq!((records.whole, records.damaged), (2, 4));
    }

    #[test]
    fn forms_are_known_by_their_beginning() {
        assert_eq!(Form::of(b"{\"type\""), Some(Form::Json));
        assert_eq!(Form::of(CSV.as_bytes()), Some(Form::Csv));
        assert_eq!(Form::of(b"metric_na"), Some(Form::Csv));
        assert_eq!(Form::of(b"metric_nb"), None);
        assert_eq!(Form::of(b""), None);
    }

    proptest! {
        /// Wherever it is cut, the whole rows before the cut stay and nothing else does.
        #[test]
        fn a_cut_costs_the_last_row_only(
            cells in prop::collection::vec("[a,\"\n]{0,6}", 1..20),
            at in any::<prop::sample::Index>(),
            piece in 1..40_usize,
        ) {
            let mut text = String::from("metric_name,timestamp,metric_value\n");
            let mut ends = vec![text.len()];
            for cell in cells {
                let row = format!("m,1,\"{}\"\n", cell.replace('"', "\"\""));
                text.push_str(&row);
                ends.push(text.len());
            }
            let cut = at.index(text.len() + 1);
            let whole = ends.iter().rev().find(|end| **end <= cut).copied().unwrap_or(0);
            let (out, records) = kept(Form::Csv, &text.as_bytes()[..cut], piece);
            prop_assert_eq!(out, &text.as_bytes()[..whole]);
            prop_assert_eq!(records.open() as usize, cut - whole);
        }
    }
}
