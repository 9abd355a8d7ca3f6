//! What differs between two dashboards, as a reader of Grafana would say it.
//!
//! A textual comparison of two files drowns in ids, versions, defaults and the order of keys, and cannot
//! compare the classic form with v2. Here two [`Board`]s are compared, which have none of these.

use crate::board::{Board, BoardPanel, BoardTarget, BoardVariable};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `dashboard`, `variable job`, `panel "Latency"`.
    pub subject: String,
    /// What of it: `title`, `unit`, `query A`; empty where all of it is new or gone.
    pub what: String,
    /// As it is in the first one; `None` if it is only in the second.
    pub before: Option<String>,
    /// As it is in the second one; `None` if it is only in the first.
    pub after: Option<String>,
}

/// The differences from `a` to `b`, in reading order.
pub fn diff(a: &Board, b: &Board) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut of = Subject::new("dashboard", &mut found);
    of.text("title", &a.title, &b.title);
    of.text("description", &a.description, &b.description);
    of.text("tags", &a.tags.join(", "), &b.tags.join(", "));
    of.text("time range", &a.time, &b.time);
    of.text("refresh", &a.refresh, &b.refresh);
    of.text("editable", &a.editable.to_string(), &b.editable.to_string());
    variables(&a.variables, &b.variables, &mut found);
    panels(&a.panels, &b.panels, &mut found);
    found
}

/// What differences are about, while they are found.
struct Subject<'f> {
    name: String,
    found: &'f mut Vec<Difference>,
}

impl<'f> Subject<'f> {
    fn new(name: impl Into<String>, found: &'f mut Vec<Difference>) -> Self {
        let name = name.into();
        Self { name, found }
    }

    fn add(&mut self, what: &str, before: Option<String>, after: Option<String>) {
        self.found.push(Difference {
            subject: self.name.clone(),
            what: what.to_owned(),
            before,
            after,
        });
    }

    fn text(&mut self, what: &str, before: &str, after: &str) {
        if before != after {
            self.add(what, Some(before.to_owned()), Some(after.to_owned()));
        }
    }
}

fn variables(a: &[BoardVariable], b: &[BoardVariable], found: &mut Vec<Difference>) {
    let name = |it: &BoardVariable| format!("variable {}", it.name);
    for old in a {
        let mut of = Subject::new(name(old), found);
        let Some(new) = b.iter().find(|it| it.name == old.name) else {
            of.add("", Some(old.query.clone()), None);
            continue;
        };
        of.text("kind", &old.kind, &new.kind);
        of.text("label", &old.label, &new.label);
        of.text("query", &old.query, &new.query);
        of.text("data source", &old.datasource, &new.datasource);
        of.text(
            "several values",
            &old.multi.to_string(),
            &new.multi.to_string(),
        );
        of.text("value for all", &old.all_value, &new.all_value);
        of.text(
            "refresh",
            &old.refresh.to_string(),
            &new.refresh.to_string(),
        );
    }
    for new in b
        .iter()
        .filter(|it| a.iter().all(|old| old.name != it.name))
    {
        Subject::new(name(new), found).add("", None, Some(new.query.clone()));
    }
}

/// Which panel of `b` is which of `a`: of the same title and plug-in, in order; then of the same title;
/// then of the same queries (renamed).
fn partners(a: &[BoardPanel], b: &[BoardPanel]) -> Vec<Option<usize>> {
    let mut partners = vec![None; a.len()];
    let mut taken = vec![false; b.len()];
    let same: [fn(&BoardPanel, &BoardPanel) -> bool; 3] = [
        |a, b| a.title == b.title && a.kind == b.kind && a.row == b.row,
        |a, b| a.title == b.title && !a.title.is_empty(),
        |a, b| a.targets == b.targets && !a.targets.is_empty(),
    ];
    for same in same {
        for (old, partner) in a.iter().zip(&mut partners) {
            if partner.is_none() {
                let mut free = b.iter().enumerate().filter(|(at, _)| !taken[*at]);
                *partner = free.find(|(_, new)| same(old, new)).map(|it| it.0);
                if let Some(at) = *partner {
                    taken[at] = true;
                }
            }
        }
    }
    partners
}

