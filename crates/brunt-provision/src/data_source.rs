//! A data source: what is there, and ours laid over it, so that what people have set beside stays.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::client::{Client, ProvisionError};
use crate::desired::DataSource;
use crate::mark;
use crate::plan::{Action, Found, Write, read};

/// The header that names the tenant.
const TENANT: &str = "X-Scope-OrgID";

/// Where the hash of the tenant is kept: Grafana does not give the tenant itself out.
const TENANT_MARK: &str = "bruntTenant";

pub(crate) async fn look(
    client: &Client,
    source: &DataSource,
    all: &[DataSource],
) -> Result<Found, ProvisionError> {
    let name = source.name.clone();
    let path = format!("/api/datasources/uid/{}", source.uid);
    let there = read(client, &path, &format!("read data source '{name}'")).await?;
    let body = body(source, all, there.as_ref());
    let (action, method, path) = match &there {
        None => (Action::Create, Method::POST, "/api/datasources".to_owned()),
        Some(there) => (judge(source, &body, there), Method::PUT, path),
    };
    let call = Write { method, path, body };
    Ok(Found { name, action, call })
}

/// A sentence if there is no data source that the dashboards could ask. One needs a right to list them that not everybody
/// who writes dashboards has.
pub(crate) async fn missing(
    client: &Client,
    desired: &[DataSource],
) -> Result<Option<String>, ProvisionError> {
    let is_metrics = |source: &DataSource| source.of_type() == "prometheus";
    if desired.iter().any(is_metrics) {
        return Ok(None);
    }
    let answer = client.call(Method::GET, "/api/datasources", None).await?;
    let Some(there) = answer.body.as_array() else {
        return Ok(None);
    };
    let has_metrics = there.iter().any(|it| it["type"] == "prometheus");
    let missing = "this Grafana has no data source for Prometheus or Mimir, so the dashboards will be empty: give one with --datasource mimir=URL";
    Ok((!has_metrics).then(|| missing.to_owned()))
}

/// What becomes of one that is there, where `body` would be written.
fn judge(source: &DataSource, body: &Value, there: &Value) -> Action {
    if there["type"] != source.of_type() {
        return Action::Skip(format!(
            "another one, of type {}, has the uid {}: give this one another with ',uid=UID'",
            there["type"], source.uid
        ));
    }
    // A secret can be written and not read: whether there is one, is told.
    let is_stored = |secret: &String| there["secureJsonFields"][secret] == true;
    let members = body.as_object().into_iter().flatten();
    let is_same = members
        .clone()
        .all(|(key, value)| match (key.as_str(), value) {
            ("secureJsonData", Value::Object(secrets)) => secrets.keys().all(is_stored),
            _ => there[key] == *value,
        });
    if is_same {
        Action::Unchanged
    } else if there["readOnly"] == true {
        Action::Skip("it comes from a file of Grafana's provisioning: change it there".to_owned())
    } else {
        Action::Update
    }
}

/// What is to be stored, with its ways to the others, over what is there.
fn body(source: &DataSource, all: &[DataSource], there: Option<&Value>) -> Value {
    let mut body = there.cloned().unwrap_or_else(|| json!({}));
    let mut options = match body["jsonData"].take() {
        Value::Object(options) => options,
        _ => Map::new(),
    };
    options.extend(ways(source, all));
    if let Some(tenant) = &source.tenant {
        let at = header(&options);
        options.insert(format!("httpHeaderName{at}"), TENANT.into());
        options.insert(
            TENANT_MARK.to_owned(),
            mark::hash(&Value::from(tenant.as_str())).into(),
        );
        body["secureJsonData"] = json!({ format!("httpHeaderValue{at}"): tenant });
    }
    body["uid"] = source.uid.as_str().into();
    body["name"] = source.name.as_str().into();
    body["type"] = source.of_type().into();
    body["access"] = "proxy".into();
    body["url"] = source.url.as_str().into();
    body["jsonData"] = options.into();
    body
}

/// Headers are numbered: the number of the tenant's, or the first free one.
fn header(options: &Map<String, Value>) -> usize {
    let name = |at: &usize| options.get(&format!("httpHeaderName{at}"));
    let numbers = 1..=options.len() + 1;
    let is_tenant = |at: &usize| {
        let name = name(at).and_then(Value::as_str);
        name.is_some_and(|name| name.eq_ignore_ascii_case(TENANT))
    };
    numbers
        .clone()
        .find(is_tenant)
        .or_else(|| numbers.clone().find(|at| name(at).is_none()))
        .unwrap_or(1)
}

