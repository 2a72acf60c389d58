use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    BalancerKey, Capabilities, Context, Goal, Key, LbSpec, Measure, Plan, Provider, ProviderError,
    Readiness, ServiceUid, SettingKey, Step,
};

/// A provider that is only asked which key carries a Service: its own, or the group that the Service
/// names in the setting; and what it measures.
#[derive(Debug, Default)]
pub(crate) struct Paper {
    pub(crate) ground: bool,
    pub(crate) measures: Vec<Measure>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NoStep;

impl Step for NoStep {}

impl std::fmt::Display for NoStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing")
    }
}

pub(crate) const GROUP: &str = "example.com/group";

impl Provider for Paper {
    type Observed = ();
    type Step = NoStep;
    type Fact = ();

    const NAME: &'static str = "paper";

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ground: self.ground,
            source_ranges: true,
            node_selection: true,
            retain: true,
            settings: vec![SettingKey { key: GROUP.to_owned(), doc: String::new() }],
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        match spec.settings.get(GROUP) {
            Some(group) => BalancerKey::Shared(group.as_str().into()),
            None => BalancerKey::Own(spec.service.uid.clone()),
        }
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, ()>, ProviderError> {
        Ok(BTreeMap::new())
    }

    fn plan(&self, _: &BalancerKey, _: &Goal, (): &(), (): &()) -> Plan<NoStep> {
        Plan::default()
    }

    async fn apply(&self, _: &Context, _: &NoStep, (): &(), (): &()) -> Result<(), ProviderError> {
        Ok(())
    }

    fn learn(&self, (): &mut (), (): ()) {}

    fn foresee(&self, _: &NoStep, (): &(), (): &()) {}

    fn holds(&self, (): &()) -> BTreeSet<ServiceUid> {
        BTreeSet::new()
    }

    fn readiness(&self, _: &ServiceUid, (): &()) -> Readiness {
        Readiness::Gone
    }

    fn measures(&self) -> Vec<Measure> {
        self.measures.clone()
    }
}
