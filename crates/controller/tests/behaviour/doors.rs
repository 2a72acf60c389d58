//! An API server that says no, and how many are in it at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::json;

/// What is refused, and who is inside.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    closed: Mutex<Vec<Closed>>,
    inside: Arc<AtomicUsize>,
    most: AtomicUsize,
}

#[derive(Debug)]
struct Closed {
    method: Method,
    path: &'static str,
    code: u16,
    message: &'static str,
    /// How many more requests are refused.
    times: usize,
}

/// A write that is under way.
#[derive(Debug)]
struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A client that goes through `doors`, and whose writes are noted.
pub(crate) fn guarded(
    client: Client,
    writes: Arc<Mutex<Vec<String>>>,
    doors: Arc<Doors>,
) -> Client {
    let forward = move |request: Request<Body>| {
        if request.method() != Method::GET {
            let line = format!("{} {}", request.method(), request.uri().path());
            writes.lock().unwrap().push(line);
        }
        let (client, refused) = (client.clone(), doors.refusal(&request));
        let inside = doors.enter(&request);
        async move {
            let _inside = inside;
            match refused {
                Some(answer) => Ok(answer),
                None => client.send(request).await,
            }
        }
    };
    Client::new(tower::service_fn(forward), "default")
}

impl Doors {
    /// Refuses so many requests whose path ends so.
    pub(crate) fn close(
        &self,
        (method, path): (Method, &'static str),
        (code, message): (u16, &'static str),
        times: usize,
    ) {
        self.closed.lock().unwrap().push(Closed { method, path, code, message, times });
    }

    /// Refuses nothing any more.
    pub(crate) fn open(&self) {
        self.closed.lock().unwrap().clear();
    }

    /// Whether anything is still to be refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.lock().unwrap().iter().any(|closed| closed.times > 0)
    }

    /// How many writes were under way at a time, at most.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn refusal(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let mut closed = self.closed.lock().unwrap();
        let closed = closed.iter_mut().find(|closed| {
            closed.times > 0
                && closed.method == *request.method()
                && request.uri().path().ends_with(closed.path)
        })?;
        closed.times -= 1;
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "code": closed.code, "reason": "Refused", "message": closed.message,
        });
        let body = Body::from(status.to_string().into_bytes());
        Some(Response::builder().status(closed.code).body(body).unwrap())
    }

    fn enter(&self, request: &Request<Body>) -> Option<Inside> {
        if request.method() == Method::GET {
            return None;
        }
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        Some(Inside(Arc::clone(&self.inside)))
    }
}