fn panels(a: &[BoardPanel], b: &[BoardPanel], found: &mut Vec<Difference>) {
    let partners = partners(a, b);
    let name = |it: &BoardPanel| format!("panel {:?}", it.title);
    for (old, partner) in a.iter().zip(&partners) {
        let mut of = Subject::new(name(old), found);
        match partner {
            Some(at) => panel(&mut of, old, &b[*at]),
            None => of.add("", Some(shown(old)), None),
        }
    }
    for (at, new) in b.iter().enumerate() {
        if !partners.contains(&Some(at)) {
            Subject::new(name(new), found).add("", None, Some(shown(new)));
        }
    }
    // Lines below a panel that was put in all move: only who changes neighbours is told.
    moved(a, b, &partners, found);
}

/// A panel in a few words.
fn shown(it: &BoardPanel) -> String {
    let queries: Vec<_> = it.targets.iter().map(|it| it.expr.as_str()).collect();
    format!("{}: {}", it.kind, queries.join("; "))
}

fn panel(of: &mut Subject<'_>, old: &BoardPanel, new: &BoardPanel) {
    of.text("title", &old.title, &new.title);
    of.text("description", &old.description, &new.description);
    of.text("kind", &old.kind, &new.kind);
    of.text("row", &old.row, &new.row);
    of.text("unit", &old.unit, &new.unit);
    of.text("own units", &old.units.join(", "), &new.units.join(", "));
    let steps = [&old.thresholds, &new.thresholds].map(|it| it.join(", "));
    of.text("thresholds", &steps[0], &steps[1]);
    let size = |it: &BoardPanel| format!("{} x {}", it.place[2], it.place[3]);
    of.text("size", &size(old), &size(new));
    let letters = |it: &BoardPanel| it.targets.iter().map(|it| it.letter.clone()).collect();
    let mut all: Vec<String> = letters(old);
    all.extend(letters(new));
    all.sort();
    all.dedup();
    for letter in all {
        let find = |it: &'_ BoardPanel| it.targets.iter().find(|it| it.letter == letter).cloned();
        match (find(old), find(new)) {
            (Some(old), Some(new)) => target(of, &letter, &old, &new),
            (old, new) => {
                let expr = |it: Option<BoardTarget>| it.map(|it| it.expr);
                of.add(&format!("query {letter}"), expr(old), expr(new));
            }
        }
    }
}

fn target(of: &mut Subject<'_>, letter: &str, old: &BoardTarget, new: &BoardTarget) {
    of.text(&format!("query {letter}"), &old.expr, &new.expr);
    of.text(&format!("legend {letter}"), &old.legend, &new.legend);
    of.text(
        &format!("data source {letter}"),
        &old.datasource,
        &new.datasource,
    );
    let asked = |it: &BoardTarget| if it.instant { "once" } else { "over time" };
    of.text(&format!("query {letter} is asked"), asked(old), asked(new));
}

