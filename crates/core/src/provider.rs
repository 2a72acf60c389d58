//! The trait of a provider: typed inside, erased by the [driver](crate::driver).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Address, BalancerKey, Capabilities, Context, Digest, Goal, Key, LbSpec, Measure, Pace, Plan,
    ProviderError, ServiceUid, Target,
};

/// One writing call to a provider, at most. `Display` tells a user what it does, e.g.
/// `open 198.18.0.200:80/TCP`.
pub trait Step: Clone + fmt::Debug + fmt::Display + PartialEq + Send + Sync + 'static {
    /// Which bucket of the provider's rates it draws on.
    fn lane(&self) -> Lane {
        Lane::DEFAULT
    }

    /// Who goes first when turns are scarce.
    fn urgency(&self) -> Urgency {
        Urgency::Create
    }
}

/// A bucket of the provider's rates, e.g. all actions that register targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub &'static str);

impl Lane {
    /// The lane of providers that have one only.
    pub const DEFAULT: Self = Self("default");
}

/// Who goes first when turns are scarce: the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Taking away what must not get traffic any more.
    Drain,
    /// The first targets of a load balancer that has none.
    FirstTargets,
    /// Whatever a Service waits for.
    Create,
    /// More targets where there are some.
    MoreTargets,
    /// What nobody waits for.
    Audit,
}

/// What a Service shows of its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The addresses in its status.
    pub published: Vec<Address>,
    /// The load balancer that is to carry it, where that is known.
    pub at: Option<BalancerKey>,
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// As a listing shows it.
    Listed,
    /// In full. What was written before and answered must be seen: no lag.
    Full,
}

/// How far a Service has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Readiness {
    /// Clients may connect here. One address per family or hostname, the preferred one first.
    Ready(Vec<Address>),
    /// It is being made.
    Pending {
        /// When to look again.
        look_again: Duration,
    },
    /// There is nothing here for it.
    Gone,
}

