//! Threshold expressions: an aggregation, a comparison, a number, such as `p(95) < 300`.

use std::fmt;

use brunt_metrics::MetricKind;

use crate::totals::Values;

/// What a threshold compares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregation {
    /// A counter's sum.
    Count,
    /// A counter's sum for each second of the test, or the share of a rate's hits.
    Rate,
    /// A gauge's newest value.
    Value,
    /// A trend's mean.
    Avg,
    /// A trend's smallest value.
    Min,
    /// A trend's median.
    Med,
    /// A trend's largest value.
    Max,
    /// A trend's percentile, 0 to 100.
    Percentile(f64),
}

/// How a threshold compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==` or `===`
    Equal,
    /// `!=`
    NotEqual,
}

/// A threshold's expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The text as the user wrote it.
    pub source: String,
    /// What is compared.
    pub aggregation: Aggregation,
    /// How.
    pub operator: Operator,
    /// With what.
    pub bound: f64,
}

/// Longer operators first, as the shorter ones are their beginnings.
const OPERATORS: [(&str, Operator); 7] = [
    ("===", Operator::Equal),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Expression {
    /// Reads an expression. The error is a sentence for the user.
    pub fn parse(source: &str) -> Result<Self, String> {
        let Some(at) = source.find(['<', '>', '=', '!']) else {
            return Err("it has no comparison; use one of <, <=, >, >=, ==, ===, !=".to_owned());
        };
        let (left, rest) = source.split_at(at);
        let found = OPERATORS
            .iter()
            .find_map(|(text, op)| Some((*op, rest.strip_prefix(text)?)));
        let Some((operator, right)) = found else {
            return Err("it has no comparison; use one of <, <=, >, >=, ==, ===, !=".to_owned());
        };
        let aggregation = Aggregation::parse(left.trim())?;
        let number = right.trim();
        let plain = number
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        match number.parse::<f64>() {
            Ok(bound) if plain && bound.is_finite() => Ok(Self {
                source: source.to_owned(),
                aggregation,
                operator,
                bound,
            }),
            _ => Err(format!(
                "'{number}' is not a number; write it without a unit, times in milliseconds"
            )),
        }
    }

    /// Whether a value keeps the threshold.
    pub fn holds(&self, value: f64) -> bool {
        match self.operator {
            Operator::Less => value < self.bound,
            Operator::LessOrEqual => value <= self.bound,
            Operator::Greater => value > self.bound,
            Operator::GreaterOrEqual => value >= self.bound,
            Operator::Equal => value == self.bound,
            Operator::NotEqual => value != self.bound,
        }
    }
}

impl Aggregation {
    fn parse(text: &str) -> Result<Self, String> {
        let known = match text {
            "count" => Self::Count,
            "rate" => Self::Rate,
            "value" => Self::Value,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "med" => Self::Med,
            "max" => Self::Max,
            _ => return Self::parse_percentile(text),
        };
        Ok(known)
    }

    fn parse_percentile(text: &str) -> Result<Self, String> {
        let Some(inner) = text
            .strip_prefix("p(")
            .and_then(|rest| rest.strip_suffix(')'))
        else {
            return Err(format!(
                "'{text}' is no aggregation; use count, rate, value, avg, min, med, max or p(N)"
            ));
        };
        match inner.trim().parse::<f64>() {
            Ok(p) if (0.0..=100.0).contains(&p) => Ok(Self::Percentile(p)),
            _ => Err(format!(
                "'{text}' is no percentile; N in p(N) is a number from 0 to 100"
            )),
        }
    }

    /// Whether metrics of this kind have this aggregation.
    pub fn fits(self, kind: MetricKind) -> bool {
        match kind {
            MetricKind::Counter => matches!(self, Self::Count | Self::Rate),
            MetricKind::Gauge => self == Self::Value,
            MetricKind::Rate => self == Self::Rate,
            MetricKind::Trend => !matches!(self, Self::Count | Self::Rate | Self::Value),
        }
    }

    /// The aggregations that metrics of a kind have, for messages.
    pub fn names_for(kind: MetricKind) -> &'static str {
        match kind {
            MetricKind::Counter => "count, rate",
            MetricKind::Gauge => "value",
            MetricKind::Rate => "rate",
            MetricKind::Trend => "avg, min, med, max, p(N)",
        }
    }

    /// The aggregated value in the metric's own unit; `seconds` is the time that the test runs.
    /// `None` if the values are of another kind.
    pub fn of(self, values: &Values, seconds: f64) -> Option<f64> {
        let value = match (self, values) {
            (Self::Count, Values::Counter { count }) => *count,
            (Self::Rate, Values::Counter { count }) => share(*count, seconds),
            (Self::Rate, Values::Rate { passes, fails }) => {
                share(*passes as f64, (*passes + *fails) as f64)
            }
            (Self::Value, Values::Gauge { value, .. }) => *value,
            (Self::Avg, Values::Trend(trend)) => trend.avg(),
            (Self::Min, Values::Trend(trend)) => trend.min(),
            (Self::Max, Values::Trend(trend)) => trend.max(),
            (Self::Med, Values::Trend(trend)) => trend.percentile(50.0),
            (Self::Percentile(p), Values::Trend(trend)) => trend.percentile(p),
            _ => return None,
        };
        Some(value)
    }
}

