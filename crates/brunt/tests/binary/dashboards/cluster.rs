//! A small cluster as Prometheus scrapes it: kube-state-metrics and cAdvisor in their exposition format,
//! and the same as OpenTelemetry's collector tells it; beside it what Tempo makes of the traces of its services.
//!
//! Names and labels are those of these exporters' documentation, not of our queries. Five pods: one that
//! is well, one that its CPU limit throttles, one that was killed for its memory and restarted, one that
//! waits for a node, and a generator of a Job.

mod otel;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What a running container of the cluster uses, per second.
struct Load {
    namespace: &'static str,
    pod: &'static str,
    container: &'static str,
    cores: f64,
    throttled: f64,
    memory: f64,
    received: f64,
}

const MIB: f64 = 1_048_576.0;

const RUNNING: [Load; 4] = [
    Load {
        namespace: "shop",
        pod: "web-1",
        container: "app",
        cores: 0.5,
        throttled: 0.0,
        memory: 100.0 * MIB,
        received: 1000.0,
    },
    Load {
        namespace: "shop",
        pod: "web-2",
        container: "app",
        cores: 1.0,
        throttled: 5.0,
        memory: 120.0 * MIB,
        received: 2000.0,
    },
    Load {
        namespace: "shop",
        pod: "db-0",
        container: "postgres",
        cores: 0.25,
        throttled: 1.0,
        memory: 190.0 * MIB,
        received: 500.0,
    },
    Load {
        namespace: "load",
        pod: "load-0",
        container: "brunt",
        cores: 1.5,
        throttled: 0.0,
        memory: 300.0 * MIB,
        received: 9000.0,
    },
];

/// `namespace, pod, node, kind, owner, phase`
const PODS: [(&str, &str, &str, &str, &str, &str); 5] = [
    ("shop", "web-1", "node-a", "ReplicaSet", "web-5d", "Running"),
    ("shop", "web-2", "node-b", "ReplicaSet", "web-5d", "Running"),
    ("shop", "db-0", "node-a", "StatefulSet", "db", "Running"),
    ("shop", "new-1", "", "ReplicaSet", "new-77", "Pending"),
    ("load", "load-0", "node-c", "Job", "load", "Running"),
];