/// One way to make load balancers.
///
/// # Contract
/// - `plan_ground`, `plan`, `learn`, `foresee`, `merge`, `altered`, `holds` and `readiness` are pure:
///   equal arguments give equal results.
/// - `survey` and `look` never write.
/// - `apply` is idempotent: the same step again, also after a lost answer, does no harm.
/// - Folding a plan through `foresee`, and planning again, ends in an empty plan; so does a plan
///   after a converged pass.
/// - Nothing without our [mark](crate::Mark) is changed or deleted.
/// - Only the ground makes and deletes shared things; it deletes them only with an empty goal, and
///   takes "in use" for "later" ([`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable)).
///
/// `seaway-testkit` holds a test for each of these.
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// What a key has now, in the provider's own terms. The default is "nothing".
    type Observed: Clone + fmt::Debug + Default + PartialEq + Send + Sync;
    /// One change.
    type Step: Step;
    /// What the answer to a step tells.
    type Fact: Clone + fmt::Debug + Send + Sync;

    /// One word: folder, cargo feature, config key and metric label.
    const NAME: &'static str;

    /// A fingerprint of whatever shapes its load balancers besides the specs: its configuration and
    /// the rules of this version. Another one, and no digest of before vouches for anything.
    fn fingerprint(&self) -> Digest {
        Digest::of(&Self::NAME)
    }

    /// How fast it may be written to, if it bears only so much.
    fn pace(&self) -> Option<&dyn Pace> {
        None
    }

    /// What it can do: data, not probing.
    fn capabilities(&self) -> Capabilities;

    /// Which load balancer carries this Service.
    fn balancer(&self, spec: &LbSpec) -> BalancerKey;

    /// Takes note of the addresses that Services show in their statuses, before the first pass: none
    /// of them may be given to another Service. A provider that hands out addresses itself, and
    /// forgets them with its process, takes them back here; one whose listings show addresses, and
    /// not whose they are, learns it here. What is not its own it ignores.
    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        let _ = claims;
    }

    /// Everything of ours, per key, in a handful of calls.
    fn survey(
        &self,
        cx: &Context,
    ) -> impl Future<Output = Result<BTreeMap<Key, Self::Observed>, ProviderError>> + Send;

    /// What some keys have now. A key that is absent from the answer has nothing.
    fn look(
        &self,
        cx: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> impl Future<Output = Result<BTreeMap<Key, Self::Observed>, ProviderError>> + Send {
        let _ = (keys, depth);
        self.survey(cx)
    }

    /// What is known of a key after a listing: keeps what a listing does not show.
    fn merge(&self, known: &Self::Observed, listed: Self::Observed) -> Self::Observed {
        let _ = known;
        listed
    }

    /// What a key has, if it has all that `goal` asks for: asked of a key that is known by a listing
    /// only, and whose members' digests ([`Member::applied`](crate::Member)) vouch for the rest. None
    /// if what was listed is not all there, or if the digests do not vouch.
    fn recall(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        listed: &Self::Observed,
        ground: &Self::Observed,
    ) -> Option<Self::Observed> {
        let _ = (key, goal, listed, ground);
        None
    }

    /// What is known of a key, with what changes by itself read again, as cheaply as it can be: asked
    /// for by [`Needs::Refresh`](crate::Needs).
    fn refresh(
        &self,
        cx: &Context,
        key: &Key,
        seen: &Self::Observed,
    ) -> impl Future<Output = Result<Self::Observed, ProviderError>> + Send {
        let _ = seen;
        async move {
            let mut found = self.look(cx, std::slice::from_ref(key), Depth::Full).await?;
            Ok(found.remove(key).unwrap_or_default())
        }
    }

    /// The way to the ground that `goal` needs.
    fn plan_ground(&self, goal: &Goal, ground: &Self::Observed) -> Plan<Self::Step> {
        let _ = (goal, ground);
        Plan::default()
    }

    /// The way to the load balancer that `goal` needs.
    fn plan(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        seen: &Self::Observed,
        ground: &Self::Observed,
    ) -> Plan<Self::Step>;

    /// Makes one change.
    fn apply(
        &self,
        cx: &Context,
        step: &Self::Step,
        seen: &Self::Observed,
        ground: &Self::Observed,
    ) -> impl Future<Output = Result<Self::Fact, ProviderError>> + Send;

    /// Folds the answer to a step into what is known.
    fn learn(&self, seen: &mut Self::Observed, fact: Self::Fact);

    /// What a step would answer: folded instead in a dry run.
    fn foresee(
        &self,
        step: &Self::Step,
        seen: &Self::Observed,
        ground: &Self::Observed,
    ) -> Self::Fact;

    /// The Services that have something here. Moving, restart and sweep rest on it.
    fn holds(&self, seen: &Self::Observed) -> BTreeSet<ServiceUid>;

    /// How far a Service has come.
    fn readiness(&self, uid: &ServiceUid, seen: &Self::Observed) -> Readiness;

    /// The Services whose things are marked to stay when they are deleted: no sweep touches them.
    fn retained(&self, seen: &Self::Observed) -> BTreeSet<ServiceUid> {
        let _ = seen;
        BTreeSet::new()
    }

    /// The targets of the Services at a key, and their health, asked for now. A provider that can't
    /// tell answers nothing.
    fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> impl Future<Output = Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError>> + Send {
        let _ = (cx, key);
        std::future::ready(Ok(BTreeMap::new()))
    }

    /// What it counts and measures itself, per load balancer and target: for `/metrics`, at every
    /// scrape. It does no I/O, and holds up neither traffic nor passes; it is called on a thread where
    /// some milliseconds harm nobody. A target that is gone has no readings, and what its load
    /// balancer has counted stays.
    fn measures(&self) -> Vec<Measure> {
        Vec::new()
    }

    /// Whether what was found is another than what was left because somebody else has changed it, and
    /// not of its own accord, as a daemon dies or a check turns: then the owners are told so.
    fn altered(&self, left: &Self::Observed, found: &Self::Observed) -> bool {
        left != found
    }

    /// Waits until something is not as it was, of its own accord (a daemon died or came back, a file
    /// was edited, a check turned), and returns the keys to look at: each is looked up live before
    /// the next pass over it. A call that is dropped must lose nothing: what stirred before it is
    /// told by the next one. Who can't tell waits for ever.
    fn stirred(&self, cx: &Context) -> impl Future<Output = BTreeSet<Key>> + Send {
        let _ = cx;
        std::future::pending()
    }
}
