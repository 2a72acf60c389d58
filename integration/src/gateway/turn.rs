//! Turns the order of lists around.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::StreamExt;
use futures::channel::mpsc::{self, UnboundedSender};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use kube::client::Body;
use serde_json::Value;

use super::{Manner, Order, Seen};

/// The bookmark after which a watch tells changes.
const END_OF_LIST: &str = "k8s.io/initial-events-end";

/// A list in one piece.
pub(super) async fn list(body: Body, seen: &Seen) -> UnsyncBoxBody<Bytes, kube::Error> {
    let bytes = body.collect().await.unwrap().to_bytes();
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    if let Some(items) = value["items"].as_array_mut() {
        items.reverse();
        seen.turned.fetch_add(items.len(), Ordering::SeqCst);
    }
    Full::new(Bytes::from(value.to_string())).map_err(|never| match never {}).boxed_unsync()
}

/// A list as the first events of a watch, one a line.
pub(super) fn stream(
    body: Body,
    manner: Manner,
    seen: Arc<Seen>,
) -> UnsyncBoxBody<Bytes, kube::Error> {
    let (lines, handed) = mpsc::unbounded();
    tokio::spawn(async move { turn(body, &lines, &manner, &seen).await });
    StreamBody::new(handed.map(|bytes| Ok(Frame::data(bytes)))).boxed_unsync()
}

/// Ends when either side does.
async fn turn(mut body: Body, lines: &UnboundedSender<Bytes>, manner: &Manner, seen: &Seen) {
    let mut rest = Vec::new();
    let mut held: Option<Vec<Bytes>> = (manner.order != Order::Kept).then(Vec::new);
    while let Some(Ok(frame)) = body.frame().await {
        rest.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let mut text = String::from_utf8(rest.drain(..=end).collect()).unwrap();
            if let Some((word, fact)) = &manner.spelling {
                text = text.replace(word, fact);
            }
            let last = text.contains(END_OF_LIST);
            let line = Bytes::from(text);
            let out = match held.take() {
                None => vec![line],
                Some(mut all) if last => {
                    seen.turned.fetch_add(all.len(), Ordering::SeqCst);
                    all.reverse();
                    all.push(line);
                    all
                }
                Some(mut all) => {
                    all.push(line);
                    held = Some(all);
                    Vec::new()
                }
            };
            for line in out {
                if lines.unbounded_send(line).is_err() {
                    return;
                }
            }
        }
    }
}
