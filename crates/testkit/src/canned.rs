//! A server that gives the replies it was told to give, for tests of what speaks HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Debug)]
pub enum Reply {
    /// It answers with this status and body.
    Body(u16, String),
    /// It reads the request, and closes the connection. So it does when no reply is left.
    Drop,
    /// It reads the request, and says nothing.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Sent {
    /// `GET`, and the like.
    pub method: String,
    /// The path, and the query behind it.
    pub target: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What came with it.
    pub body: String,
}

/// A request to one API, as its tests look at it.
pub trait Request: Clone + Debug + Send + 'static {
    /// The content type of what the API answers.
    const ANSWERS: &'static str;

    /// Reads it.
    fn read(sent: Sent) -> Self;
}

/// A server that gives its replies in their order.
#[derive(Debug)]
pub struct Server<R> {
    /// Where it is.
    pub endpoint: String,
    seen: Arc<Mutex<Vec<R>>>,
}

impl<R: Request> Server<R> {
    /// Starts one with these replies.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<R>>>::default();
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let memory = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = R::read(receive(&mut stream).await);
                memory.lock().unwrap().push(request);
                match replies.pop_front() {
                    Some(Reply::Body(status, body)) => {
                        answer(&mut stream, status, R::ANSWERS, &body).await;
                    }
                    Some(Reply::Hang) => silent.push(stream),
                    Some(Reply::Drop) | None => {}
                }
            }
        });
        Self { endpoint, seen }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<R> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request there was.
    pub fn only(&self) -> R {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

async fn answer(stream: &mut TcpStream, status: u16, content: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut TcpStream) -> Sent {
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
        let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        if body.len() == length {
            let mut words = head.split(' ').map(str::to_owned);
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            return Sent { method, target, headers, body: body.to_owned() };
        }
    }
}
