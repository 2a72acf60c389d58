use std::pin::pin;

use anyhow::{Error, Result};
use kube::Client;
use seaway_controller::{Controller, Elector, Error as Ended, Lost, Options, Part};
use seaway_core::SharedDriver;
use seaway_intent::Selection;
use tokio_util::sync::CancellationToken;

use crate::ops::{Ops, Phase, Standby, Working};

#[cfg(test)]
mod tests;

/// The terms in which we lead, or serve a box while another one leads: one after the other, with the
/// same providers.
pub(crate) struct Terms<'a> {
    pub client: Client,
    pub drivers: Vec<SharedDriver>,
    pub default: Option<String>,
    pub selection: Selection,
    /// The box that is served whoever leads.
    pub on_box: Option<String>,
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
    /// API server is amiss: there it stops writing, serves on, and asks for the Lease again. A box is
    /// served on in any case.
    pub(crate) async fn serve(
        &self,
        mut elector: Option<&mut Elector>,
        stop: &CancellationToken,
    ) -> Result<()> {
        if self.on_box.is_some()
            && let Some(elector) = elector.as_deref_mut()
        {
            while self.follow(elector, stop).await? && self.lead_box(elector, stop).await? {}
            return Ok(());
        }
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
        let controller = self.controller(true);
        tokio::select! {
            outcome = controller.run(stop.clone()) => match outcome {
                // The fence was faster than the elector.
                Err(error @ Ended::NotLeader(_)) => End::Late(error.into()),
                other => End::Over(other.map_err(Error::from)),
            },
            lost = hold(elector) => match lost {
                Lost::Late { .. } => End::Late(lost.into()),
                Lost::Taken { .. } => End::Over(Err(lost.into())),
            },
        }
    }

    /// Serves the box while another one leads. Returns whether we lead, or false if it was asked to
    /// stop.
    async fn follow(&self, elector: &mut Elector, stop: &CancellationToken) -> Result<bool> {
        let ended = stop.child_token();
        let mut running = pin!(self.controller(false).run(ended.clone()));
        tokio::select! {
            outcome = &mut running => return Ok(outcome.map(|()| false)?),
            () = elector.acquire() => {}
        }
        // What is under way on the box ends first, and the Lease is kept meanwhile.
        ended.cancel();
        tokio::select! {
            outcome = &mut running => outcome?,
            lost = elector.hold() => {
                tracing::warn!("{lost}");
                running.await?;
            }
        }
        Ok(!stop.is_cancelled())
    }

    /// Serves the box, and leads. Returns whether the Lease is lost, or false if it was asked to stop.
    async fn lead_box(&self, elector: &mut Elector, stop: &CancellationToken) -> Result<bool> {
        let ended = stop.child_token();
        let mut running = pin!(self.controller(true).run(ended.clone()));
        let (outcome, lost) = tokio::select! {
            outcome = &mut running => (outcome, None),
            lost = elector.hold() => {
                ended.cancel();
                (running.await, Some(lost.to_string()))
            }
        };
        let lost = match (outcome, lost) {
            (Err(Ended::NotLeader(error)), lost) => lost.unwrap_or_else(|| error.to_string()),
            (Ok(()), Some(lost)) => lost,
            (outcome, _) => return Ok(outcome.map(|()| false)?),
        };
        tracing::warn!("{lost}: this box is served on, where whoever leads now says");
        Ok(!stop.is_cancelled())
    }

    /// A controller of this process, which from now on answers what it is asked.
    fn controller(&self, leads: bool) -> Controller {
        let part = |name| Part::Box { name, leads };
        let part = self.on_box.clone().map_or(Part::Whole, part);
        let options = Options { part, ..self.options.clone() };
        options.metrics.leader(leads && !options.dry_run);
        let dry_run = options.dry_run;
        let (client, drivers) = (self.client.clone(), self.drivers.clone());
        let controller = Controller::new(client.clone(), drivers, self.default.clone(), options);
        self.ops.enter(Phase::Working(Box::new(Working {
            inspector: controller.inspector(),
            pulse: controller.pulse(),
            client,
            cluster: self.cluster.clone(),
            selection: self.selection.clone(),
            dry_run,
        })));
        controller
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
