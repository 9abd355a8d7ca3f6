//! `brunt dashboards provision`: the bundled dashboards with their folder and data sources into a Grafana. What is done
//! there is `brunt-provision`; here is the command.

use std::path::PathBuf;

use brunt_grafana::{boards, classic};
use brunt_provision::{
    Action, Client, Credentials, DataSource, Desired, Folder, Interface, ProvisionError, Step,
};
use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;

use super::{is_prefix, usage};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The uid of the folder: whatever its title becomes, it is found again.
const FOLDER: &str = "brunt-load-tests";

/// The command.
pub(super) fn command() -> Command {
    Command::new("provision")
        .about("Puts the bundled dashboards into a Grafana, with folder and data sources")
        .after_help(
            "It can be run again at any time: what is as it should be is not touched, what people changed is left alone \
             unless --force is given, and a run that was interrupted is completed. The token of a service account comes \
             from --token-file or from GRAFANA_TOKEN, a password from GRAFANA_PASSWORD with --user.

Examples:
  brunt dashboards provision --url http://localhost:3000 --token-file token --dry-run
  brunt dashboards provision --url https://grafana.example.com --token-file token \\
    --datasource mimir=http://mimir:9009/prometheus,tenant=load --datasource loki=http://loki:3100 \\
    --datasource tempo=http://tempo:3200",
        )
        .arg(text("url", "URL", "Where Grafana is").required(true))
        .arg(
            text("token-file", "FILE", "A file with the token of a service account")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .arg(
            text("user", "NAME", "A name instead of a token, with the password from GRAFANA_PASSWORD")
                .conflicts_with("token-file"),
        )
        .arg(
            text("folder", "NAME", "The title of the folder")
                .default_value("Load tests")
                .value_parser(NonEmptyStringValueParser::new()),
        )
        .arg(
            text("datasource", "KIND=URL[,KEY=VALUE…]", "A data source: mimir, prometheus, loki or tempo, with the keys tenant, uid and name; repeatable")
                .action(ArgAction::Append)
                .value_parser(|text: &str| DataSource::parse(text).map_err(|error| error.to_string())),
        )
        .arg(text("prefix", "TEXT", "What names of series begin with [default: k6_]"))
        .arg(
            text("api", "WHICH", "Grafana's interface: legacy (/api) or resources (/apis) [default: what it has]")
                .value_parser(["legacy", "resources"]),
        )
        .arg(text("ca-file", "FILE", "A PEM file with authorities that are trusted, too").value_parser(clap::value_parser!(PathBuf)))
        .arg(flag("dry-run", "Say what would be done, and write nothing"))
        .arg(flag("force", "Write over dashboards that were changed by hand or are others'"))
}

fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

/// Plans, says so, and does it.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let get = |name: &str| matches.get_one::<String>(name);
    let prefix = get("prefix").map(String::as_str);
    if let Some(prefix) = prefix.filter(|it| !is_prefix(it)) {
        return Err(usage(format!(
            "--prefix {prefix}: names of series begin with a letter or _, and hold letters, digits and _ only"
        )));
    }
    let sources = matches.get_many::<DataSource>("datasource");
    let desired = Desired {
        folder: Folder {
            uid: FOLDER.to_owned(),
            title: get("folder").cloned().unwrap_or_default(),
        },
        data_sources: sources.into_iter().flatten().cloned().collect(),
        dashboards: dashboards(prefix),
    };
    if let Some(clash) = DataSource::clash(&desired.data_sources) {
        return Err(usage(format!("--datasource: {clash}")));
    }
    let url = url(matches)?;
    let interface = get("api").map(|it| match it.as_str() {
        "legacy" => Interface::Legacy,
        _ => Interface::Resources,
    });
    let (force, dry) = (matches.get_flag("force"), matches.get_flag("dry-run"));
    let (http, credentials) = (http(matches)?, credentials(matches)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| usage(format!("cannot start: {error}")))?;
    let failed = |error: ProvisionError| usage(error.to_string());
    runtime.block_on(async {
        let client = Client::connect(http, &url, credentials, interface)
            .await
            .map_err(failed)?;
        let plan = brunt_provision::plan(&client, &desired, force)
            .await
            .map_err(failed)?;
        let mut counts = Counts::default();
        if dry {
            plan.steps.iter().for_each(|step| counts.say(step));
            print("nothing was written (--dry-run)\n");
        } else {
            let done = |step: &Step| counts.say(step);
            brunt_provision::apply(&client, &desired, &plan, force, done)
                .await
                .map_err(failed)?;
            print(counts.sum());
        }
        for note in &plan.notes {
            print(format!("note: {note}\n"));
        }
        Ok(Exit::Success)
    })
}

