//! The pods' dashboard for clusters that are watched by OpenTelemetry's collector: the series of its
//! receivers `kubeletstats` and `k8s_cluster`, as Prometheus and Mimir name them.
//!
//! Their names lose the unit in braces and get `_bytes`; a sum gets `_total`. Throttling, OOM kills,
//! dropped packets and pressure are not measured there, so these panels are missing here.

use super::TAG;
use super::pods::{load, variables};
use crate::model::{Dashboard, Row};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

/// The labels of the pods under test.
const UNDER_TEST: &str = r#"k8s_namespace_name=~"$namespace",k8s_pod_name=~"$pod""#;
/// Those of the generator's pods.
const GENERATOR: &str = r#"k8s_pod_name=~"$generator""#;

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "brunt-pods-otel",
        file: "pods-otel",
        title: "Load test: pods (OpenTelemetry)",
        description: "Status and resources of the pods under test and of the generator's pods, from OpenTelemetry's collector.",
        tags: &[TAG, "loadtest", "kubernetes"],
        since: "30m",
        refresh: "10s",
        variables: variables(
            "label_values(k8s_pod_phase, k8s_namespace_name)",
            r#"label_values(k8s_pod_phase{k8s_namespace_name=~"$namespace"}, k8s_replicaset_name)"#,
            r#"label_values(k8s_pod_phase{k8s_namespace_name=~"$namespace",k8s_replicaset_name=~"$workload"}, k8s_pod_name)"#,
            r#"label_values(k8s_pod_phase{k8s_job_name=~".+"}, k8s_pod_name)"#,
        )
        .into_iter()
        // A pod of a StatefulSet has no ReplicaSet.
        .map(|it| if it.name == "workload" { it.or_none() } else { it })
        .collect(),
        annotations: Vec::new(),
        rows: vec![
            Row::new("Load", load()),
            Row::new("Status of the pods under test", status()),
            Row::new("Resources", resources(UNDER_TEST, "")),
            Row::new("Generator pods", resources(GENERATOR, " of generators")),
        ],
    }
}

fn of(metric: &str, labels: &str) -> String {
    format!("{metric}{{{labels}}}")
}

fn status() -> Vec<Panel> {
    let phase = of("k8s_pod_phase", UNDER_TEST);
    let namespace = r#"k8s_namespace_name=~"$namespace""#;
    let replicas =
        |metric: &str, label: &str| format!("sum by ({label}) ({})", of(metric, namespace));
    vec![
        Panel::stat("Running", Unit::None, "Pods in the phase Running.")
            .size(Size::Third)
            .query("running", format!("count({phase} == 2) or vector(0)")),
        Panel::stat(
            "Pending",
            Unit::None,
            "Pods that wait for a node or an image.",
        )
        .size(Size::Third)
        .query("pending", format!("count({phase} == 1) or vector(0)"))
        .steps(&[(1.0, Colour::Warning)]),
        Panel::stat(
            "Containers not ready",
            Unit::None,
            "Containers that do not answer their readiness probes.",
        )
        .size(Size::Third)
        .query(
            "not ready",
            format!(
                "count({} == 0) or vector(0)",
                of("k8s_container_ready", UNDER_TEST)
            ),
        )
        .steps(&[(1.0, Colour::Warning)]),
        Panel::states("Phases", "The phase of each pod over time.")
            .query(
                "{{k8s_pod_name}}",
                format!("max by (k8s_pod_name) ({phase})"),
            )
            .map("1", "Pending", Colour::Warning)
            .map("2", "Running", Colour::Good)
            .map("3", "Succeeded", Colour::Plain)
            .map("4", "Failed", Colour::Bad)
            .map("5", "Unknown", Colour::Bad),
        Panel::graph(
            "Replicas",
            Unit::None,
            "Pods that each Deployment should have and has, and how many a Job runs at once.",
        )
        .size(Size::Third)
        .query(
            "{{k8s_deployment_name}} available",
            replicas("k8s_deployment_available", "k8s_deployment_name"),
        )
        .bound(
            "{{k8s_deployment_name}} desired",
            replicas("k8s_deployment_desired", "k8s_deployment_name"),
        )
        .query(
            "{{k8s_job_name}} active",
            replicas("k8s_job_active_pods", "k8s_job_name"),
        )
        .bound(
            "{{k8s_job_name}} at once",
            replicas("k8s_job_max_parallel_pods", "k8s_job_name"),
        ),
        Panel::graph(
            "Autoscaling",
            Unit::None,
            "Replicas that each horizontal autoscaler has, wants, and may have at most.",
        )
        .size(Size::Third)
        .query(
            "{{k8s_hpa_name}} current",
            replicas("k8s_hpa_current_replicas", "k8s_hpa_name"),
        )
        .query(
            "{{k8s_hpa_name}} desired",
            replicas("k8s_hpa_desired_replicas", "k8s_hpa_name"),
        )
        .bound(
            "{{k8s_hpa_name}} most",
            replicas("k8s_hpa_max_replicas", "k8s_hpa_name"),
        ),
        Panel::graph(
            "Restarts",
            Unit::None,
            "Restarts of containers, as the cluster remembers them.",
        )
        .size(Size::Third)
        .query(
            "{{k8s_pod_name}} {{k8s_container_name}}",
            format!(
                "sum by (k8s_pod_name, k8s_container_name) ({})",
                of("k8s_container_restarts", UNDER_TEST)
            ),
        )
        .steps(&[(1.0, Colour::Bad)]),
    ]
}

