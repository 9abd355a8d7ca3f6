//! Variables put into queries, as Grafana does it: `$name` and `${name}`.
//!
//! Whoever asks a Prometheus for a panel without Grafana needs it: tests today, previews later. Formats
//! (`${name:regex}`) and the old `[[name]]` are not here, because no dashboard of ours uses them.

/// The query with each variable's value; the error is the first name that has none.
pub fn interpolate<'v>(
    query: &str,
    value: impl Fn(&str) -> Option<&'v str>,
) -> Result<String, String> {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let inside = after.strip_prefix('{').unwrap_or(after);
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, tail) = inside.split_at(end.unwrap_or(inside.len()));
        out.push_str(value(name).ok_or_else(|| name.to_owned())?);
        rest = if inside.len() == after.len() {
            tail
        } else {
            tail.strip_prefix('}').ok_or_else(|| name.to_owned())?
        };
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_variable_are_replaced() {
        let value = |name: &str| match name {
            "prefix" => Some("k6_"),
            "__range" => Some("5m"),
            _ => None,
        };
        assert_eq!(
            interpolate("sum(${prefix}vus[$__range])", value).unwrap(),
            "sum(k6_vus[5m])"
        );
        assert_eq!(interpolate("$other", value).unwrap_err(), "other");
        assert_eq!(interpolate("${prefix:regex}", value).unwrap_err(), "prefix");
    }
}
