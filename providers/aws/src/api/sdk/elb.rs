//! Elastic Load Balancing, version 2015-12-01.

mod balancers;
mod groups;
mod listeners;
mod tags;
mod targets;

use aws_config::SdkConfig;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;

use super::connect;
use crate::api::{Fault, Transport};

/// How many of a kind come on a page: the most there may be.
const PAGE: i32 = 400;

/// The SDK's client.
#[derive(Clone, Debug)]
pub(super) struct Elb {
    client: Client,
}

impl Elb {
    pub(super) fn new(config: &SdkConfig) -> Result<Self, Fault> {
        connect::region(config)?;
        Ok(Self { client: Client::new(config) })
    }
}

/// A protocol that a network load balancer of ours may speak; none for those of the other types.
fn transport(protocol: &ProtocolEnum) -> Option<Transport> {
    [Transport::Tcp, Transport::Udp, Transport::TcpUdp, Transport::Tls]
        .into_iter()
        .find(|transport| transport.word() == protocol.as_str())
}

/// A number that the SDK has as an `i32`.
fn number<T: TryFrom<i32>>(number: Option<i32>) -> Option<T> {
    T::try_from(number?).ok()
}
