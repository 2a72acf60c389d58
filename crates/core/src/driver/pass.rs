use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;

use super::{Driven, MemberReport, Report, StepReport};
use crate::{
    Call, Context, Depth, ErrorKind, Goal, Key, Needs, Plan, Planned, Provider, ProviderError,
    Readiness, ServiceUid, Step, Want, Warning,
};

/// How often one pass plans. A sound provider needs a handful; a plan that never comes to rest is a
/// bug of the provider, and must not spin.
const ROUNDS: usize = 64;

/// One pass over one key.
pub(super) struct Pass<'a, P: Provider> {
    driver: &'a Driven<P>,
    cx: &'a Context,
    key: &'a Key,
    /// A copy, in which Services that spoil a common step are put on hold.
    goal: Goal,
    /// What rehearsed passes before this one would have left; none in a pass that writes.
    foreseen: Option<&'a mut BTreeMap<Key, Arc<P::Observed>>>,
    seen: Arc<P::Observed>,
    ground: Arc<P::Observed>,
    /// Services whose own step failed: their further steps wait for the next pass.
    blocked: BTreeMap<ServiceUid, ProviderError>,
    refused: BTreeMap<ServiceUid, ProviderError>,
    warnings: BTreeMap<ServiceUid, BTreeSet<Warning>>,
    wrote: bool,
    /// The place of the pass in the sequence of what is believed, before anything was read.
    began: u64,
    /// What the last plan lacked.
    needs: Needs,
    /// Whether `seen` was read live: known better than before, though nothing was written.
    looked: bool,
    report: Report,
}

/// How the steps of a plan ended.
enum End {
    Done,
    /// A Service spoiled a step that serves all: without it the rest may go on.
    Spoiled(ServiceUid, ProviderError),
    Failed(ProviderError),
}

impl<'a, P: Provider> Pass<'a, P> {
    pub(super) fn new(driver: &'a Driven<P>, cx: &'a Context, key: &'a Key, goal: &Goal) -> Self {
        Self {
            driver,
            cx,
            key,
            goal: goal.clone(),
            foreseen: None,
            seen: Arc::default(),
            ground: Arc::default(),
            blocked: BTreeMap::new(),
            refused: BTreeMap::new(),
            warnings: BTreeMap::new(),
            wrote: false,
            began: driver.beliefs().tick(),
            needs: Needs::Nothing,
            looked: false,
            report: Report::default(),
        }
    }

    pub(super) fn rehearsal(
        driver: &'a Driven<P>,
        cx: &'a Context,
        key: &'a Key,
        goal: &Goal,
        foreseen: &'a mut BTreeMap<Key, Arc<P::Observed>>,
    ) -> Self {
        Self { foreseen: Some(foreseen), ..Self::new(driver, cx, key, goal) }
    }

    pub(super) async fn run(mut self) -> Report {
        if self.foreseen.is_none() {
            self.report.altered = self.driver.beliefs().take_altered(self.key);
        }
        if let Err(error) = self.converge().await {
            self.report.error = Some(error);
        }
        self.leave();
        self.tell()
    }

    async fn converge(&mut self) -> Result<(), ProviderError> {
        // Until it is read, the last that was known is told, lest a failed look reads as "gone".
        self.seen = self.driver.beliefs().last(self.key).unwrap_or_default();
        if self.driver.capabilities.ground && *self.key != Key::Ground {
            self.ground = self.known(&Key::Ground).await?;
        }
        self.seen = self.known(self.key).await?;
        self.recall();
        // A Service that is put on hold costs no round: there are only so many of them.
        let mut rounds = 0;
        let (mut closer, mut refreshed) = (false, false);
        while rounds < ROUNDS {
            let mut plan = self.plan();
            // What was foreseen can't be looked at.
            if plan.needs == Needs::CloserLook && !closer && !self.is_foreseen() {
                closer = true;
                self.seen = self.look(self.key).await?;
                self.looked = true;
                continue;
            }
            if plan.needs == Needs::Refresh && !refreshed && !self.is_foreseen() {
                refreshed = true;
                self.refresh().await?;
                continue;
            }
            self.needs = plan.needs;
            self.report.needs_ground = plan.needs == Needs::Ground;
            self.report.look_again = plan.look_again;
            self.refused = std::mem::take(&mut plan.refused);
            self.warnings = std::mem::take(&mut plan.warnings);
            for stage in &mut plan.stages {
                stage.retain(|planned| !self.is_blocked(planned));
            }
            if plan.is_empty() {
                self.report.settled = self.needs == Needs::Nothing && self.blocked.is_empty();
                return Ok(());
            }
            match self.make(plan).await {
                End::Done => rounds += 1,
                End::Spoiled(uid, error) => self.hold(uid, error),
                End::Failed(error) => return Err(error),
            }
        }
        Err(ProviderError::new(
            ErrorKind::Unexpected,
            "plan",
            format!("{} does not come to rest after {ROUNDS} rounds", self.key),
        ))
    }