fn resources(labels: &str, whose: &str) -> Vec<Panel> {
    let by_pod = |metric: &str| format!("sum by (k8s_pod_name) ({})", of(metric, labels));
    let network = |direction: &str| {
        let labels = format!("{labels},direction=\"{direction}\"");
        format!(
            "sum by (k8s_pod_name) (rate({}[$__rate_interval]))",
            of("k8s_pod_network_io_bytes_total", &labels)
        )
    };
    let share = |used: &str, limit: &str| {
        let by = "sum by (k8s_pod_name, k8s_container_name)";
        format!(
            "{by} ({}) / {by} ({} > 0)",
            of(used, labels),
            of(limit, labels)
        )
    };
    let graph = |title: &str, unit, what: &str| {
        Panel::graph(&format!("{title}{whose}"), unit, what).size(Size::Third)
    };
    let (pod, container) = (
        "{{k8s_pod_name}}",
        "{{k8s_pod_name}} {{k8s_container_name}}",
    );
    let (requested, limit) = (format!("{pod} requested"), format!("{pod} limit"));
    vec![
        graph(
            "CPU",
            Unit::Count,
            "Cores that each pod uses, with what it requested and its limit.",
        )
        .query(pod, by_pod("k8s_pod_cpu_usage"))
        .bound(&requested, by_pod("k8s_container_cpu_request"))
        .bound(&limit, by_pod("k8s_container_cpu_limit")),
        graph(
            "Memory",
            Unit::Bytes,
            "The working set of each pod, with what it requested and its limit.",
        )
        .query(pod, by_pod("k8s_pod_memory_working_set_bytes"))
        .bound(&requested, by_pod("k8s_container_memory_request_bytes"))
        .bound(&limit, by_pod("k8s_container_memory_limit_bytes")),
        graph(
            "Network",
            Unit::BytesPerSecond,
            "Bytes per second that each pod receives and sends.",
        )
        .query(&format!("{pod} received"), network("receive"))
        .query(&format!("{pod} sent"), network("transmit")),
        graph(
            "CPU, share of the limit",
            Unit::Share,
            "How much of its limit each container uses; those without a limit are not here.",
        )
        .query(
            container,
            share("container_cpu_usage", "k8s_container_cpu_limit"),
        )
        .steps(&[(0.8, Colour::Bad)]),
        graph(
            "Memory, share of the limit",
            Unit::Share,
            "How much of its limit each container's working set is; at 1 the kernel kills it.",
        )
        .query(
            container,
            share(
                "container_memory_working_set_bytes",
                "k8s_container_memory_limit_bytes",
            ),
        )
        .steps(&[(0.9, Colour::Bad)]),
        graph(
            "File system",
            Unit::Bytes,
            "Bytes that each pod has on its file systems.",
        )
        .query(pod, by_pod("k8s_pod_filesystem_usage_bytes")),
    ]
}
