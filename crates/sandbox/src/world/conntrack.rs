use super::protocol::Protocol;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Who stands behind the connections that nodes forward to pods.
///
/// A pod sees only the address of the node, as behind kube-proxy; this map is what the kernel's
/// connection tracking is there, and lets the pod tell the whole way.
#[derive(Debug, Default)]
pub(crate) struct Conntrack {
    flows: Mutex<HashMap<Flow, Origin>>,
}

/// One connection between a node and a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Flow {
    pub(crate) protocol: Protocol,
    pub(crate) node: SocketAddr,
    pub(crate) pod: SocketAddr,
}

/// The node whose NodePort took a connection, and who reached it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) via: Arc<str>,
    pub(crate) client: SocketAddr,
}

/// Keeps a flow in the map as long as it lives.
#[derive(Debug)]
pub(crate) struct Tracked {
    flow: Flow,
    home: Arc<Conntrack>,
}

impl Conntrack {
    pub(crate) fn track(self: &Arc<Self>, flow: Flow, origin: Origin) -> Tracked {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner).insert(flow, origin);
        Tracked { flow, home: Arc::clone(self) }
    }

    pub(crate) fn origin(&self, flow: &Flow) -> Option<Origin> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner).get(flow).cloned()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.home.flows.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.flow);
    }
}
