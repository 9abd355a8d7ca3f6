use std::sync::Arc;

use super::*;
use crate::edge::Inbox;
use crate::output::{BoxFuture, OutputContext, OutputError, OutputReport, Wants};

struct Fake;

struct FakeOutput(String);

const KEYS: &[Key] = &[
    Key {
        name: "tenant",
        env: &["X_TENANT", "K6_TENANT"],
        default: "",
        help: "Who.",
        secret: false,
    },
    Key {
        name: "interval",
        env: &["X_INTERVAL"],
        default: "5s",
        help: "How often.",
        secret: false,
    },
    Key {
        name: "password",
        env: &["X_PASSWORD"],
        default: "",
        help: "Secret.",
        secret: true,
    },
    Key {
        name: "header.*",
        env: &["X_HEADERS_*"],
        default: "",
        help: "Headers.",
        secret: false,
    },
];

impl OutputKind for Fake {
    fn names(&self) -> &'static [&'static str] {
        &["mimir", "other"]
    }
    fn about(&self) -> &'static str {
        "Sends."
    }
    fn example(&self) -> &'static str {
        "--out mimir=http://localhost:9009"
    }
    fn keys(&self) -> &'static [Key] {
        KEYS
    }
    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        Ok(Box::new(FakeOutput(format!("{settings:?}"))))
    }
}

impl Output for FakeOutput {
    fn describe(&self) -> String {
        self.0.clone()
    }
    fn wants(&self) -> Wants {
        Wants::Samples
    }
    fn run(
        self: Box<Self>,
        inbox: Inbox,
        _context: OutputContext,
    ) -> BoxFuture<'static, Result<OutputReport, OutputError>> {
        drop(inbox);
        Box::pin(async { Ok(OutputReport::default()) })
    }
}

