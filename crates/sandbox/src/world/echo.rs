use super::{
    conntrack::{Conntrack, Flow, Origin},
    http::{self, Body},
    protocol::Protocol,
};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    header::{CONNECTION, HeaderValue},
};
use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::sleep;

const LONGEST_DELAY: Duration = Duration::from_mins(10);
const LARGEST_BODY: u64 = 1 << 34;
static CHUNK: [u8; 16_384] = [b'.'; 16_384];

/// The program in a pod: it says who answers, and by which way the request came.
#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) pod: Arc<str>,
    pub(crate) node: Arc<str>,
    pub(crate) conntrack: Arc<Conntrack>,
    /// The pod is being deleted: each answer is the last of its connection.
    pub(crate) leaving: AtomicBool,
}

/// What a request asks for in its query.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    delay: Duration,
    bytes: Option<u64>,
}

impl Wishes {
    /// Reads `delay` in milliseconds and `bytes`; what is too much is cut to the limit.
    fn parse(query: Option<&str>) -> Result<Self, String> {
        let mut wishes = Self::default();
        for (name, value) in query.unwrap_or_default().split('&').filter_map(|p| p.split_once('='))
        {
            let number = || {
                value.parse::<u64>().map_err(|_| format!("{name}={value} is not a whole number\n"))
            };
            match name {
                "delay" => wishes.delay = Duration::from_millis(number()?).min(LONGEST_DELAY),
                "bytes" => wishes.bytes = Some(number()?.min(LARGEST_BODY)),
                _ => {}
            }
        }
        Ok(wishes)
    }
}

impl Echo {
    /// The line that names the whole way of a request.
    pub(crate) fn line(&self, protocol: Protocol, own: SocketAddr, peer: SocketAddr) -> String {
        let flow = Flow { protocol, node: peer, pod: own };
        let direct = || Origin { via: "direct".into(), client: peer };
        let Origin { via, client } = self.conntrack.origin(&flow).unwrap_or_else(direct);
        format!("via={via} pod={} on={} client={client}\n", self.pod, self.node)
    }

    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        own: SocketAddr,
        peer: SocketAddr,
    ) -> Response<Body> {
        let mut response = match Wishes::parse(request.uri().query()) {
            Err(message) => {
                let mut response = http::whole("text/plain; charset=utf-8", message);
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
            Ok(wishes) => {
                sleep(wishes.delay).await;
                if let Some(left) = wishes.bytes {
                    Response::new(Filler { left }.boxed())
                } else if request.method() == Method::POST && request.uri().path() == "/echo" {
                    Response::new(request.into_body().boxed())
                } else {
                    let line = self.line(Protocol::Tcp, own, peer);
                    http::whole("text/plain; charset=utf-8", line)
                }
            }
        };
        if self.leaving.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The answer to a datagram: the line, then what was in it.
    pub(crate) fn datagram(&self, payload: &[u8], own: SocketAddr, peer: SocketAddr) -> Vec<u8> {
        let mut answer = self.line(Protocol::Udp, own, peer).into_bytes();
        answer.extend_from_slice(payload);
        answer
    }
}

/// A body of dots.
#[derive(Debug)]
struct Filler {
    left: u64,
}

impl HttpBody for Filler {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let length = usize::try_from(self.left).unwrap_or(CHUNK.len()).min(CHUNK.len());
        if length == 0 {
            return Poll::Ready(None);
        }
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&CHUNK[..length])))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_bounded_and_nonsense_is_named() {
        let parse = |query| Wishes::parse(Some(query));
        assert_eq!(Wishes::parse(None), Ok(Wishes::default()));
        assert_eq!(
            parse("delay=250&x=y&bytes=10"),
            Ok(Wishes { delay: Duration::from_millis(250), bytes: Some(10) })
        );
        assert_eq!(parse("delay=99999999999").unwrap().delay, LONGEST_DELAY);
        assert_eq!(parse("bytes=99999999999").unwrap().bytes, Some(LARGEST_BODY));
        assert_eq!(parse("bytes=-1"), Err("bytes=-1 is not a whole number\n".to_owned()));
    }

    #[test]
    fn the_line_tells_the_way_through_a_node_and_the_direct_way() {
        let conntrack = Arc::new(Conntrack::default());
        let echo = Echo {
            pod: "tomcat-7".into(),
            node: "node-5".into(),
            conntrack: Arc::clone(&conntrack),
            leaving: AtomicBool::new(false),
        };
        let pod: SocketAddr = "127.16.16.7:8080".parse().unwrap();
        let node: SocketAddr = "127.16.0.3:10300".parse().unwrap();
        let client: SocketAddr = "192.0.2.7:53124".parse().unwrap();
        let flow = Flow { protocol: Protocol::Tcp, node, pod };
        let tracked = conntrack.track(flow, Origin { via: "node-3".into(), client });
        assert_eq!(
            echo.line(Protocol::Tcp, pod, node),
            "via=node-3 pod=tomcat-7 on=node-5 client=192.0.2.7:53124\n"
        );
        drop(tracked);
        assert_eq!(
            echo.line(Protocol::Tcp, pod, node),
            "via=direct pod=tomcat-7 on=node-5 client=127.16.0.3:10300\n"
        );
    }
}
