//! The pods' dashboards on a cluster's series in a real Prometheus, with the checked-in answer of each
//! panel; on a cluster with other values every answer is another one.

use std::time::{Duration, Instant};

use brunt_grafana::{Dashboard, Source, boards};
use brunt_testkit::client;
use brunt_testkit::process::{ProcessError, Prometheus, prometheus};

use super::answers::compare;
use super::cluster::Cluster;
use super::pods_otel;
use super::server::{Server, expand};
use crate::support::skip;

const MIB: f64 = 1_048_576.0;

/// Panel, letters of its queries, the label by which rows differ, and the rows of each query.
pub(super) type Expected = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static [(&'static str, f64)]],
);

const PODS: &[Expected] = &[
    ("Running", "A", "", &[&[("", 3.0)]]),
    ("Ready", "A", "", &[&[("", 2.0)]]),
    ("Pending", "A", "", &[&[("", 1.0)]]),
    ("Restarts", "A", "", &[&[("", 3.0)]]),
    ("OOM kills", "A", "", &[&[("", 1.0)]]),
    ("No node", "A", "", &[&[("", 1.0)]]),
    (
        "Phases",
        "A",
        "pod",
        &[&[
            ("web-1", 2.0),
            ("web-2", 2.0),
            ("db-0", 2.0),
            ("new-1", 1.0),
        ]],
    ),
    (
        "Replicas",
        "AB",
        "deployment",
        &[&[("web", 2.0)], &[("web", 3.0)]],
    ),
    (
        "Replicas",
        "CD",
        "job_name",
        &[&[("migrate", 1.0)], &[("migrate", 2.0)]],
    ),
    (
        "Autoscaling",
        "ABC",
        "horizontalpodautoscaler",
        &[&[("web", 2.0)], &[("web", 4.0)], &[("web", 10.0)]],
    ),
    (
        "Restarts over time",
        "A",
        "pod",
        &[&[("web-1", 0.0), ("web-2", 0.0), ("db-0", 3.0)]],
    ),
    (
        "Why containers wait or ended",
        "AB",
        "reason",
        &[&[("ImagePullBackOff", 1.0)], &[("OOMKilled", 1.0)]],
    ),
    (
        "Pods and nodes",
        "A",
        "node",
        &[&[("node-a", 1.0), ("node-b", 1.0), ("node-a", 1.0), ("", 1.0)]],
    ),
    ("Pods and nodes", "B", "reason", &[&[("Evicted", 1.0)]]),
    (
        "CPU",
        "ABC",
        "pod",
        &[
            &[("web-1", 0.5), ("web-2", 1.0), ("db-0", 0.25)],
            &[("web-1", 0.25), ("web-2", 0.25), ("db-0", 0.25)],
            &[("web-1", 1.0), ("web-2", 1.0), ("db-0", 1.0)],
        ],
    ),
    (
        "Memory",
        "ABC",
        "pod",
        &[
            &[
                ("web-1", 100.0 * MIB),
                ("web-2", 120.0 * MIB),
                ("db-0", 190.0 * MIB),
            ],
            &[
                ("web-1", 64.0 * MIB),
                ("web-2", 64.0 * MIB),
                ("db-0", 64.0 * MIB),
            ],
            &[
                ("web-1", 400.0 * MIB),
                ("web-2", 400.0 * MIB),
                ("db-0", 400.0 * MIB),
            ],
        ],
    ),
    (
        "CPU, share of the limit",
        "A",
        "pod",
        &[&[("web-1", 0.5), ("web-2", 1.0), ("db-0", 0.25)]],
    ),
    (
        "Throttling",
        "A",
        "pod",
        &[&[("web-1", 0.0), ("web-2", 0.5), ("db-0", 0.1)]],
    ),
    (
        "Memory, share of the limit",
        "A",
        "pod",
        &[&[("web-1", 0.25), ("web-2", 0.3), ("db-0", 0.475)]],
    ),
    (
        "Network",
        "AB",
        "pod",
        &[
            &[("web-1", 1000.0), ("web-2", 2000.0), ("db-0", 500.0)],
            &[("web-1", 500.0), ("web-2", 1000.0), ("db-0", 250.0)],
        ],
    ),
    (
        "Packets",
        "AB",
        "pod",
        &[
            &[("web-1", 10.0), ("web-2", 20.0), ("db-0", 5.0)],
            &[("web-1", 5.0), ("web-2", 10.0), ("db-0", 2.5)],
        ],
    ),
    (
        "Packets dropped",
        "AB",
        "pod",
        &[
            &[("web-1", 2.0), ("web-2", 2.0), ("db-0", 2.0)],
            &[("web-1", 1.0), ("web-2", 1.0), ("db-0", 1.0)],
        ],
    ),
    (
        "File system, bytes",
        "AB",
        "pod",
        &[
            &[("web-1", 400.0), ("web-2", 400.0), ("db-0", 400.0)],
            &[("web-1", 800.0), ("web-2", 800.0), ("db-0", 800.0)],
        ],
    ),
    (
        "File system, operations",
        "AB",
        "pod",
        &[
            &[("web-1", 4.0), ("web-2", 4.0), ("db-0", 4.0)],
            &[("web-1", 8.0), ("web-2", 8.0), ("db-0", 8.0)],
        ],
    ),
    (
        "Pressure: CPU",
        "AB",
        "pod",
        &[
            &[("web-1", 0.1), ("web-2", 0.1), ("db-0", 0.1)],
            &[("web-1", 0.05), ("web-2", 0.05), ("db-0", 0.05)],
        ],
    ),
    (
        "Pressure: memory",
        "AB",
        "pod",
        &[
            &[("web-1", 0.2), ("web-2", 0.2), ("db-0", 0.2)],
            &[("web-1", 0.1), ("web-2", 0.1), ("db-0", 0.1)],
        ],
    ),
    (
        "Pressure: disks",
        "AB",
        "pod",
        &[
            &[("web-1", 0.3), ("web-2", 0.3), ("db-0", 0.3)],
            &[("web-1", 0.15), ("web-2", 0.15), ("db-0", 0.15)],
        ],
    ),
    ("CPU of generators", "AB", "pod", &[&[("load-0", 1.5)], &[]]),
    ("Throttling of generators", "A", "pod", &[&[]]),
    (
        "Memory of generators",
        "AB",
        "pod",
        &[&[("load-0", 300.0 * MIB)], &[("load-0", 400.0 * MIB)]],
    ),
    (
        "Network of generators",
        "AB",
        "pod",
        &[&[("load-0", 9000.0)], &[("load-0", 4500.0)]],
    ),
    ("Restarts of generators", "A", "pod", &[&[("load-0", 0.0)]]),
    (
        "Generator pods by phase",
        "A",
        "phase",
        &[&[
            ("Running", 1.0),
            ("Pending", 0.0),
            ("Succeeded", 0.0),
            ("Failed", 0.0),
            ("Unknown", 0.0),
        ]],
    ),
];

/// What stands in the dashboard of logs and traces and is Prometheus', but for the load.
const SERVICES: &[Expected] = &[
    (
        "Calls between services",
        "A",
        "client",
        &[&[("front", 20.0), ("till", 40.0)]],
    ),
    (
        "Failed calls between services",
        "A",
        "client",
        &[&[("front", 2.0), ("till", 2.0)]],
    ),
    (
        "Latency between services, p95",
        "A",
        "client",
        &[&[("front", 0.15), ("till", 0.19)]],
    ),
];

/// A Prometheus that has scraped the cluster often enough for rates.
pub(super) fn scraped(
    folder: &std::path::Path,
    cluster: &Cluster,
    prefix: &str,
) -> Option<Prometheus> {
    let running = match prometheus(folder) {
        Ok(running) => running,
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let config = folder.join("prometheus.yml");
    let text = std::fs::read_to_string(&config).unwrap() + &cluster.scrape_config(prefix);
    std::fs::write(&config, text).unwrap();
    let before = cluster.scrapes();
    let hangup = format!("kill -HUP {}", running.pid());
    let told = std::process::Command::new("sh")
        .args(["-c", &hangup])
        .status()
        .unwrap();
    assert!(told.success());
    let deadline = Instant::now() + Duration::from_mins(1);
    // More than the eight seconds that rates are worked out over: with less, a scrape that a busy machine
    // delays would show.
    let enough = || {
        let counted = running.query("min(count_over_time(container_cpu_usage_seconds_total[1m]))");
        cluster.scrapes() > before
            && counted.is_ok_and(|it| it.first().is_some_and(|it| it.value >= 18.0))
    };
    while !enough() {
        assert!(
            Instant::now() < deadline,
            "not scraped: {}",
            client::get(running.address(), "/api/v1/targets")
                .unwrap()
                .text()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(running)
}

/// The panels whose answers are not the expected ones.
fn different(server: &Server<'_>, dashboard: &Dashboard, expected: &[Expected]) -> Vec<String> {
    let mut different = Vec::new();
    for (title, letters, by, rows) in expected {
        let panel = dashboard
            .panels()
            .find(|it| it.title == *title)
            .unwrap_or_else(|| panic!("no panel {title}"));
        for (letter, rows) in letters.bytes().zip(*rows) {
            let target = &panel.targets[usize::from(letter - b'A')];
            let got = server.query(&expand(&target.expr, "8s", "1"), server.end);
            let near = |value: f64| (value * 0.9 - 1e-9, value * 1.1 + 1e-9);
            let wanted = rows.iter().map(|(label, value)| {
                let labels = if by.is_empty() {
                    Vec::new()
                } else {
                    vec![(*label).to_owned()]
                };
                (labels, near(*value).0, near(*value).1)
            });
            if let Err(difference) = compare(&got, &wanted.collect::<Vec<_>>(), by) {
                different.push(format!(
                    "{title} {}: {difference}\n  {}",
                    char::from(letter),
                    target.expr
                ));
            }
        }
    }
    different
}

#[test]
fn every_pod_panel_has_the_right_answer() {
    let cluster = Cluster::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let Some(running) = scraped(folders[0].path(), &cluster, "") else {
        return;
    };
    let Some(mutated) = scraped(folders[1].path(), &cluster, "/mutated") else {
        return;
    };
    for (uid, expected) in [
        ("brunt-pods", PODS),
        ("brunt-pods-otel", pods_otel::PODS),
        ("brunt-logs-traces", SERVICES),
    ] {
        let dashboard = boards::find(uid).unwrap();
        let wrong = different(&Server::now_only(&running), &dashboard, expected);
        assert!(wrong.is_empty(), "{uid}:\n{}", wrong.join("\n"));
        // Every query has an answer here, those of the load aside, which the run's own test has.
        let asked = dashboard.rows[1..]
            .iter()
            .flat_map(|row| &row.panels)
            .flat_map(|panel| &panel.targets)
            .filter(|it| it.source == Source::Prometheus)
            .count();
        let answered: usize = expected.iter().map(|(_, letters, ..)| letters.len()).sum();
        assert_eq!(answered, asked, "{uid}");
        let differ = different(&Server::now_only(&mutated), &dashboard, expected);
        // No limit and no throttling stay none.
        let without: usize = expected
            .iter()
            .flat_map(|(.., rows)| *rows)
            .filter(|rows| rows.is_empty())
            .count();
        assert_eq!(
            differ.len() + without,
            answered,
            "{uid}:\n{}",
            differ.join("\n")
        );
    }
}
