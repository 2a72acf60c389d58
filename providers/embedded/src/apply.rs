use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::{Moment, ProviderError, ServiceUid};

use crate::dataplane::{self, Balancer};
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
    /// Nothing listens any more for a Service.
    Closed {
        /// The Service.
        uid: ServiceUid,
    },
    /// These addresses are not those of a Service any more.
    Released {
        /// The Service.
        uid: ServiceUid,
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
}

impl Embedded {
    /// Makes one change.
    pub(crate) async fn make(&self, step: &Step, now: Moment) -> Result<Fact, ProviderError> {
        match step {
            Step::Reserve { holder, service, order } => {
                let reserved = self.pool().reserve(holder, service, order, now);
                let addresses = reserved.map_err(|error| error.told())?;
                Ok(Fact::Reserved { uid: holder.uid.clone(), addresses })
            }
            Step::Open { holder, service, balancer } => {
                // Of a claimed address only the uid of its holder is known until here.
                self.pool().introduce(holder, service);
                let id = id(holder).called(&service.to_string());
                let opened = self.plane.set(id, Arc::clone(balancer)).await;
                let absent = self.note_absent(balancer);
                opened.map_err(|error| error::told("listen", &error))?;
                // It is as it should be all the same, for the other addresses, and for when this one
                // comes.
                if let Some(listener) = absent {
                    return Err(error::told("listen", &dataplane::not_local(listener)));
                }
                Ok(Fact::Open { uid: holder.uid.clone(), balancer: Arc::clone(balancer) })
            }
            Step::Close { holder } => {
                self.plane.remove(id(holder)).await;
                Ok(Fact::Closed { uid: holder.uid.clone() })
            }
            Step::Release { holder, addresses, leaves } => {
                if *leaves {
                    self.pool().leave(holder, addresses, now);
                } else {
                    self.pool().release(holder, addresses);
                }
                Ok(Fact::Released { uid: holder.uid.clone(), addresses: addresses.clone() })
            }
        }
    }
}
