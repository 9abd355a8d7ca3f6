//! Pods under test, and the generator's own, below the load on one time axis: which limit was hit first?
//!
//! Raw series of cAdvisor and kube-state-metrics, without recording rules, which a plain Mimir lacks,
//! and without the labels `job` and `cluster`, which are called differently everywhere.

mod resources;
mod status;

use super::TAG;
use super::series::{WHOLE, native, with};
use crate::model::{Dashboard, Row};
use crate::panel::Panel;
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

/// The pods of one part of the dashboard, as labels of their series.
#[derive(Clone, Copy)]
struct Pods(&'static str);

/// Pods under test.
const UNDER_TEST: Pods = Pods(r#"namespace=~"$namespace",pod=~"$pod""#);
/// The generator's own.
const GENERATOR: Pods = Pods(r#"pod=~"$generator""#);

impl Pods {
    /// Series of kube-state-metrics of these pods.
    fn state(self, metric: &str) -> String {
        format!("{metric}{{{}}}", self.0)
    }

    /// The same with more labels.
    fn state_with(self, metric: &str, labels: &str) -> String {
        format!("{metric}{{{},{labels}}}", self.0)
    }

    /// cAdvisor's series of containers: those without a name are sums over a pod, or the sandbox.
    fn containers(self, metric: &str) -> String {
        format!("{metric}{{{},container!=\"\",container!=\"POD\"}}", self.0)
    }

    /// How fast one of cAdvisor's counters of a pod's sandbox grows, to which all traffic on the network is
    /// counted, so that these have no container.
    fn network(self, what: &str) -> String {
        let labels = self.0;
        format!(
            "sum by (pod) (max by (namespace, pod, interface) (rate(container_network_{what}_total{{{labels}}}[$__rate_interval])))"
        )
    }
}

pub(super) fn dashboard() -> Dashboard {
    let generator = Row::new("Generator pods", resources::generator(GENERATOR));
    Dashboard {
        uid: "brunt-pods",
        file: "pods",
        title: "Load test: pods",
        description: "Status and resources of the pods under test and of the generator's pods, with the load on the same time axis.",
        tags: &[TAG, "loadtest", "kubernetes"],
        since: "30m",
        refresh: "10s",
        variables: variables(
            "label_values(kube_pod_info, namespace)",
            r#"label_values(kube_pod_info{namespace=~"$namespace"}, created_by_name)"#,
            r#"label_values(kube_pod_info{namespace=~"$namespace",created_by_name=~"$workload"}, pod)"#,
            r#"label_values(kube_pod_info{created_by_kind="Job"}, pod)"#,
        ),
        annotations: Vec::new(),
        rows: vec![
            Row::new("Load", load()),
            Row::new("Status of the pods under test", status::panels(UNDER_TEST)),
            Row::new(
                "CPU and memory",
                resources::processor_and_memory(UNDER_TEST),
            ),
            Row::new(
                "Network and file system",
                resources::network_and_files(UNDER_TEST),
            ),
            Row::new("Pressure", resources::pressure(UNDER_TEST)),
            generator,
        ],
    }
}

/// The variables of both dialects; the queries differ.
pub(super) fn variables(
    namespace: &str,
    workload: &str,
    pod: &str,
    generator: &str,
) -> Vec<Variable> {
    vec![
        Variable::prefix(),
        Variable::labels(
            "testid",
            "Run",
            "The runs whose load is shown: their testid.",
            "label_values(${prefix}vus, testid)",
        )
        .newest_first(),
        native(),
        Variable::labels(
            "namespace",
            "Namespace",
            "Where the pods under test are.",
            namespace,
        ),
        Variable::labels(
            "workload",
            "Workload",
            "What created the pods under test: a ReplicaSet, StatefulSet, DaemonSet or Job.",
            workload,
        ),
        Variable::labels("pod", "Pod", "The pods under test.", pod),
        Variable::new(
            "generator_filter",
            "Generator pods like",
            "Only generator pods whose names match this regular expression.",
            VariableKind::Text { value: ".+" },
        ),
        Variable::labels(
            "generator",
            "Generator pod",
            "The generator's pods, those of Jobs.",
            &with_filter(generator),
        )
        .only_found(),
    ]
}

/// The query with the filter of names in its braces.
fn with_filter(query: &str) -> String {
    let label = if query.contains("k8s_pod_name") {
        "k8s_pod_name"
    } else {
        "pod"
    };
    query.replacen('{', &format!("{{{label}=~\"$generator_filter\","), 1)
}

/// What was done to the pods.
pub(super) fn load() -> Vec<Panel> {
    let rate = |metric: &str| format!("sum(rate({}[$__rate_interval]))", with(metric, WHOLE));
    vec![
        Panel::graph("Request rate", Unit::RequestsPerSecond, "HTTP requests per second that the generator made, and those of them whose answer was not expected.")
            .query("requests", rate("http_reqs_total"))
            .query("failed", rate("http_req_failed_passes_total")),
        Panel::graph("p95", Unit::Seconds, "95 % of the requests took at most this long, as the generator saw it.")
            .query("p95", super::series::quantile("0.95", "http_req_duration", WHOLE, ""))
            .exemplars()
            .query("p95 of the slowest series", super::series::statistic("p95", "http_req_duration", WHOLE, "")),
    ]
}
