//! Is everything that should run running, and if not, why?

use super::Pods;
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

pub(super) fn panels(pods: Pods) -> Vec<Panel> {
    // Of the pods, and of their workloads, which have no label pod.
    const NAMESPACE: &str = r#"namespace=~"$namespace""#;
    let reasons = |metric: &str| {
        format!(
            "sum by (pod, container, reason) ({} > 0)",
            pods.state(metric)
        )
    };
    let replicas =
        |metric: &str, labels: &str| format!("sum by ({labels}) ({metric}{{{NAMESPACE}}})");
    vec![
        Panel::stat("Running", Unit::None, "Pods in the phase Running.")
            .size(Size::WideTile)
            .query("running", format!("sum({})", pods.state_with("kube_pod_status_phase", "phase=\"Running\""))),
        Panel::stat("Ready", Unit::None, "Pods that answer their readiness probes.")
            .size(Size::WideTile)
            .query("ready", format!("sum({})", pods.state_with("kube_pod_status_ready", "condition=\"true\""))),
        Panel::stat("Pending", Unit::None, "Pods that wait for a node or an image.")
            .size(Size::WideTile)
            .query("pending", format!("sum({})", pods.state_with("kube_pod_status_phase", "phase=\"Pending\"")))
            .steps(&[(1.0, Colour::Warning)]),
        Panel::stat("Restarts", Unit::None, "Restarts of containers since their pods were created.")
            .size(Size::WideTile)
            .query("restarts", format!("sum(last_over_time({}[$__range]))", pods.state("kube_pod_container_status_restarts_total")))
            .steps(&[(1.0, Colour::Bad)]),
        Panel::stat("OOM kills", Unit::None, "Containers whose last end was the kernel's, because they used more memory than their limit.")
            .size(Size::WideTile)
            .query("killed", format!("sum({}) or vector(0)", pods.state_with("kube_pod_container_status_last_terminated_reason", "reason=\"OOMKilled\"")))
            .steps(&[(1.0, Colour::Bad)]),
        Panel::stat("No node", Unit::None, "Pods for which the scheduler finds no node.")
            .size(Size::WideTile)
            .query("unschedulable", format!("sum({}) or vector(0)", pods.state("kube_pod_status_unschedulable")))
            .steps(&[(1.0, Colour::Bad)]),
        Panel::states("Phases", "The phase of each pod over time.")
            .query("{{pod}}", format!(
                "max by (pod) (({}) * 1 or ({}) * 2 or ({}) * 3 or ({}) * 4 or ({}) * 5)",
                pods.state_with("kube_pod_status_phase", "phase=\"Pending\"") + " == 1",
                pods.state_with("kube_pod_status_phase", "phase=\"Running\"") + " == 1",
                pods.state_with("kube_pod_status_phase", "phase=\"Succeeded\"") + " == 1",
                pods.state_with("kube_pod_status_phase", "phase=\"Failed\"") + " == 1",
                pods.state_with("kube_pod_status_phase", "phase=\"Unknown\"") + " == 1",
            ))
            .map("1", "Pending", Colour::Warning)
            .map("2", "Running", Colour::Good)
            .map("3", "Succeeded", Colour::Plain)
            .map("4", "Failed", Colour::Bad)
            .map("5", "Unknown", Colour::Bad),
        Panel::graph("Replicas", Unit::None, "Pods that each Deployment should have and has, and how many a Job runs at once.")
            .size(Size::Third)
            .query("{{deployment}} available", replicas("kube_deployment_status_replicas_available", "deployment"))
            .bound("{{deployment}} desired", replicas("kube_deployment_spec_replicas", "deployment"))
            .query("{{job_name}} active", replicas("kube_job_status_active", "job_name"))
            .bound("{{job_name}} parallelism", replicas("kube_job_spec_parallelism", "job_name")),
        Panel::graph("Autoscaling", Unit::None, "Replicas that each horizontal autoscaler has, wants, and may have at most.")
            .size(Size::Third)
            .query("{{horizontalpodautoscaler}} current", replicas("kube_horizontalpodautoscaler_status_current_replicas", "horizontalpodautoscaler"))
            .query("{{horizontalpodautoscaler}} desired", replicas("kube_horizontalpodautoscaler_status_desired_replicas", "horizontalpodautoscaler"))
            .bound("{{horizontalpodautoscaler}} most", replicas("kube_horizontalpodautoscaler_spec_max_replicas", "horizontalpodautoscaler")),
        Panel::graph("Restarts over time", Unit::None, "Restarts of each container since its pod was created.")
            .size(Size::Third)
            .query("{{pod}} {{container}}", format!("sum by (pod, container) ({})", pods.state("kube_pod_container_status_restarts_total"))),
        Panel::table("Why containers wait or ended", "Containers that wait (ImagePullBackOff, CrashLoopBackOff …), and how containers that were restarted ended before (OOMKilled, Error …).")
            .size(Size::Half)
            .column("Waits", Unit::None, reasons("kube_pod_container_status_waiting_reason"))
            .column("Ended", Unit::None, reasons("kube_pod_container_status_last_terminated_reason"))
            .renamed("pod", "Pod")
            .renamed("container", "Container")
            .renamed("reason", "Reason"),
        Panel::table("Pods and nodes", "Which node each pod is on and what created it; a reason stands where it was evicted, preempted, or its node was lost.")
            .size(Size::Half)
            .column("Node", Unit::None, format!("max by (pod, node, created_by_kind, created_by_name) ({})", pods.state("kube_pod_info")))
            .column("Evicted", Unit::None, format!("sum by (pod, reason) ({} > 0)", pods.state_with("kube_pod_status_reason", "reason=~\"Evicted|NodeLost|Preempting\"")))
            .renamed("pod", "Pod")
            .renamed("node", "On node")
            .renamed("created_by_kind", "Kind")
            .renamed("created_by_name", "Created by")
            .renamed("reason", "Reason"),
    ]
}