    fn plan(&self) -> Plan<P::Step> {
        match self.key {
            Key::Ground => self.driver.provider.plan_ground(&self.goal, &self.seen),
            Key::Balancer(key) => {
                self.driver.provider.plan(key, &self.goal, &self.seen, &self.ground)
            }
        }
    }

    /// Whether what is known of the key stands for a future that was never made.
    fn is_foreseen(&self) -> bool {
        self.foreseen.as_ref().is_some_and(|foreseen| {
            !self.report.steps.is_empty() || foreseen.contains_key(self.key)
        })
    }

    /// What is known of `key`, looked up live if it is unknown or doubted.
    async fn known(&mut self, key: &Key) -> Result<Arc<P::Observed>, ProviderError> {
        if let Some(seen) = self.foreseen.as_ref().and_then(|foreseen| foreseen.get(key)) {
            return Ok(Arc::clone(seen));
        }
        let certain = self.driver.beliefs().certain(key);
        if let Some(seen) = certain {
            return Ok(seen);
        }
        let left = self.driver.beliefs().left(key).filter(|_| key == self.key);
        let seen = self.look(key).await?;
        self.looked |= key == self.key;
        self.report.altered |= left.is_some_and(|left| self.driver.provider.altered(&left, &seen));
        Ok(seen)
    }

    /// Takes what the members' digests vouch for as if it had been read.
    fn recall(&mut self) {
        let Key::Balancer(key) = self.key else { return };
        if self.goal.members.values().all(|member| member.applied.is_none()) {
            return;
        }
        let provider = &self.driver.provider;
        if let Some(all) = provider.recall(key, &self.goal, &self.seen, &self.ground) {
            self.seen = Arc::new(all);
            self.looked = true;
        }
    }

    /// Reads again what changes by itself.
    async fn refresh(&mut self) -> Result<(), ProviderError> {
        let reading = self.driver.provider.refresh(self.cx, self.key, &self.seen);
        self.seen = Arc::new(self.cx.call(P::NAME, Call::Refresh, reading).await?);
        self.looked = true;
        Ok(())
    }

    async fn look(&self, key: &Key) -> Result<Arc<P::Observed>, ProviderError> {
        let looking = self.driver.provider.look(self.cx, std::slice::from_ref(key), Depth::Full);
        let mut found = self.cx.call(P::NAME, Call::Look, looking).await?;
        Ok(Arc::new(found.remove(key).unwrap_or_default()))
    }

    /// Makes the steps of a plan, stage by stage.
    async fn make(&mut self, plan: Plan<P::Step>) -> End {
        if self.foreseen.is_none() && !self.wrote {
            self.driver.beliefs().doubt(self.key, self.cx.now());
            self.wrote = true;
        }
        for stage in plan.stages {
            let stage: Vec<_> =
                stage.into_iter().filter(|planned| !self.is_blocked(planned)).collect();
            let answers = self.answers(&stage).await;
            // Facts first: what was made is known, whatever else failed beside it.
            let mut end = End::Done;
            for (planned, answer) in stage.into_iter().zip(answers) {
                self.report.steps.push(StepReport {
                    step: planned.step.to_string(),
                    serves: planned.serves.clone(),
                    error: answer.as_ref().err().cloned(),
                });
                match answer {
                    Ok(fact) => {
                        self.driver.provider.learn(Arc::make_mut(&mut self.seen), fact);
                    }
                    Err(error) => end = self.weigh(end, planned.serves, error),
                }
            }
            if !matches!(end, End::Done) {
                return end;
            }
        }
        End::Done
    }

