//! Which version of remote write the receiver understands, learnt from its answers.
//!
//! 2.0 comes first. A receiver that knows 1.0 only says so in one of three ways: 415, a 400 to the
//! first request, or success without saying what it has written: older ones decode the unknown
//! message as an empty one, answer 204 and store nothing. The load is still in our hands then and
//! goes again as 1.0. What was found out stays (remote write 2.0, section "Response").

use std::sync::atomic::{AtomicU8, Ordering};

use brunt_delivery::Verdict;
use reqwest::StatusCode;

use super::answer::{Answer, judge};
use crate::load::{Load, Points};
use crate::wire::Version;

/// What is known. The order of the states is that of certainty within a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// 2.0 is tried; nothing was answered yet.
    TryTwo = 0,
    /// It understands 2.0.
    Two = 1,
    /// It answered 400 to the first request of 2.0, which may have been the content's fault.
    TryOne = 2,
    /// It understands 1.0, and not 2.0.
    One = 3,
    /// Whatever it understands, this is what is spoken.
    ForcedOne = 4,
    /// The same for 2.0.
    ForcedTwo = 5,
}

#[derive(Debug)]
pub(super) struct Negotiation(AtomicU8);

impl State {
    fn of(number: u8) -> Self {
        match number {
            1 => Self::Two,
            2 => Self::TryOne,
            3 => Self::One,
            4 => Self::ForcedOne,
            5 => Self::ForcedTwo,
            _ => Self::TryTwo,
        }
    }

    fn version(self) -> Version {
        match self {
            Self::TryTwo | Self::Two | Self::ForcedTwo => Version::Two,
            Self::TryOne | Self::One | Self::ForcedOne => Version::One,
        }
    }
}

impl Negotiation {
    pub(super) fn new(forced: Option<Version>) -> Self {
        let state = match forced {
            None => State::TryTwo,
            Some(Version::One) => State::ForcedOne,
            Some(Version::Two) => State::ForcedTwo,
        };
        Self(AtomicU8::new(state as u8))
    }