/// kube-state-metrics.
fn state() -> String {
    let mut text = String::new();
    let mut line = |series: String, value: f64| {
        let _ = writeln!(text, "{series} {value}");
    };
    for (namespace, pod, node, kind, owner, phase) in PODS {
        let own = format!("namespace=\"{namespace}\",pod=\"{pod}\",uid=\"u-{pod}\"");
        line(
            format!(
                "kube_pod_info{{{own},host_ip=\"\",pod_ip=\"\",node=\"{node}\",created_by_kind=\"{kind}\",created_by_name=\"{owner}\",priority_class=\"\",host_network=\"false\"}}"
            ),
            1.0,
        );
        for each in ["Pending", "Succeeded", "Failed", "Unknown", "Running"] {
            line(
                format!("kube_pod_status_phase{{{own},phase=\"{each}\"}}"),
                f64::from(each == phase),
            );
        }
        for each in ["true", "false", "unknown"] {
            let ready = if pod == "db-0" || phase != "Running" {
                "false"
            } else {
                "true"
            };
            line(
                format!("kube_pod_status_ready{{{own},condition=\"{each}\"}}"),
                f64::from(each == ready),
            );
        }
        for each in [
            "Evicted",
            "NodeAffinity",
            "NodeLost",
            "Shutdown",
            "UnexpectedAdmissionError",
        ] {
            line(
                format!("kube_pod_status_reason{{{own},reason=\"{each}\"}}"),
                f64::from(pod == "web-1" && each == "Evicted"),
            );
        }
    }
    line(
        "kube_pod_status_unschedulable{namespace=\"shop\",pod=\"new-1\",uid=\"u-new-1\"}"
            .to_owned(),
        1.0,
    );
    line("kube_pod_container_status_waiting_reason{namespace=\"shop\",pod=\"new-1\",uid=\"u-new-1\",container=\"app\",reason=\"ImagePullBackOff\"}".to_owned(), 1.0);
    line("kube_pod_container_status_last_terminated_reason{namespace=\"shop\",pod=\"db-0\",uid=\"u-db-0\",container=\"postgres\",reason=\"OOMKilled\"}".to_owned(), 1.0);
    for it in &RUNNING {
        let own = format!(
            "namespace=\"{}\",pod=\"{}\",uid=\"u-{}\",container=\"{}\"",
            it.namespace, it.pod, it.pod, it.container
        );
        line(
            format!("kube_pod_container_status_restarts_total{{{own}}}"),
            if it.pod == "db-0" { 3.0 } else { 0.0 },
        );
        let node = "node-a";
        let both = |what: &str, resource: &str, unit: &str| {
            format!(
                "kube_pod_container_resource_{what}{{{own},node=\"{node}\",resource=\"{resource}\",unit=\"{unit}\"}}"
            )
        };
        line(both("requests", "cpu", "core"), 0.25);
        line(both("requests", "memory", "byte"), 64.0 * MIB);
        line(both("limits", "memory", "byte"), 400.0 * MIB);
        // The generator has no CPU limit.
        if it.pod != "load-0" {
            line(both("limits", "cpu", "core"), 1.0);
        }
    }
    let plain = [
        (
            "kube_deployment_spec_replicas{namespace=\"shop\",deployment=\"web\"}",
            3.0,
        ),
        (
            "kube_deployment_status_replicas_available{namespace=\"shop\",deployment=\"web\"}",
            2.0,
        ),
        (
            "kube_job_spec_parallelism{namespace=\"shop\",job_name=\"migrate\"}",
            2.0,
        ),
        (
            "kube_job_status_active{namespace=\"shop\",job_name=\"migrate\"}",
            1.0,
        ),
        (
            "kube_horizontalpodautoscaler_status_current_replicas{namespace=\"shop\",horizontalpodautoscaler=\"web\"}",
            2.0,
        ),
        (
            "kube_horizontalpodautoscaler_status_desired_replicas{namespace=\"shop\",horizontalpodautoscaler=\"web\"}",
            4.0,
        ),
        (
            "kube_horizontalpodautoscaler_spec_max_replicas{namespace=\"shop\",horizontalpodautoscaler=\"web\"}",
            10.0,
        ),
    ];
    for (series, value) in plain {
        line(series.to_owned(), value);
    }
    text
}

/// cAdvisor after so many seconds: each container, the sum over its pod (without a name), and the
/// sandbox, to which the network belongs.
fn cadvisor(seconds: f64) -> String {
    let mut text = String::new();
    for it in &RUNNING {
        let pod = format!("namespace=\"{}\",pod=\"{}\"", it.namespace, it.pod);
        let named = format!(
            "container=\"{}\",id=\"/kubepods/{}/1\",image=\"i\",name=\"n\",{pod}",
            it.container, it.pod
        );
        let whole = format!(
            "container=\"\",id=\"/kubepods/{}\",image=\"\",name=\"\",{pod}",
            it.pod
        );
        for labels in [&named, &whole] {
            let _ = writeln!(
                text,
                "container_cpu_usage_seconds_total{{{labels},cpu=\"total\"}} {}",
                it.cores * seconds
            );
            let _ = writeln!(
                text,
                "container_memory_working_set_bytes{{{labels}}} {}",
                it.memory
            );
            for (resource, share) in [("cpu", 0.1), ("memory", 0.2), ("io", 0.3)] {
                for (kind, part) in [("waiting", 1.0), ("stalled", 0.5)] {
                    let _ = writeln!(
                        text,
                        "container_pressure_{resource}_{kind}_seconds_total{{{labels}}} {}",
                        share * part * seconds
                    );
                }
            }
        }
        if it.pod != "load-0" {
            let _ = writeln!(
                text,
                "container_cpu_cfs_periods_total{{{named}}} {}",
                10.0 * seconds
            );
            let _ = writeln!(
                text,
                "container_cpu_cfs_throttled_periods_total{{{named}}} {}",
                it.throttled * seconds
            );
        }
        for (what, rate) in [
            ("reads_bytes", 400.0),
            ("writes_bytes", 800.0),
            ("reads", 4.0),
            ("writes", 8.0),
        ] {
            let _ = writeln!(
                text,
                "container_fs_{what}_total{{{named},device=\"/dev/vda\"}} {}",
                rate * seconds
            );
        }
        let sandbox = format!(
            "container=\"\",id=\"/kubepods/{}/0\",image=\"pause\",interface=\"eth0\",name=\"p\",{pod}",
            it.pod
        );
        let traffic = [
            ("receive_bytes", it.received),
            ("transmit_bytes", it.received / 2.0),
            ("receive_packets", it.received / 100.0),
            ("transmit_packets", it.received / 200.0),
            ("receive_packets_dropped", 2.0),
            ("transmit_packets_dropped", 1.0),
        ];
        for (what, rate) in traffic {
            let _ = writeln!(
                text,
                "container_network_{what}_total{{{sandbox}}} {}",
                rate * seconds
            );
        }
    }
    text
}

