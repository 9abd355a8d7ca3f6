//! Where in a bucket files go: `s3://BUCKET/KEY`, and where they are staged until they are sent.
//!
//! Files are staged because an object appears at once or not at all: nothing in a bucket is ever half
//! written, so there is nothing to repair there, and what a crash leaves lies on a disk.

use std::path::{Path, PathBuf};

use brunt_output::{ConfigError, OutputContext, Settings};

/// How a target begins that is no file.
pub(crate) const SCHEME: &str = "s3://";

/// A place in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    /// What comes before the last `/` of the key, with that; empty if there is none.
    pub(crate) prefix: String,
    /// The last part of the key: a file, or with a partition a folder.
    pub(crate) name: String,
    /// Of a server that is not Amazon's.
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    /// Where files wait, if the user says so.
    pub(crate) staging: Option<PathBuf>,
    /// The output's name.
    pub(crate) instance: String,
}

impl Place {
    /// The place that a target and the keys name; `None` for a file.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(target) = settings.target.strip_prefix(SCHEME) else {
            for key in ["endpoint", "region", "staging"] {
                if settings.get(key).is_some() && settings.keys.contains_key(key) {
                    let message = format!("the key '{key}' is for targets such as s3://bucket/key");
                    return Err(settings.error(message));
                }
            }
            return Ok(None);
        };
        if cfg!(not(feature = "s3")) {
            return Err(settings.error(
                "this brunt was built without S3: build it with the feature s3, or name a file and \
                 send it with: aws s3 cp",
            ));
        }
        let (bucket, key) = target.split_once('/').unwrap_or((target, ""));
        let is_whole = |key: &str| {
            let mut parts = key.split('/');
            parts.all(|part| !matches!(part, "" | "." | "..") && !part.contains(char::is_control))
        };
        if bucket.is_empty() || !is_whole(key) {
            return Err(settings.error(format!(
                "'{}' does not say where in a bucket: write s3://BUCKET/KEY, such as \
                 s3://results/2026/samples.parquet",
                settings.target
            )));
        }
        let name_at = key.rfind('/').map_or(0, |at| at + 1);
        let text = |key: &str| settings.get(key).map(str::to_owned);
        let endpoint = text("endpoint");
        let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if let Some(other) = endpoint.as_ref().filter(|url| !is_url(url)) {
            let expected = "a URL such as http://localhost:9000";
            return Err(settings.invalid("endpoint", other, expected));
        }
        Ok(Some(Self {
            bucket: bucket.to_owned(),
            prefix: key[..name_at].to_owned(),
            name: key[name_at..].to_owned(),
            endpoint,
            region: text("region"),
            staging: text("staging").map(PathBuf::from),
            instance: settings.instance.clone(),
        }))
    }

    /// The whole target, as the user wrote it.
    pub(crate) fn url(&self) -> String {
        format!("{SCHEME}{}/{}{}", self.bucket, self.prefix, self.name)
    }

    /// A folder of this output and this run only.
    pub(crate) fn folder(&self, context: &OutputContext) -> PathBuf {
        let base = self
            .staging
            .clone()
            .or_else(|| context.spool.folder.clone());
        let plain = |c: char| {
            let is_plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if is_plain { c } else { '_' }
        };
        let name: String = format!("{}-{}", context.instance, self.instance)
            .chars()
            .map(plain)
            .collect();
        base.unwrap_or_else(|| std::env::temp_dir().join("brunt"))
            .join(name)
    }

    /// The key of a file that is staged in this folder.
    pub(crate) fn key_of(&self, folder: &Path, staged: &Path) -> String {
        let below = staged.strip_prefix(folder).unwrap_or(staged);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        format!("{}{}", self.prefix, parts.join("/"))
    }

    /// The command that sends later what could not be sent.
    pub(crate) fn later(&self, folder: &Path, left: &[PathBuf]) -> String {
        let mut command = "aws s3 cp".to_owned();
        if let Some(endpoint) = &self.endpoint {
            command.push_str(" --endpoint-url ");
            command.push_str(&quoted(endpoint));
        }
        if let Some(region) = &self.region {
            command.push_str(" --region ");
            command.push_str(&quoted(region));
        }
        let (from, to) = if let [one] = left {
            (one.as_path(), self.key_of(folder, one))
        } else {
            command.push_str(" --recursive --exclude '*.tmp*'");
            (folder, self.prefix.clone())
        };
        let from = quoted(&from.display().to_string());
        let to = quoted(&format!("{SCHEME}{}/{to}", self.bucket));
        format!("{command} {from} {to}")
    }
}

/// As a shell reads it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.+:=%".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(all(test, feature = "s3"))]
mod tests {
    use brunt_output::kit::Fixture;

    use super::*;

    fn place(target: &str, keys: &[(&str, &str)]) -> Result<Option<Place>, String> {
        let pairs = keys.iter();
        let settings = Settings {
            name: "parquet".to_owned(),
            instance: "parquet".to_owned(),
            target: target.to_owned(),
            keys: pairs
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        Place::of(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_is_a_bucket_and_a_key() {
        let found = place("s3://b/a/run.parquet", &[]).unwrap().unwrap();
        let parts = (&*found.bucket, &*found.prefix, &*found.name);
        assert_eq!(parts, ("b", "a/", "run.parquet"));
        assert_eq!(found.url(), "s3://b/a/run.parquet");
        let fixture = Fixture::new();
        let folder = found.folder(fixture.context());
        assert!(folder.ends_with("kit-parquet"), "{}", folder.display());
        let key = found.key_of(&folder, &folder.join("run.parquet"));
        assert_eq!(key, "a/run.parquet");
        assert_eq!(place("run.parquet", &[]).unwrap(), None);
        for wrong in [
            "s3://",
            "s3://b",
            "s3://b/",
            "s3:///k",
            "s3://b/../k",
            "s3://b/a//b",
        ] {
            assert!(place(wrong, &[]).unwrap_err().contains("s3://BUCKET/KEY"));
        }
        let error = place("s3://b/k", &[("endpoint", "localhost")]).unwrap_err();
        assert!(error.contains("'endpoint'"), "{error}");
        let error = place("run.parquet", &[("region", "x")]).unwrap_err();
        assert!(error.contains("'region'"), "{error}");
    }

    #[test]
    fn the_command_for_later_can_be_pasted() {
        let keys = [("endpoint", "http://localhost:9000"), ("region", "eu-1")];
        let place = place("s3://b/a/it's.parquet", &keys).unwrap().unwrap();
        let folder = Path::new("/s/x");
        assert_eq!(
            place.later(folder, &[folder.join("it's.parquet")]),
            r"aws s3 cp --endpoint-url http://localhost:9000 --region eu-1 '/s/x/it'\''s.parquet' 's3://b/a/it'\''s.parquet'"
        );
        let two = [folder.join("1"), folder.join("2")];
        let all = place.later(folder, &two);
        assert!(
            all.ends_with("--recursive --exclude '*.tmp*' /s/x s3://b/a/"),
            "{all}"
        );
    }
}
