//! What each query of the dashboard `pods-otel` has to answer about the cluster: the same as `pods`, as far
//! as OpenTelemetry's collector measures it.

use super::pods::Expected;

const MIB: f64 = 1_048_576.0;
const POD: &str = "k8s_pod_name";

/// Requests and limits are the same for all.
const fn each(value: f64) -> [(&'static str, f64); 3] {
    [("web-1", value), ("web-2", value), ("db-0", value)]
}

const CORES: &[(&str, f64)] = &[("web-1", 0.5), ("web-2", 1.0), ("db-0", 0.25)];

pub(super) const PODS: &[Expected] = &[
    ("Running", "A", "", &[&[("", 3.0)]]),
    ("Pending", "A", "", &[&[("", 1.0)]]),
    ("Containers not ready", "A", "", &[&[("", 2.0)]]),
    (
        "Phases",
        "A",
        POD,
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
        "k8s_deployment_name",
        &[&[("web", 2.0)], &[("web", 3.0)]],
    ),
    (
        "Replicas",
        "CD",
        "k8s_job_name",
        &[&[("migrate", 1.0)], &[("migrate", 2.0)]],
    ),
    (
        "Autoscaling",
        "ABC",
        "k8s_hpa_name",
        &[&[("web", 2.0)], &[("web", 4.0)], &[("web", 10.0)]],
    ),
    (
        "Restarts",
        "A",
        POD,
        &[&[("web-1", 0.0), ("web-2", 0.0), ("db-0", 3.0)]],
    ),
    ("CPU", "ABC", POD, &[CORES, &each(0.25), &each(1.0)]),
    (
        "Memory",
        "ABC",
        POD,
        &[
            &[
                ("web-1", 100.0 * MIB),
                ("web-2", 120.0 * MIB),
                ("db-0", 190.0 * MIB),
            ],
            &each(64.0 * MIB),
            &each(400.0 * MIB),
        ],
    ),
    (
        "Network",
        "AB",
        POD,
        &[
            &[("web-1", 1000.0), ("web-2", 2000.0), ("db-0", 500.0)],
            &[("web-1", 500.0), ("web-2", 1000.0), ("db-0", 250.0)],
        ],
    ),
    ("CPU, share of the limit", "A", POD, &[CORES]),
    (
        "Memory, share of the limit",
        "A",
        POD,
        &[&[("web-1", 0.25), ("web-2", 0.3), ("db-0", 0.475)]],
    ),
    (
        "File system",
        "A",
        POD,
        &[&[
            ("web-1", 25.0 * MIB),
            ("web-2", 30.0 * MIB),
            ("db-0", 47.5 * MIB),
        ]],
    ),
    (
        "CPU of generators",
        "ABC",
        POD,
        &[&[("load-0", 1.5)], &[("load-0", 0.25)], &[]],
    ),
    (
        "Memory of generators",
        "ABC",
        POD,
        &[
            &[("load-0", 300.0 * MIB)],
            &[("load-0", 64.0 * MIB)],
            &[("load-0", 400.0 * MIB)],
        ],
    ),
    (
        "Network of generators",
        "AB",
        POD,
        &[&[("load-0", 9000.0)], &[("load-0", 4500.0)]],
    ),
    ("CPU, share of the limit of generators", "A", POD, &[&[]]),
    (
        "Memory, share of the limit of generators",
        "A",
        POD,
        &[&[("load-0", 0.75)]],
    ),
    (
        "File system of generators",
        "A",
        POD,
        &[&[("load-0", 75.0 * MIB)]],
    ),
];
