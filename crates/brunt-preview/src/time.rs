//! The time range of a dashboard and the steps of its panels, as Grafana works them out.
//!
//! Of Grafana's relative times `now`, `now-30m` and `now-1d/d` are known (units `s` to `y`; a month is 30 days
//! and rounding is in UTC, because a page has no reader's time zone).

use jiff::{SignedDuration, Timestamp};

/// A time range, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// Steps at which people read an axis, in seconds.
const STEPS: [f64; 21] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0,
    3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 604_800.0,
];

/// Seconds of a unit of Grafana's.
fn unit(letter: &str) -> Option<f64> {
    Some(match letter {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "M" => 2_592_000.0,
        "y" => 31_536_000.0,
        _ => return None,
    })
}

/// `90s`, `1h30m`; in seconds.
pub(crate) fn duration(text: &str) -> Option<f64> {
    let mut rest = text.trim().trim_start_matches(['>', '<', '=']);
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let more = &rest[digits..];
        let letters = more
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(more.len());
        sum += number * unit(&more[..letters])?;
        rest = &more[letters..];
    }
    (sum > 0.0).then_some(sum)
}

/// A duration as `PromQL` writes it.
pub(crate) fn written(seconds: f64) -> String {
    if seconds.fract() == 0.0 {
        format!("{seconds:.0}s")
    } else {
        format!("{:.0}ms", (seconds * 1000.0).max(1.0))
    }
}

/// A point in time: `now-30m`, `2026-11-23T10:00:00Z`, or seconds or milliseconds since the epoch.
pub(crate) fn point(text: &str, now: f64) -> Option<f64> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return relative(rest, now);
    }
    if let Ok(number) = text.parse::<f64>() {
        // Seconds reach this number in the year 5138.
        let seconds = if number.abs() > 1e11 {
            number / 1000.0
        } else {
            number
        };
        return seconds.is_finite().then_some(seconds);
    }
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_millisecond() as f64 / 1000.0)
}

/// What follows `now`.
fn relative(text: &str, now: f64) -> Option<f64> {
    let (offset, rounded) = text
        .split_once('/')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let mut time = now;
    if !offset.is_empty() {
        let sign = if offset.starts_with('-') { -1.0 } else { 1.0 };
        time += sign * duration(offset.strip_prefix(['-', '+'])?)?;
    }
    if let Some(letter) = rounded {
        let size = unit(letter)?;
        // Weeks begin on Mondays, the epoch on a Thursday.
        let shift = if letter == "w" { 4.0 * 86_400.0 } else { 0.0 };
        time = ((time - shift) / size).floor() * size + shift;
    }
    Some(time)
}

/// The step of a panel that has room for so many points: at least `least` seconds.
pub(crate) fn step(range: Range, points: f64, least: f64) -> f64 {
    let raw = ((range.to - range.from) / points.max(1.0)).max(least);
    // Below a second a data source's own interval says it.
    if raw <= 1.0 {
        return raw.max(0.001);
    }
    let nice = STEPS.iter().copied().find(|it| *it >= raw);
    nice.unwrap_or_else(|| (raw / 604_800.0).ceil() * 604_800.0)
}

/// Within what time a rate is taken: four scrapes, or a step and the scrape before it.
pub(crate) fn rate_interval(step: f64, scrape: f64) -> f64 {
    (step + scrape).max(4.0 * scrape)
}

/// A point in time for people, in UTC.
pub(crate) fn shown(seconds: f64) -> String {
    let time = SignedDuration::try_from_secs_f64(seconds).ok();
    let time = time.and_then(|it| Timestamp::from_duration(it).ok());
    time.map_or_else(
        || seconds.to_string(),
        |it| it.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_grafanas_ways() {
        let now = 1_795_305_605.0;
        assert_eq!(point("now", now), Some(now));
        assert_eq!(point("now-1h30m", now), Some(now - 5400.0));
        assert_eq!(point("now-1d/d", now), Some(1_795_219_200.0));
        assert_eq!(point("2026-11-22T00:00:00Z", now), Some(1_795_305_600.0));
        assert_eq!(point("1795305600", now), Some(1_795_305_600.0));
        assert_eq!(point("1795305600000", now), Some(1_795_305_600.0));
        for wrong in ["", "yesterday", "now-", "now-5", "now-5x", "now/q"] {
            assert_eq!(point(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn steps_fill_a_panel_and_are_never_finer_than_the_data() {
        let range = Range {
            from: 0.0,
            to: 1800.0,
        };
        assert_eq!(step(range, 360.0, 1.0), 5.0);
        assert_eq!(step(range, 360.0, 15.0), 15.0);
        assert_eq!(step(range, 100.0, 15.0), 20.0);
        assert_eq!(rate_interval(15.0, 15.0), 60.0);
        assert_eq!(rate_interval(120.0, 15.0), 135.0);
        assert_eq!(written(0.25), "250ms");
    }
}
