//! One Service that has a load balancer for itself, and what a pass tells of it.

use seaway_core::{Key, ProviderError, Report};

use super::Rig;
use crate::{Bench, uid};

/// One pass over the load balancer of the Service.
pub async fn pass<B: Bench>(rig: &mut Rig<B>, name: &str) -> Report {
    rig.pass(&Key::own(uid(name))).await
}

/// What stands in the way of the Service, if anything does.
///
/// # Panics
/// If something stands in the way of all.
pub fn trouble(report: &Report, name: &str) -> Option<ProviderError> {
    assert!(report.error.is_none(), "{:?}", report.error);
    report.members.get(&uid(name)).and_then(|member| member.error.clone())
}

/// What the user of the Service should know: the reasons and the messages.
///
/// # Panics
/// If the pass was not about the Service.
pub fn warnings(report: &Report, name: &str) -> Vec<String> {
    let member = &report.members[&uid(name)];
    member.warnings.iter().map(|it| format!("{}: {}", it.reason, it.message)).collect()
}
