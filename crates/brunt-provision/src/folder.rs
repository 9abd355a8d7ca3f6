//! The folder of the dashboards: found by its uid, because its title is its readers'.

use reqwest::Method;
use serde_json::json;

use crate::client::{Client, Interface, ProvisionError};
use crate::desired::Folder;
use crate::plan::{Action, Found, Write, read};

pub(crate) async fn look(client: &Client, folder: &Folder) -> Result<Found, ProvisionError> {
    let Folder { uid, title } = folder;
    let legacy = client.interface() == Interface::Legacy;
    let path = if legacy {
        "/api/folders".to_owned()
    } else {
        client.resources("folders")
    };
    let what = format!("read folder '{title}'");
    let there = read(client, &format!("{path}/{uid}"), &what).await?;
    let action = match there {
        None => Action::Create,
        Some(there) => {
            let called = if legacy {
                &there["title"]
            } else {
                &there["spec"]["title"]
            };
            match called.as_str() {
                Some(called) if called != title => {
                    Action::Skip(format!("it is there as '{called}', which it stays"))
                }
                _ => Action::Unchanged,
            }
        }
    };
    let body = if legacy {
        json!({ "uid": uid, "title": title })
    } else {
        let metadata = json!({ "name": uid });
        client.resource("folders", &metadata, &json!({ "title": title }))
    };
    let call = Write {
        method: Method::POST,
        path,
        body,
    };
    Ok(Found {
        name: title.clone(),
        action,
        call,
    })
}
