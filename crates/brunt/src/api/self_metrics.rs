//! `/metrics`: brunt's own state in Prometheus' text format.
//!
//! About the generator, not about the system under test: that goes to the outputs. A dozen lines of
//! text need no metrics library.

use std::fmt::{Display, Write as _};
use std::sync::atomic::Ordering::Relaxed;

use brunt_output::Counts;
use http::StatusCode;

use super::answer::Answer;
use super::subject::Subject;

/// All of them.
pub(super) fn get(subject: &Subject) -> Answer {
    let mut page = Page::default();
    let version = env!("CARGO_PKG_VERSION");
    page.head("brunt_build_info", "gauge", "The version of brunt.");
    page.sample(&format!("brunt_build_info{{version=\"{version}\"}}"), 1);
    let state = &subject.state;
    let counts = [
        (
            "brunt_iterations_completed_total",
            &state.iterations_completed,
            "Iterations that ran to their end.",
        ),
        (
            "brunt_iterations_interrupted_total",
            &state.iterations_interrupted,
            "Iterations that were interrupted.",
        ),
        (
            "brunt_iterations_dropped_total",
            &state.iterations_dropped,
            "Iterations that were never started.",
        ),
    ];
    for (name, count, help) in counts {
        page.one(name, "counter", help, count.load(Relaxed));
    }
    let gauges = [
        (
            "brunt_vus_active",
            &state.vus_active,
            "Virtual users that run an iteration.",
        ),
        (
            "brunt_vus_initialized",
            &state.vus_initialized,
            "Virtual users that have evaluated the script.",
        ),
    ];
    for (name, gauge, help) in gauges {
        page.one(name, "gauge", help, gauge.load(Relaxed));
    }
    let bus = subject.bus.progress();
    page.one(
        "brunt_samples_total",
        "counter",
        "Samples that were measured.",
        bus.samples,
    );
    page.one(
        "brunt_samples_rejected_total",
        "counter",
        "Samples that were no numbers or came too late.",
        bus.rejected,
    );
    page.one(
        "brunt_series",
        "gauge",
        "Time series that are told apart.",
        bus.series,
    );
    outputs(&mut page, subject);
    process(&mut page);
    Answer::text(StatusCode::OK, page.text).with_type("text/plain; version=0.0.4; charset=utf-8")
}

/// What became of what each output was given.
fn outputs(page: &mut Page, subject: &Subject) {
    if subject.outputs.is_empty() {
        return;
    }
    let outputs = subject.outputs.iter();
    let counts: Vec<(&str, Counts)> = outputs
        .map(|(name, account)| (name.as_str(), account.counts()))
        .collect();
    for metric in brunt_output::account::METRICS {
        let (suffix, kind) = if metric.counter {
            ("_total", "counter")
        } else {
            ("", "gauge")
        };
        let name = format!("{}{suffix}", metric.name);
        page.head(&name, kind, metric.help);
        for (output, counts) in &counts {
            let series = format!("{name}{{output=\"{}\"}}", escaped(output));
            page.sample(&series, (metric.value)(counts));
        }
    }
}

/// The process as the kernel sees it, under the names that every exporter uses.
fn process(page: &mut Page) {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else {
        return;
    };
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.split(' ').collect())
        .unwrap_or_default();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    if let (Some(user), Some(system)) = (field(11), field(12)) {
        page.one(
            "process_cpu_seconds_total",
            "counter",
            "CPU time, user and system.",
            (user + system) / ticks,
        );
    }
    if let Some(pages) = field(21) {
        let bytes = pages * rustix::param::page_size() as f64;
        page.one(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory.",
            bytes,
        );
    }
    if let Some(threads) = field(17) {
        page.one("process_threads", "gauge", "Threads.", threads);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        page.one(
            "process_open_fds",
            "gauge",
            "Open file descriptors.",
            open.count(),
        );
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(limit) = limit {
        page.one(
            "process_max_fds",
            "gauge",
            "The limit of open file descriptors.",
            limit,
        );
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

// Writing to a string cannot fail.
impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, series: &str, value: impl Display) {
        let _ = writeln!(self.text, "{series} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.sample(name, value);
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