    fn state(&self) -> State {
        State::of(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, state: State) {
        self.0.store(state as u8, Ordering::Relaxed);
    }

    /// The version to send now.
    pub(super) fn version(&self) -> Version {
        self.state().version()
    }

    /// What the user should know.
    pub(super) fn fallback(&self) -> Option<String> {
        matches!(self.state(), State::One | State::TryOne).then(|| {
            "the receiver does not understand remote write 2.0, so 1.0 was spoken (protocol=1.0 \
             saves the first try)"
                .to_owned()
        })
    }

    /// Whether an answer to a request without series only says that the version is wrong; then the
    /// other one is spoken from now on.
    pub(super) fn refuses_version(&self, answer: &Answer) -> bool {
        let refused =
            self.state() == State::TryTwo && answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE;
        if refused {
            self.set(State::One);
        }
        refused
    }

    /// The fate of a load that was sent in a version.
    pub(super) fn judge(&self, version: Version, answer: &Answer, load: &Load) -> Verdict {
        let state = self.state();
        if state.version() != version {
            // Another load has found out meanwhile.
            return Verdict::Again;
        }
        let success = answer.status.is_success();
        let unsupported = answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let silent = answer.written.is_none();
        match state {
            State::TryTwo | State::Two if unsupported || (success && silent) => {
                self.set(State::One);
                Verdict::Again
            }
            State::TryTwo if answer.status == StatusCode::BAD_REQUEST && silent => {
                self.set(State::TryOne);
                Verdict::Again
            }
            State::TryTwo if !silent => {
                self.set(State::Two);
                taken_or_not(answer, load)
            }
            State::ForcedTwo if success && silent => Verdict::Reject {
                reason:
                    "the receiver answers as if it had stored everything, but it does not speak \
                         remote write 2.0; leave protocol=2.0 away"
                        .to_owned(),
                split: false,
            },
            State::Two | State::ForcedTwo => taken_or_not(answer, load),
            // It was the content after all.
            State::TryOne if unsupported => {
                self.set(State::Two);
                Verdict::Again
            }
            State::TryOne if success => {
                self.set(State::One);
                Verdict::Delivered
            }
            _ if success => Verdict::Delivered,
            _ => judge(answer),
        }
    }
}

/// The verdict of a receiver that speaks 2.0 and says how much of a load it has written.
fn taken_or_not(answer: &Answer, load: &Load) -> Verdict {
    if !answer.status.is_success() {
        return judge(answer);
    }
    let (mut samples, mut histograms) = (0, 0);
    for series in &load.series {
        match &series.points {
            Points::Floats(all) => samples += all.len() as u64,
            Points::Histograms(all) => histograms += all.len() as u64,
        }
    }
    let written = answer.written.unwrap_or_default();
    let missing = |sent: u64, written: Option<u64>| sent.saturating_sub(written.unwrap_or(0));
    let (no_samples, no_histograms) = (
        missing(samples, written.samples),
        missing(histograms, written.histograms),
    );
    if no_samples + no_histograms == 0 {
        return Verdict::Delivered;
    }
    let hint = if no_samples == 0 && no_histograms == histograms {
        " -- the tenant may have native histograms switched off: send trends=stats, or switch them on \
         (native_histograms_ingestion_enabled)"
    } else {
        ""
    };
    Verdict::Partly {
        // Which ones is not said: each may be one of another point.
        rejected: load.points.min(no_samples + no_histograms),
        reason: format!(
            "the receiver took the request but wrote only {} of {samples} samples and {} of \
             {histograms} histograms{hint}",
            samples - no_samples,
            histograms - no_histograms
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use reqwest::header::HeaderMap;

    use super::*;
    use crate::load::Series;
    use crate::names::{Column, What};
    use crate::proto::{Histogram, Sample};

    fn load() -> Load {
        let series = |points| Series {
            group: 0,
            weight: 3,
            column: Arc::new(Column::new("c".to_owned(), What::Last, "", "")),
            labels: Arc::from([]),
            points,
        };
        Load {
            series: vec![
                series(Points::Floats(vec![Sample::default()])),
                series(Points::Histograms(vec![Histogram::default()])),
            ],
            points: 3,
            ..Load::default()
        }
    }

    fn answer(code: u16, written: Option<(u64, u64)>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some((samples, histograms)) = written {
            for (name, value) in [
                ("x-prometheus-remote-write-samples-written", samples),
                ("x-prometheus-remote-write-histograms-written", histograms),
            ] {
                headers.insert(name, value.into());
            }
        }
        Answer::new(StatusCode::from_u16(code).unwrap(), &headers, String::new())
    }

    /// What comes of these answers one after the other: versions sent, and the last verdict.
    fn play(forced: Option<Version>, answers: &[Answer]) -> (Vec<Version>, Verdict) {
        let negotiation = Negotiation::new(forced);
        let mut versions = Vec::new();
        let mut verdict = Verdict::Again;
        for answer in answers {
            let version = negotiation.version();
            versions.push(version);
            verdict = negotiation.judge(version, answer, &load());
        }
        (versions, verdict)
    }

    use Version::{One, Two};

    #[test]
    fn a_receiver_of_2_0_says_what_it_wrote() {
        let (versions, verdict) = play(None, &[answer(204, Some((1, 1)))]);
        assert_eq!((versions, verdict), (vec![Two], Verdict::Delivered));
        let (_, verdict) = play(None, &[answer(200, Some((1, 0)))]);
        let Verdict::Partly { rejected, reason } = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(rejected, 1);
        assert!(reason.contains("0 of 1 histograms") && reason.contains("trends=stats"));
    }

    #[test]
    fn each_sign_of_an_older_receiver_leads_to_1_0_which_stays() {
        for sign in [answer(415, None), answer(204, None), answer(400, None)] {
            let again = [sign, answer(204, None), answer(204, None)];
            let (versions, verdict) = play(None, &again);
            assert_eq!(
                (versions, verdict),
                (vec![Two, One, One], Verdict::Delivered)
            );
        }
        // Also later on: another receiver may have taken the place of the first.
        let (versions, _) = play(
            None,
            &[
                answer(204, Some((1, 1))),
                answer(204, None),
                answer(204, None),
            ],
        );
        assert_eq!(versions, [Two, Two, One]);
    }

    #[test]
    fn a_bad_request_is_the_content_s_fault_where_2_0_is_understood() {
        for answers in [
            vec![answer(400, Some((0, 0)))],
            vec![answer(204, Some((1, 1))), answer(400, None)],
            vec![answer(400, None), answer(415, None), answer(400, None)],
        ] {
            let (versions, verdict) = play(None, &answers);
            assert_eq!(versions.last(), Some(&Two));
            assert!(
                matches!(verdict, Verdict::Reject { split: true, .. }),
                "{verdict:?}"
            );
        }
        let (versions, verdict) = play(None, &[answer(400, None), answer(400, None)]);
        assert_eq!(versions, [Two, One]);
        assert!(matches!(verdict, Verdict::Reject { split: true, .. }));
    }

    #[test]
    fn a_forced_version_is_spoken_whatever_is_answered() {
        let (versions, verdict) = play(Some(Two), &[answer(204, None), answer(415, None)]);
        assert_eq!(versions, [Two, Two]);
        assert!(matches!(verdict, Verdict::Reject { split: false, .. }));
        let (_, verdict) = play(Some(Two), &[answer(204, None)]);
        assert!(
            matches!(verdict, Verdict::Reject { reason, .. } if reason.contains("protocol=2.0"))
        );
        let (versions, verdict) = play(Some(One), &[answer(415, None)]);
        assert_eq!(versions, [One]);
        assert!(matches!(verdict, Verdict::Reject { .. }));
    }

    #[test]
    fn trouble_says_nothing_about_the_version() {
        let (versions, verdict) = play(None, &[answer(503, None), answer(429, None)]);
        assert_eq!(versions, [Two, Two]);
        assert!(matches!(verdict, Verdict::Retry { .. }));
    }
}
