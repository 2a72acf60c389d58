//! One account: what it holds, what it is asked, and what it answers.

use std::sync::Mutex;

use tokio::time::Instant;

use super::answer::{Answer, Refusal};
use super::fault::{Faults, Harm};
use super::journal::Journal;
use super::rate::Rates;
use super::state::{Settings, State};
use super::upstream::Upstream;
use super::xml::Element;
use super::{Call, Params, Service, balancer, group, learn, listener, rules, target};

#[derive(Debug)]
pub(super) struct World {
    pub(super) moto: Upstream,
    /// One call at a time: what the rules have seen is still so when moto is asked.
    state: tokio::sync::Mutex<State>,
    pub(super) settings: Mutex<Settings>,
    pub(super) journal: Mutex<Journal>,
    pub(super) faults: Mutex<Faults>,
    pub(super) rates: Mutex<Option<Rates>>,
}

/// What a caller sees.
pub(super) enum Outcome {
    Answer(Answer),
    /// The connection is closed.
    Nothing,
    /// The caller waits.
    Silence,
}

impl World {
    pub(super) fn new(moto: Upstream) -> Self {
        Self {
            moto,
            state: tokio::sync::Mutex::default(),
            settings: Mutex::default(),
            journal: Mutex::default(),
            faults: Mutex::default(),
            rates: Mutex::default(),
        }
    }

    /// A call from outside: it is counted, limited, and what is to go wrong goes wrong.
    pub(super) async fn serve(&self, call: Call) -> Outcome {
        let limited = match self.rates.lock().unwrap().as_mut() {
            Some(rates) => rates.take(&call, Instant::now()),
            None => Ok(()),
        };
        let harm = match &limited {
            Ok(()) => self.faults.lock().unwrap().next(&call),
            Err(_) => None,
        };
        let outcome = match (limited, harm) {
            (Err(refusal), _) => Outcome::Answer(refusal.answer(call.service)),
            (Ok(()), Some(Harm::Refuse { code, message, status })) => {
                Outcome::Answer(Refusal { code, message, status }.answer(call.service))
            }
            (Ok(()), Some(Harm::FailAfter { code, status })) => {
                self.perform(call.clone()).await;
                let message = "The request processing has failed because of an unknown error.";
                let refusal = Refusal { code, message: message.to_owned(), status };
                Outcome::Answer(refusal.answer(call.service))
            }
            (Ok(()), Some(Harm::LoseAnswer)) => {
                self.perform(call.clone()).await;
                Outcome::Nothing
            }
            (Ok(()), Some(Harm::Cut(told))) => {
                self.perform(call.clone()).await;
                self.note(call, &Outcome::Silence);
                told.notify_one();
                return Outcome::Silence;
            }
            (Ok(()), None) => Outcome::Answer(self.perform(call.clone()).await),
        };
        self.note(call, &outcome);
        outcome
    }

    fn note(&self, mut call: Call, outcome: &Outcome) {
        if let Outcome::Answer(answer) = outcome {
            call.status = Some(answer.status);
            call.code = answer.code();
        }
        self.journal.lock().unwrap().note(call);
    }

    /// Does what is asked, as AWS would.
    pub(super) async fn perform(&self, call: Call) -> Answer {
        let service = call.service;
        let settings = self.settings.lock().unwrap().clone();
        let mut state = self.state.lock().await;
        let answer = self.decide(call, &mut state, &settings).await;
        answer.unwrap_or_else(|refusal| refusal.answer(service))
    }

    async fn decide(
        &self,
        call: Call,
        state: &mut State,
        settings: &Settings,
    ) -> Result<Answer, Refusal> {
        self.moto.look_up(&call, state).await?;
        rules::check(&call, state, settings)?;
        match call.service {
            Service::Elbv2 => self.balance(call, state, settings).await,
            Service::Ec2 => {
                if call.action == "DeleteSecurityGroup" {
                    self.moto.is_free(call.get("GroupId"), state, settings).await?;
                }
                Ok(self.moto.ask(&call).await)
            }
            Service::Sts | Service::Tagging => Ok(self.moto.ask(&call).await),
        }
    }

