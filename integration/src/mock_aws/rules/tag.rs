//! The rules of tags.

use super::super::Call;
use super::super::answer::{Refusal, Verdict};
use super::super::state::{Settings, State};

pub(super) fn names_few(call: &Call, _: &State, _: &Settings) -> Verdict {
    if call.list("ResourceArns").len() <= 20 {
        return Ok(());
    }
    Err(Refusal::invalid("At most 20 resources can be specified"))
}

/// moto answers with no tags for what is not there.
pub(super) fn are_there(call: &Call, state: &State, _: &Settings) -> Verdict {
    let arns = call.list("ResourceArns");
    let Some(missing) = arns.iter().find(|arn| !state.has(arn)) else { return Ok(()) };
    let kind = match missing.split(':').nth(5).and_then(|rest| rest.split('/').next()) {
        Some("targetgroup") => "TargetGroup",
        Some("listener") => "Listener",
        Some(_) | None => "LoadBalancer",
    };
    Err(Refusal::new(&format!("{kind}NotFound"), format!("'{missing}' not found")))
}
