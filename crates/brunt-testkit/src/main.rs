//! Runs a target or the strict receiver by hand: `brunt-testkit target`, `brunt-testkit
//! remote-write`. Arguments are few, so they are read without a library that `brunt` would have to
//! carry with this crate.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use brunt_testkit::remote_write::Config;
use brunt_testkit::{RemoteWrite, Target};

const USAGE: &str = "\
usage: brunt-testkit target [--port N] [--tls CA_FILE]
       brunt-testkit remote-write [--port N] [--tenant NAME]

Prints its URL, then serves on 127.0.0.1 until it is killed or its standard input ends.
--tls writes the certificate authority to trust to CA_FILE.
";

#[derive(Debug, Default)]
struct Arguments {
    port: u16,
    tls: Option<PathBuf>,
    tenant: Option<String>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let result = match (command.as_deref(), parse(arguments)) {
        (Some("target"), Ok(arguments)) => target(&arguments),
        (Some("remote-write"), Ok(arguments)) => remote_write(arguments),
        (Some("help" | "--help" | "-h"), _) => say(USAGE),
        (_, Err(error)) => Err(format!("{error}\n\n{USAGE}")),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut rest: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => {
                arguments.port = value
                    .parse()
                    .map_err(|_| format!("{value:?} is not a port"))?;
            }
            "--tls" => arguments.tls = Some(value.into()),
            "--tenant" => arguments.tenant = Some(value),
            _ => return Err(format!("unknown argument {name:?}")),
        }
    }
    Ok(arguments)
}

fn target(arguments: &Arguments) -> Result<(), String> {
    let started = match &arguments.tls {
        None => Target::http_on(arguments.port),
        Some(_) => Target::https_on(arguments.port, &["h2", "http/1.1"]),
    };
    let target = started.map_err(|error| error.to_string())?;
    if let Some(file) = &arguments.tls {
        let write = target.write_ca(file);
        write.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    say(&format!("{}\n", target.url("/")))?;
    wait();
    let (connections, requests) = (target.connections(), target.requests());
    say(&format!("{connections} connections, {requests} requests\n"))
}

fn remote_write(arguments: Arguments) -> Result<(), String> {
    let config = Config {
        port: arguments.port,
        tenant: arguments.tenant,
        ..Config::default()
    };
    let receiver = RemoteWrite::start_with(config).map_err(|error| error.to_string())?;
    say(&format!("{}\n", receiver.write_url()))?;
    wait();
    for violation in receiver.violations() {
        say(&format!("{violation}\n"))?;
    }
    let (samples, requests) = (receiver.samples(), receiver.requests());
    say(&format!("{requests} requests, {samples} samples\n"))
}

fn say(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

/// Until standard input ends: a parent that dies takes this process with it.
fn wait() {
    let mut byte = [0];
    while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {}
}
