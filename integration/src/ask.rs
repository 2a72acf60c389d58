use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::DEADLINE;

/// An answer of a controller.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub code: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends a request such as `GET /healthz`, with a JSON body if there is one.
pub async fn ask(at: SocketAddr, line: &str, body: &str) -> Reply {
    ask_as(at, line, &format!("{at}"), "application/json", body).await
}

/// The same with a `Host` and a `Content-Type` of one's own.
pub async fn ask_as(at: SocketAddr, line: &str, host: &str, kind: &str, body: &str) -> Reply {
    let asking = async {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { code, head: head.to_lowercase(), body: body.to_owned() }
    };
    timeout(DEADLINE, asking).await.expect("no answer")
}