/// Panels that stand elsewhere among those that both have: another order, or another column.
fn moved(
    a: &[BoardPanel],
    b: &[BoardPanel],
    partners: &[Option<usize>],
    found: &mut Vec<Difference>,
) {
    let order = |panels: &[BoardPanel], of: &dyn Fn(usize) -> bool| {
        let mut order: Vec<usize> = (0..panels.len()).filter(|at| of(*at)).collect();
        order.sort_by_key(|at| (panels[*at].place[1], panels[*at].place[0]));
        order
    };
    let before = order(a, &|at| partners[at].is_some());
    let after = order(b, &|at| partners.contains(&Some(at)));
    for (rank, at) in before.iter().enumerate() {
        let Some(partner) = partners[*at] else {
            continue;
        };
        let place = after.iter().position(|it| *it == partner);
        let column = a[*at].place[0] != b[partner].place[0];
        if column || place != Some(rank) && a[*at].row == b[partner].row {
            let said = |rank: usize, it: &BoardPanel| {
                format!("number {} of the panels, column {}", rank + 1, it.place[0])
            };
            let mut of = Subject::new(format!("panel {:?}", a[*at].title), found);
            of.text(
                "place",
                &said(rank, &a[*at]),
                &said(place.unwrap_or(rank), &b[partner]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{boards, classic, v2};

    fn latency() -> Board {
        Board::read(&classic(&boards::find("latency").unwrap())).unwrap()
    }

    fn said(b: &Board) -> Vec<(String, String)> {
        let found = diff(&latency(), b);
        found.into_iter().map(|it| (it.subject, it.what)).collect()
    }

    #[test]
    fn the_same_dashboard_differs_in_nothing() {
        assert_eq!(diff(&latency(), &latency()), []);
    }

    /// In v2 a panel's place is within its row, and ids count no rows; nothing else differs.
    #[test]
    fn both_forms_of_a_dashboard_are_the_same() {
        for dashboard in boards::all() {
            let one = Board::read(&classic(&dashboard)).unwrap();
            let mut other = Board::read(&v2(&dashboard)).unwrap();
            for (it, own) in other.panels.iter_mut().zip(&one.panels) {
                assert_eq!((it.place[0], it.place[2]), (own.place[0], own.place[2]));
                it.place = own.place;
            }
            assert_eq!(diff(&one, &other), [], "{}", dashboard.title);
        }
    }

    #[test]
    fn each_change_is_one_difference() {
        type Change = fn(&mut Board);
        let title = format!("panel {:?}", latency().panels[0].title);
        let cases: [(Change, &str, &str); 12] = [
            (|it| it.title.push('!'), "dashboard", "title"),
            (|it| it.tags.push("x".into()), "dashboard", "tags"),
            (
                |it| it.variables[1].query.push('x'),
                "variable prefix",
                "query",
            ),
            (|it| drop(it.variables.remove(1)), "variable prefix", ""),
            (|it| it.panels[0].unit = "ms".into(), &title, "unit"),
            (
                |it| it.panels[0].thresholds.push("1 red".into()),
                &title,
                "thresholds",
            ),
            (
                |it| it.panels[0].targets[0].expr.push(' '),
                &title,
                "query A",
            ),
            (
                |it| it.panels[0].targets[0].letter = "ZZ".into(),
                &title,
                "query A",
            ),
            (|it| it.panels[0].title.push('!'), &title, "title"),
            (|it| it.panels[0].place[2] = 3, &title, "size"),
            (|it| it.panels[0].row.push('!'), &title, "row"),
            (|it| drop(it.panels.remove(0)), &title, ""),
        ];
        for (change, subject, what) in cases {
            let mut other = latency();
            change(&mut other);
            let said = said(&other);
            assert_eq!(said[0], (subject.to_owned(), what.to_owned()), "{said:?}");
            let pair = if what == "query A" && said.len() == 2 {
                2
            } else {
                1
            };
            assert_eq!(said.len(), pair, "{said:?}");
        }
    }

    #[test]
    fn a_panel_that_is_put_in_moves_no_other_and_two_that_change_places_do() {
        let mut other = latency();
        let mut new = other.panels[1].clone();
        (new.title, new.targets) = ("New".to_owned(), Vec::new());
        for it in &mut other.panels {
            it.place[1] += 8;
        }
        other.panels.insert(0, new);
        assert_eq!(said(&other), [("panel \"New\"".to_owned(), String::new())]);
        let mut other = latency();
        let [a, b] = [0, 1].map(|at| other.panels[at].place);
        (other.panels[0].place, other.panels[1].place) = (b, a);
        let said = said(&other);
        assert!(said.iter().any(|it| it.1 == "place"), "{said:?}");
    }
}
