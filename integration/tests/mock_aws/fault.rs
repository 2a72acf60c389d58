use std::sync::Arc;

use seaway_integration::mock_aws::{Fault, Harm, Service};
use tokio::sync::Notify;

use crate::site::{Site, send};

impl Site {
    async fn names(&self) -> Vec<String> {
        self.aws.inventory().await.target_groups.into_keys().collect()
    }
}

#[tokio::test]
async fn what_is_refused_is_not_done() {
    let site = Site::new().await;
    let harm = Harm::Refuse { code: "Busy".into(), message: "<later>".into(), status: 503 };
    site.aws.inject(Fault::on("CreateTargetGroup", harm).times(2));
    for _ in 0..2 {
        let answer = site.call("CreateTargetGroup", &site.group_params("web", "TCP")).await;
        assert_eq!((answer.status, answer.code().as_deref()), (503, Some("Busy")));
        assert!(answer.body.contains("&lt;later&gt;"), "{}", answer.body);
    }
    assert!(site.names().await.is_empty());
    site.group("web", "TCP").await;
    assert_eq!(site.aws.counts()["CreateTargetGroup"], 3);

    site.aws.inject(Fault::on("DescribeSubnets", Harm::refuse("UnauthorizedOperation", "no")));
    let answer = site.ec2("DescribeSubnets", &[]).await;
    assert_eq!(answer.code().as_deref(), Some("UnauthorizedOperation"));
    assert!(answer.body.starts_with("<Response><Errors>"), "{}", answer.body);
}

#[tokio::test]
async fn an_answer_that_is_lost_was_done() {
    let site = Site::new().await;
    site.aws.inject(Fault::on("CreateTargetGroup", Harm::LoseAnswer));
    let lost =
        site.send(Service::Elbv2, "CreateTargetGroup", &site.group_params("web", "TCP")).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(site.names().await, ["web"]);
    assert_eq!(site.aws.calls()[0].status, None);
}

#[tokio::test]
async fn a_failure_afterwards_was_done() {
    let site = Site::new().await;
    site.aws.inject(Fault::on("CreateTargetGroup", Harm::fail_after("InternalFailure", 500)));
    let answer = site.call("CreateTargetGroup", &site.group_params("web", "TCP")).await;
    assert_eq!((answer.status, answer.code().as_deref()), (500, Some("InternalFailure")));
    assert_eq!(site.names().await, ["web"]);
}

#[tokio::test]
async fn the_fault_of_any_write_lets_reads_and_earlier_writes_pass() {
    let site = Site::new().await;
    site.aws.inject(Fault::on_any_write(Harm::LoseAnswer).after(1));
    site.ok("DescribeLoadBalancers", &[]).await;
    site.group("first", "TCP").await;
    site.ok("DescribeLoadBalancers", &[]).await;
    let lost =
        site.send(Service::Elbv2, "CreateTargetGroup", &site.group_params("second", "TCP")).await;
    assert!(lost.is_err(), "{lost:?}");
    site.group("third", "TCP").await;
    assert_eq!(site.names().await, ["first", "second", "third"]);
}

#[tokio::test]
async fn a_cut_is_done_and_told_and_never_answered() {
    let site = Site::new().await;
    let told = Arc::new(Notify::new());
    site.aws.inject(Fault::on_any(Harm::Cut(Arc::clone(&told))));
    let params = site.group_params("web", "TCP");
    let call = send(&site.aws, Service::Elbv2, "CreateTargetGroup", &params);
    tokio::select! {
        biased;
        answer = call => panic!("{answer:?}"),
        () = told.notified() => {}
    }
    assert_eq!(site.names().await, ["web"]);
    assert_eq!(site.aws.counts()["CreateTargetGroup"], 1);
    site.group("after", "TCP").await;
}

#[tokio::test]
async fn faults_that_are_cleared_do_not_hit() {
    let site = Site::new().await;
    site.aws.inject(Fault::on_any(Harm::LoseAnswer).times(9));
    site.aws.clear_faults();
    site.group("web", "TCP").await;
}
