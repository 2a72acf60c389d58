use crate::world::protocol::Protocol;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt as _;
use std::{net::Ipv4Addr, sync::Arc};

/// The label that names the Service of a slice.
pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that names who keeps a slice.
pub(crate) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// What is read of an `EndpointSlice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SliceView {
    pub(crate) service: Option<String>,
    pub(crate) managed_by: Option<String>,
    /// Name, protocol and number on the pod.
    pub(crate) ports: Vec<(Option<String>, Protocol, u16)>,
    pub(crate) backends: Vec<BackendView>,
}

/// An endpoint that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackendView {
    pub(crate) address: Ipv4Addr,
    pub(crate) node: Option<Arc<str>>,
    /// Ready, as opposed to still serving while it terminates.
    pub(crate) ready: bool,
}

impl From<&EndpointSlice> for SliceView {
    fn from(slice: &EndpointSlice) -> Self {
        let ports = slice.ports.as_deref().unwrap_or_default();
        let endpoints = slice.endpoints.as_deref().unwrap_or_default();
        Self {
            service: slice.labels().get(SERVICE_NAME).cloned(),
            managed_by: slice.labels().get(MANAGED_BY).cloned(),
            ports: ports
                .iter()
                .filter_map(|p| {
                    Some((
                        p.name.clone().filter(|n| !n.is_empty()),
                        Protocol::parse(p.protocol.as_deref())?,
                        u16::try_from(p.port?).ok()?,
                    ))
                })
                .collect(),
            backends: endpoints
                .iter()
                .filter_map(|e| {
                    let conditions = e.conditions.clone().unwrap_or_default();
                    // An absent condition means ready, and serving is then what ready is.
                    let ready = conditions.ready.unwrap_or(true);
                    let serving = conditions.serving.unwrap_or(ready);
                    let terminating = conditions.terminating.unwrap_or(false);
                    (ready || (serving && terminating)).then_some(())?;
                    Some(BackendView {
                        address: e.addresses.first()?.parse().ok()?,
                        node: e.node_name.as_deref().map(Into::into),
                        ready,
                    })
                })
                .collect(),
        }
    }
}
