//! Where log lines and the console's go, and in which form; HTTP exchanges in the log.

use brunt_testkit::Target;

use crate::support::{Brunt, parse_log};

const CHATTY: &str = "console.log('from init');
export const options = { iterations: 1 };
export default function () {
  console.debug('detail'); console.log('hello', { a: [1, 'x'] }); console.warn('look'); console.error('bad');
  throw new Error('thrown');
}";

fn messages(text: &str) -> Vec<String> {
    parse_log(text)
        .iter()
        .map(|line| {
            format!(
                "{}: {}",
                line.level(),
                line.message().lines().next().unwrap_or("")
            )
        })
        .collect()
}

const CONSOLE: [&str; 4] = [
    "info: from init",
    "info: hello { a: [ 1, \"x\" ] }",
    "warning: look",
    "error: bad",
];

#[test]
fn the_console_can_have_a_file_of_its_own() {
    let check = |run: crate::support::Finished| {
        let console = messages(&run.read("c.log"));
        assert_eq!(
            console
                .iter()
                .filter(|it| **it != CONSOLE[0])
                .collect::<Vec<_>>(),
            CONSOLE[1..]
        );
        let others = messages(&run.stderr);
        assert_eq!(others, ["error: Error: thrown"], "{}", run.stderr);
    };
    check(
        Brunt::script(CHATTY)
            .args(&["--console-output", "c.log"])
            .run()
            .expect(0),
    );
    check(
        Brunt::script(CHATTY)
            .variable("K6_CONSOLE_OUTPUT", "c.log")
            .run()
            .expect(0),
    );
    let raw = [
        "--console-output",
        "c.log",
        "--log-format",
        "raw",
        "--verbose",
    ];
    let run = Brunt::script(CHATTY).args(&raw).run().expect(0);
    let text = run.read("c.log");
    assert!(
        text.ends_with("detail\nhello { a: [ 1, \"x\" ] }\nlook\nbad\n"),
        "{text}"
    );
    Brunt::script(CHATTY)
        .args(&["--console-output", "absent/c.log"])
        .run()
        .expect(255)
        .one_error(&["--console-output absent/c.log", "No such file"]);
}

#[test]
fn log_lines_go_where_they_are_sent() {
    let to = |target: &str| {
        Brunt::script(CHATTY)
            .args(&["--quiet", "--log-output", target])
            .run()
    };
    let has = |text: &str| text.contains("msg=look source=console");
    let run = to("stdout").expect(0);
    assert!(run.stderr.is_empty() && has(&run.stdout), "{}", run.stdout);
    let run = to("none").expect(0);
    assert!(run.stderr.is_empty() && !has(&run.stdout), "{}", run.stderr);
    assert!(run.stdout.contains("TOTAL RESULTS"));
    let run = to("file=all.log").expect(0);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    assert!(messages(&run.read("all.log")).contains(&"error: Error: thrown".to_owned()));
    let run = to("file=all.log,level=error").expect(0);
    assert_eq!(
        messages(&run.read("all.log")),
        ["error: bad", "error: Error: thrown"]
    );
    let run = Brunt::script(CHATTY)
        .variable("K6_LOG_OUTPUT", "file=all.log")
        .variable("K6_LOG_FORMAT", "json")
        .run()
        .expect(0);
    let text = run.read("all.log");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let look = lines.iter().find(|it| it["msg"] == "look").unwrap();
    assert_eq!(
        (&look["level"], &look["source"]),
        (&"warning".into(), &"console".into())
    );
}

#[test]
fn a_place_for_the_log_that_cannot_be_is_refused() {
    for (target, part) in [
        ("loki=http://127.0.0.1:1", "not supported yet"),
        ("paper", "use stderr, stdout, none or file=PATH"),
        (
            "file=absent/all.log",
            "--log-output file=absent/all.log: No such file",
        ),
    ] {
        let run = Brunt::script(CHATTY)
            .args(&["--log-output", target])
            .run()
            .expect(255);
        assert!(run.stderr.contains(part), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn debug_messages_are_shown_when_asked_for() {
    let run = Brunt::script(CHATTY).args(&["-v"]).run().expect(0);
    assert!(
        run.messages("debug").contains(&"detail".to_owned()),
        "{}",
        run.stderr
    );
}

#[test]
fn exchanges_are_logged_as_they_looked_on_the_wire() {
    let target = Target::http().unwrap();
    let script = "import http from 'k6/http';
        import { group } from 'k6';
        export default function () {
          group('g', () => http.post(__ENV.URL + '/echo?a=b', 'the body', { headers: { 'X-Own': 'v' } }));
        }";
    let run = |args: &[&str]| {
        let url = target.url("");
        let run = Brunt::script(script).env_flag("URL", url.trim_end_matches('/'));
        run.args(args).run().expect(0)
    };
    let full = run(&["--http-debug=full"]);
    let lines = full.log();
    assert_eq!(lines.len(), 2, "{}", full.stderr);
    for line in &lines {
        assert_eq!(line.level(), "info");
        for (field, value) in [
            ("source", "http-debug"),
            ("vu", "1"),
            ("iter", "0"),
            ("group", "::g"),
            ("scenario", "default"),
        ] {
            assert_eq!(line.field(field), Some(value), "{}", full.stderr);
        }
    }
    let id = lines[0].field("request_id");
    assert_eq!(id.map(str::len), Some(36));
    assert_eq!(id, lines[1].field("request_id"));
    let (request, response) = (lines[0].message(), lines[1].message());
    assert!(
        request.starts_with("Request:\nPOST /echo?a=b HTTP/1.1\r\nHost: "),
        "{request}"
    );
    assert!(request.contains("\r\nX-Own: v\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nthe body\n"), "{request}");
    assert!(
        response.starts_with("Response:\nHTTP/1.1 200 OK\r\n"),
        "{response}"
    );
    assert!(response.contains("the body"), "{response}");
    let headers = run(&["--http-debug"]);
    let (request, response) = (&headers.messages("info")[0], &headers.messages("info")[1]);
    assert!(
        request.ends_with("\r\n\r\n\n") && response.ends_with("\r\n\r\n\n"),
        "{request}{response}"
    );
    assert_eq!(run(&[]).stderr, "");
}
