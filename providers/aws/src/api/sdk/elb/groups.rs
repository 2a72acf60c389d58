use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, Matcher, ProtocolEnum, TargetGroupAttribute, TargetGroupIpAddressTypeEnum,
    TargetTypeEnum,
};

use super::tags::told;
use super::{Elb, PAGE, number, transport};
use crate::api::sdk::refusal::{gone, unreadable};
use crate::api::{
    Answer, Arn, Attributes, HealthCheck, HealthProtocol, NewTargetGroup, Page, TargetGroup, Which,
};

/// The vendor's word for the port that gets the traffic.
const TRAFFIC_PORT: &str = "traffic-port";

impl Elb {
    pub(crate) async fn target_groups(&self, which: Which) -> Answer<Page<TargetGroup>> {
        let call = self.client.describe_target_groups();
        let call = match which {
            Which::All(marker) => call.page_size(PAGE).set_marker(marker),
            // An empty list of ARNs would be sent as one that is empty.
            Which::Arns(arns) if arns.is_empty() => {
                return Ok(Page { items: Vec::new(), next: None });
            }
            Which::Arns(arns) => {
                call.set_target_group_arns(Some(arns.into_iter().map(|arn| arn.0).collect()))
            }
            Which::Name(name) => call.names(name),
        };
        let answer = call.send().await?;
        let all = answer.target_groups.unwrap_or_default();
        Ok(Page { items: all.into_iter().filter_map(group).collect(), next: answer.next_marker })
    }

    pub(crate) async fn group_attributes(&self, arn: &Arn) -> Answer<Attributes> {
        let call = self.client.describe_target_group_attributes().target_group_arn(&arn.0);
        let attributes = call.send().await?.attributes.unwrap_or_default().into_iter();
        Ok(attributes.filter_map(|each| Some((each.key?, each.value?))).collect())
    }

    pub(crate) async fn create_target_group(&self, new: &NewTargetGroup) -> Answer<TargetGroup> {
        let check = Check::from(&new.health_check);
        let call = self
            .client
            .create_target_group()
            .name(&new.name)
            .protocol(ProtocolEnum::from(new.protocol.word()))
            .port(new.port.into())
            .vpc_id(&new.vpc)
            .target_type(TargetTypeEnum::Instance)
            .ip_address_type(TargetGroupIpAddressTypeEnum::from(new.ip_address_type.word()))
            .health_check_protocol(check.protocol)
            .health_check_port(check.port)
            .set_health_check_path(check.path)
            .set_matcher(check.matcher)
            .health_check_interval_seconds(check.interval)
            .health_check_timeout_seconds(check.timeout)
            .healthy_threshold_count(check.healthy)
            .unhealthy_threshold_count(check.unhealthy)
            .set_tags(told(&new.tags));
        let mut made = call.send().await?.target_groups.unwrap_or_default().into_iter();
        made.find_map(group).ok_or_else(|| unreadable("no target group in it"))
    }

    pub(crate) async fn set_health_check(&self, group: &Arn, check: &HealthCheck) -> Answer<()> {
        let check = Check::from(check);
        let call = self
            .client
            .modify_target_group()
            .target_group_arn(&group.0)
            .health_check_protocol(check.protocol)
            .health_check_port(check.port)
            .set_health_check_path(check.path)
            .set_matcher(check.matcher)
            .health_check_interval_seconds(check.interval)
            .health_check_timeout_seconds(check.timeout)
            .healthy_threshold_count(check.healthy)
            .unhealthy_threshold_count(check.unhealthy);
        call.send().await?;
        Ok(())
    }

    pub(crate) async fn set_group_attributes(
        &self,
        group: &Arn,
        attributes: &Attributes,
    ) -> Answer<()> {
        let attributes = attributes
            .iter()
            .map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build())
            .collect();
        let call = self.client.modify_target_group_attributes().target_group_arn(&group.0);
        call.set_attributes(Some(attributes)).send().await?;
        Ok(())
    }

    pub(crate) async fn delete_target_group(&self, group: &Arn) -> Answer<()> {
        let call = self.client.delete_target_group().target_group_arn(&group.0);
        gone(call.send().await.map(drop).map_err(Into::into), &["TargetGroupNotFound"])
    }
}

/// A health check in the SDK's types: creation and change have no builder in common.
struct Check {
    protocol: ProtocolEnum,
    port: String,
    path: Option<String>,
    matcher: Option<Matcher>,
    interval: i32,
    timeout: i32,
    healthy: i32,
    unhealthy: i32,
}

impl From<&HealthCheck> for Check {
    fn from(check: &HealthCheck) -> Self {
        // A check by TCP that comes with a path or with codes is refused.
        let http = check.protocol != HealthProtocol::Tcp;
        let codes = check.codes.as_ref().filter(|_| http);
        Self {
            protocol: ProtocolEnum::from(check.protocol.word()),
            port: check.port.map_or_else(|| TRAFFIC_PORT.to_owned(), |port| port.to_string()),
            path: check.path.clone().filter(|_| http),
            matcher: codes.map(|codes| Matcher::builder().http_code(codes).build()),
            interval: check.interval.into(),
            timeout: check.timeout.into(),
            healthy: check.healthy.into(),
            unhealthy: check.unhealthy.into(),
        }
    }
}

/// What the SDK shows of a target group; none if it can't be one of a network load balancer.
fn group(seen: sdk::TargetGroup) -> Option<TargetGroup> {
    let protocol = seen.health_check_protocol?;
    let protocol = [HealthProtocol::Tcp, HealthProtocol::Http, HealthProtocol::Https]
        .into_iter()
        .find(|each| each.word() == protocol.as_str())?;
    let http = protocol != HealthProtocol::Tcp;
    let health_check = HealthCheck {
        protocol,
        // What is no number is the port that gets the traffic.
        port: seen.health_check_port.and_then(|port| port.parse().ok()),
        path: seen.health_check_path.filter(|_| http),
        codes: seen.matcher.and_then(|matcher| matcher.http_code).filter(|_| http),
        interval: number(seen.health_check_interval_seconds).unwrap_or_default(),
        timeout: number(seen.health_check_timeout_seconds).unwrap_or_default(),
        healthy: number(seen.healthy_threshold_count).unwrap_or_default(),
        unhealthy: number(seen.unhealthy_threshold_count).unwrap_or_default(),
    };
    Some(TargetGroup {
        arn: Arn(seen.target_group_arn?),
        name: seen.target_group_name?,
        protocol: transport(&seen.protocol?)?,
        port: number(seen.port)?,
        health_check,
        balancers: seen.load_balancer_arns.unwrap_or_default().into_iter().map(Arn).collect(),
    })
}
