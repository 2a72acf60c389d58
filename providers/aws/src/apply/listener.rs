use seaway_core::ProviderError;

use super::{arn_of, foreign};
use crate::api::{Api, Arn, ListenerSpec, Tags};
use crate::error::{is_taken, told};
use crate::observe::{Front, Observed};
use crate::plan::Way;
use crate::provider::Nlb;

impl<A: Api> Nlb<A> {
    /// A listener that a lost answer left behind is found on its port.
    pub(super) async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: ListenerSpec,
        tags: &Tags,
        seen: &Observed,
    ) -> Result<Front, ProviderError> {
        const ACTION: &str = "CreateListener";
        match self.api.create_listener(balancer, port, &spec, tags).await {
            Ok(made) => Ok(Front::of(made.arn, spec)),
            Err(fault) if is_taken(&fault) => {
                let all = self.api.listeners(balancer).await;
                let all = all.map_err(|fault| told(ACTION, &fault))?;
                let found = all.into_iter().find(|it| it.port == port).map(|it| Front::read(it).1);
                let ours = |front: &Front| {
                    seen.groups.values().any(|group| Some(&group.arn) == front.group.as_ref())
                };
                found.filter(ours).ok_or_else(|| foreign(ACTION, &format!("port {port}"), &fault))
            }
            Err(fault) => Err(told(ACTION, &fault)),
        }
    }
}

impl Front {
    pub(super) fn of(arn: Arn, spec: ListenerSpec) -> Self {
        Self {
            arn: Some(arn),
            protocol: spec.protocol,
            group: spec.group,
            certificate: spec.certificate,
            policy: spec.policy,
        }
    }
}

/// What a listener is to do, by ARN.
pub(super) fn spec(way: &Way, group: Arn) -> ListenerSpec {
    ListenerSpec {
        protocol: way.protocol,
        group: Some(group),
        certificate: way.certificate.clone(),
        policy: way.policy.clone(),
    }
}

/// The ARN of a listener that is known.
pub(super) fn arn(seen: &Observed, balancer: &str, port: u16) -> Result<Arn, ProviderError> {
    let detail = seen.balancers.get(balancer).and_then(|it| it.detail.as_ref());
    let front = detail.and_then(|detail| detail.listeners.get(&port));
    arn_of(front.and_then(|front| front.arn.as_ref()), balancer)
}
