//! Tables as Grafana makes them of answers, and the transformations that join and order them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::Series;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Number(f64),
    Text(String),
    /// Seconds since the epoch.
    Time(f64),
}

/// A column's name, and the letter of the query that its values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) letter: String,
}

/// Rows and columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A query's answer: time, labels, and the last value in a column called `value`.
    pub(crate) fn of(series: &[Series], letter: &str, value: &str) -> Self {
        let labels = series.iter().flat_map(|it| it.labels.keys());
        let labels: std::collections::BTreeSet<&String> = labels.collect();
        let names = ["Time"]
            .into_iter()
            .chain(labels.iter().map(|it| it.as_str()))
            .chain([value]);
        let columns = names.map(|name| Column {
            name: name.to_owned(),
            letter: letter.to_owned(),
        });
        let rows = series.iter().filter_map(|it| {
            let (time, value) = *it.points.last()?;
            let mut row = vec![Cell::Time(time)];
            row.extend(labels.iter().map(|name| {
                it.labels
                    .get(*name)
                    .map_or(Cell::Empty, |it| Cell::Text(it.clone()))
            }));
            row.push(Cell::Number(value));
            Some(row)
        });
        let rows = rows.collect();
        Self {
            columns: columns.collect(),
            rows,
        }
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.name == name)
    }
}

/// Does to the tables what the panel says; the names of what is not known come back.
pub(crate) fn transform(mut tables: Vec<Table>, list: &Value) -> (Vec<Table>, Vec<String>) {
    let mut unknown = Vec::new();
    let list = list.as_array().into_iter().flatten();
    for it in list.filter(|it| it["disabled"] != true) {
        let options = &it["options"];
        match it["id"].as_str().unwrap_or_default() {
            "merge" => tables = vec![merge(&tables)],
            "organize" => tables.iter_mut().for_each(|table| organize(table, options)),
            "sortBy" => tables.iter_mut().for_each(|table| sort(table, options)),
            "limit" => {
                let most = options["limitField"]
                    .as_u64()
                    .and_then(|it| usize::try_from(it).ok());
                for table in &mut tables {
                    table.rows.truncate(most.unwrap_or(10));
                }
            }
            other => unknown.push(other.to_owned()),
        }
    }
    (tables, unknown)
}

/// One table of all: rows that have the same in every column that all tables have become one, unless
/// they contradict each other.
fn merge(tables: &[Table]) -> Table {
    let filled: Vec<_> = tables.iter().filter(|it| !it.rows.is_empty()).collect();
    let mut merged = Table::default();
    for column in filled.iter().flat_map(|it| &it.columns) {
        if merged.at(&column.name).is_none() {
            merged.columns.push(column.clone());
        }
    }
    let keys = merged.columns.iter().enumerate();
    let keys = keys.filter(|(_, it)| filled.iter().all(|table| table.at(&it.name).is_some()));
    let keys: Vec<usize> = keys.map(|it| it.0).collect();
    // Rows by what they have in the columns of all, so that large tables do not take their number squared.
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for table in filled {
        for row in &table.rows {
            let mut wide = vec![Cell::Empty; merged.columns.len()];
            for (column, cell) in table.columns.iter().zip(row) {
                if let Some(at) = merged.at(&column.name) {
                    wide[at] = cell.clone();
                }
            }
            let key: Vec<_> = keys.iter().map(|at| &wide[*at]).collect();
            let place = places.entry(format!("{key:?}")).or_default();
            let fitting = place.iter().find(|at| {
                let mut both = merged.rows[**at].iter().zip(&wide);
                both.all(|(a, b)| a == b || *a == Cell::Empty || *b == Cell::Empty)
            });
            if let Some(at) = fitting {
                for (old, new) in merged.rows[*at].iter_mut().zip(wide) {
                    if *old == Cell::Empty {
                        *old = new;
                    }
                }
            } else {
                place.push(merged.rows.len());
                merged.rows.push(wide);
            }
        }
    }
    merged
}

fn organize(table: &mut Table, options: &Value) {
    let place = |name: &str| options["indexByName"][name].as_u64().unwrap_or(u64::MAX);
    let kept = table.columns.iter().enumerate();
    let kept = kept.filter(|(_, it)| options["excludeByName"][&it.name] != true);
    let mut kept: Vec<usize> = kept.map(|it| it.0).collect();
    kept.sort_by_key(|at| place(&table.columns[*at].name));
    let columns = kept.iter().map(|at| {
        let mut column = table.columns[*at].clone();
        if let Some(name) = options["renameByName"][&column.name]
            .as_str()
            .filter(|it| !it.is_empty())
        {
            name.clone_into(&mut column.name);
        }
        column
    });
    table.columns = columns.collect();
    for row in &mut table.rows {
        *row = kept.iter().map(|at| row[*at].clone()).collect();
    }
}

fn sort(table: &mut Table, options: &Value) {
    let by = &options["sort"][0];
    let Some(at) = by["field"].as_str().and_then(|name| table.at(name)) else {
        return;
    };
    let down = by["desc"] == true;
    table.rows.sort_by(|a, b| {
        let order = match (&a[at], &b[at]) {
            (Cell::Number(a) | Cell::Time(a), Cell::Number(b) | Cell::Time(b)) => a.total_cmp(b),
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            // What is empty stands at the end in either direction.
            (a, b) => {
                let order = (*a == Cell::Empty).cmp(&(*b == Cell::Empty));
                return order;
            }
        };
        if down { order.reverse() } else { order }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn series(labels: &[(&str, &str)], value: f64) -> Series {
        let labels = labels
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        Series {
            labels: labels.collect(),
            points: vec![(1.0, value)],
            ..Series::default()
        }
    }

    #[test]
    fn answers_are_joined_renamed_and_sorted() {
        let a = Table::of(
            &[series(&[("name", "x")], 1.0), series(&[("name", "y")], 2.0)],
            "A",
            "Value #A",
        );
        let b = Table::of(
            &[
                series(&[("name", "y")], 20.0),
                series(&[("name", "z")], 30.0),
            ],
            "B",
            "Value #B",
        );
        let list = json!([
            { "id": "merge", "options": {} },
            { "id": "organize", "options": {
                "renameByName": { "Value #A": "one", "name": "Name" }, "excludeByName": { "Time": true },
                "indexByName": { "Value #B": 0 },
            } },
            { "id": "sortBy", "options": { "sort": [{ "field": "one", "desc": true }] } },
            { "id": "heatmap", "options": {} },
            { "id": "other", "disabled": true },
        ]);
        let (tables, unknown) = transform(vec![a, b, Table::default()], &list);
        assert_eq!(unknown, ["heatmap"]);
        let [table] = &tables[..] else {
            panic!("{tables:?}")
        };
        let names: Vec<_> = table.columns.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Value #B", "Name", "one"]);
        let text = |it: &str| Cell::Text(it.to_owned());
        let number = Cell::Number;
        assert_eq!(
            table.rows,
            [
                vec![number(20.0), text("y"), number(2.0)],
                vec![Cell::Empty, text("x"), number(1.0)],
                vec![number(30.0), text("z"), Cell::Empty],
            ]
        );
    }

    #[test]
    fn rows_that_contradict_each_other_stay_apart() {
        let one = |value: f64| Table::of(&[series(&[("name", "x")], value)], "A", "Value");
        assert_eq!(merge(&[one(1.0), one(2.0)]).rows.len(), 2);
        assert_eq!(merge(&[one(1.0), one(1.0)]).rows.len(), 1);
    }
}