/// The ways to the others: from exemplars to traces, from traces to logs and metrics, from logs to traces. They are those of
/// `deploy/compose/datasources.yaml`.
fn ways(source: &DataSource, all: &[DataSource]) -> Map<String, Value> {
    let uid = |of_type: &str| {
        let found = all.iter().find(|it| it.of_type() == of_type);
        found.map(|it| it.uid.as_str())
    };
    let (metrics, logs, traces) = (uid("prometheus"), uid("loki"), uid("tempo"));
    let mut options = Map::new();
    let mut put = |key: &str, value: Value| {
        options.insert(key.to_owned(), value);
    };
    match source.of_type() {
        "prometheus" => {
            put("httpMethod", "POST".into());
            // How often brunt sends: panels work out rates over four times as much at least.
            put("timeInterval", "5s".into());
            put("prometheusType", source.flavour().into());
            put("manageAlerts", true.into());
            if let Some(traces) = traces {
                let way = json!({ "name": "trace_id", "datasourceUid": traces });
                put("exemplarTraceIdDestinations", json!([way]));
            }
        }
        "loki" => {
            if let Some(traces) = traces {
                let way = json!({
                    "name": "Trace",
                    "matcherType": "regex",
                    "matcherRegex": "\"?trace_?[iI][dD]\"?[=:]\\s*\"?([0-9a-f]{32})",
                    "url": "${__value.raw}",
                    "datasourceUid": traces,
                    "urlDisplayLabel": "Trace",
                });
                put("derivedFields", json!([way]));
            }
        }
        _ => {
            put("nodeGraph", json!({ "enabled": true }));
            if let Some(logs) = logs {
                let way = json!({
                    "datasourceUid": logs,
                    "spanStartTimeShift": "-1m",
                    "spanEndTimeShift": "1m",
                    "filterByTraceID": true,
                    "tags": [{ "key": "service.name", "value": "service_name" }],
                });
                put("tracesToLogsV2", way);
            }
            if let Some(metrics) = metrics {
                let query = json!({
                    "name": "Requests of this service",
                    "query": "sum(rate(traces_spanmetrics_calls_total{$__tags}[1m]))",
                });
                let way = json!({
                    "datasourceUid": metrics,
                    "spanStartTimeShift": "-2m",
                    "spanEndTimeShift": "2m",
                    "tags": [{ "key": "service.name", "value": "service" }],
                    "queries": [query],
                });
                put("tracesToMetrics", way);
                put("serviceMap", json!({ "datasourceUid": metrics }));
            }
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(arguments: &[&str]) -> Vec<DataSource> {
        let parse = |text: &&str| DataSource::parse(text).unwrap();
        arguments.iter().map(parse).collect()
    }

    /// As Grafana gives it out after it was written.
    fn shown(mut body: Value) -> Value {
        let members = body.as_object_mut().unwrap();
        if let Some(Value::Object(secrets)) = members.remove("secureJsonData") {
            let fields = secrets.into_iter().map(|(key, _)| (key, true.into()));
            members.insert(
                "secureJsonFields".to_owned(),
                Value::Object(fields.collect()),
            );
        }
        members.insert("version".to_owned(), 3.into());
        body
    }

    #[test]
    fn data_sources_lead_to_each_other_where_the_other_is() {
        let all = sources(&[
            "mimir=http://m",
            "loki=http://l",
            "tempo=http://t,uid=traces",
        ]);
        let options = |at: usize, all: &[DataSource]| body(&all[at], all, None)["jsonData"].take();
        let exemplars = &options(0, &all)["exemplarTraceIdDestinations"];
        assert_eq!(exemplars[0]["datasourceUid"], "traces");
        assert_eq!(
            options(1, &all)["derivedFields"][0]["datasourceUid"],
            "traces"
        );
        assert_eq!(options(2, &all)["tracesToLogsV2"]["datasourceUid"], "loki");
        assert_eq!(
            options(2, &all)["tracesToMetrics"]["datasourceUid"],
            "mimir"
        );
        let alone = options(0, &all[..1]);
        assert!(alone.get("exemplarTraceIdDestinations").is_none());
    }

    #[test]
    fn what_people_have_set_beside_stays() {
        let one = sources(&["mimir=http://m,tenant=load"]);
        let there = json!({
            "uid": "mimir", "name": "Mimir", "type": "prometheus", "url": "http://old", "version": 3, "isDefault": true,
            "jsonData": { "timeInterval": "1m", "customQueryParameters": "x=1", "httpHeaderName1": "X-Team" },
        });
        let written = body(&one[0], &one, Some(&there));
        assert_eq!(judge(&one[0], &written, &there), Action::Update);
        assert_eq!(written["isDefault"], true);
        assert_eq!(written["version"], 3);
        assert_eq!(written["jsonData"]["customQueryParameters"], "x=1");
        assert_eq!(written["jsonData"]["httpHeaderName1"], "X-Team");
        assert_eq!(written["jsonData"]["httpHeaderName2"], TENANT);
        assert_eq!(
            written["secureJsonData"],
            json!({ "httpHeaderValue2": "load" })
        );
    }

    #[test]
    fn only_another_wish_is_written_again_also_a_tenant_that_nobody_can_read() {
        let one = sources(&["mimir=http://m,tenant=load"]);
        let there = shown(body(&one[0], &one, None));
        let of = |argument: &str, there: &Value| {
            let one = sources(&[argument]);
            judge(&one[0], &body(&one[0], &one, Some(there)), there)
        };
        assert_eq!(of("mimir=http://m,tenant=load", &there), Action::Unchanged);
        assert_eq!(of("mimir=http://m,tenant=other", &there), Action::Update);
        assert_eq!(of("mimir=http://n,tenant=load", &there), Action::Update);
        let mut lost = there.clone();
        lost["secureJsonFields"] = json!({});
        assert_eq!(of("mimir=http://m,tenant=load", &lost), Action::Update);
        let mut from_file = there.clone();
        from_file["readOnly"] = true.into();
        let skipped = |action: Action| matches!(action, Action::Skip(_));
        assert!(skipped(of("mimir=http://n,tenant=load", &from_file)));
        assert!(
            skipped(of("loki=http://l,uid=mimir", &there)),
            "another type"
        );
    }
}
