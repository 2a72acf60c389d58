use std::collections::BTreeMap;

use crate::site::Site;

/// `Targets` of a call.
fn targets(group: &str, all: &[(&str, u16)]) -> Vec<(String, String)> {
    let mut params = vec![("TargetGroupArn".to_owned(), group.to_owned())];
    for (at, (id, port)) in all.iter().enumerate() {
        params.push((format!("Targets.member.{}.Id", at + 1), (*id).to_owned()));
        params.push((format!("Targets.member.{}.Port", at + 1), port.to_string()));
    }
    params
}

fn said(params: &[(String, String)]) -> Vec<(&str, &str)> {
    params.iter().map(|(key, value)| (&**key, &**value)).collect()
}

impl Site {
    async fn targets(&self, action: &str, group: &str, all: &[(&str, u16)]) -> Option<String> {
        self.call(action, &said(&targets(group, all))).await.code()
    }

    async fn states(&self, name: &str) -> BTreeMap<String, String> {
        let seen = self.aws.inventory().await.target_groups.remove(name).unwrap();
        let states = seen.targets.into_iter();
        states.map(|((id, port), state)| (format!("{id}:{port}"), state)).collect()
    }
}

fn states(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(target, state)| ((*target).to_owned(), (*state).to_owned())).collect()
}

#[tokio::test]
async fn an_instance_has_a_target_for_each_port() {
    let site = Site::new().await;
    let (_, group) = site.served("web").await;
    assert_eq!(site.targets("RegisterTargets", &group, &[("i-1", 1), ("i-1", 2)]).await, None);
    assert_eq!(site.states("web").await, states(&[("i-1:1", "healthy"), ("i-1:2", "healthy")]));
    site.aws.set_drain_factor(0.0);
    assert_eq!(site.targets("DeregisterTargets", &group, &[("i-1", 1)]).await, None);
    assert_eq!(site.states("web").await, states(&[("i-1:2", "healthy")]));
}

#[tokio::test]
async fn a_target_without_a_port_has_that_of_its_group() {
    let site = Site::new().await;
    let (_, group) = site.served("web").await;
    let bare = [("TargetGroupArn", group.as_str()), ("Targets.member.1.Id", "i-1")];
    site.ok("RegisterTargets", &bare).await;
    assert_eq!(site.states("web").await, states(&[("i-1:80", "healthy")]));
}

#[tokio::test]
async fn a_target_drains_after_it_was_deregistered() {
    let site = Site::new().await;
    let (_, group) = site.served("web").await;
    site.aws.set_drain_factor(1.0);
    site.targets("RegisterTargets", &group, &[("i-1", 1), ("i-2", 1)]).await;
    site.targets("DeregisterTargets", &group, &[("i-1", 1)]).await;
    assert_eq!(site.states("web").await, states(&[("i-1:1", "draining"), ("i-2:1", "healthy")]));
    let seen = site.aws.inventory().await.target_groups;
    assert_eq!(seen["web"].registered(), [("i-2".to_owned(), 1)].into());
    site.targets("RegisterTargets", &group, &[("i-1", 1)]).await;
    assert_eq!(site.states("web").await["i-1:1"], "healthy");
    site.targets("DeregisterTargets", &group, &[("i-1", 1)]).await;
    site.aws.set_drain_factor(0.0);
    assert_eq!(site.states("web").await, states(&[("i-2:1", "healthy")]));
}

#[tokio::test]
async fn what_is_not_registered_is_deregistered_without_an_error() {
    let site = Site::new().await;
    let (_, group) = site.served("web").await;
    assert_eq!(site.targets("DeregisterTargets", &group, &[("i-1", 1)]).await, None);
    assert_eq!(site.states("web").await, states(&[]));
    let asked = targets(&group, &[("i-1", 1)]);
    let seen = site.ok("DescribeTargetHealth", &said(&asked)).await;
    assert_eq!(seen.find("Reason").unwrap().text, "Target.NotRegistered");
}

#[tokio::test]
async fn a_group_without_a_listener_has_unused_targets() {
    let site = Site::new().await;
    let group = site.group("web", "TCP").await;
    site.targets("RegisterTargets", &group, &[("i-1", 1)]).await;
    assert_eq!(site.states("web").await, states(&[("i-1:1", "unused")]));
    let balancer = site.balancer("web").await;
    site.listener(&balancer, "80", &group).await;
    assert_eq!(site.states("web").await, states(&[("i-1:1", "healthy")]));
    site.aws.set_unhealthy(&["i-1"]);
    assert_eq!(site.states("web").await, states(&[("i-1:1", "unhealthy")]));
}

#[tokio::test]
async fn a_group_takes_as_many_targets_as_its_quota() {
    let site = Site::new().await;
    let group = site.group("web", "TCP").await;
    let many: Vec<_> = (1..=1000).map(|port| ("i-1", port)).collect();
    assert_eq!(site.targets("RegisterTargets", &group, &many).await, None);
    let code = site.targets("RegisterTargets", &group, &[("i-1", 1001)]).await;
    assert_eq!(code.as_deref(), Some("TooManyTargets"));
    assert_eq!(site.targets("RegisterTargets", &group, &[("i-1", 1000)]).await, None);

    let small = site.group("small", "TCP").await;
    site.aws.set_target_quota(2);
    let code = site.targets("RegisterTargets", &small, &[("i-1", 1), ("i-1", 2), ("i-1", 3)]).await;
    assert_eq!(code.as_deref(), Some("TooManyTargets"));
    assert_eq!(site.states("small").await, states(&[]), "nothing of it is done");
}

#[tokio::test]
async fn an_instance_that_is_terminated_is_named_in_the_refusal() {
    let site = Site::new().await;
    let group = site.group("web", "TCP").await;
    site.aws.set_terminated(&["i-2"]);
    let params = targets(&group, &[("i-1", 1), ("i-2", 1)]);
    let answer = site.call("RegisterTargets", &said(&params)).await;
    assert_eq!(answer.code().as_deref(), Some("InvalidTarget"));
    assert!(answer.body.contains("i-2") && !answer.body.contains("i-1"), "{answer:?}");
    assert_eq!(site.states("web").await, states(&[]));
}

#[tokio::test]
async fn targets_need_their_group() {
    let site = Site::new().await;
    for action in ["RegisterTargets", "DeregisterTargets", "DescribeTargetHealth"] {
        let code = site.targets(action, "arn:aws:none", &[("i-1", 1)]).await;
        assert_eq!(code.as_deref(), Some("TargetGroupNotFound"), "{action}");
    }
}
