use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, Action, ActionTypeEnum, Certificate, ProtocolEnum,
};

use super::tags::told;
use super::{Elb, number, transport};
use crate::api::sdk::refusal::{gone, unreadable};
use crate::api::{Answer, Arn, Fault, Listener, ListenerSpec, Tags, Transport};

impl Elb {
    pub(crate) async fn listeners(&self, balancer: &Arn) -> Answer<Vec<Listener>> {
        let call = self.client.describe_listeners().load_balancer_arn(&balancer.0);
        let all = call.send().await?.listeners.unwrap_or_default();
        Ok(all.into_iter().filter_map(listener).collect())
    }

    pub(crate) async fn create_listener(
        &self,
        balancer: &Arn,
        port: u16,
        spec: &ListenerSpec,
        tags: &Tags,
    ) -> Answer<Listener> {
        let call = self
            .client
            .create_listener()
            .load_balancer_arn(&balancer.0)
            .port(port.into())
            .protocol(ProtocolEnum::from(spec.protocol.word()))
            .default_actions(forward(spec)?)
            .set_certificates(certificates(spec))
            .set_ssl_policy(spec.policy.clone())
            .set_tags(told(tags));
        let mut made = call.send().await?.listeners.unwrap_or_default().into_iter();
        made.find_map(listener).ok_or_else(|| unreadable("no listener in it"))
    }

    pub(crate) async fn modify_listener(&self, arn: &Arn, spec: &ListenerSpec) -> Answer<()> {
        let call = self
            .client
            .modify_listener()
            .listener_arn(&arn.0)
            .protocol(ProtocolEnum::from(spec.protocol.word()))
            .default_actions(forward(spec)?)
            .set_certificates(certificates(spec))
            .set_ssl_policy(spec.policy.clone());
        call.send().await?;
        Ok(())
    }

    pub(crate) async fn delete_listener(&self, arn: &Arn) -> Answer<()> {
        let call = self.client.delete_listener().listener_arn(&arn.0);
        gone(call.send().await.map(drop).map_err(Into::into), &["ListenerNotFound"])
    }
}

/// The one action of a listener of ours.
fn forward(spec: &ListenerSpec) -> Result<Action, Fault> {
    let group = spec.group.as_ref();
    let group =
        group.ok_or_else(|| Fault::NotSent("a listener needs a target group".to_owned()))?;
    Ok(Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(&group.0).build())
}

fn certificates(spec: &ListenerSpec) -> Option<Vec<Certificate>> {
    let arn = spec.certificate.as_ref()?;
    Some(vec![Certificate::builder().certificate_arn(arn).build()])
}

/// What the SDK shows of a listener. One that speaks something else than ours do, as if by hand it
/// was made to, is shown to lead nowhere: it is there, and not as it is to be.
fn listener(seen: sdk::Listener) -> Option<Listener> {
    let known = seen.protocol.as_ref().and_then(transport);
    let protocol = known.unwrap_or(Transport::Tcp);
    let tls = protocol == Transport::Tls;
    let certificate = seen.certificates.unwrap_or_default().into_iter().next();
    let actions = seen.default_actions.unwrap_or_default();
    Some(Listener {
        arn: Arn(seen.listener_arn?),
        port: number(seen.port)?,
        spec: ListenerSpec {
            protocol,
            group: known.and_then(|_| single_group(&actions)),
            certificate: certificate.and_then(|each| each.certificate_arn).filter(|_| tls),
            policy: seen.ssl_policy.filter(|_| tls),
        },
    })
}

/// The target group that gets all the traffic, if there is one that does.
fn single_group(actions: &[Action]) -> Option<Arn> {
    let [action] = actions else { return None };
    if action.r#type != Some(ActionTypeEnum::Forward) {
        return None;
    }
    // The answer has both forms where both say the same.
    let several = action.forward_config.as_ref().and_then(|each| each.target_groups.as_deref());
    let group = match several {
        Some([one]) => one.target_group_arn.as_ref(),
        Some([_, _, ..]) => None,
        Some([]) | None => action.target_group_arn.as_ref(),
    };
    group.cloned().map(Arn)
}
