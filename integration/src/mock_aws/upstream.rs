//! moto, and what is said to it.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::{Answer, Refusal};
use super::{Call, JSON, REGION, Service};

/// How moto names what belongs to a load balancer, whatever its type, and how AWS does.
const SHAPES: [(&str, &str); 2] =
    [("loadbalancer/app/", "loadbalancer/net/"), ("listener/app/", "listener/net/")];

/// How moto writes the state of a subnet's IPv6 prefix, escaped or not: AWS writes the word alone.
const STATES: [&str; 2] = ["{'State': 'associated'}", "{&#39;State&#39;: &#39;associated&#39;}"];

/// The name of the tagging API on the wire.
const TAGGING: &str = "ResourceGroupsTaggingAPI_20170126";

/// One account of a moto.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) at: SocketAddr,
    pub(super) account: String,
}

impl Upstream {
    /// Asks it, in its own words.
    pub(super) async fn ask(&self, call: &Call) -> Answer {
        let request = Request::post("/")
            .header("Host", self.at.to_string())
            .header("Authorization", authorization(call.service))
            .header("Content-Type", content_type(call.service))
            .header("X-Moto-Account-Id", &self.account);
        let request = match call.service {
            Service::Tagging => {
                request.header("X-Amz-Target", format!("{TAGGING}.{}", call.action))
            }
            Service::Elbv2 | Service::Ec2 | Service::Sts => request,
        };
        let request = request.body(Full::new(Bytes::from(wire(call)))).unwrap();
        let stream = TcpStream::connect(self.at).await.expect("moto is there");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        // It ends with the answer.
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.expect("moto answers");
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.expect("moto answers").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = SHAPES.iter().fold(text, |text, (moto, aws)| text.replace(moto, aws));
        let body = STATES.iter().fold(body, |body, state| body.replace(state, "associated"));
        if body.starts_with("<!doctype") {
            // It has fallen over something that AWS would have refused; stderr says over what.
            let refusal = Refusal::new("InternalFailure", "moto has failed");
            return Refusal { status, ..refusal }.answer(call.service);
        }
        Answer { status, body }
    }
}

/// What moto takes for a signature: it reads the region and the service in it, and checks nothing.
fn authorization(service: Service) -> String {
    let scope = service.scope();
    format!(
        "AWS4-HMAC-SHA256 Credential=moto/20260101/{REGION}/{scope}/aws4_request, \
         SignedHeaders=host, Signature=none"
    )
}

fn content_type(service: Service) -> &'static str {
    match service {
        Service::Tagging => "application/x-amz-json-1.1",
        Service::Elbv2 | Service::Ec2 | Service::Sts => "application/x-www-form-urlencoded",
    }
}

/// The body of a request.
fn wire(call: &Call) -> String {
    let moto = |value: &str| {
        SHAPES.iter().fold(value.to_owned(), |text, (moto, aws)| text.replace(aws, moto))
    };
    if call.service == Service::Tagging {
        return moto(call.get(JSON));
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", &call.action).append_pair("Version", call.service.version());
    for (name, value) in &call.params {
        form.append_pair(name, &moto(value));
    }
    form.finish()
}
