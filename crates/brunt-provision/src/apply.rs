//! Does what a plan says, step by step. Each step is whole in itself, so that a run that ends anywhere leaves a state from
//! which the next one goes on.

use reqwest::StatusCode;

use crate::client::{Answer, Client, ProvisionError};
use crate::desired::Desired;
use crate::plan::{self, Action, Item, Plan, Step};

/// How often a step is looked at anew because somebody else was faster.
const RACES: usize = 3;

/// Does it, and tells each step as it came out: it may have become another one since it was planned.
///
/// # Errors
/// At the first step that fails; those before stay done.
pub async fn apply(
    client: &Client,
    desired: &Desired,
    plan: &Plan,
    force: bool,
    mut done: impl FnMut(&Step),
) -> Result<(), ProvisionError> {
    for planned in &plan.steps {
        if planned.action.writes() {
            if let Some(step) = settle(client, desired, planned.item, force).await? {
                done(&step);
            }
        } else {
            done(planned);
        }
    }
    Ok(())
}

/// One step, by what is there now: somebody else, or an earlier call whose answer was lost, may have changed it.
async fn settle(
    client: &Client,
    desired: &Desired,
    item: Item,
    force: bool,
) -> Result<Option<Step>, ProvisionError> {
    let mut races = 0;
    loop {
        let Some((step, call)) = plan::look(client, desired, item, force).await? else {
            return Ok(None);
        };
        if !step.action.writes() {
            return Ok(Some(step));
        }
        let answer = client
            .call(call.method, &call.path, Some(&call.body))
            .await?;
        races += 1;
        // A name that is taken by another thing stays taken; once it may have been a call of our own.
        let patience = if is_name_clash(&answer) { 2 } else { RACES };
        if was_changed(&answer, &step) && races < patience {
            continue;
        }
        refused(client, &answer, &step)?;
        return Ok(Some(step));
    }
}

/// Whether something changed between reading and writing.
fn was_changed(answer: &Answer, step: &Step) -> bool {
    match answer.status {
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => true,
        StatusCode::NOT_FOUND => step.action == Action::Update,
        _ => false,
    }
}

/// Whether another thing has the name.
fn is_name_clash(answer: &Answer) -> bool {
    answer.body["status"] == "name-exists"
        || answer
            .said()
            .is_some_and(|said| said.contains("name already exists"))
}

fn refused(client: &Client, answer: &Answer, step: &Step) -> Result<(), ProvisionError> {
    let verb = if step.action == Action::Create {
        "create"
    } else {
        "update"
    };
    let mut outcome = client.expect(answer, &format!("{verb} {}", step.named()));
    if let Err(ProvisionError::Refused { advice, .. }) = &mut outcome
        && is_name_clash(answer)
    {
        let instead = match step.item {
            Item::Folder => "or give another title with --folder",
            Item::DataSource(_) => {
                "or give this one another name with ',name=NAME', or the uid of that one with ',uid=UID' to change that"
            }
            Item::Dashboard(_) => "or move it to another folder",
        };
        *advice = format!(
            "another one is called '{}': rename that, {instead}",
            step.name
        );
    }
    outcome
}
