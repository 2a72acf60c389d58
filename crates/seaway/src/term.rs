use anyhow::{Error, Result};
use kube::Client;
use seaway_controller::{Controller, Elector, Lost, Options};
use seaway_core::SharedDriver;
use seaway_intent::Selection;
use tokio_util::sync::CancellationToken;

use crate::ops::{Ops, Phase, Standby, Working};

/// The terms in which we lead: one after the other, with the same providers.
pub(crate) struct Terms<'a> {
    pub client: Client,
    pub drivers: Vec<SharedDriver>,
    pub default: Option<String>,
    pub selection: Selection,
    pub options: Options,
    /// What tells the cluster from others.
    pub cluster: Option<String>,
    /// Namespace and name of the Lease.
    pub lease: (String, String),
    pub ops: &'a Ops,
}

/// How a term ended.
enum End {
    /// As it was asked to, or by a bug.
    Over(Result<()>),
    /// The Lease could not be renewed; who has it now is not known.
    Late(Error),
}

impl Terms<'_> {
    /// Leads until it is asked to stop, or until somebody else does.
    ///
    /// A Lease that can't be renewed ends the process, so that nothing of it is left that might write.
    /// Where load balancers live in the process that would take down what works, while nobody but the
    /// API server is amiss: there it stops writing, serves on, and asks for the Lease again.
    pub(crate) async fn serve(
        &self,
        mut elector: Option<&mut Elector>,
        stop: &CancellationToken,
    ) -> Result<()> {
        loop {
            let late = match self.lead(elector.as_deref_mut(), stop).await {
                End::Over(outcome) => return outcome,
                End::Late(error) => error,
            };
            let Some(elector) = elector.as_deref_mut().filter(|_| self.serve_in_process()) else {
                return Err(late);
            };
            tracing::warn!(
                "{late:#}: the load balancers of this process serve on, and nothing is written until \
                 the Lease is ours again"
            );
            self.options.metrics.leader(false);
            let (namespace, lease) = self.lease.clone();
            self.ops.enter(Phase::Standby(Standby {
                client: self.client.clone(),
                namespace,
                lease,
            }));
            match stop.run_until_cancelled(elector.regain()).await {
                None => return Ok(()),
                Some(Ok(())) => {}
                Some(Err(taken)) => return Err(taken.into()),
            }
        }
    }

    /// One term.
    async fn lead(&self, elector: Option<&mut Elector>, stop: &CancellationToken) -> End {
        let Self { client, drivers, options, .. } = self;
        options.metrics.leader(!options.dry_run);
        let controller =
            Controller::new(client.clone(), drivers.clone(), self.default.clone(), options.clone());
        self.ops.enter(Phase::Working(Box::new(Working {
            inspector: controller.inspector(),
            pulse: controller.pulse(),
            client: client.clone(),
            cluster: self.cluster.clone(),
            selection: self.selection.clone(),
            dry_run: options.dry_run,
        })));
        tokio::select! {
            outcome = controller.run(stop.clone()) => match outcome {
                // The fence was faster than the elector.
                Err(error @ seaway_controller::Error::NotLeader(_)) => End::Late(error.into()),
                other => End::Over(other.map_err(Error::from)),
            },
            lost = hold(elector) => match lost {
                Lost::Late { .. } => End::Late(lost.into()),
                Lost::Taken { .. } => End::Over(Err(lost.into())),
            },
        }
    }

    fn serve_in_process(&self) -> bool {
        self.drivers.iter().any(|driver| driver.capabilities().in_process)
    }
}

/// Keeps the Lease; who needs none never loses it.
async fn hold(elector: Option<&mut Elector>) -> Lost {
    match elector {
        Some(elector) => elector.hold().await,
        None => std::future::pending().await,
    }
}
