//! One step: one write, and what it tells.

mod members;

use seaway_core::{Context, ErrorKind, ProviderError};

use crate::api::{Compute, Fault, Name, Thing};
use crate::error::{is_forbidden, is_taken, told};
use crate::mark::Mark;
use crate::observe::{Denied, Fact};
use crate::plan::command;
use crate::provider::PassthroughLb;
use crate::step::Step;

impl<A: Compute> PassthroughLb<A> {
    /// Takes one step.
    pub(crate) async fn make(&self, cx: &Context, step: &Step) -> Result<Fact, ProviderError> {
        match step {
            Step::Insert(thing) => self.insert(cx, thing).await,
            Step::Update(thing) => match self.api.update(thing).await {
                Ok(()) => Ok(Fact::Is(thing.clone())),
                Err(fault) => self.refused(cx, (thing, true), "update", &fault),
            },
            Step::Delete(name) => match self.api.delete(name).await {
                Ok(()) => Ok(Fact::Gone(name.clone())),
                Err(fault) => Err(self.kept(name, &fault)),
            },
            Step::Add(group, instances) => self.add(cx, group, instances).await,
            Step::Remove(group, instances) => self.remove(group, instances).await,
        }
    }

    async fn insert(&self, cx: &Context, thing: &Thing) -> Result<Fact, ProviderError> {
        match self.api.insert(thing).await {
            Ok(()) if chosen_by_google(thing) => self.read_back(&thing.name()).await,
            Ok(()) => Ok(Fact::Is(thing.clone())),
            // By us, in a call whose answer was lost; or by somebody else.
            Err(fault) if is_taken(&fault) => {
                let found = self.read_back(&thing.name()).await?;
                if self.is_of_the_same(thing, &found) { Ok(found) } else { Err(taken(thing)) }
            }
            Err(fault) => self.refused(cx, (thing, false), "insert", &fault),
        }
    }

    /// Reads what Google has chosen.
    async fn read_back(&self, name: &Name) -> Result<Fact, ProviderError> {
        let operation = format!("{}.get", collection(name));
        match self.api.read(name).await {
            Ok(Some(thing)) => Ok(Fact::Is(thing)),
            Ok(None) => {
                let message = format!("{name} is being made, or was just deleted");
                Err(ProviderError::new(ErrorKind::Unavailable, operation, message))
            }
            Err(fault) => Err(told(operation, &fault)),
        }
    }

    fn is_of_the_same(&self, thing: &Thing, found: &Fact) -> bool {
        let mark = |it: &Thing| Mark::read(&self.rules.cluster, it.description());
        let owner = |it: &Thing| mark(it).map(|mark| mark.uid);
        matches!(found, Fact::Is(found) if owner(found) == owner(thing))
    }

    /// What a refused write means. Firewall rules of another project's network are its admin's to make,
    /// and the load balancer is there without them.
    fn refused(
        &self,
        cx: &Context,
        (thing, there): (&Thing, bool),
        verb: &str,
        fault: &Fault,
    ) -> Result<Fact, ProviderError> {
        let operation = format!("{}.{verb}", collection(&thing.name()));
        let config = &self.rules.config;
        let Thing::Firewall(wanted) = thing else { return Err(told(operation, fault)) };
        if !is_forbidden(fault) || config.network_project == config.project {
            return Err(told(operation, fault));
        }
        let mark = Mark::read(&self.rules.cluster, &wanted.description);
        if mark.is_some_and(|mark| mark.uid.is_some()) {
            let denied = Denied { wanted: wanted.clone(), at: cx.now() };
            return Ok(Fact::Denied(wanted.name.clone(), denied));
        }
        let message = command(config, wanted, there);
        Err(ProviderError::new(ErrorKind::PermissionDenied, operation, message))
    }

    /// What it means that a thing could not be deleted.
    fn kept(&self, name: &Name, fault: &Fault) -> ProviderError {
        let operation = format!("{}.delete", collection(name));
        let (config, error) = (&self.rules.config, told(operation.clone(), fault));
        let (Name::Firewall(rule), true) = (name, is_forbidden(fault)) else { return error };
        if config.network_project == config.project {
            return error;
        }
        let message = format!(
            "{}; its admin must: gcloud compute firewall-rules delete {rule} --project={}",
            error.message(),
            config.network_project
        );
        ProviderError::new(ErrorKind::PermissionDenied, operation, message)
    }
}

/// Whether Google chooses an address for it.
fn chosen_by_google(thing: &Thing) -> bool {
    match thing {
        Thing::Address(it) => it.ip.is_none(),
        Thing::ForwardingRule(it) => it.ip.is_none(),
        Thing::BackendService(_)
        | Thing::HealthCheck(_)
        | Thing::Firewall(_)
        | Thing::InstanceGroup(_) => false,
    }
}

fn taken(thing: &Thing) -> ProviderError {
    let name = thing.name();
    let message =
        format!("{name} is there, and is not ours: it is not touched; delete or rename it");
    ProviderError::new(ErrorKind::Conflict, format!("{}.insert", collection(&name)), message)
}

/// What the API calls the things of this kind.
const fn collection(name: &Name) -> &'static str {
    match name {
        Name::Address(_) => "addresses",
        Name::ForwardingRule(_) => "forwardingRules",
        Name::BackendService(_) => "regionBackendServices",
        Name::HealthCheck(_) => "regionHealthChecks",
        Name::Firewall(_) => "firewalls",
        Name::InstanceGroup { .. } => "instanceGroups",
    }
}
