//! A provider on which everything is a line of chalk: `rail` serves all, and goes first; then each
//! Service has a line per port. What goes wrong with it is set from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use crate::{
    Address, BalancerKey, Capabilities, Context, Depth, ErrorKind, Goal, Key, LbSpec, Needs, Plan,
    Planned, Provider, ProviderError, Readiness, ServiceUid,
};

/// What a key has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The lines, with their owner.
    pub(super) lines: BTreeMap<String, Option<ServiceUid>>,
    /// Whether there is more than a listing shows.
    pub(super) shallow: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Draw(String, Option<ServiceUid>),
    Wipe(String),
}

impl Step {
    fn line(&self) -> &str {
        match self {
            Self::Draw(line, _) | Self::Wipe(line) => line,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if matches!(self, Self::Draw(..)) { "draw" } else { "wipe" };
        write!(f, "{verb} {}", self.line())
    }
}

impl crate::Step for Step {}

/// The wall behind the provider, and what goes wrong with it.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own, not a state")]
pub(super) struct Wall {
    pub(super) keys: BTreeMap<Key, BTreeMap<String, Option<ServiceUid>>>,
    /// Everything that was asked, in order.
    pub(super) asked: Vec<String>,
    /// Steps that fail, by their text; they have no effect.
    pub(super) failing: BTreeMap<String, ProviderError>,
    /// Steps that never answer, by their text; they have their effect.
    pub(super) silent: BTreeSet<String>,
    /// Services that spoil the rail.
    pub(super) spoilers: BTreeSet<ServiceUid>,
    pub(super) look_fails: bool,
    /// Whether listings are shallow.
    pub(super) shallow: bool,
    /// Whether a survey waits once between looking and answering.
    pub(super) slow_survey: bool,
    /// What stirs of its own accord.
    pub(super) stirring: BTreeSet<Key>,
    /// Whether every plan has a step.
    pub(super) restless: bool,
    /// What listings show in place of what there is.
    pub(super) stale: Option<BTreeMap<Key, BTreeMap<String, Option<ServiceUid>>>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Slate {
    pub(super) wall: Arc<Mutex<Wall>>,
    pub(super) lag: Duration,
    pub(super) ground: bool,
}

impl Slate {
    pub(super) fn wall(&self) -> MutexGuard<'_, Wall> {
        self.wall.lock().unwrap()
    }
}

impl Provider for Slate {
    type Observed = Seen;
    type Step = Step;
    /// The key is not in a step, so it is a fact of the pass: the slate writes where `seen` is from.
    type Fact = Step;

    const NAME: &'static str = "slate";