/// The service graph of Tempo's metrics generator, as its documentation has it. Calls from server to server: how
/// many per second, the share that fails, and the share that takes less than 100 ms.
fn graph(seconds: f64) -> String {
    let mut text = String::new();
    for (client, server, rate, failed, fast) in [
        ("front", "till", 20.0, 0.1, 0.9),
        ("till", "db", 40.0, 0.05, 0.5),
    ] {
        let own = format!("client=\"{client}\",server=\"{server}\",connection_type=\"\"");
        let mut line = |series: &str, more: &str, per_second: f64| {
            let name = format!("traces_service_graph_request_{series}");
            let _ = writeln!(text, "{name}{{{own}{more}}} {}", per_second * seconds);
        };
        line("total", "", rate);
        line("failed_total", "", rate * failed);
        for (le, share) in [("0.1", fast), ("0.2", 1.0), ("+Inf", 1.0)] {
            line(
                "server_seconds_bucket",
                &format!(",le=\"{le}\""),
                rate * share,
            );
        }
    }
    text
}

/// Every value another one, by the name: also a share of two of them changes.
fn mutated(text: &str) -> String {
    let line = |line: &str| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let factor = 2 + name.bytes().map(usize::from).sum::<usize>() % 11;
        // A phase or a condition is 0 or 1.
        let value: f64 = value.parse().unwrap();
        let other = if series.contains("condition=") {
            // Half of the pods are ready: the other half alone would be as many.
            1.0
        } else if series.contains("le=\"0.1\"") {
            // The buckets of a histogram have one name.
            value * 0.1
        } else if series.contains("phase=") || series.contains("reason=") {
            1.0 - value
        } else {
            value * factor as f64 + 1.0
        };
        format!("{series} {other}\n")
    };
    text.lines().map(line).collect()
}

/// The exporters of the cluster on loopback; `/mutated/…` has other values.
pub(super) struct Cluster {
    pub(super) address: SocketAddr,
    scrapes: Arc<AtomicUsize>,
}

impl Cluster {
    /// Serves until the process ends.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scrapes = Arc::new(AtomicUsize::new(0));
        let (count, began) = (Arc::clone(&scrapes), Instant::now());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut request = [0; 4096];
                let Ok(length) = stream.read(&mut request) else {
                    continue;
                };
                let head = String::from_utf8_lossy(&request[..length]).into_owned();
                let seconds = began.elapsed().as_secs_f64();
                let text = if head.contains("/state") {
                    state()
                } else if head.contains("/otel") {
                    otel::receivers(seconds)
                } else if head.contains("/graph") {
                    graph(seconds)
                } else {
                    cadvisor(seconds)
                };
                let text = if head.contains("/mutated") {
                    mutated(&text)
                } else {
                    text
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                    text.len()
                );
                if stream.write_all(answer.as_bytes()).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self { address, scrapes }
    }

    /// How often it was asked.
    pub(super) fn scrapes(&self) -> usize {
        self.scrapes.load(Ordering::Relaxed)
    }

    /// Prometheus' configuration for it. cAdvisor is scraped by two jobs, as it often is: a sum must not
    /// count anything twice.
    pub(super) fn scrape_config(&self, prefix: &str) -> String {
        let job = |name: &str, path: &str| {
            format!(
                "- {{job_name: {name}, scrape_interval: 500ms, scrape_timeout: 500ms, metrics_path: {prefix}/{path}, static_configs: [{{targets: [\"{}\"]}}]}}\n",
                self.address
            )
        };
        format!(
            "scrape_configs:\n{}{}{}{}{}",
            job("state", "state"),
            job("otel", "otel"),
            job("tempo", "graph"),
            job("kubelet", "cadvisor"),
            job("cadvisor", "cadvisor")
        )
    }
}
