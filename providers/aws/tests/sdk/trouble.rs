use aws_credential_types::Credentials;
use aws_credential_types::provider::{
    ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use seaway_provider_aws::api::sdk::Aws;
use seaway_provider_aws::api::{Api, Fault, Filter, Which};
use seaway_testkit::canned::Reply;

use crate::server::{Server, config, ec2_refusal, elb, elb_refusal, talk};

/// What both services make of the same trouble.
async fn both(elb: Reply, ec2: Reply) -> [Fault; 2] {
    let (aws, server) = talk([elb, ec2]).await;
    let faults = [
        aws.load_balancers(Which::All(None)).await.unwrap_err(),
        aws.subnets(&Filter::default()).await.unwrap_err(),
    ];
    assert_eq!(server.seen().len(), 2, "nothing is tried twice");
    faults
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_text() {
    for (status, code) in [(400, "ThrottlingException"), (403, "AccessDenied"), (503, "Busy")] {
        for fault in both(elb_refusal(status, code), ec2_refusal(status, code)).await {
            assert_eq!(fault, Fault::refused(code, "so it is"));
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_answer() {
    for fault in both(Reply::Drop, Reply::Drop).await {
        assert!(matches!(fault, Fault::NoAnswer(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_not_from_aws_is_no_answer() {
    let html = || "<html><body>502 Bad Gateway</body>".to_owned();
    for status in [200, 502] {
        for fault in both(Reply::Body(status, html()), Reply::Body(status, html())).await {
            assert!(matches!(fault, Fault::NoAnswer(_)), "{status}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_what_was_made_is_no_answer() {
    let (aws, _server) =
        talk([Reply::Body(200, "<CreateSecurityGroupResponse/>".to_owned())]).await;
    let fault = aws.create_security_group("a", "b", "c", &[].into()).await.unwrap_err();
    assert!(matches!(fault, Fault::NoAnswer(_)), "{fault:?}");
}

#[tokio::test]
async fn a_refused_connection_is_no_answer_and_says_why() {
    // The lowest port is nobody's.
    let aws = Aws::over(&config("http://127.0.0.1:1")).await.unwrap();
    let faults = [
        aws.load_balancers(Which::All(None)).await.unwrap_err(),
        aws.subnets(&Filter::default()).await.unwrap_err(),
    ];
    for fault in faults {
        assert!(matches!(&fault, Fault::NoAnswer(why) if why.contains("refused")), "{fault:?}");
    }
}

/// Credentials that were there once, and can't be renewed.
#[derive(Debug)]
struct Lost;

impl ProvideCredentials for Lost {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let answer: Result<Credentials, _> =
            Err(CredentialsError::provider_error("the token has expired"));
        future::ProvideCredentials::ready(answer)
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Server::start([elb("DescribeLoadBalancers", "")]).await;
    let config = config(&server.endpoint)
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(Lost))
        .build();
    let aws = Aws::over(&config).await.unwrap();
    let faults = [
        aws.load_balancers(Which::All(None)).await.unwrap_err(),
        aws.subnets(&Filter::default()).await.unwrap_err(),
    ];
    for fault in faults {
        let told = matches!(&fault, Fault::NotSent(why)
            if why.contains("give the pod a role") && why.contains("the token has expired"));
        assert!(told, "{fault:?}");
    }
    assert!(server.seen().is_empty());
}
