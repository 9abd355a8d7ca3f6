//! Where rows end: at a line end that is not between quotes. A quote counts only where RFC 4180 has it, at the
//! begin of a cell: one in the middle of a text is a part of it, and must not swallow the rows behind it.

/// No cell with quotes is longer; a quote that does not end by then was none.
const LONGEST_CELL: usize = 1 << 20;

/// How the row ends that a text begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At this line end.
    At(usize),
    /// Not within the text, as far as it goes.
    Beyond,
    /// Within quotes that do not end; the first line end, if there is one.
    Unquoted(Option<usize>),
}

/// The end of the first row, whose cells end with this delimiter.
pub(crate) fn end(rows: &[u8], delimiter: u8) -> End {
    let first = memchr::memchr(b'\n', rows);
    let line = &rows[..first.unwrap_or(rows.len())];
    if memchr::memchr(b'"', line).is_none() {
        return first.map_or(End::Beyond, End::At);
    }
    let mut quoted = false;
    // A quote that stands behind another one which ended the cell is written twice, as one of its text.
    let mut ended = None;
    for at in memchr::memchr2_iter(b'"', b'\n', rows) {
        if first.is_some_and(|first| at > first + LONGEST_CELL) {
            return End::Unquoted(first);
        }
        if rows[at] == b'\n' {
            if !quoted {
                return End::At(at);
            }
        } else if quoted {
            (quoted, ended) = (false, Some(at));
        } else if at == 0
            || rows[at - 1] == delimiter
            || rows[at - 1] == b'\n'
            || ended.is_some_and(|ended| ended + 1 == at)
        {
            quoted = true;
        }
    }
    if quoted {
        End::Unquoted(first)
    } else {
        End::Beyond
    }
}

/// Behind the last row that ends in this text; `None` if none does.
pub(crate) fn last_end(rows: &[u8], delimiter: u8) -> Option<usize> {
    if memchr::memchr(b'"', rows).is_none() {
        return memchr::memrchr(b'\n', rows).map(|at| at + 1);
    }
    let mut begin = 0;
    loop {
        begin += 1 + match end(&rows[begin..], delimiter) {
            End::At(at) => at,
            // More may come that ends the cell.
            End::Unquoted(Some(at)) if rows.len() - begin > at + LONGEST_CELL => at,
            End::Beyond | End::Unquoted(_) => break,
        };
    }
    (begin > 0).then_some(begin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quote_counts_at_the_begin_of_a_cell_only() {
        assert_eq!(end(b"a,b\nc", b','), End::At(3));
        assert_eq!(end(b"a,b", b','), End::Beyond);
        assert_eq!(end(b"a,b\"c\nd,e\n", b','), End::At(5));
        assert_eq!(end(b"a,\"b\nc\",d\ne", b','), End::At(9));
        assert_eq!(end(b"a,\"b\"\"\nc\"\"\"\nd", b','), End::At(11));
        assert_eq!(end(b"a,\"b\nc\"", b','), End::Beyond);
        assert_eq!(end(b"a,\"b\nc,d\n", b','), End::Unquoted(Some(4)));
        assert_eq!(end(b"a,\"b", b','), End::Unquoted(None));
        assert_eq!(end(b"a,b\"c", b','), End::Beyond);
    }

    #[test]
    fn rows_behind_a_quote_that_never_ends_are_found() {
        let mut rows = b"a,b\nc,\"d\n".to_vec();
        assert_eq!(last_end(&rows, b','), Some(4), "more may come");
        rows.resize(rows.len() + 2 * LONGEST_CELL, b'x');
        rows.extend_from_slice(b"\n");
        assert_eq!(last_end(&rows, b','), Some(rows.len()));
        assert_eq!(last_end(b"a,\"b\n", b','), None);
        assert_eq!(last_end(b"a,\"b\"\nc", b','), Some(6));
    }

    proptest! {
        #[test]
        fn what_csv_writers_write_is_cut_where_their_rows_end(
            cells in proptest::collection::vec(proptest::collection::vec("[ab,\"\n]{0,4}", 2..4), 1..6),
        ) {
            let mut text = String::new();
            let mut ends = Vec::new();
            for row in &cells {
                let row: Vec<String> =
                    row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                text.push_str(&row.join(","));
                ends.push(text.len());
                text.push('\n');
            }
            let mut begin = 0;
            for expected in ends {
                prop_assert_eq!(end(&text.as_bytes()[begin..], b','), End::At(expected - begin));
                begin = expected + 1;
            }
            prop_assert_eq!(last_end(text.as_bytes(), b','), Some(text.len()));
        }
    }
}
