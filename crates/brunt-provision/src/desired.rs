//! What is to be there.

use serde_json::Value;

/// Everything that a run provisions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desired {
    /// The folder of the dashboards.
    pub folder: Folder,
    /// Data sources.
    pub data_sources: Vec<DataSource>,
    /// Dashboards in the classic form, each with its `uid`.
    pub dashboards: Vec<Value>,
}

/// A folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folder {
    /// Stable over runs.
    pub uid: String,
    /// As people see it; one that is there keeps its own.
    pub title: String,
}

/// A data source of one of the kinds that the dashboards ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSource {
    /// `mimir`, `prometheus`, `loki` or `tempo`; also its uid, unless that is given.
    pub kind: String,
    /// Stable over runs.
    pub uid: String,
    /// As people see it.
    pub name: String,
    /// Where Grafana finds it.
    pub url: String,
    /// The tenant, sent as `X-Scope-OrgID`.
    pub tenant: Option<String>,
}

/// An argument that names no data source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{argument}' is no data source: {reason}; write KIND=URL[,tenant=NAME][,uid=UID][,name=NAME], as mimir=http://mimir:9009/prometheus,tenant=load"
)]
pub struct DataSourceError {
    argument: String,
    reason: &'static str,
}

/// The kinds: name, Grafana's type, title.
const KINDS: [(&str, &str, &str); 4] = [
    ("mimir", "prometheus", "Mimir"),
    ("prometheus", "prometheus", "Prometheus"),
    ("loki", "loki", "Loki"),
    ("tempo", "tempo", "Tempo"),
];

/// Grafana's own rule.
fn is_uid(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.len() <= 40 && text.chars().all(plain)
}

impl DataSource {
    /// From `KIND=URL,KEY=VALUE…`.
    ///
    /// # Errors
    /// If it is of another form.
    pub fn parse(argument: &str) -> Result<Self, DataSourceError> {
        let wrong = |reason| DataSourceError {
            argument: argument.to_owned(),
            reason,
        };
        let (kind, rest) = argument
            .split_once('=')
            .ok_or_else(|| wrong("there is no URL"))?;
        let known = KINDS.iter().find(|(name, ..)| *name == kind);
        let (kind, _, title) =
            known.ok_or_else(|| wrong("the kinds are mimir, prometheus, loki and tempo"))?;
        let mut parts = rest.split(',');
        let url = parts.next().unwrap_or_default();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(wrong("its URL begins with neither http:// nor https://"));
        }
        let mut source = Self {
            kind: (*kind).to_owned(),
            uid: (*kind).to_owned(),
            name: (*title).to_owned(),
            url: url.trim_end_matches('/').to_owned(),
            tenant: None,
        };
        for part in parts {
            match part.split_once('=') {
                Some((_, "")) | None => return Err(wrong("a key has no value")),
                Some(("tenant", value)) => source.tenant = Some(value.to_owned()),
                Some(("uid", value)) if is_uid(value) => value.clone_into(&mut source.uid),
                Some(("uid", _)) => {
                    return Err(wrong("a uid has up to 40 letters, digits, - and _"));
                }
                Some(("name", value)) => value.clone_into(&mut source.name),
                Some(_) => return Err(wrong("the keys are tenant, uid and name")),
            }
        }
        Ok(source)
    }

    /// Grafana's type.
    pub(crate) fn of_type(&self) -> &'static str {
        self.known().1
    }

    /// Which Prometheus it is, as Grafana writes it.
    pub(crate) fn flavour(&self) -> &'static str {
        self.known().2
    }

    fn known(&self) -> (&'static str, &'static str, &'static str) {
        let known = KINDS.into_iter().find(|(name, ..)| *name == self.kind);
        known.unwrap_or(KINDS[1])
    }

    /// What two of them may not share, because Grafana would have but one: each run would write it twice.
    pub fn clash(all: &[Self]) -> Option<String> {
        all.iter().enumerate().find_map(|(at, one)| {
            let other = all[..at]
                .iter()
                .find(|other| other.uid == one.uid || other.name == one.name)?;
            Some(format!(
                "two data sources have the uid '{}' or the name '{}': give one of them others, as in {}={},uid=UID,name=NAME",
                other.uid, other.name, one.kind, one.url
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_a_kind_an_address_and_keys() {
        let source =
            DataSource::parse("mimir=http://m:9009/prometheus/,tenant=load,uid=x,name=My Mimir")
                .unwrap();
        assert_eq!(
            (
                source.url.as_str(),
                source.tenant.as_deref(),
                source.uid.as_str(),
                source.name.as_str()
            ),
            ("http://m:9009/prometheus", Some("load"), "x", "My Mimir")
        );
        for wrong in [
            "mimir",
            "mysql=http://x",
            "loki=x",
            "loki=http://x,tenant=",
            "loki=http://x,colour=red",
            "loki=http://x,uid=../y",
        ] {
            let error = DataSource::parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("write KIND=URL"),
                "{error}"
            );
        }
    }

    #[test]
    fn two_may_not_have_one_name() {
        let all = |arguments: &[&str]| -> Vec<DataSource> {
            let parse = |text: &&str| DataSource::parse(text).unwrap();
            arguments.iter().map(parse).collect()
        };
        let same = all(&["loki=http://a", "loki=http://b"]);
        let text = DataSource::clash(&same).unwrap();
        assert!(text.contains("loki=http://b,uid=UID"), "{text}");
        let other = all(&[
            "loki=http://a",
            "loki=http://b,uid=b,name=B",
            "tempo=http://t",
        ]);
        assert_eq!(DataSource::clash(&other), None);
    }
}
