//! Waiting for load balancers to become active: one poller for all, 20 in a call, each at most once
//! in so often.

use std::collections::BTreeMap;

use seaway_core::Moment;
use tokio::sync::Mutex;

use crate::api::{Answer, Api, Arn, State, Which};
use crate::error::is_gone;
use crate::limits::ARNS_PER_CALL;
use crate::observe::PROVISIONING;

/// The load balancers that somebody waits for.
#[derive(Debug, Default)]
pub(crate) struct Poller {
    /// What was last heard of each, and when.
    waiting: Mutex<BTreeMap<Arn, (State, Option<Moment>)>>,
}

impl Poller {
    /// Takes note that a load balancer is being made: whoever made it was told so.
    pub(crate) async fn made(&self, arn: &Arn, now: Moment) {
        self.waiting.lock().await.insert(arn.clone(), (State::Provisioning, Some(now)));
    }

    /// Nobody waits for a load balancer any more.
    pub(crate) async fn forget(&self, arn: &Arn) {
        self.waiting.lock().await.remove(arn);
    }

    /// The state of a load balancer, as it was not long ago: whoever asks first asks for all. None if it
    /// is gone.
    pub(crate) async fn state<A: Api>(
        &self,
        api: &A,
        arn: &Arn,
        now: Moment,
    ) -> Answer<Option<State>> {
        // Whoever comes meanwhile waits for this answer, and needs no call of its own.
        let mut waiting = self.waiting.lock().await;
        waiting.entry(arn.clone()).or_insert((State::Provisioning, None));
        let is_old = |heard: &Option<Moment>| heard.is_none_or(|at| now.since(at) >= PROVISIONING);
        if waiting.get(arn).is_some_and(|(_, heard)| is_old(heard)) {
            // One that came up, and that nobody asked for since, is waited for no more.
            waiting.retain(|other, (state, heard)| {
                other == arn || *state == State::Provisioning || !is_old(heard)
            });
            let mut some = vec![arn.clone()];
            let others =
                waiting.iter().filter(|(other, (_, heard))| *other != arn && is_old(heard));
            some.extend(others.map(|(arn, _)| arn.clone()).take(ARNS_PER_CALL - 1));
            let answer = match api.load_balancers(Which::Arns(some.clone())).await {
                // One that is gone fails them all: then each is asked for by itself, once somebody
                // waits for it.
                Err(fault) if is_gone(&fault) && some.len() > 1 => {
                    for other in some.split_off(1) {
                        waiting.remove(&other);
                    }
                    api.load_balancers(Which::Arns(some.clone())).await
                }
                answer => answer,
            };
            let page = match answer {
                Err(fault) if is_gone(&fault) => None,
                Err(fault) => return Err(fault),
                Ok(page) => Some(page),
            };
            let found = page.map(|page| page.items).unwrap_or_default();
            let mut states: BTreeMap<_, _> =
                found.into_iter().map(|it| (it.arn, it.state)).collect();
            for arn in &some {
                match states.remove(arn) {
                    Some(state) => {
                        waiting.insert(arn.clone(), (state, Some(now)));
                    }
                    None => {
                        waiting.remove(arn);
                    }
                }
            }
        }
        let state = waiting.get(arn).map(|(state, _)| state.clone());
        if state.as_ref().is_some_and(|state| *state != State::Provisioning) {
            waiting.remove(arn);
        }
        Ok(state)
    }
}
