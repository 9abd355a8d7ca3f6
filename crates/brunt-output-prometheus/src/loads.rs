//! A snapshot cut into loads, one after the other as their turn comes, so that only those under way
//! are in memory.

use brunt_output::Account;

use crate::group::{Made, Moment};
use crate::load::{Load, Series};
use crate::table::Table;

/// How much goes into one request at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) series: usize,
    /// Of the uncompressed request, about.
    pub(crate) bytes: usize,
}

/// What is sent of the groups.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// Their values.
    Values(Moment),
    /// That they have ended.
    Ends,
}

/// The loads of one snapshot. Points that need no sending, and those that cannot be sent, go into
/// the books as they are met.
#[derive(Debug)]
pub(crate) struct Loads<'a> {
    pub(crate) table: &'a mut Table,
    pub(crate) account: &'a Account,
    pub(crate) bounds: Bounds,
    pub(crate) what: What,
    pub(crate) metadata: bool,
    /// The next group.
    next: usize,
    /// Groups that were refused before go last, in loads of their own: so they take no others with
    /// them.
    suspects: bool,
    scratch: Vec<Series>,
    /// A group that found no room in the load before.
    left: Vec<Series>,
}

impl<'a> Loads<'a> {
    pub(crate) fn new(
        table: &'a mut Table,
        account: &'a Account,
        bounds: Bounds,
        what: What,
        metadata: bool,
    ) -> Self {
        Self {
            table,
            account,
            bounds,
            what,
            metadata,
            next: 0,
            suspects: false,
            scratch: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Lets the next group write; `false` after the last one.
    fn write_next(&mut self) -> bool {
        let at = self.next;
        let Some(group) = self.table.groups.get_mut(at) else {
            return false;
        };
        self.next += 1;
        if group.refused != self.suspects {
            return true;
        }
        match self.what {
            What::Ends => group.write_end(at, &mut self.scratch),
            What::Values(moment) => {
                let weight = group.weight;
                let made = group.write(at, moment, &mut self.scratch);
                if made == Made::Lost && weight > 0 {
                    self.account.rejected(weight, NOT_A_NUMBER);
                    // The rest of it goes, but is in the books already.
                    self.scratch.iter_mut().for_each(|series| series.weight = 0);
                } else if self.scratch.is_empty() && weight > 0 {
                    self.account.delivered(weight);
                }
            }
        }
        true
    }
}

const NOT_A_NUMBER: &str = "not a number that remote write can carry";

impl Iterator for Loads<'_> {
    type Item = Load;

    fn next(&mut self) -> Option<Load> {
        let mut load = Load {
            metadata: self.metadata,
            suspect: self.suspects,
            ..Load::default()
        };
        let mut bytes = 0;
        loop {
            if self.left.is_empty() {
                self.scratch.clear();
                if !self.write_next() {
                    if !load.series.is_empty() {
                        return Some(load);
                    }
                    if self.suspects {
                        return None;
                    }
                    (self.suspects, self.next) = (true, 0);
                    load.suspect = true;
                    continue;
                }
                std::mem::swap(&mut self.left, &mut self.scratch);
            }
            let more: usize = self.left.iter().map(Series::bytes).sum();
            let full = load.series.len() + self.left.len() > self.bounds.series
                || bytes + more > self.bounds.bytes;
            if full && !load.series.is_empty() {
                return Some(load);
            }
            bytes += more;
            load.points += self.left.first().map_or(0, |series| series.weight);
            load.series.append(&mut self.left);
        }
    }
}
