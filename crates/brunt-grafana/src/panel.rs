//! A panel: what it shows, of which queries, in which unit.
//!
//! Made by its constructor (`Panel::graph` and its like) and what follows it; every constructor wants a
//! description, because a panel without one is a riddle to whoever did not make it.

use crate::model::Source;
use crate::unit::Unit;

/// How much room a panel takes; where it stands is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A number among others: an eighth of the width.
    Tile,
    /// A sixth of the width, as high as a tile.
    WideTile,
    /// A third of the width.
    Third,
    /// Half of the width.
    Half,
    /// The whole width.
    Full,
    /// The whole width, as flat as a tile.
    Strip,
}

/// What a panel looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visual {
    /// Lines over time.
    Graph {
        /// Areas on top of each other.
        stacked: bool,
        /// Points without lines: values that have nothing to do with their neighbours.
        points: bool,
    },
    /// One number, or one for each series.
    Stat,
    /// Rows and columns.
    Table,
    /// How many values there are of which size, over time.
    Heatmap,
    /// Which state something was in, over time.
    States,
    /// Words, in Markdown.
    Text(String),
    /// Log lines.
    Logs,
}

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Values over time.
    Range,
    /// The value at the end of the time range.
    Instant,
    /// The same as rows of a table.
    Table,
    /// Buckets over time.
    Heatmap,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Who is asked.
    pub source: Source,
    /// What is asked.
    pub expr: String,
    /// The name of a line; `{{label}}` stands for a label's value.
    pub legend: String,
    /// The form of the answer.
    pub format: Format,
    /// Whether exemplars are shown, which lead to traces.
    pub exemplars: bool,
}

/// A colour of Grafana's, by what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
    /// Neither.
    Plain,
}

impl Colour {
    /// Grafana's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "green",
            Self::Warning => "orange",
            Self::Bad => "red",
            Self::Plain => "text",
        }
    }
}

/// From which value on which colour holds.
pub type Step = (f64, Colour);

/// A word for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The value as text.
    pub value: String,
    /// What is shown in its place.
    pub text: String,
    /// In which colour.
    pub colour: Colour,
}

/// What is done to answers before they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transformation {
    /// The tables of all queries become one.
    Merge,
    /// Columns are named, and others left out.
    Columns {
        /// Old and new name.
        renamed: Vec<(String, String)>,
        /// Names of what is left out.
        hidden: Vec<String>,
    },
    /// Rows in falling order of a column.
    Sort(String),
    /// Labels of log lines become columns.
    Labels,
}

/// A panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The heading.
    pub title: String,
    /// What it shows and how it is read.
    pub description: String,
    /// How much room it takes.
    pub size: Size,
    /// What it looks like.
    pub visual: Visual,
    /// The unit of its values.
    pub unit: Unit,
    /// The smallest value of the axis, if it is fixed.
    pub min: Option<f64>,
    /// Colours by value; below the first step all is well.
    pub steps: Vec<Step>,
    /// Words for values.
    pub mappings: Vec<Mapping>,
    /// Its queries; the first is A.
    pub targets: Vec<Target>,
    /// Units of single columns or lines, by name.
    pub units: Vec<(String, Unit)>,
    /// Lines that are drawn dashed: bounds.
    pub dashed: Vec<String>,
    /// What is done to the answers.
    pub transformations: Vec<Transformation>,
    /// Where a click on a value leads to.
    pub links: Vec<Link>,
}

/// Where a click on a value leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The column or line.
    pub of: String,
    /// What the link is called.
    pub title: String,
    /// With Grafana's variables: `${__value.raw}` is what was clicked.
    pub url: String,
}

/// Labels that no table shows.
const HIDDEN: [&str; 2] = ["Time", "__name__"];

