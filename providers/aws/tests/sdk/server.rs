use std::collections::BTreeMap;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use seaway_provider_aws::api::sdk::Aws;
use seaway_testkit::canned::{self, Reply, Sent};

pub(crate) type Server = canned::Server<Request>;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
}

impl canned::Request for Request {
    const ANSWERS: &'static str = "text/xml";

    fn read(sent: Sent) -> Self {
        let form = form_urlencoded::parse(sent.body.as_bytes()).into_owned().collect();
        Self { headers: sent.headers, form }
    }
}

impl Request {
    /// A parameter; empty if it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// Which parameters begin like this, and what they say.
    pub(crate) fn under(&self, prefix: &str) -> Vec<(&str, &str)> {
        let all = self.form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| name.starts_with(prefix)).collect()
    }
}

/// A configuration without anything from the environment.
pub(crate) fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// The API, and the server that it talks to.
pub(crate) async fn talk(replies: impl IntoIterator<Item = Reply>) -> (Aws, Server) {
    let server = Server::start(replies).await;
    (Aws::over(&config(&server.endpoint)).await.unwrap(), server)
}

/// An answer of Elastic Load Balancing.
pub(crate) fn elb(action: &str, result: &str) -> Reply {
    let namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
    let body = format!(
        "<{action}Response xmlns=\"{namespace}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    );
    Reply::Body(200, body)
}

/// A refusal of Elastic Load Balancing.
pub(crate) fn elb_refusal(status: u16, code: &str) -> Reply {
    let namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>so it is</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    Reply::Body(status, body)
}

/// An answer of EC2.
pub(crate) fn ec2(action: &str, result: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n<requestId>1</requestId>{result}\
         </{action}Response>"
    );
    Reply::Body(200, body)
}

/// A refusal of EC2.
pub(crate) fn ec2_refusal(status: u16, code: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>so it is</Message></Error></Errors><RequestID>1</RequestID></Response>"
    );
    Reply::Body(status, body)
}
