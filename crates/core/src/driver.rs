//! The loop around a provider, written once: look, plan, fence, apply, learn.
//!
//! [`Driver`] is the erased twin of [`Provider`]: it can be a trait object, and it owns what is
//! believed of each key. Two passes over one key must never run side by side: the caller's queue
//! sees to that. Passes over different keys may.

mod belief;
mod pass;
mod report;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use self::belief::Beliefs;
use self::pass::Pass;
pub use self::report::{MemberReport, Report, StepReport};
use crate::{
    BalancerKey, Call, Capabilities, Claim, Context, Depth, Digest, Goal, Key, LbSpec, Measure,
    Provider, ProviderError, Readiness, ServiceUid, Target,
};

/// A provider, as the controller holds it.
#[async_trait]
pub trait Driver: fmt::Debug + Send + Sync {
    /// The provider's name.
    fn name(&self) -> &'static str;

    /// A fingerprint of whatever shapes the provider's load balancers besides the specs.
    fn fingerprint(&self) -> Digest;

    /// What the provider can do.
    fn capabilities(&self) -> &Capabilities;

    /// Which load balancer carries this Service.
    fn balancer(&self, spec: &LbSpec) -> BalancerKey;

    /// Takes note of what Services show in their statuses, before the first survey.
    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>);

    /// Reads everything of ours once, and returns the keys of which something else is known than
    /// before. Our own writes win over a listing that began before them, or that may lag behind.
    ///
    /// # Errors
    /// Whatever the provider answers; nothing is forgotten then.
    async fn survey(&self, cx: &Context) -> Result<BTreeSet<Key>, ProviderError>;

    /// Looks closely at some keys, and returns those of which something else is known than before.
    ///
    /// # Errors
    /// Whatever the provider answers; nothing is forgotten then.
    async fn audit(&self, cx: &Context, keys: &[Key]) -> Result<BTreeSet<Key>, ProviderError>;

    /// Who has something at which key, as far as is known.
    fn holders(&self) -> BTreeMap<Key, BTreeSet<ServiceUid>>;

    /// Whose things are marked to stay when the Service is deleted.
    fn retained(&self) -> BTreeSet<ServiceUid>;

    /// How far a Service has come at a key, as far as is known.
    fn readiness(&self, key: &Key, uid: &ServiceUid) -> Readiness;

    /// The targets of the Services at a key, and their health, asked for now.
    ///
    /// # Errors
    /// Whatever the provider answers.
    async fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError>;

    /// What the provider counts and measures itself, now. Not for a thread that has others to serve:
    /// thousands of load balancers take some milliseconds.
    fn measures(&self) -> Vec<Measure>;

    /// Waits until something is not as it was, of its own accord, and returns the keys to pass over:
    /// each is looked up live before anything is planned for it.
    async fn stirred(&self, cx: &Context) -> BTreeSet<Key>;

    /// Makes `key` match `goal`.
    async fn reconcile(&self, cx: &Context, key: &Key, goal: &Goal) -> Report;

    /// Tells what [`reconcile`](Self::reconcile) would do with these keys, one after the other, and
    /// changes nothing, in memory neither. Put the ground first.
    async fn rehearse(&self, cx: &Context, goals: &[(Key, Goal)]) -> Vec<Report>;
}

/// A driver that is shared by the controller's tasks.
pub type SharedDriver = Arc<dyn Driver>;

/// Puts the loop around `provider`.
pub fn drive<P: Provider>(provider: P) -> SharedDriver {
    Arc::new(Driven {
        capabilities: provider.capabilities(),
        provider,
        beliefs: Mutex::new(Beliefs::default()),
    })
}

struct Driven<P: Provider> {
    provider: P,
    capabilities: Capabilities,
    beliefs: Mutex<Beliefs<P::Observed>>,
}

impl<P: Provider> Driven<P> {
    /// Beliefs are whole between two statements, so a panic elsewhere does not spoil them.
    fn beliefs(&self) -> std::sync::MutexGuard<'_, Beliefs<P::Observed>> {
        self.beliefs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Provider> fmt::Debug for Driven<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("provider", &self.provider).finish_non_exhaustive()
    }
}

#[async_trait]
impl<P: Provider> Driver for Driven<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn fingerprint(&self) -> Digest {
        self.provider.fingerprint()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        self.provider.balancer(spec)
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        self.provider.claim(claims);
    }

    async fn survey(&self, cx: &Context) -> Result<BTreeSet<Key>, ProviderError> {
        let began = (self.beliefs().tick(), cx.now());
        let listed = cx.call(P::NAME, Call::Survey, self.provider.survey(cx)).await?;
        let lag = self.capabilities.listing_lag;
        let provider = &self.provider;
        let altered = |left: &_, found: &_| provider.altered(left, found);
        let merge = |known: &_, fresh| provider.merge(known, fresh);
        Ok(self.beliefs().fold_listing(listed, began, lag, merge, altered))
    }

    async fn audit(&self, cx: &Context, keys: &[Key]) -> Result<BTreeSet<Key>, ProviderError> {
        let began = self.beliefs().tick();
        let looking = self.provider.look(cx, keys, Depth::Full);
        let found = cx.call(P::NAME, Call::Look, looking).await?;
        let altered = |left: &_, found: &_| self.provider.altered(left, found);
        Ok(self.beliefs().fold_look(keys, found, began, altered))
    }

    fn retained(&self) -> BTreeSet<ServiceUid> {
        let known = self.beliefs().all();
        known.iter().flat_map(|(_, seen)| self.provider.retained(seen)).collect()
    }

    fn readiness(&self, key: &Key, uid: &ServiceUid) -> Readiness {
        let seen = self.beliefs().last(key).unwrap_or_default();
        self.provider.readiness(uid, &seen)
    }

    async fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        self.provider.targets(cx, key).await
    }

    fn measures(&self) -> Vec<Measure> {
        self.provider.measures()
    }

    async fn stirred(&self, cx: &Context) -> BTreeSet<Key> {
        let keys = self.provider.stirred(cx).await;
        self.beliefs().stir(&keys);
        keys
    }

    fn holders(&self) -> BTreeMap<Key, BTreeSet<ServiceUid>> {
        let known = self.beliefs().all();
        known.into_iter().map(|(key, seen)| (key, self.provider.holds(&seen))).collect()
    }

    async fn reconcile(&self, cx: &Context, key: &Key, goal: &Goal) -> Report {
        Pass::new(self, cx, key, goal).run().await
    }

    async fn rehearse(&self, cx: &Context, goals: &[(Key, Goal)]) -> Vec<Report> {
        let mut foreseen = BTreeMap::new();
        let mut reports = Vec::with_capacity(goals.len());
        for (key, goal) in goals {
            reports.push(Pass::rehearsal(self, cx, key, goal, &mut foreseen).run().await);
        }
        reports
    }
}
