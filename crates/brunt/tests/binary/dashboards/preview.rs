//! `brunt dashboards preview`: every bundled dashboard with the data of real runs and a cluster, opened in a browser.

use std::fmt::Write as _;
use std::path::Path;

use brunt_grafana::{Source, Visual, boards};
use brunt_testkit::Target;
use brunt_testkit::process::{ProcessError, Prometheus, prometheus};

use super::SCRIPT;
use super::cluster::Cluster;
use super::pods::scraped;
use super::server::{Server, expand_with};
use super::websocket_grpc;
use crate::support::{Brunt, Finished, browser, skip};

/// A page with a script that looks at where things are and writes down what is wrong.
const LOOK: &str = "<script>
const wrong = [];
const panels = [...document.querySelectorAll('.panel')];
const boxes = panels.map((it) => it.getBoundingClientRect());
panels.forEach((panel, at) => {
  const name = panel.querySelector('h3').textContent;
  const box = boxes[at];
  if (box.width < 60 || box.height < 60) wrong.push(`${name} is too small`);
  for (const other of boxes.slice(0, at)) {
    const apart = box.left >= other.right || other.left >= box.right || box.top >= other.bottom || other.top >= box.bottom;
    if (!apart) wrong.push(`${name} overlaps`);
  }
  const body = panel.querySelector('.body');
  if (panel.dataset.type === 'stat' && (body.scrollWidth > body.clientWidth + 1 || body.scrollHeight > body.clientHeight + 1)) {
    wrong.push(`${name} does not fit`);
  }
  const canvases = panel.querySelectorAll('canvas');
  if (panel.querySelector('.chart') && !canvases.length) wrong.push(`${name} is not drawn`);
  for (const canvas of canvases) {
    const drawn = canvas.getBoundingClientRect();
    if (drawn.width < 50 || drawn.bottom > box.bottom + 1) wrong.push(`${name} sticks out`);
  }
});
document.body.dataset.wrong = panels.length ? wrong.join(', ') || 'nothing' : 'no panels';
</script></body>";

/// A panel of a page.
#[derive(Debug)]
struct Shown {
    title: String,
    state: String,
    html: String,
}

impl Shown {
    /// Numbers as they are and as they are written.
    fn values(&self) -> Vec<(f64, String)> {
        let pieces = self.html.split("data-value=\"").skip(1);
        let value = |it: &str| {
            let (value, rest) = it.split_once("\">").unwrap();
            (
                value.parse().unwrap(),
                rest.split('<').next().unwrap().to_owned(),
            )
        };
        pieces.map(value).collect()
    }
}

fn panels(dom: &str) -> Vec<Shown> {
    let sections = dom.split("<section class=\"panel").skip(1);
    let attribute = |html: &str, name: &str| {
        let rest = html.split_once(&format!("{name}=\"")).unwrap().1;
        rest.split('"').next().unwrap().to_owned()
    };
    let shown = sections.map(|html| {
        let html = html.split("</section>").next().unwrap();
        let title = html
            .split_once("<h3")
            .unwrap()
            .1
            .split_once("</h3>")
            .unwrap()
            .0;
        Shown {
            title: title.rsplit('>').next().unwrap().to_owned(),
            state: attribute(html, "data-state"),
            html: html.to_owned(),
        }
    });
    shown.collect()
}

/// The page's panels after its scripts have run; nothing may be in another's place.
#[track_caller]
fn look(page: &Path) -> Vec<Shown> {
    let html = std::fs::read_to_string(page).unwrap();
    let policy = html
        .split_once("script-src '")
        .unwrap()
        .1
        .split('\'')
        .next()
        .unwrap();
    let watched = html
        .replace(
            &format!("script-src '{policy}'"),
            "script-src 'unsafe-inline'",
        )
        .replace("</body>", LOOK);
    let copy = page.with_extension("watched.html");
    std::fs::write(&copy, watched).unwrap();
    let dom = browser::open(&copy, false).dom;
    assert!(
        dom.contains("data-ready=\"yes\""),
        "the script came to its end"
    );
    assert!(
        dom.contains("data-wrong=\"nothing\""),
        "{:?}",
        dom.split_once("data-wrong")
            .map(|it| &it.1[..it.1.len().min(500)])
    );
    panels(&dom)
}

fn preview(running: &Prometheus, args: &[&str]) -> Finished {
    let url = format!("http://{}", running.address());
    let command = Brunt::command("dashboards").args(&["preview", "--prometheus", &url]);
    command.args(args).run()
}

