//! The Job of generators: that brunt understands its arguments, and that the pod leaves brunt what it needs.

use serde_json::Value;

use super::{brunt, good, is_pinned, list, strings, yaml};

/// The number of seconds of `110s` or `2m`.
fn seconds(time: &str) -> u64 {
    let (number, unit) = time.split_at(time.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        _ => panic!("{time}"),
    };
    number.parse::<u64>().unwrap() * unit
}

/// Bytes of `1GiB` or `2Gi`.
fn gibibytes(size: &str) -> u64 {
    size.trim_end_matches('B')
        .trim_end_matches("Gi")
        .parse()
        .unwrap()
}

/// A Job's arguments with its variables in place, as Kubernetes puts them, for the pod of an index.
fn arguments(container: &Value, index: usize) -> (Vec<String>, Vec<(String, String)>) {
    let mut variables: Vec<(String, String)> = Vec::new();
    let expand = |text: &str, known: &[(String, String)]| {
        let put = |text: String, (name, value): &(String, String)| {
            text.replace(&format!("$({name})"), value)
        };
        known.iter().fold(text.to_owned(), put)
    };
    for variable in list(&container["env"]) {
        let value = match variable["value"].as_str() {
            Some(value) => expand(value, &variables),
            None if variable["name"] == "POD_INDEX" => index.to_string(),
            None => "of-the-pod".to_owned(),
        };
        variables.push((variable["name"].as_str().unwrap().to_owned(), value));
    }
    let args = strings(&container["args"])
        .iter()
        .map(|it| expand(it, &variables))
        .collect();
    (args, variables)
}

#[test]
fn the_job_runs_what_brunt_understands() {
    let Some(job) = yaml("eks/job.yaml") else {
        return;
    };
    let maps = yaml("eks/script.yaml").unwrap();
    let (script, segments) = (&maps[0]["data"], maps[1]["data"].as_object().unwrap());
    let spec = &job[0]["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(spec["completions"], segments.len());
    assert_eq!(spec["parallelism"], segments.len());
    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    assert!(is_pinned(container["image"].as_str().unwrap()));

    // The volumes as folders.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    for (mount, data) in [
        ("scripts", script.as_object().unwrap()),
        ("segments", segments),
    ] {
        std::fs::create_dir(folder.path().join(mount)).unwrap();
        for (name, text) in data {
            let text = text.as_str().unwrap();
            std::fs::write(folder.path().join(mount).join(name), text).unwrap();
        }
    }
    let mut virtual_users = 0;
    let mut shares = Vec::new();
    for index in 0..segments.len() {
        let (args, variables) = arguments(container, index);
        let put = |it: &String| {
            let it = it.replace("/segments/", &format!("{root}/segments/"));
            it.replace("/scripts/", &format!("{root}/scripts/"))
        };
        let args: Vec<String> = args.iter().map(put).collect();
        assert!(args.iter().all(|it| !it.contains("$(")), "{args:?}");
        let mut explain: Vec<&str> = args.iter().map(String::as_str).collect();
        explain.push("--explain-config=json");
        let output = brunt(&explain, &variables);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let path = format!("{root}/segments/{index}.json");
        let config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let segment = config["executionSegment"].as_str().unwrap();
        assert!(text.contains(segment), "{text}");
        shares.push(segment.to_owned());
        let script = format!("{root}/scripts/script.js");
        let needs = brunt(
            &[
                "inspect",
                "--execution-requirements",
                "--config",
                &path,
                &script,
            ],
            &[],
        );
        let needs: Value = serde_json::from_str(&good(&needs)).unwrap();
        virtual_users += needs["maxVUs"].as_u64().unwrap();
    }
    // Each begins where the one before ends, and together they are the whole.
    let whole = brunt(
        &[
            "inspect",
            "--execution-requirements",
            &format!("{root}/scripts/script.js"),
        ],
        &[],
    );
    let whole: Value = serde_json::from_str(&good(&whole)).unwrap();
    assert_eq!(whole["maxVUs"], virtual_users, "{shares:?}");
    let ends = |share: &String| {
        let (from, to) = share.split_once(':').unwrap();
        (from.to_owned(), to.to_owned())
    };
    assert_eq!(ends(&shares[0]).0, "0");
    for pair in shares.windows(2) {
        assert_eq!(ends(&pair[0]).1, ends(&pair[1]).0);
    }
    assert_eq!(ends(shares.last().unwrap()).1, "1");
}

