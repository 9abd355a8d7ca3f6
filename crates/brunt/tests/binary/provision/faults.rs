//! What goes wrong: refusals, troubles that pass, others who write at the same time, an end at any time.

use std::process::Stdio;
use std::time::{Duration, Instant};

use brunt_testkit::grafana::Trouble;

use super::*;

#[track_caller]
fn refused(grafana: &Grafana, args: &[&str], texts: &[&str]) {
    let (code, said) = provision(grafana, args);
    assert_eq!(code, 255, "{said}");
    for text in texts {
        assert!(said.contains(text), "no '{text}' in {said}");
    }
}

#[test]
fn an_account_that_may_not_is_told_what_it_lacks() {
    for version in VERSIONS {
        let account = |token: &str, may: [bool; 3]| {
            start(Config {
                version: version.to_owned(),
                token: token.to_owned(),
                may,
                ..Config::default()
            })
        };
        let other = account("another", [true; 3]);
        refused(
            &other,
            &[],
            &["401", "Invalid API key", "token of this Grafana"],
        );
        refused(
            &other,
            &["--api", "legacy"],
            &["401", "token of this Grafana"],
        );
        let mut named = command(&other.url(), &["--user", "admin"]);
        let (_, said) = checked(&named.env("GRAFANA_PASSWORD", "hunter2").output().unwrap());
        assert!(
            said.contains("401") && said.contains("credentials"),
            "{said}"
        );
        let reader = account(TOKEN, [true, false, false]);
        refused(
            &reader,
            &[],
            &["create folder 'Load tests'", "403", "role Editor"],
        );
        let editor = account(TOKEN, [true, true, false]);
        let texts = [
            "create data source 'Mimir'",
            "403",
            "Admin for data sources",
        ];
        refused(&editor, &[], &texts);
        let nobody = command(&other.url(), &[])
            .env_remove("GRAFANA_TOKEN")
            .output();
        let (code, said) = checked(&nobody.unwrap());
        assert_eq!(code, 255);
        assert!(
            said.contains("401") && said.contains("--token-file"),
            "{said}"
        );
    }
}

#[test]
fn what_is_no_fitting_grafana_is_told_so() {
    let of = |version: &str| grafana(version);
    refused(&of("9.5.2"), &[], &["is 9.5.2", "need 10 or newer"]);
    let resources = ["--api", "resources"];
    refused(&of("11.0.0"), &resources, &["has no /apis", "--api legacy"]);
    let page = of("11.0.0");
    page.trouble([Some(Trouble::Page)]);
    refused(&page, &[], &["is no Grafana", "a path, such as /grafana"]);
    page.trouble([None, None, Some(Trouble::Page)]);
    refused(&page, &[], &["is no JSON", "login page"]);
    page.trouble([None, None, Some(Trouble::Status(302))]);
    refused(&page, &[], &["302", "it redirects"]);
    page.trouble([None, None, Some(Trouble::Status(422))]);
    refused(&page, &[], &["422", "is this Grafana newer or older"]);
    let (_, calls) = whole(VERSIONS[0]);
    let folder = calls.iter().position(|call| call == "POST /api/folders");
    let other = of(VERSIONS[0]);
    let missing = Some(Trouble::Status(404));
    other.trouble([vec![None; folder.unwrap()], vec![missing]].concat());
    let texts = [
        "create folder 'Load tests'",
        "404",
        "not that of this Grafana",
    ];
    refused(&other, &[], &texts);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (code, said) = checked(&command(&url, &[]).output().unwrap());
    assert_eq!(code, 255);
    assert!(
        said.contains(&format!("no Grafana answers at {url}: ")),
        "{said}"
    );
    assert!(said.contains("refused"), "{said}");
}

#[test]
fn arguments_that_cannot_be_meant_are_refused_before_any_call() {
    let grafana = grafana(VERSIONS[1]);
    let texts = ["the kinds are mimir, prometheus, loki and tempo"];
    refused(&grafana, &["--datasource", "mysql=http://x"], &texts);
    let twice = ["--datasource", "mimir=http://other"];
    refused(
        &grafana,
        &twice,
        &["two data sources have the uid 'mimir'", ",uid=UID"],
    );
    let missing = ["--token-file", "/no/such/file"];
    refused(&grafana, &missing, &["--token-file /no/such/file"]);
    refused(&grafana, &["--user", "admin"], &["GRAFANA_PASSWORD"]);
    for url in [
        "http://admin:hunter2@127.0.0.1:1",
        "127.0.0.1:3000",
        "http://x/?a=hunter2",
    ] {
        let (code, said) = checked(&command(url, &[]).output().unwrap());
        assert_eq!(code, 255);
        assert!(said.contains("--url: "), "{said}");
    }
    let several = command(&grafana.url(), &[])
        .env("GRAFANA_TOKEN", "a hunter2")
        .output();
    let (_, said) = checked(&several.unwrap());
    assert!(
        said.contains("GRAFANA_TOKEN: it has to hold one token"),
        "{said}"
    );
    assert_eq!(grafana.take_calls(), [""; 0]);
}

#[test]
fn names_that_others_have_are_told() {
    let taken = grafana(VERSIONS[1]);
    let theirs = json!({ "uid": "x", "name": "Mimir", "type": "prometheus", "version": 1 });
    taken.put_data_source(theirs);
    refused(
        &taken,
        &[],
        &["409", "another one is called 'Mimir'", ",name=NAME"],
    );
    // Dashboards of one folder had to have different titles.
    let taken = grafana(VERSIONS[0]);
    let title = "Load test: overview";
    taken.put_dashboard(json!({ "uid": "x", "title": title }), false);
    taken.move_dashboard("x", "brunt-load-tests");
    let texts = [
        "412",
        "another one is called 'Load test: overview'",
        "another folder",
    ];
    refused(&taken, &[], &texts);
}

