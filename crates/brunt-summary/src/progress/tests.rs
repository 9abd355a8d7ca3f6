use proptest::prelude::*;

use super::*;

fn scenario(name: &str, phase: Phase, work: Work) -> ScenarioProgress {
    ScenarioProgress {
        name: name.to_owned(),
        phase,
        fraction: 0.5,
        elapsed: Duration::from_secs(1),
        duration: Duration::from_secs(2),
        active_vus: 1,
        vus: 12,
        work,
    }
}

fn progress(scenarios: Vec<ScenarioProgress>) -> Progress {
    Progress {
        stage: Stage::Running,
        elapsed: Duration::from_millis(1_099),
        max_duration: Duration::from_secs(630),
        active_vus: 2,
        vus: 7,
        completed: 17,
        interrupted: 0,
        scenarios,
        outages: Vec::new(),
    }
}

#[test]
fn plain_lines_are_k6s() {
    let progress = progress(vec![
        scenario(
            "a",
            Phase::Running,
            Work::Rate {
                now: 7.58,
                peak: 10.0,
            },
        ),
        scenario("long", Phase::Stopping, Work::Time),
        scenario("b", Phase::Done, Work::Shared { done: 3, total: 10 }),
        scenario(
            "c",
            Phase::Interrupted,
            Work::PerVu {
                done: 4,
                total: 4,
                each: 2,
            },
        ),
        scenario(
            "d",
            Phase::Waiting(Duration::from_millis(3_500)),
            Work::Time,
        ),
    ]);
    assert_eq!(
        lines(&progress, Look::default()),
        [
            "running (00m01.0s), 2/7 VUs, 17 complete and 0 interrupted iterations",
            "a      [  50% ] 01/12 VUs  1.0s/2s  07.58 iters/s",
            "long ↓ [  50% ] 12 VUs  1.0s/2s",
            "b    ✓ [  50% ] 12 VUs  1.0s/2s  03/10 shared iters",
            "c    ✗ [  50% ] 12 VUs  1.0s/2s  4/4 iters, 2 per VU",
            "d    • [  50% ] waiting 3.5s",
        ]
    );
}

#[test]
fn bars_fill_what_room_there_is() {
    let look = |width| Look {
        bars: true,
        colour: false,
        width,
    };
    let progress = progress(vec![scenario("a", Phase::Running, Work::Time)]);
    let line = |width| lines(&progress, look(width))[1].clone();
    assert_eq!(
        line(None),
        format!(
            "a   [{}>{}] 12 VUs  1.0s/2s",
            "=".repeat(19),
            "-".repeat(20)
        )
    );
    assert_eq!(line(Some(32)), "a   [====>-----] 12 VUs  1.0s/2s");
    assert_eq!(line(Some(26)), "a   [  50% ] 12 VUs  1.0s/");
    assert_eq!(line(Some(0)), "");
}

#[test]
fn only_what_is_done_reads_as_all() {
    assert_eq!(percent(0.999), 99);
    assert_eq!(percent(1.0), 100);
    assert_eq!(percent(f64::NAN), 0);
    assert_eq!(bar(0.0, 4), "----");
    assert_eq!(bar(0.99, 4), "==>-");
    assert_eq!(bar(1.0, 4), "====");
}

#[test]
fn colour_marks_the_end_and_changes_no_text() {
    let progress = progress(vec![scenario("a", Phase::Done, Work::Time)]);
    let plain = Look {
        bars: true,
        colour: false,
        width: None,
    };
    let coloured = lines(
        &progress,
        Look {
            colour: true,
            ..plain
        },
    )
    .remove(1);
    assert!(coloured.contains("\x1b[32m✓\x1b[0m"), "{coloured:?}");
    let stripped = coloured
        .replace("\x1b[32m", "")
        .replace("\x1b[36m", "")
        .replace("\x1b[0m", "");
    assert_eq!(stripped, lines(&progress, plain)[1]);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(
        width in 0usize..200,
        fraction in proptest::num::f64::ANY,
        name in "[0-9a-zA-Z_-]{1,40}",
        bars: bool,
        counts in any::<(u64, u64, u64)>(),
    ) {
        let work = Work::PerVu { done: counts.0, total: counts.1, each: counts.2 };
        let mut progress = progress(vec![scenario(&name, Phase::Running, work)]);
        progress.scenarios[0].fraction = fraction;
        for line in lines(&progress, Look { bars, colour: false, width: Some(width) }) {
            prop_assert!(line.chars().count() <= width);
        }
    }
}

#[test]
fn an_output_in_trouble_has_a_line_of_its_own() {
    let mut progress = progress(vec![scenario("a", Phase::Running, Work::Time)]);
    progress.outages = vec![("mimir".to_owned(), "refused\nat once".to_owned())];
    let lines = lines(&progress, Look::default());
    assert_eq!(lines[2..], ["output mimir: deliveries fail: refused"]);
}

#[test]
fn lines_have_the_same_columns_and_long_names_make_room() {
    let long = scenario(
        "a_scenario_with_quite_a_long_name",
        Phase::Running,
        Work::Time,
    );
    let shared = Work::Shared { done: 3, total: 60 };
    let short = scenario("b", Phase::Done, shared);
    let progress = progress(vec![long, short]);
    let at = |width| {
        lines(
            &progress,
            Look {
                bars: true,
                colour: false,
                width: Some(width),
            },
        )
    };
    let column = |line: &str, mark: char| line.chars().position(|it| it == mark);
    for width in [200, 80, 60] {
        let lines = at(width);
        for mark in ['[', ']'] {
            assert_eq!(
                column(&lines[1], mark),
                column(&lines[2], mark),
                "{lines:#?}"
            );
        }
        assert_eq!(lines[1].contains('%'), lines[2].contains('%'), "{lines:#?}");
    }
    let narrow = at(60);
    assert!(narrow[1].starts_with("a_scenario_w… "), "{narrow:#?}");
    assert!(narrow[2].ends_with("03/60 shared iters"), "{narrow:#?}");
}
