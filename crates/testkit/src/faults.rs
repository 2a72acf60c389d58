//! A decorator around any provider: counts its calls, and lets one of them go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{
    BalancerKey, Capabilities, Claim, Context, Depth, Digest, ErrorKind, Goal, Key, LbSpec,
    Measure, Pace, Plan, Provider, ProviderError, Readiness, ServiceUid, Target,
};
use tokio::sync::Notify;

use crate::Hurry;

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It takes effect, and nothing comes after it: the process is gone before the answer arrives.
    /// Whoever runs the pass waits for [`Script::cut`] and drops it then.
    Cut,
    /// It takes effect, and its answer is lost on the way back.
    AnswerLost,
    /// It has no effect, and fails with this error.
    Refused(ProviderError),
}

/// A call to a provider that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Everything was listed.
    Survey,
    /// Some keys were looked at.
    Look(Vec<Key>, Depth),
    /// What changes by itself at a key was read again.
    Refresh(Key),
    /// A step was made, by its text.
    Apply(String),
}

/// What is to go wrong with a [`Scripted`] provider, and what it was asked so far.
#[derive(Debug, Default)]
pub struct Script {
    state: Mutex<State>,
    cut: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    fates: BTreeMap<usize, Fate>,
    twice: bool,
    /// Why every step is refused.
    refused: Option<ProviderError>,
}

impl Script {
    /// The call that comes after `ahead` others meets this fate.
    pub fn after(&self, ahead: usize, fate: Fate) {
        let mut state = self.state.lock().unwrap();
        let at = state.calls.len() + ahead;
        state.fates.insert(at, fate);
    }

    /// Makes every step twice in a row from now on, as a transport does that tries again when an
    /// answer is late. The second answer counts.
    pub fn make_twice(&self) {
        self.state.lock().unwrap().twice = true;
    }

    /// Refuses every step from now on; nothing else.
    pub fn refuse_steps(&self, error: ProviderError) {
        self.state.lock().unwrap().refused = Some(error);
    }

    /// Lets everything go well from now on.
    pub fn clear(&self) {
        let mut state = self.state.lock().unwrap();
        state.fates.clear();
        state.refused = None;
    }

    /// The calls so far, in the order in which they were begun.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// How many of the calls so far were writes.
    pub fn writes(&self) -> usize {
        self.calls().iter().filter(|call| matches!(call, Call::Apply(_))).count()
    }

    /// Whether a fate is still to come.
    pub fn is_waiting(&self) -> bool {
        !self.state.lock().unwrap().fates.is_empty()
    }

    /// Waits for a call that was [cut](Fate::Cut).
    pub async fn cut(&self) {
        self.cut.notified().await;
    }

