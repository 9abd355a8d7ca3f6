//! The stack of `compose.yaml`: what it mounts, what its Grafana finds, and that Helm's values say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use brunt_testkit::{Grafana, grafana};
use serde_json::Value;

use super::{deploy, exported, files, good, is_pinned, list, strings, text, tool, yaml};

/// The compose file as Compose reads it, with every profile.
fn compose() -> Option<Value> {
    let mut command = tool("docker-compose")?;
    let output = command
        .arg("-f")
        .arg(deploy("compose.yaml"))
        .args(["--profile", "*", "config", "--format", "json"])
        .output()
        .unwrap();
    Some(serde_json::from_str(&good(&output)).unwrap())
}

#[test]
fn compose_understands_its_file_and_finds_what_it_mounts() {
    let Some(compose) = compose() else { return };
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.len(), 6);
    for (name, service) in services {
        assert!(is_pinned(service["image"].as_str().unwrap()), "{name}");
        for port in list(&service["ports"]) {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}: {port}");
        }
        for volume in list(&service["volumes"]) {
            let source = volume["source"].as_str().unwrap();
            if volume["type"] == "bind" {
                assert!(Path::new(source).exists(), "{name}: no {source}");
                assert_eq!(volume["read_only"], true, "{name}: {source}");
            }
        }
        // A configuration that is named is one that is mounted.
        for argument in strings(&service["command"]) {
            let Some(path) = argument.strip_prefix("-config.file=") else {
                continue;
            };
            let mounted = list(&service["volumes"]).iter();
            let mut targets = mounted.map(|it| it["target"].as_str().unwrap());
            assert!(targets.any(|it| it == path), "{name}: no {path}");
        }
    }
    // Grafana waits for the others; nothing waits for something that cannot become healthy.
    for service in services.values() {
        for (name, on) in service["depends_on"].as_object().into_iter().flatten() {
            if on["condition"] == "service_healthy" {
                assert!(services[name]["healthcheck"]["test"].is_array(), "{name}");
            }
        }
    }
    assert_eq!(
        services["grafana"]["depends_on"]["backends"]["condition"],
        "service_healthy"
    );
    let probe = services["backends"]["healthcheck"]["test"].to_string();
    for name in ["mimir", "loki", "tempo"] {
        let configuration = yaml(&format!("compose/{name}.yaml")).unwrap();
        let port = &configuration[0]["server"]["http_listen_port"];
        assert!(probe.contains(&format!("http://{name}:{port}/ready")));
        let published = list(&services[name]["ports"]).iter();
        let mut targets = published.map(|it| &it["target"]);
        assert!(targets.any(|it| it == port), "{name}");
    }
}

/// The dashboards that the stack's Grafana finds: those that are exported, each once.
#[test]
fn grafana_of_the_stack_finds_the_dashboards_that_are_exported() {
    let Some(compose) = compose() else { return };
    let grafana = &compose["services"]["grafana"];
    let provider = yaml("compose/dashboards.yaml").unwrap();
    let path = provider[0]["providers"][0]["options"]["path"]
        .as_str()
        .unwrap();
    let mounts = list(&grafana["volumes"]);
    let mount = mounts.iter().find(|it| it["target"] == path).unwrap();
    let source = Path::new(mount["source"].as_str().unwrap());
    let covered = strings(&grafana["tmpfs"]);
    // The provider goes into folders.
    let mut found = BTreeMap::new();
    let mut folders = vec![(source.to_owned(), path.to_owned())];
    while let Some((folder, target)) = folders.pop() {
        if covered.contains(&target.as_str()) {
            continue;
        }
        for file in files(&folder) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            if file.is_dir() {
                folders.push((file, format!("{target}/{name}")));
            } else if file.extension().is_some_and(|it| it == "json") {
                found.insert(
                    format!("{target}/{name}"),
                    std::fs::read_to_string(file).unwrap(),
                );
            }
        }
    }
    let folder = exported("file-provider");
    let mut expected = BTreeMap::new();
    for file in files(folder.path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let content = std::fs::read_to_string(&file).unwrap();
        if file.extension().is_some_and(|it| it == "json") {
            expected.insert(format!("{path}/{name}"), content);
        } else {
            assert_eq!(content, text("compose/dashboards.yaml"), "{name}");
        }
    }
    assert!(expected.len() > 5);
    assert!(
        found == expected,
        "{:?}\n{:?}",
        found.keys(),
        expected.keys()
    );
    let home = &grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"];
    assert!(found.contains_key(home.as_str().unwrap()), "{home}");
}

/// Every `uid` of a data source that a value names.
fn named(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "datasourceUid" || key == "targetUID" {
                    found.insert(value.as_str().unwrap().to_owned());
                }
                named(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|it| named(it, found)),
        _ => {}
    }
}