/// A ratio that is 0 where there is nothing to divide by.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count"),
            Self::Rate => f.write_str("rate"),
            Self::Value => f.write_str("value"),
            Self::Avg => f.write_str("avg"),
            Self::Min => f.write_str("min"),
            Self::Med => f.write_str("med"),
            Self::Max => f.write_str("max"),
            Self::Percentile(p) => write!(f, "p({p})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(source: &str) -> (String, Operator, f64) {
        let parsed = Expression::parse(source).unwrap();
        assert_eq!(parsed.source, source);
        (
            parsed.aggregation.to_string(),
            parsed.operator,
            parsed.bound,
        )
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(
            parts("rate>0.1"),
            ("rate".to_owned(), Operator::Greater, 0.1)
        );
        assert_eq!(
            parts("  rate >= 0.75  "),
            ("rate".to_owned(), Operator::GreaterOrEqual, 0.75)
        );
        assert_eq!(
            parts("count===6"),
            ("count".to_owned(), Operator::Equal, 6.0)
        );
        assert_eq!(
            parts("count==6"),
            ("count".to_owned(), Operator::Equal, 6.0)
        );
        assert_eq!(
            parts("value!=-1e3"),
            ("value".to_owned(), Operator::NotEqual, -1000.0)
        );
        assert_eq!(parts("avg>-1"), ("avg".to_owned(), Operator::Greater, -1.0));
        assert_eq!(
            parts("med<=.5"),
            ("med".to_owned(), Operator::LessOrEqual, 0.5)
        );
        assert_eq!(
            parts("p(99.99)<500"),
            ("p(99.99)".to_owned(), Operator::Less, 500.0)
        );
        assert_eq!(parts("p( 95 )<500").0, "p(95)");
        assert_eq!(parts("p(0)==1").0, "p(0)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (source, reason) in [
            ("count is high", "no comparison"),
            ("", "no comparison"),
            ("count=5", "no comparison"),
            ("count!5", "no comparison"),
            ("p(101)<1", "from 0 to 100"),
            ("p(-1)<1", "from 0 to 100"),
            ("p()<1", "from 0 to 100"),
            ("p(NaN)<1", "from 0 to 100"),
            ("mean<1", "'mean' is no aggregation"),
            ("<5", "'' is no aggregation"),
            ("avg<500ms", "'500ms' is not a number"),
            ("avg<", "'' is not a number"),
            ("avg<NaN", "'NaN' is not a number"),
            ("avg<inf", "'inf' is not a number"),
            ("avg<1<2", "'1<2' is not a number"),
        ] {
            let message = Expression::parse(source).unwrap_err();
            assert!(message.contains(reason), "{source}: {message}");
        }
    }

    #[test]
    fn operators_compare_as_they_read() {
        for (source, outcomes) in [
            ("avg<2", [true, false, false]),
            ("avg<=2", [true, true, false]),
            ("avg>2", [false, false, true]),
            ("avg>=2", [false, true, true]),
            ("avg==2", [false, true, false]),
            ("avg!=2", [true, false, true]),
        ] {
            let expression = Expression::parse(source).unwrap();
            assert_eq!(
                [1.0, 2.0, 3.0].map(|value| expression.holds(value)),
                outcomes,
                "{source}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_expression_or_a_sentence(source in "\\PC{0,24}") {
            if let Err(message) = Expression::parse(&source) {
                prop_assert!(!message.is_empty());
            }
        }

        #[test]
        fn numbers_survive(bound in -1e12..1e12f64, p in 0.0..=100.0f64) {
            let (aggregation, _, read) = parts(&format!("p({p}) < {bound}"));
            prop_assert_eq!((aggregation, read), (format!("p({p})"), bound));
        }
    }
}
