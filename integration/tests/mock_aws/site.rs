//! A world with a VPC in it, and a caller that speaks HTTP to it.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use seaway_integration::Moto;
use seaway_integration::mock_aws::{Answer, Element, MockAws, Seed, Service};
use tokio::net::TcpStream;

pub(crate) struct Site {
    pub(crate) aws: MockAws,
    pub(crate) seed: Seed,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let aws = MockAws::start(Moto::shared().await).await;
        let seed = aws.seed("test").await;
        Self { aws, seed }
    }

    /// Calls over HTTP; the error is that there is no answer.
    pub(crate) async fn send(
        &self,
        service: Service,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<Answer, hyper::Error> {
        send(&self.aws, service, action, params).await
    }

    pub(crate) async fn call(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.send(Service::Elbv2, action, params).await.unwrap()
    }

    /// What is in the answer of a call that succeeds.
    pub(crate) async fn ok(&self, action: &str, params: &[(&str, &str)]) -> Element {
        self.call(action, params).await.xml().children.remove(0)
    }

    /// The code of the error of a call that fails.
    pub(crate) async fn refused(&self, action: &str, params: &[(&str, &str)]) -> String {
        let answer = self.call(action, params).await;
        answer.code().unwrap_or_else(|| panic!("{action} {params:?} succeeds"))
    }

    pub(crate) async fn ec2(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.send(Service::Ec2, action, params).await.unwrap()
    }

    /// An internet-facing load balancer with a security group and a subnet in the first zone.
    pub(crate) async fn balancer(&self, name: &str) -> String {
        let params = self.balancer_params(name);
        let params: Vec<_> = params.iter().map(|(key, value)| (*key, value.as_str())).collect();
        arn(&self.ok("CreateLoadBalancer", &params).await, "LoadBalancerArn")
    }

    pub(crate) fn balancer_params(&self, name: &str) -> Vec<(&'static str, String)> {
        vec![
            ("Name", name.to_owned()),
            ("Type", "network".to_owned()),
            ("Subnets.member.1", self.seed.public[0].id.clone()),
            ("SecurityGroups.member.1", self.seed.node_group.clone()),
        ]
    }

    pub(crate) async fn group(&self, name: &str, protocol: &str) -> String {
        arn(
            &self.ok("CreateTargetGroup", &self.group_params(name, protocol)).await,
            "TargetGroupArn",
        )
    }

    pub(crate) fn group_params<'a>(
        &'a self,
        name: &'a str,
        protocol: &'a str,
    ) -> [(&'static str, &'a str); 4] {
        [("Name", name), ("Protocol", protocol), ("Port", "80"), ("VpcId", &self.seed.vpc)]
    }

    pub(crate) async fn listener(&self, balancer: &str, port: &str, group: &str) -> String {
        let params = listener(balancer, port, "TCP", group);
        arn(&self.ok("CreateListener", &params).await, "ListenerArn")
    }

    /// A load balancer with a TCP listener on port 80, and the target group behind it.
    pub(crate) async fn served(&self, name: &str) -> (String, String) {
        let (balancer, group) = (self.balancer(name).await, self.group(name, "TCP").await);
        self.listener(&balancer, "80", &group).await;
        (balancer, group)
    }
}

pub(crate) fn listener<'a>(
    balancer: &'a str,
    port: &'a str,
    protocol: &'a str,
    group: &'a str,
) -> [(&'static str, &'a str); 5] {
    [
        ("LoadBalancerArn", balancer),
        ("Port", port),
        ("Protocol", protocol),
        ("DefaultActions.member.1.Type", "forward"),
        ("DefaultActions.member.1.TargetGroupArn", group),
    ]
}

/// A call that sets one attribute of what `name` says.
pub(crate) fn attribute<'a>(
    name: &'a str,
    arn: &'a str,
    key: &'a str,
    value: &'a str,
) -> [(&'a str, &'a str); 3] {
    [(name, arn), ("Attributes.member.1.Key", key), ("Attributes.member.1.Value", value)]
}

pub(crate) fn arn(result: &Element, name: &str) -> String {
    result.find(name).unwrap().text.clone()
}

pub(crate) async fn send(
    aws: &MockAws,
    service: Service,
    action: &str,
    params: &[(&str, &str)],
) -> Result<Answer, hyper::Error> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", "2015-12-01").extend_pairs(params);
    let credential =
        format!("Credential=key/20260101/eu-central-1/{}/aws4_request", service.scope());
    let request = Request::post("/")
        .header("Host", "aws")
        .header("Authorization", format!("AWS4-HMAC-SHA256 {credential}, Signature=none"))
        .body(Full::new(Bytes::from(form.finish())))
        .unwrap();
    let at = aws.endpoint().replace("http://", "");
    let stream = TcpStream::connect(at).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(Answer { status, body: String::from_utf8(body.to_vec()).unwrap() })
}
