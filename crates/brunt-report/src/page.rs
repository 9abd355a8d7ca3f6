//! The page: from the verdict down to single metrics.

use std::fmt::Write as _;

use brunt_aggregate::{Report, Totals, Values};
use brunt_metrics::builtin;
use brunt_page::{Page, escape};
use brunt_results::Timeline;
use brunt_summary::units;

use crate::charts::{self, Chart};
use crate::requests::Requests;
use crate::tables::{self, grouped};

/// What a page says about the run beside what was measured.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The heading.
    pub title: String,
    /// The files, as the user named them.
    pub files: Vec<String>,
    /// When the first sample was taken, as a text.
    pub began: String,
    /// Broken lines that were left out.
    pub broken: u64,
}

/// The whole file.
pub fn page(about: &About, report: &Report, timeline: &Timeline, requests: &Requests) -> String {
    let charts = charts::charts(timeline, requests);
    let seconds = report.duration.as_secs_f64();
    let mut body = head(about, report);
    body.push_str(&tiles(report, seconds));
    if !charts.is_empty() {
        body.push_str("<h2 id=\"time\">Over time</h2>\n<div class=\"grid\">\n");
        for chart in &charts {
            body.push_str(&figure(chart));
        }
        body.push_str("</div>\n");
    }
    for table in [
        tables::thresholds(report),
        tables::errors(requests),
        tables::names(requests, seconds),
        tables::sections(report),
        tables::checks(report),
        tables::trends(report),
        tables::others(report),
    ] {
        body.push_str(&table);
    }
    Page {
        title: about.title.clone(),
        body,
        charts: charts::descriptions(&charts),
        style: String::new(),
    }
    .render()
}

/// How many thresholds there are, and how many were crossed.
fn judged(report: &Report) -> (usize, usize) {
    let all = report.totals.iter().flat_map(|totals| &totals.thresholds);
    let crossed = all.clone().filter(|one| !one.ok).count();
    (all.count(), crossed)
}

fn head(about: &About, report: &Report) -> String {
    let (all, crossed) = judged(report);
    let verdict = match (all, crossed) {
        (0, _) => String::new(),
        (1, 0) => "<span class=\"badge good\" id=\"verdict\">Threshold kept</span>".to_owned(),
        (all, 0) => {
            format!("<span class=\"badge good\" id=\"verdict\">All {all} thresholds kept</span>")
        }
        (all, crossed) => {
            format!(
                "<span class=\"badge bad\" id=\"verdict\">{crossed} of {all} thresholds crossed</span>"
            )
        }
    };
    let duration = units::time((report.duration.as_secs_f64() * 1000.0).round(), None);
    let mut head = format!(
        "<button class=\"theme\" type=\"button\">Dark</button>\n<h1>{}</h1>\n<p>{verdict}</p>\n<p class=\"faint\">{} · {} · {}</p>\n",
        escape(&about.title),
        escape(&about.began),
        escape(&duration),
        escape(&about.files.join(", ")),
    );
    if about.broken > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            head,
            "<p class=\"bad\">{} broken lines of the files were left out.</p>",
            grouped(about.broken)
        );
    }
    head
}

fn tiles(report: &Report, seconds: f64) -> String {
    let find = |metric: brunt_metrics::MetricId| {
        let mut roots = report.totals.iter();
        roots.find(|it| it.metric.id == metric && it.submetric.is_none() && it.seen)
    };
    let mut tiles: Vec<(&str, &str, String, String)> = Vec::new();
    let per_second = |count: f64| {
        if seconds > 0.0 {
            format!("{}/s", brunt_summary::number::to_short(count / seconds, 2))
        } else {
            String::new()
        }
    };
    for (id, name, metric) in [
        ("requests", "Requests", builtin::HTTP_REQS),
        ("iterations", "Iterations", builtin::ITERATIONS),
        ("dropped", "Dropped iterations", builtin::DROPPED_ITERATIONS),
    ] {
        if let Some(Totals {
            values: Values::Counter { count },
            ..
        }) = find(metric)
        {
            tiles.push((id, name, grouped(count.round() as u64), per_second(*count)));
        }
    }
    for (id, name, metric) in [
        ("failed", "Failed requests", builtin::HTTP_REQ_FAILED),
        ("passed", "Checks passed", builtin::CHECKS),
    ] {
        if let Some(Totals {
            values: Values::Rate { passes, fails },
            ..
        }) = find(metric)
        {
            let all = passes + fails;
            let share = *passes as f64 / all.max(1) as f64;
            let share = brunt_summary::number::to_truncated(share * 100.0, 2);
            let of = format!("{} of {}", grouped(*passes), grouped(all));
            tiles.push((id, name, format!("{share} %"), of));
        }
    }
    for (id, name, metric) in [
        ("latency", "Latency, p95", builtin::HTTP_REQ_DURATION),
        ("iteration", "Iteration, p95", builtin::ITERATION_DURATION),
    ] {
        if let Some(Totals {
            values: Values::Trend(trend),
            ..
        }) = find(metric)
        {
            let time = |ms: f64| units::time(ms, None);
            let more = format!(
                "median {}, max {}",
                time(trend.percentile(50.0)),
                time(trend.max())
            );
            tiles.push((id, name, time(trend.percentile(95.0)), more));
        }
    }
    if let Some(Totals {
        values: Values::Gauge { max, .. },
        ..
    }) = find(builtin::VUS)
    {
        tiles.push((
            "vus",
            "VUs at most",
            grouped(max.max(0.0).round() as u64),
            String::new(),
        ));
    }
    let mut html = "<ul class=\"tiles\">\n".to_owned();
    for (id, name, value, more) in tiles {
        let _ = writeln!(
            html,
            "<li id=\"tile-{id}\"><span class=\"name\">{name}</span><span class=\"value\">{}</span><span class=\"more\">{}</span></li>",
            escape(&value),
            escape(&more)
        );
    }
    html.push_str("</ul>\n");
    html
}

fn figure(chart: &Chart) -> String {
    let Chart {
        key,
        title,
        caption,
        ..
    } = chart;
    format!(
        "<figure aria-labelledby=\"{key}-title\"><h3 id=\"{key}-title\">{}</h3><figcaption>{}</figcaption>\n<div class=\"chart\" data-chart=\"{key}\" role=\"group\" tabindex=\"0\" aria-labelledby=\"{key}-title\"></div>\n<details data-table=\"{key}\"><summary>Values as a table</summary></details></figure>\n",
        escape(title),
        escape(caption),
    )
}
