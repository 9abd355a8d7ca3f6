//! The columns of a file, from its first row.

use brunt_metrics::TagSet;

use super::map;

/// What every file of k6's begins and ends with; between them are the system tags that were on.
const FIRST: [&str; 3] = ["metric_name", "timestamp", "metric_value"];
const LAST: [&str; 2] = ["extra_tags", "metadata"];

/// The columns of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    header: Vec<u8>,
    tags: Vec<String>,
}

impl Columns {
    /// From the first row of a file, without its end; `None` if it is another one's than k6's.
    pub(crate) fn read(header: &[u8]) -> Option<Self> {
        let header = header.strip_suffix(b"\r").unwrap_or(header);
        let text = std::str::from_utf8(header).ok()?;
        let names: Vec<&str> = text.split(',').collect();
        let tags = names.strip_prefix(&FIRST)?.strip_suffix(&LAST)?;
        Some(Self {
            header: header.to_vec(),
            tags: tags.iter().map(|&name| name.to_owned()).collect(),
        })
    }

    /// The row that names them.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// The tags in the cells between value and metadata, and whether they could have meant something
    /// else.
    ///
    /// An empty cell is no tag: CSV cannot tell it from an empty one. Only what a virtual user measured, which
    /// then has its scenario, always has a group: the empty one, outside of all others.
    pub(crate) fn tags<'a>(
        &self,
        mut cells: impl Iterator<Item = &'a [u8]>,
        by_user: bool,
    ) -> Option<(TagSet, bool)> {
        let mut tags = TagSet::new();
        let mut no_group = false;
        for name in &self.tags {
            let value = std::str::from_utf8(cells.next()?).ok()?;
            if !value.is_empty() {
                tags.set(name.as_str(), value);
            } else if name == "group" {
                no_group = true;
            }
        }
        if no_group && by_user && tags.get("scenario").is_some() {
            tags.set("group", "");
        }
        let extra = std::str::from_utf8(cells.next()?).ok()?;
        let doubtful = map::read(extra, &mut tags);
        cells.next().is_none().then_some((tags, doubtful))
    }
}
