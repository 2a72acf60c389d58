use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{ProviderError, ServiceUid};

use crate::dataplane::Balancer;
use crate::error;
use crate::observe::id;
use crate::plan::Step;
use crate::provider::Embedded;

/// What the answer to a step tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A Service has these addresses, and no others.
    Reserved {
        /// The Service.
        uid: ServiceUid,
        /// In the order of its families, and then those that it had besides.
        addresses: Vec<IpAddr>,
    },
    /// This listens for a Service.
    Open {
        /// The Service.
        uid: ServiceUid,
        /// What listens.
        balancer: Arc<Balancer>,
    },
    /// Nothing listens any more.
    Closed,
    /// These addresses went back to the pool.
    Released(Vec<IpAddr>),
}

impl Embedded {
    /// Makes one change.
    pub(crate) async fn make(&self, step: &Step) -> Result<Fact, ProviderError> {
        match step {
            Step::Reserve { service, slots } => {
                let addresses =
                    self.pool().reserve(service, slots).map_err(|error| error.told())?;
                Ok(Fact::Reserved { uid: service.uid.clone(), addresses })
            }
            Step::Open { service, balancer } => {
                // Of a claimed address only the uid of its holder is known until here.
                self.pool().introduce(service);
                let opened = self.plane.set(id(&service.uid), Arc::clone(balancer)).await;
                opened.map_err(|error| error::told("listen", &error))?;
                Ok(Fact::Open { uid: service.uid.clone(), balancer: Arc::clone(balancer) })
            }
            Step::Close { uid } => {
                self.plane.remove(id(uid)).await;
                Ok(Fact::Closed)
            }
            Step::Release { uid, addresses } => {
                self.pool().release(uid, addresses);
                Ok(Fact::Released(addresses.clone()))
            }
        }
    }
}
