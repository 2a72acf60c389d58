use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use seaway_provider_aws::api::sdk::Aws;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
pub(crate) enum Reply {
    /// It answers with this status and body.
    Body(u16, String),
    /// It reads the request, and closes the connection.
    Drop,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
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

/// A server that gives its replies in their order.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let memory = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &memory, &mut replies).await;
            }
        });
        Self { endpoint, seen }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request there was.
    pub(crate) fn only(&self) -> Request {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Request>>, replies: &mut VecDeque<Reply>) {
    let request = receive(&mut stream).await;
    seen.lock().unwrap().push(request);
    match replies.pop_front() {
        Some(Reply::Body(status, body)) => {
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Some(Reply::Drop) | None => {}
    }
}

async fn receive(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
        assert!(read > 0, "the request ended early");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().unwrap();
        if body.len() == length {
            let form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            return Request { headers, form };
        }
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