    /// Makes, or foresees, the steps of one stage side by side.
    async fn answers(&self, stage: &[Planned<P::Step>]) -> Vec<Result<P::Fact, ProviderError>> {
        let provider = &self.driver.provider;
        if self.foreseen.is_some() {
            return stage
                .iter()
                .map(|planned| Ok(provider.foresee(&planned.step, &self.seen, &self.ground)))
                .collect();
        }
        join_all(stage.iter().map(|planned| async {
            let step = &planned.step;
            let _turns = self.cx.turn(provider.pace(), step.lane(), step.urgency()).await?;
            let making = provider.apply(self.cx, step, &self.seen, &self.ground);
            let answer = self.cx.call(P::NAME, Call::Apply, making).await;
            let (key, service) = (self.key, self.name(planned));
            match &answer {
                Ok(_) => {
                    tracing::info!(provider = P::NAME, %key, service, %step, "step done");
                }
                Err(error) => {
                    tracing::warn!(provider = P::NAME, %key, service, %step, %error, "step failed");
                }
            }
            answer
        }))
        .await
    }

    /// The name of the Service that a step serves, for logs; none if it serves all, or if the Service
    /// is not there any more.
    fn name(&self, planned: &Planned<P::Step>) -> Option<String> {
        let spec = self.goal.members.get(planned.serves.as_ref()?)?.spec()?;
        Some(spec.service.to_string())
    }

    /// What a failed step means for the rest. The lost lease is tested before anything else.
    fn weigh(&mut self, end: End, serves: Option<ServiceUid>, error: ProviderError) -> End {
        if error.kind() == ErrorKind::NotLeader {
            return End::Failed(error);
        }
        if let Some(uid) = serves {
            self.blocked.insert(uid, error);
            return end;
        }
        if matches!(end, End::Failed(_)) {
            return end;
        }
        match error.culprit() {
            Some(uid) if self.goal.members.get(uid).is_some_and(|m| m.want != Want::Hold) => {
                End::Spoiled(uid.clone(), error)
            }
            _ => End::Failed(error),
        }
    }

    fn is_blocked(&self, planned: &Planned<P::Step>) -> bool {
        planned.serves.as_ref().is_some_and(|uid| self.blocked.contains_key(uid))
    }

    /// Leaves what a Service has as it is, and lets the others go on.
    fn hold(&mut self, uid: ServiceUid, error: ProviderError) {
        if let Some(member) = self.goal.members.get_mut(&uid) {
            member.want = Want::Hold;
        }
        self.blocked.insert(uid, error);
    }

    /// Leaves what is known behind, for the next pass or the next rehearsed key.
    fn leave(&mut self) {
        let seen = Arc::clone(&self.seen);
        if let Some(foreseen) = &mut self.foreseen {
            if self.report.error.is_none() {
                foreseen.insert(self.key.clone(), seen);
            }
            return;
        }
        // A failed step has an outcome that nobody knows: only a pass without one is certain.
        let certain = self.report.error.is_none()
            && self.report.steps.iter().all(|step| step.error.is_none());
        // Neither written nor read: what is believed may have become better meanwhile.
        if self.wrote || (certain && self.looked) {
            let written = self.wrote.then(|| self.cx.now());
            self.driver.beliefs().settle(self.key, seen, (self.began, certain), written);
        }
    }

    fn tell(mut self) -> Report {
        let provider = &self.driver.provider;
        self.report.holds = provider.holds(&self.seen);
        let concerned: BTreeSet<_> =
            self.goal.members.keys().chain(&self.report.holds).cloned().collect();
        for uid in concerned {
            let error = self.refused.remove(&uid).or_else(|| self.blocked.remove(&uid));
            let settled =
                self.report.error.is_none() && self.needs == Needs::Nothing && error.is_none();
            let readiness = if *self.key == Key::Ground {
                Readiness::Gone
            } else {
                provider.readiness(&uid, &self.seen)
            };
            let warnings = self.warnings.remove(&uid).unwrap_or_default();
            let report = MemberReport { readiness, error, warnings, settled };
            self.report.members.insert(uid, report);
        }
        self.report
    }
}
