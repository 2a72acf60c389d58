use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use tokio::sync::Notify;
use tower::BoxError;

/// What becomes of a write to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It takes effect, and nothing comes after it: whoever sent it is to be dropped.
    Cut,
    /// It takes effect, and its answer is lost.
    AnswerLost,
    /// It is lost on the way there.
    NeverArrives,
}

/// What lies between a controller and the API server.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    state: Mutex<State>,
    cut: Notify,
}

#[derive(Debug, Default)]
struct State {
    writes: Vec<String>,
    fate: Option<(usize, Fate)>,
}

impl Wire {
    /// The write that comes after `ahead` others meets this fate.
    pub(crate) fn after(&self, ahead: usize, fate: Fate) {
        let mut state = self.state.lock().unwrap();
        state.fate = Some((state.writes.len() + ahead, fate));
    }

    /// The writes so far, Events included.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.state.lock().unwrap().writes.clone()
    }

    /// Whether a fate is still to come.
    pub(crate) fn is_waiting(&self) -> bool {
        self.state.lock().unwrap().fate.is_some()
    }

    /// Waits for a write that was [cut](Fate::Cut).
    pub(crate) async fn cut(&self) {
        self.cut.notified().await;
    }

    /// A client that goes through here.
    pub(crate) fn client(self: &Arc<Self>, beyond: Client) -> Client {
        let wire = Arc::clone(self);
        let send = move |request| {
            let (wire, beyond) = (Arc::clone(&wire), beyond.clone());
            async move { wire.send(request, beyond).await }
        };
        Client::new(tower::service_fn(send), "default")
    }

    async fn send(
        &self,
        request: Request<Body>,
        beyond: Client,
    ) -> Result<Response<Body>, BoxError> {
        let fate = self.begin(&request);
        if fate == Some(Fate::NeverArrives) {
            return Err("the connection broke on the way there".into());
        }
        let answer = beyond.send(request).await;
        match fate {
            Some(Fate::Cut) => {
                self.cut.notify_one();
                std::future::pending().await
            }
            Some(_) => Err("the connection broke on the way back".into()),
            None => Ok(answer?),
        }
    }

    fn begin(&self, request: &Request<Body>) -> Option<Fate> {
        if request.method() == Method::GET {
            return None;
        }
        let mut state = self.state.lock().unwrap();
        let at = state.writes.len();
        state.writes.push(format!("{} {}", request.method(), request.uri().path()));
        state.fate.take_if(|(when, _)| *when == at).map(|(_, fate)| fate)
    }
}