#[test]
fn the_job_fits_what_brunt_promises() {
    let Some(job) = yaml("eks/job.yaml") else {
        return;
    };
    let spec = &job[0]["spec"];
    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    let (args, variables) = arguments(container, 0);
    let variable = |name: &str| &variables.iter().find(|it| it.0 == name).unwrap().1;

    // Every variable of brunt's is one.
    let help = good(&brunt(&["run", "--help"], &[])) + &good(&brunt(&["outputs"], &[]));
    for (name, _) in &variables {
        let known = help.contains(&format!("{name}=")) || help.lines().any(|it| it.contains(name));
        assert!(!name.starts_with("BRUNT_") || known, "{name}");
    }

    // SIGTERM, teardown and delivery, and only then SIGKILL.
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(seconds(variable("BRUNT_SHUTDOWN_BUDGET")) < grace);

    // The spool lies in a volume that is large enough; the root cannot be written.
    let spool = variable("BRUNT_SPOOL");
    let mounts = list(&container["volumeMounts"]);
    let mount = mounts
        .iter()
        .find(|it| spool.starts_with(it["mountPath"].as_str().unwrap()));
    let volume = list(&pod["volumes"])
        .iter()
        .find(|it| it["name"] == mount.unwrap()["name"]);
    let size = volume.unwrap()["emptyDir"]["sizeLimit"].as_str().unwrap();
    assert!(gibibytes(variable("BRUNT_SPOOL_SIZE")) < gibibytes(size));
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    for argument in &args {
        let Some(path) = argument.strip_prefix('/') else {
            continue;
        };
        let below = |it: &Value| format!("/{path}").starts_with(it["mountPath"].as_str().unwrap());
        assert!(mounts.iter().any(below), "{argument}");
    }

    // A broken threshold is no reason to try again, and none to stop the other pods.
    let rules = list(&spec["podFailurePolicy"]["rules"]);
    let rule = |code: u64| {
        let mut found = rules.iter().filter(|it| {
            list(&it["onExitCodes"]["values"])
                .iter()
                .any(|it| it == code)
        });
        found.next().unwrap()["action"].as_str().unwrap()
    };
    assert_eq!(rule(99), "FailIndex");
    assert_eq!(spec["backoffLimitPerIndex"], 0);
    assert_eq!([104, 107, 255].map(rule), ["FailJob"; 3]);
    assert_eq!(
        spec["template"]["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"],
        "true"
    );

    // The other files speak of these pods and their nodes.
    let labels = &spec["template"]["metadata"]["labels"];
    let policy = yaml("eks/network-policy.yaml").unwrap();
    assert_eq!(&policy[0]["spec"]["podSelector"]["matchLabels"], labels);
    let karpenter = yaml("eks/karpenter.yaml").unwrap();
    let template = &karpenter[0]["spec"]["template"];
    assert_eq!(pod["nodeSelector"], template["metadata"]["labels"]);
    let (taint, toleration) = (&template["spec"]["taints"][0], &pod["tolerations"][0]);
    for key in ["key", "value", "effect"] {
        assert_eq!(taint[key], toleration[key]);
    }
    let accounts = yaml("eks/rbac.yaml").unwrap();
    assert_eq!(pod["serviceAccountName"], accounts[0]["metadata"]["name"]);
    let namespace = &yaml("eks/namespace.yaml").unwrap()[0]["metadata"];
    assert_eq!(job[0]["metadata"]["namespace"], namespace["name"]);
    assert_eq!(
        namespace["labels"]["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
}