#[test]
fn troubles_that_pass_are_waited_for_as_long_as_grafana_asks() {
    for version in VERSIONS {
        let grafana = grafana(version);
        let troubles = [Trouble::Status(503), Trouble::Close, Trouble::Later(2)];
        grafana.trouble(troubles.map(Some));
        let began = Instant::now();
        let (code, said) = provision(&grafana, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(began.elapsed() >= Duration::from_secs(2), "it did not wait");
        assert!(said.contains("written"), "{said}");
        // Those that do not pass end it.
        grafana.trouble(
            [None, None]
                .into_iter()
                .chain(vec![Some(Trouble::Status(500)); 5]),
        );
        refused(&grafana, &[], &["500", "run it again later"]);
    }
}

/// How many calls read a dashboard that is there: Grafana's own changes hide whether people made some.
fn reads(version: &str) -> usize {
    if version == VERSIONS[1] { 2 } else { 1 }
}

#[test]
fn who_writes_at_the_same_time_is_not_written_over_unseen() {
    for version in VERSIONS {
        let prefix = ["--prefix", "load_"];
        let grafana = grafana(version);
        provision(&grafana, &[]);
        grafana.take_calls();
        provision(&grafana, &["--prefix", "load_", "--dry-run"]);
        // After planning, the first dashboard is read once more and written.
        let before = grafana.take_calls().len() + reads(version);
        let uid = || "brunt-overview".to_owned();
        let race = || Some(Trouble::Race(uid()));
        let with = |troubles: &[Option<Trouble>]| {
            grafana.trouble([&vec![None; before], troubles].concat());
        };
        let is_new = || {
            dashboards(&grafana)["brunt-overview"]
                .to_string()
                .contains("load_")
        };
        // Again and again: it gives up.
        let read = vec![None; reads(version)];
        with(&[vec![race()], read.clone(), vec![race()], read, vec![race()]].concat());
        let texts = ["update dashboard 'Load test: overview'", "run it again"];
        refused(&grafana, &prefix, &texts);
        assert!(!is_new());
        // Once: it is looked at again, and is still ours.
        with(&[race()]);
        grafana.take_calls();
        let (code, said) = provision(&grafana, &prefix);
        assert_eq!(code, 0, "{said}");
        assert!(is_new());
        let tried = grafana.take_calls().len();
        // Deleted before it was written: it is made anew.
        with(&[Some(Trouble::Delete(uid()))]);
        let (code, said) = provision(&grafana, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(
            said.contains("create     dashboard Load test: overview"),
            "{said}"
        );
        assert_eq!(grafana.take_calls().len(), tried + 1 - reads(version));
        assert_eq!(grafana.contents(), whole(version).0);
    }
}

/// What a run that nobody disturbs leaves, and its calls.
fn whole(version: &str) -> (Value, Vec<String>) {
    let grafana = grafana(version);
    let (code, said) = provision(&grafana, &[]);
    assert_eq!(code, 0, "{said}");
    (grafana.contents(), grafana.take_calls())
}

#[track_caller]
fn completed(grafana: &Grafana, contents: &Value, after: &str) {
    let (code, said) = provision(grafana, &[]);
    assert_eq!(code, 0, "{after}: {said}");
    assert_eq!(grafana.contents(), *contents, "{after}");
    assert!(!said.contains("left alone"), "{after}: {said}");
}

/// Kills it after each call, which is done and not answered.
fn killed_after_each_call(version: &str) {
    let (contents, calls) = whole(version);
    assert!(writes(&calls) >= 13, "{calls:?}");
    for (at, call) in calls.iter().enumerate() {
        let grafana = grafana(version);
        let held = grafana.hold_after(at);
        let mut child = command(&grafana.url(), &SOURCES)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert!(held.wait(Duration::from_mins(1)), "{at}: {call}");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(held);
        completed(&grafana, &contents, &format!("killed at call {at}, {call}"));
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_completed_by_the_next() {
    killed_after_each_call(VERSIONS[0]);
}

#[test]
fn a_run_that_is_killed_anywhere_is_completed_by_the_next_on_resources() {
    killed_after_each_call(VERSIONS[1]);
}

#[test]
fn an_answer_that_is_lost_does_not_stop_a_run() {
    for version in VERSIONS {
        let (contents, calls) = whole(version);
        let at = |path: &str| {
            calls
                .iter()
                .position(|call| call.starts_with("POST ") && call.ends_with(path))
        };
        let dashboards = if version == VERSIONS[0] {
            "/db"
        } else {
            "/dashboards"
        };
        let lost = ["/folders", "/datasources", dashboards].map(|path| at(path).unwrap());
        let mut troubles = vec![None; calls.len() + 6];
        for (index, at) in lost.into_iter().enumerate() {
            // Each costs two calls more: it is made again, and what is there is looked at.
            troubles[at + 2 * index] = Some(Trouble::CloseAfter);
        }
        let grafana = grafana(version);
        grafana.trouble(troubles);
        completed(&grafana, &contents, "three answers lost");
        assert_eq!(grafana.take_calls().len(), calls.len() + 5 + reads(version));
    }
}
