//! A running test as text: a status line, and a line with a bar for each scenario.

use std::time::Duration;

use brunt_options::format_duration;
use brunt_options::scenario::ENDLESS;

use crate::duration::counter;
use crate::style::Style;

/// A running test at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it does now.
    pub stage: Stage,
    /// Time since its scenarios started.
    pub elapsed: Duration,
    /// How long the scenarios can last ; gives `elapsed` its length.
    pub max_duration: Duration,
    /// VUs that run an iteration.
    pub active_vus: u64,
    /// VUs there are.
    pub vus: u64,
    /// Iterations that ran to their end.
    pub completed: u64,
    /// Iterations that were interrupted.
    pub interrupted: u64,
    /// The scenarios in the order of the banner.
    pub scenarios: Vec<ScenarioProgress>,
    /// Outputs that do not reach their receivers at the moment, each with the reason.
    pub outages: Vec<(String, String)>,
}

/// What a test does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// VUs evaluate the script.
    Initializing,
    /// `setup()` runs.
    Setup,
    /// Scenarios run, or have run.
    #[default]
    Running,
    /// It stands still until it is told to go on.
    Paused,
    /// `teardown()` runs.
    Teardown,
}

/// A scenario at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioProgress {
    /// Its name.
    pub name: String,
    /// What it does.
    pub phase: Phase,
    /// How much of it is done, 0 to 1.
    pub fraction: f64,
    /// Time since it started, at most `duration`.
    pub elapsed: Duration,
    /// How long it may last, without its graceful stop.
    pub duration: Duration,
    /// VUs that run an iteration of it.
    pub active_vus: u64,
    /// VUs that it has.
    pub vus: u64,
    /// What counts besides time.
    pub work: Work,
}

/// What a scenario does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It starts in this time.
    Waiting(Duration),
    /// It starts iterations.
    Running,
    /// It starts none any more and waits for those that run.
    Stopping,
    /// It was stopped before its end.
    Interrupted,
    /// It ran to its end.
    Done,
}

/// What counts in a scenario besides time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// Nothing.
    Time,
    /// Nothing, but the number of active VUs changes.
    VaryingVus,
    /// Iterations that VUs share.
    Shared {
        /// Those that are done.
        done: u64,
        /// All of them.
        total: u64,
    },
    /// Iterations of each VU.
    PerVu {
        /// Those that are done, of all VUs.
        done: u64,
        /// All of them.
        total: u64,
        /// Those of one VU.
        each: u64,
    },
    /// Iterations started at a rate.
    Rate {
        /// The present one, by the second.
        now: f64,
        /// The highest one to come, by the second; gives `now` its length.
        peak: f64,
    },
}

/// How lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Bars rather than percentages.
    pub bars: bool,
    /// Whether marks are coloured.
    pub colour: bool,
    /// How many columns there are at most; `None` for as many as it takes.
    pub width: Option<usize>,
}

/// `running (00m01.0s), 2/7 VUs, 17 complete and 0 interrupted iterations`.
pub fn status_line(progress: &Progress) -> String {
    let stage = match progress.stage {
        Stage::Initializing => "initializing",
        Stage::Setup => "setup",
        Stage::Running => "running",
        Stage::Paused => "paused",
        Stage::Teardown => "teardown",
    };
    format!(
        "{stage} ({}), {} VUs, {} complete and {} interrupted iterations",
        counter(progress.elapsed, progress.max_duration),
        used(progress.active_vus, progress.vus),
        progress.completed,
        progress.interrupted
    )
}

/// The status line, a line per scenario and one per output that is in trouble, without line feeds.
pub fn lines(progress: &Progress, look: Look) -> Vec<String> {
    let layout = Layout::of(progress, look);
    let scenarios = progress
        .scenarios
        .iter()
        .map(|scenario| line(scenario, layout, look));
    let status = cut(&status_line(progress), look.width).to_owned();
    let outages = progress.outages.iter().map(|(output, reason)| {
        // A reason of several lines would break the block.
        let reason = reason.lines().next().unwrap_or_default();
        let line = format!("output {output}: deliveries fail: {reason}");
        cut(&line, look.width).to_owned()
    });
    std::iter::once(status)
        .chain(scenarios)
        .chain(outages)
        .collect()
}

/// What the lines of all scenarios have in common, so that their columns line up.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Characters of the names.
    name: usize,
    /// Characters of the bars; percentages where there is no room for all of them.
    bar: Option<usize>,
}