    fn capabilities(&self) -> Capabilities {
        Capabilities { listing_lag: self.lag, ground: self.ground, ..Capabilities::default() }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn stirred(&self, _: &Context) -> BTreeSet<Key> {
        let stirring = std::mem::take(&mut self.wall().stirring);
        if stirring.is_empty() { pending().await } else { stirring }
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Seen>, ProviderError> {
        let (found, slow) = {
            let mut wall = self.wall();
            wall.asked.push("survey".to_owned());
            let shallow = wall.shallow;
            let listed = wall.stale.as_ref().unwrap_or(&wall.keys).clone();
            let seen = |(key, lines)| (key, Seen { lines, shallow });
            (listed.into_iter().map(seen).collect(), wall.slow_survey)
        };
        if slow {
            once().await;
        }
        Ok(found)
    }

    async fn look(
        &self,
        _: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, Seen>, ProviderError> {
        assert_eq!(depth, Depth::Full);
        let mut wall = self.wall();
        wall.asked.push(format!("look at {}", keys[0]));
        if wall.look_fails {
            return Err(ProviderError::new(ErrorKind::Unavailable, "look", "no chalk"));
        }
        let seen = |key: &Key| {
            let lines = wall.keys.get(key)?.clone();
            Some((key.clone(), Seen { lines, shallow: false }))
        };
        Ok(keys.iter().filter_map(seen).collect())
    }

    fn plan_ground(&self, goal: &Goal, ground: &Seen) -> Plan<Step> {
        let mut plan = Plan::default();
        let floor = "floor".to_owned();
        match (goal.members.is_empty(), ground.lines.contains_key("floor")) {
            (false, false) => plan.stage(vec![Planned::common(Step::Draw(floor, None))]),
            (true, true) => plan.stage(vec![Planned::common(Step::Wipe(floor))]),
            _ => &mut plan,
        };
        plan
    }

    fn plan(&self, _: &BalancerKey, goal: &Goal, seen: &Seen, ground: &Seen) -> Plan<Step> {
        let mut plan = Plan::default();
        if seen.shallow {
            plan.needs = Needs::CloserLook;
            return plan;
        }
        if self.ground && ground.lines.is_empty() {
            plan.needs = Needs::Ground;
            return plan;
        }
        let (mut rail, mut own) = (Vec::new(), Vec::new());
        let mut wanted = BTreeSet::new();
        for (uid, spec) in goal.present() {
            wanted.insert("rail".to_owned());
            for port in &spec.ports {
                let line = format!("{uid}:{}", port.port);
                wanted.insert(line.clone());
                if !seen.lines.contains_key(&line) {
                    own.push(Planned::of(uid.clone(), Step::Draw(line, Some(uid.clone()))));
                }
            }
        }
        let spoiled = goal.present().any(|(uid, _)| self.wall().spoilers.contains(uid));
        if self.wall().restless
            || (!wanted.is_empty() && !seen.lines.contains_key("rail"))
            || spoiled
        {
            rail.push(Planned::common(Step::Draw("rail".to_owned(), None)));
        }
        let held = |uid: &ServiceUid| goal.members.get(uid).is_some_and(|it| it.spec().is_none());
        let kept =
            |owner: &Option<ServiceUid>| owner.as_ref().map_or(!goal.members.is_empty(), held);
        let gone =
            seen.lines.iter().filter(|(line, owner)| !wanted.contains(*line) && !kept(owner));
        let gone = gone
            .map(|(line, owner)| Planned { step: Step::Wipe(line.clone()), serves: owner.clone() });
        let gone = gone.collect();
        plan.stage(rail).stage(own).stage(gone);
        plan
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        _: &Seen,
        _: &Seen,
    ) -> Result<Step, ProviderError> {
        let text = step.to_string();
        let silent = {
            let mut wall = self.wall();
            wall.asked.push(text.clone());
            if let Some(error) = wall.failing.get(&text) {
                return Err(error.clone());
            }
            if text == "draw rail"
                && let Some(uid) = wall.spoilers.first().cloned()
            {
                wall.spoilers.remove(&uid);
                let error = ProviderError::new(ErrorKind::InvalidSpec, "rail", "a bad line");
                return Err(error.blame(uid));
            }
            let key = if step.line() == "floor" { Key::Ground } else { Key::shared("wall") };
            let lines = wall.keys.entry(key).or_default();
            match step {
                Step::Draw(line, owner) => lines.insert(line.clone(), owner.clone()),
                Step::Wipe(line) => lines.remove(line),
            };
            wall.silent.contains(&text)
        };
        if silent {
            pending::<()>().await;
        }
        Ok(step.clone())
    }

    fn learn(&self, seen: &mut Seen, step: Step) {
        match step {
            Step::Draw(line, owner) => seen.lines.insert(line, owner),
            Step::Wipe(line) => seen.lines.remove(&line),
        };
    }

    fn foresee(&self, step: &Step, _: &Seen, _: &Seen) -> Step {
        step.clone()
    }

    fn holds(&self, seen: &Seen) -> BTreeSet<ServiceUid> {
        seen.lines.values().flatten().cloned().collect()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Seen) -> Readiness {
        if seen.lines.values().flatten().any(|owner| owner == uid) {
            return Readiness::Ready(vec![Address::Hostname(uid.to_string())]);
        }
        Readiness::Gone
    }
}

/// Pending once.
async fn once() {
    let mut polled = false;
    let wait = std::future::poll_fn(move |_| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        Poll::Pending
    });
    pin!(wait).await;
}