    /// A call of `ELBv2`: some are answered here, the rest by moto, with what it gets wrong put right.
    async fn balance(
        &self,
        call: Call,
        state: &mut State,
        settings: &Settings,
    ) -> Result<Answer, Refusal> {
        let (balancer, group) = (call.get("LoadBalancerArn"), call.get("TargetGroupArn"));
        let asked = match call.action.as_str() {
            "SetSubnets" => return Ok(balancer::set_subnets(&call, state)),
            "DescribeLoadBalancerAttributes" | "ModifyLoadBalancerAttributes" => {
                return Ok(balancer::attributes(&call, state));
            }
            "DescribeTargetGroupAttributes" | "ModifyTargetGroupAttributes" => {
                return Ok(group::attributes(&call, state));
            }
            "AddListenerCertificates"
            | "DescribeListenerCertificates"
            | "RemoveListenerCertificates" => return Ok(listener::others(&call, state)),
            "RegisterTargets" => return Ok(target::register(&call, state)),
            "DeregisterTargets" => return Ok(target::deregister(&call, state)),
            "DescribeTargetHealth" => return Ok(target::health(&call, state, settings)),
            // On AWS deleting what is not there succeeds.
            "DeleteLoadBalancer" if !state.balancers.contains_key(balancer) => {
                return Ok(Answer::to(&call, Vec::new()));
            }
            "DeleteTargetGroup" if !state.groups.contains_key(group) => {
                return Ok(Answer::to(&call, Vec::new()));
            }
            // The rules have seen that it is the same.
            "CreateLoadBalancer" => match state.balancer_named(call.get("Name")) {
                Some(arn) => ask_for("DescribeLoadBalancers", "LoadBalancerArns", arn),
                None => balancer::complete(call.clone()),
            },
            "CreateTargetGroup" => match state.group_named(call.get("Name")) {
                Some(arn) => ask_for("DescribeTargetGroups", "TargetGroupArns", arn),
                None => group::complete(call.clone()),
            },
            "DescribeLoadBalancers" => balancer::page(call.clone(), state)?,
            "DescribeTargetGroups" => return Ok(self.groups(&call, state).await),
            "CreateListener" | "ModifyListener" => listener::adapted(call.clone()),
            _ => call.clone(),
        };
        let answer = self.moto.ask(&asked).await;
        if !answer.is_ok() {
            return Ok(answer);
        }
        let mut result = result_of(&answer);
        let said = if asked.action == call.action { &asked } else { &call };
        learn::learn(&call, said, &result, state);
        if call.action == "DescribeLoadBalancers" {
            balancer::mark(&mut result, state);
        }
        learn::dress(&call, &mut result, state, settings);
        Ok(Answer::to(&call, result.children))
    }

    async fn groups(&self, call: &Call, state: &State) -> Answer {
        let (arns, mark) = group::page(call, state);
        let list = if arns.is_empty() {
            Element::node("TargetGroups", Vec::new())
        } else {
            let asked = Call::new(Service::Elbv2, &call.action, Params::new());
            let answer = self.moto.ask(&asked.with_list("TargetGroupArns", &arns)).await;
            let mut result = result_of(&answer);
            let users = state.users();
            for seen in &mut result.child_mut("TargetGroups").children {
                group::dress(seen, state, &users);
            }
            std::mem::take(result.child_mut("TargetGroups"))
        };
        let mark = mark.map(|mark| Element::leaf("NextMarker", mark));
        Answer::to(call, [list].into_iter().chain(mark).collect())
    }
}

fn ask_for(action: &str, list: &str, arn: &str) -> Call {
    let call = Call::new(Service::Elbv2, action, Params::new());
    call.with_list(list, &[arn.to_owned()])
}

/// What is inside of an answer of `ELBv2`.
fn result_of(answer: &Answer) -> Element {
    answer.xml().children.into_iter().next().unwrap()
}