impl Layout {
    fn of(progress: &Progress, look: Look) -> Self {
        const BAR: usize = 40;
        const SMALLEST: usize = 5;
        let length = |text: &str| text.chars().count();
        let all = || progress.scenarios.iter();
        let longest = all().map(|it| length(&it.name)).max().unwrap_or(0);
        let figures = all().map(|it| length(&figures(it))).max().unwrap_or(0);
        // On a narrow terminal the figures, and a percentage, matter more than the ends of names.
        let most = look.width.map_or(usize::MAX, |width| {
            width.saturating_sub(figures + 12).max(8)
        });
        let name = longest.min(most);
        // Between name and figures: blank, mark, blank, brackets, blank.
        let room = look.width.map_or(BAR, |width| {
            width.saturating_sub(name + 6 + figures).min(BAR)
        });
        Self {
            name,
            bar: (look.bars && room >= SMALLEST).then_some(room),
        }
    }

    /// A name, filled up or cut to its column.
    fn name(self, name: &str) -> String {
        let width = self.name;
        if name.chars().count() <= width {
            return format!("{name:width$}");
        }
        let kept: String = name.chars().take(width.saturating_sub(1)).collect();
        format!("{kept}…")
    }
}

fn line(scenario: &ScenarioProgress, layout: Layout, look: Look) -> String {
    let style = Style::new(look.colour);
    let name = layout.name(&scenario.name);
    let mark = match scenario.phase {
        Phase::Running => ' ',
        Phase::Waiting(_) => '•',
        Phase::Stopping => '↓',
        Phase::Interrupted => '✗',
        Phase::Done => '✓',
    };
    let right = figures(scenario);
    let middle = match layout.bar {
        Some(room) => bar(scenario.fraction, room),
        None => format!(" {:>3}% ", percent(scenario.fraction)),
    };
    let plain = format!("{name} {mark} [{middle}] {right}");
    let shown = cut(&plain, look.width);
    if !look.colour || shown.len() < plain.len() {
        return shown.to_owned();
    }
    let mark = match scenario.phase {
        Phase::Done => style.green("✓"),
        Phase::Interrupted => style.red("✗"),
        _ => mark.to_string(),
    };
    format!("{name} {mark} [{}] {right}", style.cyan(&middle))
}

/// VUs, time and work.
fn figures(scenario: &ScenarioProgress) -> String {
    if let Phase::Waiting(rest) = scenario.phase {
        return format!("waiting {}", counter(rest, rest));
    }
    let vus = match scenario.work {
        Work::Rate { .. } | Work::VaryingVus => used(scenario.active_vus, scenario.vus),
        _ => scenario.vus.to_string(),
    };
    let time = counter(scenario.elapsed, scenario.duration);
    let work = match scenario.work {
        Work::Time | Work::VaryingVus => String::new(),
        Work::Shared { done, total } => format!("  {} shared iters", used(done, total)),
        Work::PerVu { done, total, each } => {
            format!("  {} iters, {each} per VU", used(done, total))
        }
        Work::Rate { now, peak } => {
            let length = format!("{peak:.2}").len();
            format!("  {now:0length$.2} iters/s")
        }
    };
    format!("{vus} VUs  {time}/{}{work}", length(scenario.duration))
}

/// How long something takes; what only ends when it is stopped has no length.
pub(crate) fn length(duration: Duration) -> String {
    if duration >= ENDLESS {
        "endless".to_owned()
    } else {
        format_duration(duration)
    }
}

/// A part and its whole, the part with leading zeros.
fn used(part: u64, whole: u64) -> String {
    let digits = whole.to_string().len();
    format!("{part:0digits$}/{whole}")
}

/// `====>-----`, as many characters as `room`.
fn bar(fraction: f64, room: usize) -> String {
    let done = (share(fraction) * room as f64) as usize;
    let mut bar = "=".repeat(done);
    if done > 0 && done < room {
        bar.pop();
        bar.push('>');
    }
    bar + &"-".repeat(room.saturating_sub(done))
}

/// Cut off, so that only what is done reads as 100.
fn percent(fraction: f64) -> u64 {
    (share(fraction) * 100.0) as u64
}

fn share(fraction: f64) -> f64 {
    if fraction.is_nan() {
        0.0
    } else {
        fraction.clamp(0.0, 1.0)
    }
}

/// The text's first characters.
fn cut(text: &str, width: Option<usize>) -> &str {
    let end = width.and_then(|width| text.char_indices().nth(width));
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
