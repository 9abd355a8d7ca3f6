//! A line of the log. What its cells are depends on the version of Gatling:
//!
//! ```text
//! 2.0–2.2   REQUEST  scenario  user  groups  name  begin  end  OK  message
//! 2.3–3.3   REQUEST            user  groups  name  begin  end  OK  message
//! 3.4–3.11  REQUEST                  groups  name  begin  end  OK  message
//! 2.0–3.3   USER     scenario  user  START   begin  time
//! 3.4–3.11  USER     scenario        START          time
//! ```
//!
//! Groups have a cumulated time instead of a name. So cells are counted from the state, which nothing else can be
//! in its place: behind two times in milliseconds.

use crate::foreign::millis;

/// What a line says.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Of the run, or of its assertions: nothing that is measured.
    Nothing,
    Request(Event<'a>),
    Group(Event<'a>),
    Start(User<'a>),
    End(User<'a>),
    Error {
        message: &'a str,
        time: i64,
    },
}

/// A request or a group.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// Empty in versions that do not write it, as all texts.
    pub(super) scenario: &'a str,
    pub(super) user: &'a str,
    /// As k6 writes it.
    pub(super) group: String,
    pub(super) name: &'a str,
    /// In nanoseconds.
    pub(super) end: i64,
    /// In milliseconds.
    pub(super) took: f64,
    pub(super) failed: bool,
    pub(super) message: &'a str,
}

/// A virtual user who begins or ends.
#[derive(Debug)]
pub(super) struct User<'a> {
    pub(super) scenario: &'a str,
    pub(super) id: &'a str,
    /// The same as `time` where the line does not say it.
    pub(super) begin: i64,
    pub(super) time: i64,
}

impl<'a> Line<'a> {
    /// What this line says.
    pub(super) fn read(line: &'a str) -> Result<Self, &'static str> {
        const TIME: &str = "has no time in milliseconds where Gatling writes one";
        let cells: Vec<&str> = line.split('\t').collect();
        match *cells.as_slice() {
            [""] | ["RUN" | "ASSERTION", ..] => Ok(Self::Nothing),
            ["REQUEST", ref cells @ ..] => Ok(Self::Request(event(cells, true)?)),
            ["GROUP", ref cells @ ..] => Ok(Self::Group(event(cells, false)?)),
            ["USER", scenario, state @ ("START" | "END"), time, ..] => {
                let time = millis(time).ok_or(TIME)?;
                let user = User {
                    scenario,
                    id: "",
                    begin: time,
                    time,
                };
                Ok(Self::user(user, state))
            }
            [
                "USER",
                scenario,
                id,
                state @ ("START" | "END"),
                begin,
                time,
                ..,
            ] => {
                let begin = millis(begin).ok_or(TIME)?;
                // Version 2 writes it twice at the begin, or leaves it out.
                let time = millis(time).unwrap_or(begin);
                Ok(Self::user(
                    User {
                        scenario,
                        id,
                        begin,
                        time,
                    },
                    state,
                ))
            }
            ["ERROR", message, time, ..] => {
                let time = millis(time).ok_or(TIME)?;
                Ok(Self::Error { message, time })
            }
            _ => Err("is no line of Gatling's log, or not whole"),
        }
    }

    fn user(user: User<'a>, state: &str) -> Self {
        if state == "START" {
            Self::Start(user)
        } else {
            Self::End(user)
        }
    }
}

/// A request, or a group, behind its first cell.
fn event<'a>(cells: &[&'a str], is_request: bool) -> Result<Event<'a>, &'static str> {
    let before = if is_request { 2 } else { 3 };
    // From the third on: groups and two times come before it at least.
    let state = (3..cells.len()).find(|&at| {
        matches!(cells[at], "OK" | "KO")
            && cells[at - before..at]
                .iter()
                .take(2)
                .all(|cell| millis(cell).is_some())
    });
    let state = state.ok_or("is not whole: it has no OK or KO behind two times")?;
    let (begin, end) = (
        millis(cells[state - before]),
        millis(cells[state - before + 1]),
    );
    let (Some(begin), Some(end)) = (begin, end) else {
        return Err("has no time in milliseconds where Gatling writes one");
    };
    let names = &cells[..state - before];
    let (name, names) = match names.split_last() {
        Some((name, names)) if is_request => (*name, names),
        _ => ("", names),
    };
    let (groups, who) = names.split_last().unwrap_or((&"", &[]));
    let (scenario, user) = match *who {
        [] => ("", ""),
        [user] => ("", user),
        [scenario, user, ..] => (scenario, user),
    };
    Ok(Event {
        scenario,
        user,
        group: group(groups),
        name,
        end,
        took: end.saturating_sub(begin).max(0) as f64 / 1e6,
        failed: cells[state] == "KO",
        message: cells.get(state + 1).copied().unwrap_or_default(),
    })
}

/// Groups within each other, `a,b`, as k6 writes them: `::a::b`.
fn group(groups: &str) -> String {
    let mut group = String::new();
    for name in groups.split(',').filter(|name| !name.is_empty()) {
        group.push_str("::");
        group.push_str(name);
    }
    group
}