impl Panel {
    fn new(title: &str, description: &str, size: Size, visual: Visual) -> Self {
        Self {
            title: title.to_owned(),
            description: description.to_owned(),
            size,
            visual,
            unit: Unit::Count,
            min: None,
            steps: Vec::new(),
            mappings: Vec::new(),
            targets: Vec::new(),
            units: Vec::new(),
            dashed: Vec::new(),
            transformations: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Lines over time, half of the width.
    pub fn graph(title: &str, unit: Unit, description: &str) -> Self {
        let (stacked, points) = (false, false);
        let visual = Visual::Graph { stacked, points };
        let mut panel = Self::new(title, description, Size::Half, visual).unit(unit);
        panel.min = Some(0.0);
        panel
    }

    /// Areas on top of each other.
    pub fn stack(title: &str, unit: Unit, description: &str) -> Self {
        let (stacked, points) = (true, false);
        let visual = Visual::Graph { stacked, points };
        Self {
            visual,
            ..Self::graph(title, unit, description)
        }
    }

    /// Points over time.
    pub fn points(title: &str, unit: Unit, description: &str) -> Self {
        let (stacked, points) = (false, true);
        let visual = Visual::Graph { stacked, points };
        Self {
            visual,
            ..Self::graph(title, unit, description)
        }
    }

    /// A number.
    pub fn stat(title: &str, unit: Unit, description: &str) -> Self {
        Self::new(title, description, Size::Tile, Visual::Stat).unit(unit)
    }

    /// A table; [`Self::column`] fills it.
    pub fn table(title: &str, description: &str) -> Self {
        let mut panel = Self::new(title, description, Size::Full, Visual::Table);
        panel.transformations = vec![
            Transformation::Merge,
            Transformation::Columns {
                renamed: Vec::new(),
                hidden: HIDDEN.map(str::to_owned).to_vec(),
            },
        ];
        panel
    }

    /// How many values there are of which size, over time.
    pub fn heatmap(title: &str, unit: Unit, description: &str) -> Self {
        Self::new(title, description, Size::Full, Visual::Heatmap).unit(unit)
    }

    /// States over time.
    pub fn states(title: &str, description: &str) -> Self {
        Self::new(title, description, Size::Full, Visual::States)
    }

    /// Log lines.
    pub fn logs(title: &str, description: &str) -> Self {
        Self::new(title, description, Size::Full, Visual::Logs)
    }

    /// Words.
    pub fn text(title: &str, description: &str, markdown: &str) -> Self {
        let visual = Visual::Text(markdown.to_owned());
        Self::new(title, description, Size::Strip, visual)
    }

    /// The same of another size.
    #[must_use]
    pub fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// The same in another unit.
    #[must_use]
    fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// A line's own unit.
    #[must_use]
    pub fn line_unit(mut self, line: &str, unit: Unit) -> Self {
        self.units.push((line.to_owned(), unit));
        self
    }

    /// With a query in the form that suits the panel.
    #[must_use]
    pub fn query(mut self, legend: &str, expr: impl Into<String>) -> Self {
        let format = match self.visual {
            Visual::Stat => Format::Instant,
            Visual::Table => Format::Table,
            Visual::Heatmap => Format::Heatmap,
            _ => Format::Range,
        };
        self.targets.push(Target {
            source: Source::Prometheus,
            expr: expr.into(),
            legend: legend.to_owned(),
            format,
            exemplars: false,
        });
        self
    }

    /// With a query to something else than Prometheus.
    #[must_use]
    pub fn ask(self, source: Source, legend: &str, expr: &str) -> Self {
        let mut panel = self.query(legend, expr);
        if let Some(last) = panel.targets.last_mut() {
            last.source = source;
        }
        panel
    }

    /// With a bound, drawn dashed.
    #[must_use]
    pub fn bound(mut self, legend: &str, expr: impl Into<String>) -> Self {
        self.dashed.push(legend.to_owned());
        self.query(legend, expr)
    }

    /// Exemplars of its queries are shown.
    #[must_use]
    pub fn exemplars(mut self) -> Self {
        for target in &mut self.targets {
            target.exemplars = true;
        }
        self
    }

    /// A table's column of values.
    #[must_use]
    pub fn column(mut self, name: &str, unit: Unit, expr: impl Into<String>) -> Self {
        let first = self.targets.is_empty();
        let value = format!("Value #{}", letter(self.targets.len()));
        self = self.query("", expr);
        self.units.push((name.to_owned(), unit));
        if first {
            // The value of a panel's only query has no letter.
            self = self.renamed("Value", name);
        }
        self.renamed(&value, name)
    }

    /// A table's column of a label under another name.
    #[must_use]
    pub fn renamed(mut self, label: &str, name: &str) -> Self {
        for transformation in &mut self.transformations {
            if let Transformation::Columns { renamed, .. } = transformation {
                renamed.push((label.to_owned(), name.to_owned()));
            }
        }
        self
    }

    /// A table without columns of these names.
    #[must_use]
    pub fn without(mut self, columns: &[&str]) -> Self {
        for transformation in &mut self.transformations {
            if let Transformation::Columns { hidden, .. } = transformation {
                hidden.extend(columns.iter().map(|&it| it.to_owned()));
            }
        }
        self
    }

    /// A table as the data source made it.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.transformations.clear();
        self
    }

    /// A table of log lines with their labels as columns.
    #[must_use]
    pub fn from_labels(mut self) -> Self {
        self.transformations = vec![Transformation::Labels];
        self
    }

    /// A click on a column's value leads there.
    #[must_use]
    pub fn link(mut self, of: &str, title: &str, url: &str) -> Self {
        let (of, title, url) = (of.to_owned(), title.to_owned(), url.to_owned());
        self.links.push(Link { of, title, url });
        self
    }

    /// A table with the largest values of a column first.
    #[must_use]
    pub fn sorted(mut self, column: &str) -> Self {
        self.transformations
            .push(Transformation::Sort(column.to_owned()));
        self
    }

    /// With colours: below the first step all is well.
    #[must_use]
    pub fn steps(mut self, steps: &[Step]) -> Self {
        self.steps = steps.to_vec();
        self
    }

    /// With a word for a value.
    #[must_use]
    pub fn map(mut self, value: &str, text: &str, colour: Colour) -> Self {
        self.mappings.push(Mapping {
            value: value.to_owned(),
            text: text.to_owned(),
            colour,
        });
        self
    }
}

/// What the query of this number is called: A to Z, then A1 and so on.
pub(crate) fn letter(number: usize) -> String {
    let letter = char::from(b'A' + (number % 26) as u8);
    match number / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_called_by_letters() {
        assert_eq!(letter(0), "A");
        assert_eq!(letter(25), "Z");
        assert_eq!(letter(26), "A1");
    }
}
