//! What the target sees: how many requests are under way at once, on how many connections, and
//! when they come. Totals at this end could be right with everything sent one after the other.

use std::collections::{BTreeMap, BTreeSet};

use brunt_testkit::process::{Arrival, Httpbin};

use crate::httpbin::{start, start_with_tls};
use crate::support::Brunt;

/// Requests that take longer than a busy machine keeps a process waiting.
const SIDE_BY_SIDE: &str = "import http from 'k6/http';
const U = __ENV.URL, ALIAS = U.replace('127.0.0.1', 'localhost');
export const options = { iterations: 1, batch: 4, batchPerHost: 3 };
const urls = (base, count, name) => Array.from({ length: count }, (_, i) => `${base}/delay/0.4?${name}=${i}`);
const statuses = (responses) => responses.map((r) => r.status).join();
export default async function () {
  console.log(statuses(http.batch(urls(U, 6, 'host'))));
  console.log(statuses(http.batch(urls(U, 4, 'all').concat(urls(ALIAS, 4, 'all')))));
  console.log(statuses(await Promise.all(urls(U, 8, 'async').map((url) => http.asyncRequest('GET', url)))));
  console.log(statuses([1, 2, 3].map((i) => http.get(`${U}/get?single=${i}`))));
}";

/// Twenty a second for a second and a half, each of which takes as long as six intervals.
const PACED: &str = "import http from 'k6/http';
export const options = { scenarios: { paced: { executor: 'constant-arrival-rate', rate: 20,
  timeUnit: '1s', duration: '1500ms', preAllocatedVUs: 25 } } };
export default function () { http.get(`${__ENV.URL}/delay/0.3?paced`); }";

const RATE: usize = 20;
const REQUESTS: usize = 30;

struct Peer {
    server: Httpbin,
    url: String,
    /// As the target writes it.
    version: &'static str,
    variables: Vec<(&'static str, String)>,
}

impl Peer {
    fn run(&self, script: &str) -> Brunt {
        let run = Brunt::script(script).env_flag("URL", &self.url);
        self.variables
            .iter()
            .fold(run, |run, (name, value)| run.variable(name, value))
    }

    /// The requests with this in their address, in the order of their arrival.
    fn arrivals(&self, part: &str) -> Vec<Arrival> {
        let mut arrivals = self.server.arrivals().unwrap();
        arrivals.retain(|it| it.path.contains(part));
        arrivals.sort_by_key(|it| it.arrived);
        for arrival in &arrivals {
            assert_eq!(arrival.version, self.version, "{arrival:?}");
        }
        arrivals
    }
}

fn most(arrivals: &[Arrival]) -> usize {
    arrivals.iter().map(|it| it.in_flight).max().unwrap()
}

fn ports(arrivals: &[Arrival]) -> BTreeSet<u16> {
    arrivals.iter().map(|it| it.port).collect()
}

/// How many requests to each host were under way at most.
fn most_per_host(arrivals: &[Arrival]) -> BTreeMap<&str, usize> {
    let mut most = BTreeMap::new();
    for one in arrivals {
        let beside = arrivals.iter().filter(|other| {
            other.host == one.host
                && (other.arrived..other.answered.max(other.arrived + 1)).contains(&one.arrived)
        });
        let known = most.entry(one.host.as_str()).or_default();
        *known = beside.count().max(*known);
    }
    most
}

fn requests_are_side_by_side(peer: &Peer) {
    let run = peer.run(SIDE_BY_SIDE).run().expect(0);
    let ok = |count: usize| vec!["200"; count].join(",");
    assert_eq!(run.console(), [ok(6), ok(8), ok(8), ok(3)]);
    let one_connection = peer.version == "2";

    // Within `batchPerHost`.
    let host = peer.arrivals("?host=");
    assert_eq!((host.len(), most(&host)), (6, 3));
    let expected = if one_connection { 1 } else { 3 };
    assert_eq!(ports(&host).len(), expected, "{host:?}");

    // Within `batch`, over two hosts.
    let all = peer.arrivals("?all=");
    assert_eq!((all.len(), most(&all)), (8, 4));
    let per_host = most_per_host(&all);
    assert_eq!(per_host.len(), 2);
    assert!(per_host.values().all(|most| *most <= 3), "{per_host:?}");

    // Without a limit.
    let asynchronous = peer.arrivals("?async=");
    assert_eq!((asynchronous.len(), most(&asynchronous)), (8, 8));
    let expected = if one_connection { 1 } else { 8 };
    assert_eq!(ports(&asynchronous).len(), expected, "{asynchronous:?}");

    // One after the other, on connections that are there.
    let single = peer.arrivals("?single=");
    assert_eq!((single.len(), most(&single)), (3, 1));
    assert_eq!(ports(&single).len(), 1, "{single:?}");
    let known = ports(&peer.arrivals("/delay/"));
    assert!(ports(&single).is_subset(&known), "{single:?}");
}

fn requests_come_when_they_should(peer: &Peer) {
    let run = peer.run(PACED).args(&["--out", "json=o.json"]).run();
    let run = run.expect(0);
    let arrivals = peer.arrivals("?paced");
    assert_eq!(run.points("o.json").values("http_reqs").len(), REQUESTS);
    assert_eq!(arrivals.len(), REQUESTS);
    // None waited for those before it.
    assert!(most(&arrivals) >= 4, "{}", most(&arrivals));
    // A start is never early, so the one with the least delay tells when the plan began.
    let interval = 1_000_000_000 / RATE as i64;
    let planned = |at: usize| at as i64 * interval;
    let began = arrivals.iter().enumerate();
    let began = began
        .map(|(at, it)| it.arrived - planned(at))
        .min()
        .unwrap();
    // Half a second holds ten. A burst, a pause or a drift would be far from that.
    for window in 0..3_i64 {
        let (from, to) = (window * 500_000_000, (window + 1) * 500_000_000);
        let within = |it: &&Arrival| (from..to).contains(&(it.arrived - began));
        let count = arrivals.iter().filter(within).count();
        assert!((5..=15).contains(&count), "{count} in half second {window}");
    }
    let late = |(at, it): (usize, &Arrival)| it.arrived - began - planned(at) > interval;
    let late = arrivals.iter().enumerate().filter(|it| late(*it)).count();
    assert!(late <= REQUESTS / 3, "{late} are late by an interval");
}

#[test]
fn over_http1() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path(), None) else {
        return;
    };
    let peer = Peer {
        url: format!("http://{}", server.address()),
        server,
        version: "1.1",
        variables: Vec::new(),
    };
    requests_are_side_by_side(&peer);
    requests_come_when_they_should(&peer);
}

fn over_tls(version: &'static str, variable: Option<(&'static str, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, ca)) = start_with_tls(folder.path()) else {
        return;
    };
    let mut variables = vec![("SSL_CERT_FILE", ca.to_str().unwrap().to_owned())];
    variables.extend(variable);
    let peer = Peer {
        url: format!("https://{}", server.address()),
        server,
        version,
        variables,
    };
    requests_are_side_by_side(&peer);
    requests_come_when_they_should(&peer);
}

#[test]
fn over_tls_and_http1() {
    over_tls("1.1", Some(("GODEBUG", "http2client=0".to_owned())));
}

#[test]
fn over_tls_and_http2() {
    over_tls("2", None);
}