/// What came of the steps.
#[derive(Default)]
struct Counts {
    written: usize,
    left: usize,
}

impl Counts {
    fn say(&mut self, step: &Step) {
        match step.action {
            Action::Create | Action::Update => self.written += 1,
            Action::Skip(_) => self.left += 1,
            Action::Unchanged => {}
        }
        print(format!("{step}\n"));
    }

    fn sum(&self) -> String {
        let left = match self.left {
            0 => String::new(),
            left => format!(", {left} left alone"),
        };
        match self.written {
            0 => format!("nothing to change{left}\n"),
            written => format!("{written} written{left}\n"),
        }
    }
}

/// An address that Grafana may have, and that can be printed.
fn url(matches: &ArgMatches) -> Result<String, Failure> {
    let text = matches.get_one::<String>("url").map_or("", String::as_str);
    let url = reqwest::Url::parse(text);
    let url = url
        .ok()
        .filter(|it| it.scheme() == "http" || it.scheme() == "https");
    let Some(url) = url else {
        return Err(usage(
            "--url: it has to be an address that begins with http:// or https://",
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(usage(
            "--url: leave name and password out of it, where everybody on this machine can read them: give --user NAME and GRAFANA_PASSWORD",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(usage("--url: only the address of Grafana, without ? and #"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// All bundled dashboards in the classic form.
fn dashboards(prefix: Option<&str>) -> Vec<Value> {
    let all = boards::all().into_iter().map(|dashboard| match prefix {
        Some(prefix) => dashboard.with_prefix(prefix),
        None => dashboard,
    });
    all.map(|dashboard| classic(&dashboard)).collect()
}

fn http(matches: &ArgMatches) -> Result<reqwest::Client, Failure> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("brunt/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(30));
    if let Some(path) = matches.get_one::<PathBuf>("ca-file") {
        let wrong = |reason: String| usage(format!("--ca-file {}: {reason}", path.display()));
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let all = reqwest::Certificate::from_pem_bundle(&text).unwrap_or_default();
        if all.is_empty() {
            return Err(wrong("there is no PEM certificate in it".to_owned()));
        }
        for certificate in all {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder
        .build()
        .map_err(|error| usage(format!("cannot start: {error}")))
}

/// From files and the environment, never from arguments: those are shown by `ps`.
fn credentials(matches: &ArgMatches) -> Result<Credentials, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    if let Some(path) = matches.get_one::<PathBuf>("token-file") {
        let place = format!("--token-file {}", path.display());
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| usage(format!("{place}: {error}")))?;
        return token(&place, &text);
    }
    if let Some(user) = matches.get_one::<String>("user") {
        let password = variable("GRAFANA_PASSWORD");
        let missing = || usage("--user wants a password in GRAFANA_PASSWORD");
        return Ok(Credentials::Basic(
            user.clone(),
            password.ok_or_else(missing)?,
        ));
    }
    match variable("GRAFANA_TOKEN") {
        Some(text) => token("GRAFANA_TOKEN", &text),
        None => Ok(Credentials::None),
    }
}

fn token(place: &str, text: &str) -> Result<Credentials, Failure> {
    let token = text.trim();
    if token.is_empty() || token.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(usage(format!(
            "{place}: it has to hold one token and nothing else"
        )));
    }
    Ok(Credentials::Token(token.to_owned()))
}