fn catalogue() -> Catalogue {
    Catalogue::new().with(Fake)
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn settings(argument: &str, pairs: &[(&str, &str)]) -> Settings {
    catalogue().settings(argument, &environment(pairs)).unwrap()
}

fn error(argument: &str) -> String {
    catalogue()
        .settings(argument, &Environment::new())
        .unwrap_err()
        .to_string()
}

fn instances(arguments: &[&str], pairs: &[(&str, &str)]) -> Result<Vec<String>, ConfigError> {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let outputs = catalogue().configure(&arguments, &environment(pairs))?;
    Ok(outputs.into_iter().map(|output| output.instance).collect())
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let both = [
        ("X_TENANT", "env"),
        ("K6_TENANT", "k6"),
        ("X_INTERVAL", "1s"),
    ];
    let read = settings("mimir=http://h,tenant=cli", &both);
    assert_eq!(read.target, "http://h");
    assert_eq!(
        (read.get("tenant"), read.get("interval")),
        (Some("cli"), Some("1s"))
    );
    assert_eq!(settings("mimir", &both).get("tenant"), Some("env"));
    assert_eq!(settings("mimir", &both[1..]).get("tenant"), Some("k6"));
    assert_eq!(
        settings("mimir", &[("X_TENANT", ""), ("K6_TENANT", "k6")]).get("tenant"),
        Some("k6")
    );
}

#[test]
fn a_secret_comes_from_a_file() {
    let file = std::env::temp_dir().join(format!("brunt-secret-{}", std::process::id()));
    std::fs::write(&file, "hush\n").unwrap();
    let path = file.to_str().unwrap();
    let by_key = settings(&format!("mimir=http://h,password-file={path}"), &[]);
    assert_eq!(by_key.get("password"), Some("hush"));
    assert_eq!(
        settings("mimir", &[("X_PASSWORD_FILE", path)]).get("password"),
        Some("hush")
    );
    std::fs::remove_file(&file).unwrap();
    let message = error(&format!("mimir=http://h,password-file={path}"));
    assert!(
        message.contains(path) && message.contains("password-file"),
        "{message}"
    );
    assert!(error("mimir=x,tenant-file=y").contains("unknown key 'tenant-file'"));
}

#[test]
fn a_family_of_keys_takes_every_member() {
    let read = settings(
        "mimir=x,header.A=1",
        &[("X_HEADERS_B-C", "2"), ("X_HEADERS_", "no")],
    );
    let members: Vec<_> = read.family("header").collect();
    assert_eq!(members, [("A", "1"), ("B-C", "2")]);
    assert!(error("mimir=x,header.=1").contains("unknown key"));
}

#[test]
fn k6_s_first_key_may_stand_where_the_target_is() {
    let read = settings("mimir=tenant=a,interval=2s", &[]);
    assert_eq!((read.target.as_str(), read.get("tenant")), ("", Some("a")));
}

#[test]
fn an_unknown_output_lists_the_known_ones() {
    let message = error("mimr=http://h");
    assert!(message.contains("did you mean 'mimir'?"), "{message}");
    assert!(message.contains("Outputs are: mimir, other"), "{message}");
    for foreign in [
        "cloud",
        "influxdb=http://h",
        "kafka",
        "statsd",
        "datadog",
        "web-dashboard",
    ] {
        let message = error(foreign);
        assert!(
            message.contains("brunt has no output of this name"),
            "{message}"
        );
        assert!(message.contains("Outputs are: mimir, other"), "{message}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest_and_lists_all() {
    assert_eq!(
        error("mimir=x,tennant=1"),
        "--out mimir: unknown key 'tennant'; did you mean 'tenant'? Keys are: tenant, interval, \
         password, password-file, header.*"
    );
    let message = error("mimir=x,zzzzzzzzz=1");
    assert!(
        message.contains("unknown key 'zzzzzzzzz'. Keys are: "),
        "{message}"
    );
    assert!(error("mimir=x,tenant=1,tenant=2").contains("given twice"));
}

#[test]
fn instances_have_names_of_their_own() {
    let names = instances(&["mimir=a", "mimir@east=b", "mimir=c", "mimir=d"], &[]).unwrap();
    assert_eq!(names, ["mimir", "east", "mimir-2", "mimir-3"]);
    let refused = instances(&["mimir@x=a", "mimir@x=b"], &[]).unwrap_err();
    assert!(refused.to_string().contains("another output has this name"));
}

#[test]
fn the_variable_serves_when_there_is_no_argument() {
    let out = [("K6_OUT", "mimir=http://h,tenant=a,other=x")];
    assert_eq!(instances(&[], &out).unwrap(), ["mimir", "other"]);
    assert_eq!(instances(&["other=y"], &out).unwrap(), ["other"]);
    assert!(instances(&[], &[]).unwrap().is_empty());
    let refused = instances(&[], &[("K6_OUT", "mimir=http://h,cloud")])
        .err()
        .unwrap();
    assert!(refused.to_string().starts_with("--out cloud: "));
}

#[test]
fn the_list_shows_every_key_with_variables_and_defaults() {
    let text = catalogue().list();
    for part in [
        "mimir, other",
        "Sends.",
        "password, password-file",
        "X_TENANT, K6_TENANT",
        "[5s]",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

/// The same keys as the first one, but for a default.
struct Second;

impl OutputKind for Second {
    fn names(&self) -> &'static [&'static str] {
        &["second"]
    }
    fn about(&self) -> &'static str {
        "Sends elsewhere."
    }
    fn example(&self) -> &'static str {
        "--out second"
    }
    fn keys(&self) -> &'static [Key] {
        static KEYS_OF_SECOND: [Key; 4] = {
            let [tenant, mut interval, password, header] = [KEYS[0], KEYS[1], KEYS[2], KEYS[3]];
            interval.default = "9s";
            [tenant, interval, password, header]
        };
        &KEYS_OF_SECOND
    }
    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        Fake.configure(settings)
    }
}

#[test]
fn the_list_shows_keys_that_two_kinds_share_once() {
    let text = catalogue().with(Second).list();
    let (_, second) = text.split_once("\nsecond\n").unwrap();
    assert!(
        second.contains("keys as for mimir, with other defaults:"),
        "{text}"
    );
    assert!(second.contains("interval  [9s]"), "{text}");
    assert!(
        !second.contains("tenant") && !second.contains("X_INTERVAL"),
        "{text}"
    );
}

#[tokio::test]
async fn an_output_that_walks_away_breaks_the_contract() {
    let make = || -> Box<dyn Output> { Box::new(FakeOutput("fake".to_owned())) };
    let fixture = crate::kit::Fixture::new();
    let series = fixture.series("http_reqs", &[]);
    let batch = Arc::new(fixture.batch(&[(series, 1, 1.0)]));
    let violation = crate::kit::conform(make, &[crate::Item::Samples(batch)], fixture.context())
        .await
        .unwrap_err();
    assert!(
        violation.to_string().contains("account for 0 of 1"),
        "{violation}"
    );
}