#[test]
fn every_bundled_dashboard_shows_what_the_data_can_fill() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(running) = scraped(folder.path(), &cluster, "") else {
        return;
    };
    let target = Target::http().unwrap();
    let start = |testid: &str| {
        let out = format!(
            "prometheus=http://{},interval=1s,testid={testid}",
            running.address()
        );
        let run = Brunt::script(SCRIPT).env_flag("URL", target.url("").trim_end_matches('/'));
        run.args(&["--out", &out, "--summary-export", "s.json"])
            .start()
    };
    let runs = [start("before"), start("after")].map(|it| it.finish().expect(99));
    let end = jiff::Timestamp::now().as_millisecond() / 1000 * 1000;
    websocket_grpc::convert(&running, &websocket_grpc::lines(end, false));
    let server = Server::new(&running, "after");
    // Past the last sample, whatever second it was in.
    let end = server.end.ceil();
    let (from, to) = (format!("{:.0}", end - 50.0), format!("{end:.0}"));
    let mut different = String::new();
    for board in boards::all() {
        let mut args = vec![
            board.file,
            "--from",
            &from,
            "--to",
            &to,
            "--scrape-interval",
            "1s",
        ];
        args.extend(match board.file {
            "compare" => ["--var", "a=before", "--var", "b=after"].as_slice(),
            "runs" => &["--var", "metric=http_req_duration"],
            "websocket-grpc" => &["--var", "testid=data"],
            "pods" | "pods-otel" => &["--var", "namespace=shop", "--var", "testid=after"],
            _ => &["--var", "testid=after"],
        });
        let made = preview(&running, &args).expect(0);
        let page = made.path("preview.html");
        let shown = look(&page);
        browser::screenshot(&page, false, &format!("preview-{}.png", board.file), 4600);
        let all: Vec<_> = board.panels().collect();
        assert_eq!(shown.len(), all.len(), "{}", board.file);
        let mut chosen = vec![("native", "1")];
        let given = args.windows(2).filter(|it| it[0] == "--var");
        chosen.extend(given.map(|it| it[1].split_once('=').unwrap()));
        for (tile, panel) in shown.iter().zip(&all) {
            assert_eq!(tile.title, panel.title, "{}", board.file);
            let own = panel
                .targets
                .iter()
                .filter(|it| it.source == Source::Prometheus);
            assert_eq!(tile.state == "other", own.clone().count() == 0, "{tile:?}");
            let rows = own.flat_map(|target| {
                let query = expand_with(&target.expr, "50s", &chosen);
                [server.last, to.parse().unwrap()].map(|time| server.query(&query, time))
            });
            let there = rows.flatten().any(|row| !row.1.is_nan());
            if tile.state == "empty" && there {
                let _ = writeln!(different, "{}: {} is empty", board.file, tile.title);
            }
        }
        let failed: Vec<_> = shown.iter().filter(|it| it.state == "error").collect();
        assert!(failed.is_empty(), "{}: {failed:#?}", board.file);
        // Numbers are those of the server.
        let stats = board.panels().filter(|it| it.visual == Visual::Stat);
        if board.file != "test-overview" {
            continue;
        }
        for panel in stats {
            let tile = shown.iter().find(|it| it.title == panel.title).unwrap();
            let rows = panel.targets.iter().flat_map(|target| {
                let query =
                    expand_with(&target.expr, "50s", &[("native", "1"), ("testid", "after")]);
                server.query(&query, to.parse().unwrap())
            });
            let want: Vec<f64> = rows.map(|it| it.1).collect();
            let got: Vec<f64> = tile.values().iter().map(|it| it.0).collect();
            assert_eq!(got, want, "{}", panel.title);
        }
        let written = |title: &str| {
            let tile = shown.iter().find(|it| it.title == title).unwrap();
            tile.values()[0].clone()
        };
        let summary = runs[1].summary("s.json");
        assert_eq!(
            written("Requests").1,
            summary.value("http_reqs", "count").to_string()
        );
        let (share, text) = written("Errors");
        let percent = format!("{:.1}", share * 100.0);
        assert_eq!(text, format!("{} %", percent.trim_end_matches(".0")));
        let (seconds, text) = written("p95");
        let number: f64 = text
            .strip_suffix(" ms")
            .or(text.strip_suffix(" µs"))
            .unwrap()
            .parse()
            .unwrap();
        let scale = if text.ends_with("µs") { 1e6 } else { 1e3 };
        assert!(
            (number / scale - seconds).abs() < 0.006 * seconds,
            "{text} is not {seconds} s"
        );
        assert_eq!(written("Verdict").1, "failed");
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn foreign_dashboards_say_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let running = match prometheus(folder.path()) {
        Ok(running) => running,
        Err(error @ ProcessError::Missing(_)) => return skip(&error),
        Err(error) => panic!("{error}"),
    };
    let panel = |id: u32, kind: &str, more: serde_json::Value| {
        let mut json = serde_json::json!({
            "id": id, "type": kind, "title": format!("<{kind}> {id}"),
            "gridPos": { "x": (id % 3) * 8, "y": id / 3 * 6, "w": 8, "h": 6 },
        });
        json.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json
    };
    let asks = |expr: &str| serde_json::json!({ "targets": [{ "refId": "A", "expr": expr, "instant": true }] });
    let mut coloured = asks("vector(25)");
    coloured["fieldConfig"] = serde_json::json!({ "defaults": { "unit": "percent" } });
    let mut table = asks("label_replace(vector(7), \"who\", \"<i>\", \"\", \"\")");
    table["targets"][0]["format"] = "table".into();
    table["transformations"] = serde_json::json!([{ "id": "pivot", "options": {} }]);
    let mut loki = asks("{a=\"b\"}");
    loki["datasource"] = serde_json::json!({ "type": "loki", "uid": "x" });
    let board = serde_json::json!({
        "title": "Mine </script>", "schemaVersion": 36,
        "templating": { "list": [{ "name": "n", "type": "custom", "query": "3,4", "multi": true, "current": { "value": ["3"] } }] },
        "panels": [
            panel(0, "stat", asks("vector(${n:csv})")),
            panel(1, "gauge", coloured),
            panel(2, "table", table),
            panel(3, "geomap", asks("up")),
            panel(4, "timeseries", asks("sum(")),
            panel(5, "logs", loki),
            panel(6, "timeseries", asks("nothing_of_this_name")),
            panel(7, "text", serde_json::json!({ "options": { "content": "# <b>Words" } })),
        ],
    });
    let url = format!("http://{}", running.address());
    let made = Brunt::command("dashboards")
        .file("mine.json", board.to_string())
        .args(&[
            "preview",
            "mine.json",
            "--prometheus",
            &url,
            "--var",
            "n=4",
            "-o",
            "page.html",
        ])
        .run()
        .expect(1)
        .says(&["<timeseries> 4", "query A", "parse error"]);
    assert!(made.stdout.contains("page.html written"), "{}", made.stdout);
    let shown = look(&made.path("page.html"));
    let states: Vec<_> = shown.iter().map(|it| it.state.as_str()).collect();
    assert_eq!(
        states,
        [
            "data", "data", "data", "other", "error", "other", "empty", "data"
        ]
    );
    let says =
        |at: usize, text: &str| assert!(shown[at].html.contains(text), "{text}: {:?}", shown[at]);
    assert_eq!(shown[0].values(), [(4.0, "4".to_owned())]);
    assert_eq!(shown[1].values(), [(25.0, "25 %".to_owned())]);
    says(1, "width:25.00%");
    says(2, "&lt;i&gt;");
    says(2, "not applied in a preview: transformation pivot");
    says(3, "not shown in a preview: geomap");
    says(4, "parse error");
    says(5, "not shown in a preview: data source loki");
    says(6, "no data");
    says(7, "# &lt;b&gt;Words");
}

