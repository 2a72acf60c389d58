use seaway_provider_aws::api::sdk::{Aws, Options};
use seaway_provider_aws::api::{Api, Fault, Filter, Which};
use seaway_testkit::environment::{self, is_inner};

use crate::server::{Server, ec2, elb};

/// Runs a test of this file again, in a process with this environment and no other. What looks for
/// credentials and the region finds neither files nor an instance.
async fn within(test: &str, environment: &[(&str, &str)]) {
    let alone = [("AWS_EC2_METADATA_DISABLED", "true")];
    let all = [&alone, environment].concat();
    environment::within(&format!("connect::{test}"), &all).await;
}

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

#[tokio::test]
async fn without_a_region_it_says_what_to_set() {
    if !is_inner() {
        return within("without_a_region_it_says_what_to_set", &KEYS).await;
    }
    let fault = Aws::connect(Options::default()).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent(why) if why.contains("AWS_REGION")), "{fault:?}");
}

#[tokio::test]
async fn without_credentials_it_says_what_to_set() {
    if !is_inner() {
        return within("without_credentials_it_says_what_to_set", &[]).await;
    }
    let options = Options { region: Some("eu-west-1".to_owned()), endpoint: None };
    let fault = Aws::connect(options).await.unwrap_err();
    let told = matches!(&fault, Fault::NotSent(why)
        if why.contains("AWS_ACCESS_KEY_ID") && !why.contains('\n'));
    assert!(told, "{fault:?}");
}

#[tokio::test]
async fn each_service_is_where_the_environment_says() {
    if is_inner() {
        let aws = Aws::connect(Options::default()).await.unwrap();
        aws.load_balancers(Which::All(None)).await.unwrap();
        aws.subnets(&Filter::default()).await.unwrap();
        return;
    }
    let name = "each_service_is_where_the_environment_says";
    let balancing = Server::start([elb("DescribeLoadBalancers", "")]).await;
    let compute = Server::start([ec2("DescribeSubnets", "<subnetSet/>")]).await;
    let [id, secret] = KEYS;
    let balancing_at = ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", &*balancing.endpoint);
    let compute_at = ("AWS_ENDPOINT_URL_EC2", &*compute.endpoint);
    let nobody = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let region = ("AWS_REGION", "us-east-1");
    within(name, &[id, secret, region, balancing_at, compute_at, nobody]).await;

    for (server, service) in [(balancing, "elasticloadbalancing"), (compute, "ec2")] {
        let authorization = server.only().headers["authorization"].clone();
        let scope = format!("/us-east-1/{service}/aws4_request");
        assert!(authorization.contains(&scope), "{authorization}");
    }
}

#[tokio::test]
async fn one_endpoint_may_serve_both() {
    if is_inner() {
        let endpoint = std::env::var("SEAWAY_TEST_ENDPOINT").ok();
        let aws = Aws::connect(Options { region: None, endpoint }).await.unwrap();
        aws.load_balancers(Which::All(None)).await.unwrap();
        aws.subnets(&Filter::default()).await.unwrap();
        return;
    }
    let replies = || [elb("DescribeLoadBalancers", ""), ec2("DescribeSubnets", "<subnetSet/>")];
    let [id, secret] = KEYS;
    let region = ("AWS_DEFAULT_REGION", "us-east-1");
    // In the environment, and in the configuration, which counts more.
    for variable in ["AWS_ENDPOINT_URL", "SEAWAY_TEST_ENDPOINT"] {
        let server = Server::start(replies()).await;
        let nobody = ("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1");
        let mut environment = vec![id, secret, region, (variable, &*server.endpoint)];
        if variable == "SEAWAY_TEST_ENDPOINT" {
            environment.push(nobody);
        }
        within("one_endpoint_may_serve_both", &environment).await;
        assert_eq!(server.seen().len(), 2);
    }
}