    async fn play<T>(
        &self,
        call: Call,
        effect: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        let fate = {
            let mut state = self.state.lock().unwrap();
            let at = state.calls.len();
            let refused = state.refused.clone().filter(|_| matches!(call, Call::Apply(_)));
            state.calls.push(call);
            state.fates.remove(&at).or_else(|| refused.map(Fate::Refused))
        };
        match fate {
            None => effect.await,
            Some(Fate::Refused(error)) => Err(error),
            Some(Fate::AnswerLost) => {
                // What it would have answered is nobody's to know, an error neither.
                let _ = effect.await;
                Err(ProviderError::new(ErrorKind::Unavailable, "testkit", "the answer was lost"))
            }
            Some(Fate::Cut) => {
                let _ = effect.await;
                self.cut.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// A provider whose calls are counted, and go wrong as a [`Script`] says.
#[derive(Debug)]
pub struct Scripted<P> {
    inner: P,
    script: Arc<Script>,
    hurry: Option<Arc<Hurry>>,
}

impl<P> Scripted<P> {
    /// Puts `inner` under `script`.
    pub const fn new(inner: P, script: Arc<Script>) -> Self {
        Self { inner, script, hurry: None }
    }

    /// Lets the world live faster: whatever the provider waits for takes a part of the time.
    #[must_use]
    pub fn hurried(mut self, hurry: Arc<Hurry>) -> Self {
        self.hurry = Some(hurry);
        self
    }

    async fn play<T>(
        &self,
        call: Call,
        effect: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        if let Some(hurry) = &self.hurry {
            hurry.catch_up();
        }
        self.script.play(call, effect).await
    }

    fn shorten(&self, span: Duration) -> Duration {
        self.hurry.as_ref().map_or(span, |hurry| hurry.shorten(span))
    }

    fn soon<S>(&self, mut plan: Plan<S>) -> Plan<S> {
        plan.look_again = plan.look_again.map(|span| self.shorten(span));
        plan
    }
}

impl<P: Provider> Provider for Scripted<P> {
    type Observed = P::Observed;
    type Step = P::Step;
    type Fact = P::Fact;

    const NAME: &'static str = P::NAME;

    fn capabilities(&self) -> Capabilities {
        let able = self.inner.capabilities();
        Capabilities {
            gather: self.shorten(able.gather),
            listing_lag: match &self.hurry {
                // The clock that it is compared with is only as fine as a millisecond.
                Some(hurry) => hurry.shorten(able.listing_lag * 3 / 2),
                None => able.listing_lag,
            },
            health_every: able.health_every.map(|span| self.shorten(span)),
            ..able
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        self.inner.balancer(spec)
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        self.inner.claim(claims);
    }

    async fn survey(&self, cx: &Context) -> Result<BTreeMap<Key, P::Observed>, ProviderError> {
        self.play(Call::Survey, self.inner.survey(cx)).await
    }

    async fn look(
        &self,
        cx: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, P::Observed>, ProviderError> {
        let call = Call::Look(keys.to_vec(), depth);
        self.play(call, self.inner.look(cx, keys, depth)).await
    }

    fn recall(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        listed: &P::Observed,
        ground: &P::Observed,
    ) -> Option<P::Observed> {
        self.inner.recall(key, goal, listed, ground)
    }

    async fn refresh(
        &self,
        cx: &Context,
        key: &Key,
        seen: &P::Observed,
    ) -> Result<P::Observed, ProviderError> {
        self.play(Call::Refresh(key.clone()), self.inner.refresh(cx, key, seen)).await
    }

    fn fingerprint(&self) -> Digest {
        self.inner.fingerprint()
    }

    fn pace(&self) -> Option<&dyn Pace> {
        self.inner.pace()
    }

    fn merge(&self, known: &P::Observed, listed: P::Observed) -> P::Observed {
        self.inner.merge(known, listed)
    }

    fn plan_ground(&self, goal: &Goal, ground: &P::Observed) -> Plan<P::Step> {
        self.soon(self.inner.plan_ground(goal, ground))
    }

    fn plan(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        seen: &P::Observed,
        ground: &P::Observed,
    ) -> Plan<P::Step> {
        self.soon(self.inner.plan(key, goal, seen, ground))
    }

    async fn apply(
        &self,
        cx: &Context,
        step: &P::Step,
        seen: &P::Observed,
        ground: &P::Observed,
    ) -> Result<P::Fact, ProviderError> {
        let call = Call::Apply(step.to_string());
        let twice = self.script.state.lock().unwrap().twice;
        let effect = async {
            if twice {
                let _ = self.inner.apply(cx, step, seen, ground).await;
            }
            self.inner.apply(cx, step, seen, ground).await
        };
        self.play(call, effect).await
    }

    fn learn(&self, seen: &mut P::Observed, fact: P::Fact) {
        self.inner.learn(seen, fact);
    }

    fn foresee(&self, step: &P::Step, seen: &P::Observed, ground: &P::Observed) -> P::Fact {
        self.inner.foresee(step, seen, ground)
    }

    fn holds(&self, seen: &P::Observed) -> BTreeSet<ServiceUid> {
        self.inner.holds(seen)
    }

    fn readiness(&self, uid: &ServiceUid, seen: &P::Observed) -> Readiness {
        match self.inner.readiness(uid, seen) {
            Readiness::Pending { look_again } => {
                Readiness::Pending { look_again: self.shorten(look_again) }
            }
            other @ (Readiness::Ready(_) | Readiness::Gone) => other,
        }
    }

    fn retained(&self, seen: &P::Observed) -> BTreeSet<ServiceUid> {
        self.inner.retained(seen)
    }

    async fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        self.inner.targets(cx, key).await
    }

    fn measures(&self) -> Vec<Measure> {
        self.inner.measures()
    }

    fn altered(&self, left: &P::Observed, found: &P::Observed) -> bool {
        self.inner.altered(left, found)
    }

    async fn stirred(&self, cx: &Context) -> BTreeSet<Key> {
        self.inner.stirred(cx).await
    }
}