#[test]
fn what_cannot_be_previewed_is_told() {
    let board = r#"{ "title": "T", "panels": [], "schemaVersion": 39 }"#;
    let preview = |url: &str, args: &[&str]| {
        let command = Brunt::command("dashboards")
            .file("b.json", board)
            .file("n.json", "{}");
        command
            .args(&["preview", "--prometheus", url])
            .args(args)
            .run()
    };
    let nobody = "http://user:secret@127.0.0.1:1";
    let run = preview(nobody, &["b.json"])
        .expect(121)
        .says(&["--prometheus http://127.0.0.1:1", "refused"]);
    assert!(!run.path("preview.html").exists());
    assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    let web = Target::http().unwrap();
    preview(&web.url(""), &["b.json"])
        .expect(121)
        .says(&["/api/v1/query"]);
    preview(nobody, &["n.json"])
        .expect(255)
        .says(&["it has no panels"]);
    preview("localhost", &["b.json"])
        .expect(255)
        .says(&["not a URL"]);
    preview(nobody, &["b.json", "--from", "soon"])
        .expect(255)
        .says(&["--from soon", "now-30m"]);
    preview(nobody, &["b.json", "--from", "now"])
        .expect(255)
        .says(&["ends"]);
    preview(nobody, &["b.json", "--header", "Secret word"])
        .expect(255)
        .says(&["X-Scope-OrgID"]);
    preview(nobody, &["b.json", "--var", "x"])
        .expect(255)
        .says(&["NAME=VALUE"]);
}