#[test]
fn data_sources_lead_to_each_other_in_compose_and_in_helm_alike() {
    let Some(compose) = yaml("compose/datasources.yaml") else {
        return;
    };
    let helm = yaml("helm-values/grafana.yaml").unwrap();
    let here = &compose[0]["datasources"];
    let there = &helm[0]["datasources"]["brunt.yaml"]["datasources"];
    let mut uids = BTreeSet::new();
    for (one, other) in list(here).iter().zip(list(there)) {
        let (mut one, mut other) = (one.clone(), other.clone());
        assert!(uids.insert(one["uid"].as_str().unwrap().to_owned()));
        for it in [&mut one, &mut other] {
            // Addresses and the tenant differ.
            assert!(it.as_object_mut().unwrap().remove("url").is_some());
            it.as_object_mut().unwrap().remove("secureJsonData");
            it["jsonData"]
                .as_object_mut()
                .unwrap()
                .remove("httpHeaderName1");
        }
        assert_eq!(one, other);
    }
    assert_eq!(list(here).len(), 3);
    assert_eq!(list(there).len(), 3);
    let mut targets = BTreeSet::new();
    named(here, &mut targets);
    assert_eq!(targets, uids);
}

/// `brunt dashboards provision` and the stack's file make the same of a Grafana.
#[test]
fn the_stack_has_the_data_sources_that_provision_makes() {
    let Some(compose) = yaml("compose/datasources.yaml") else {
        return;
    };
    let grafana = Grafana::start(grafana::Config::default()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
    command.args(["dashboards", "provision", "--url", &grafana.url()]);
    let here = list(&compose[0]["datasources"]);
    for source in here {
        let [uid, url] = ["uid", "url"].map(|key| source[key].as_str().unwrap());
        command.arg(format!("--datasource={uid}={url}"));
    }
    let token = grafana::Config::default().token;
    good(&command.env("GRAFANA_TOKEN", token).output().unwrap());
    let made = grafana.contents();
    for source in here {
        let made = &made["dataSources"][source["uid"].as_str().unwrap()];
        for key in ["name", "type", "url", "jsonData"] {
            // In a file of Grafana's provisioning a $ is written twice.
            let text = source[key].to_string().replace("$$", "$");
            let wanted: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(made[key], wanted, "{key}");
        }
    }
}

#[test]
fn mimir_takes_what_brunt_sends_in_compose_and_in_helm_alike() {
    let Some(mimir) = yaml("compose/mimir.yaml") else {
        return;
    };
    let mimir = &mimir[0];
    let helm = yaml("helm-values/mimir-distributed.yaml").unwrap();
    assert_eq!(
        mimir["limits"],
        helm[0]["mimir"]["structuredConfig"]["limits"]
    );
    assert_eq!(mimir["limits"]["native_histograms_ingestion_enabled"], true);
    assert_eq!(mimir["limits"]["out_of_order_time_window"], "1h");
    // The ruler looks in a folder for each tenant.
    let rules = mimir["ruler_storage"]["local"]["directory"]
        .as_str()
        .unwrap();
    let Some(compose) = compose() else { return };
    let mounts = list(&compose["services"]["mimir"]["volumes"]);
    let mount = mounts
        .iter()
        .find(|it| it["target"] == format!("{rules}/anonymous"));
    let rules = files(Path::new(mount.unwrap()["source"].as_str().unwrap()));
    assert!(rules.iter().any(|it| it.ends_with("alerts.yaml")));
    for name in ["loki", "tempo"] {
        assert_eq!(yaml(&format!("helm-values/{name}.yaml")).unwrap().len(), 1);
    }
}

#[test]
fn charts_and_job_call_mimir_by_one_address_and_one_tenant() {
    let Some(job) = yaml("eks/job.yaml") else {
        return;
    };
    let container = &job[0]["spec"]["template"]["spec"]["containers"][0];
    let out = strings(&container["args"])
        .into_iter()
        .find_map(|it| it.strip_prefix("--out=mimir="));
    let host = out.unwrap().strip_suffix("/api/v1/push").unwrap();
    let mut variables = list(&container["env"]).iter();
    let tenant = variables.find(|it| it["name"] == "BRUNT_PROMETHEUS_TENANT");
    let tenant = &tenant.unwrap()["value"];

    let grafana = yaml("helm-values/grafana.yaml").unwrap();
    let mimir = &grafana[0]["datasources"]["brunt.yaml"]["datasources"][0];
    assert_eq!(mimir["url"], format!("{host}/prometheus"));
    assert_eq!(mimir["jsonData"]["httpHeaderName1"], "X-Scope-OrgID");
    assert_eq!(&mimir["secureJsonData"]["httpHeaderValue1"], tenant);

    let tempo = &yaml("helm-values/tempo.yaml").unwrap()[0]["tempo"];
    let url = &tempo["metricsGenerator"]["remoteWriteUrl"];
    assert_eq!(*url, format!("{host}/api/v1/push"));
    let headers = &tempo["overrides"]["defaults"]["metrics_generator"]["remote_write_headers"];
    assert_eq!(&headers["X-Scope-OrgID"], tenant);

    // That address is the one of the chart's gateway.
    let chart = &yaml("helm-values/mimir-distributed.yaml").unwrap()[0];
    assert_eq!(chart["gateway"]["enabledNonEnterprise"], true);
    assert!(host.starts_with("http://mimir-gateway."), "{host}");
    // Grafana asks Loki without a tenant, as in compose.
    let loki = list(&grafana[0]["datasources"]["brunt.yaml"]["datasources"]).iter();
    let mut loki = loki.filter(|it| it["type"] == "loki");
    assert!(loki.next().unwrap()["secureJsonData"].is_null());
    for path in ["helm-values/loki.yaml", "compose/loki.yaml"] {
        let file = &yaml(path).unwrap()[0];
        let settings = file.get("loki").unwrap_or(file);
        assert_eq!(settings["auth_enabled"], false, "{path}");
    }
}
