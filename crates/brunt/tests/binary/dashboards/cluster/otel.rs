//! The cluster as OpenTelemetry's collector tells it: metrics of the receivers `kubeletstats` and
//! `k8s_cluster`, with the names and labels that Prometheus' translation gives them.
//!
//! A unit in braces leaves no trace, `By` becomes `_bytes`, a monotonic sum ends in `_total`; resource
//! attributes are labels with `_` for a dot.

use std::fmt::Write as _;

use super::{Load, MIB, PODS, RUNNING};

fn of_pod(namespace: &str, pod: &str) -> String {
    format!("k8s_namespace_name=\"{namespace}\",k8s_pod_name=\"{pod}\",k8s_pod_uid=\"u-{pod}\"")
}

/// Both receivers after so many seconds.
pub(super) fn receivers(seconds: f64) -> String {
    let mut text = String::new();
    for it in &RUNNING {
        kubelet(&mut text, it, seconds);
        container(&mut text, it);
    }
    for (namespace, pod, node, kind, owner, phase) in PODS {
        // 1 Pending, 2 Running.
        let phase = if phase == "Running" { 2 } else { 1 };
        let owner = match kind {
            "ReplicaSet" => format!("k8s_replicaset_name=\"{owner}\""),
            "Job" => format!("k8s_job_name=\"{owner}\""),
            _ => format!("k8s_statefulset_name=\"{owner}\""),
        };
        let own = of_pod(namespace, pod);
        let _ = writeln!(
            text,
            "k8s_pod_phase{{{own},{owner},k8s_node_name=\"{node}\"}} {phase}"
        );
    }
    // The container of the pod that waits is known, and not ready.
    let waiting = of_pod("shop", "new-1");
    let _ = writeln!(
        text,
        "k8s_container_ready{{{waiting},k8s_container_name=\"app\"}} 0"
    );
    let counts = [
        (
            "deployment",
            "web",
            [("desired", 3.0), ("available", 2.0)].as_slice(),
        ),
        (
            "job",
            "migrate",
            &[("active_pods", 1.0), ("max_parallel_pods", 2.0)],
        ),
        (
            "hpa",
            "web",
            &[
                ("current_replicas", 2.0),
                ("desired_replicas", 4.0),
                ("max_replicas", 10.0),
            ],
        ),
    ];
    for (kind, name, metrics) in counts {
        for (metric, value) in metrics {
            let _ = writeln!(
                text,
                "k8s_{kind}_{metric}{{k8s_namespace_name=\"shop\",k8s_{kind}_name=\"{name}\"}} {value}"
            );
        }
    }
    text
}

/// What the kubelet measures of a pod and its container.
fn kubelet(text: &mut String, it: &Load, seconds: f64) {
    let pod = of_pod(it.namespace, it.pod);
    let container = format!("{pod},k8s_container_name=\"{}\"", it.container);
    for (name, labels) in [("k8s_pod", &pod), ("container", &container)] {
        let _ = writeln!(text, "{name}_cpu_usage{{{labels}}} {}", it.cores);
        let memory = format!("{name}_memory_working_set_bytes");
        let _ = writeln!(text, "{memory}{{{labels}}} {}", it.memory);
    }
    let _ = writeln!(
        text,
        "k8s_pod_filesystem_usage_bytes{{{pod}}} {}",
        it.memory / 4.0
    );
    for (direction, rate) in [("receive", it.received), ("transmit", it.received / 2.0)] {
        let labels = format!("{pod},interface=\"eth0\",direction=\"{direction}\"");
        let bytes = rate * seconds;
        let _ = writeln!(text, "k8s_pod_network_io_bytes_total{{{labels}}} {bytes}");
    }
}

/// What the API server knows of a container.
fn container(text: &mut String, it: &Load) {
    let labels = format!(
        "{},k8s_container_name=\"{}\",container_image_name=\"i\"",
        of_pod(it.namespace, it.pod),
        it.container
    );
    let broken = it.pod == "db-0";
    let mut line = |metric: &str, value: f64| {
        let _ = writeln!(text, "k8s_container_{metric}{{{labels}}} {value}");
    };
    line("ready", f64::from(!broken));
    line("restarts", if broken { 3.0 } else { 0.0 });
    line("cpu_request", 0.25);
    line("memory_request_bytes", 64.0 * MIB);
    line("memory_limit_bytes", 400.0 * MIB);
    // The generator has no CPU limit.
    if it.pod != "load-0" {
        line("cpu_limit", 1.0);
    }
}
