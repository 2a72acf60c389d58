use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::until::until;
use crate::visit::{Answer, get};

/// How long a client rests between two requests, so that load is not all that the machine does.
const REST: Duration = Duration::from_millis(8);

/// Clients that send one request after the other, each on a connection of its own.
#[derive(Debug)]
pub struct Load {
    requests: Arc<Mutex<Vec<Request>>>,
    clients: JoinSet<()>,
}

#[derive(Debug)]
struct Request {
    client: usize,
    begun: Instant,
    ended: Instant,
    outcome: Result<Answer, String>,
}

/// What became of the requests that ended after some moment.
#[derive(Debug)]
pub struct Tally {
    /// How many were answered.
    pub served: usize,
    /// Why the others were not.
    pub failures: Vec<String>,
    /// The nodes that took them.
    pub nodes: BTreeSet<String>,
    /// When the last one failed.
    pub last_failure: Option<Instant>,
}

impl Load {
    /// Starts so many clients. The pods take `delay` for each answer, and a little more for each
    /// further client, so that they do not march in step and there are always requests under way.
    pub fn start(at: SocketAddr, clients: usize, delay: Duration) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let requests = Arc::clone(&requests);
            let path = format!("/?delay={}", delay.as_millis() + 5 * client as u128);
            tasks.spawn(async move {
                loop {
                    let begun = Instant::now();
                    let outcome = get(at, None, &path).await.map_err(|error| error.to_string());
                    let ended = Instant::now();
                    requests.lock().unwrap().push(Request { client, begun, ended, outcome });
                    sleep(REST).await;
                }
            });
        }
        Self { requests, clients: tasks }
    }

    /// Waits until so many more requests were answered that had begun after now.
    pub async fn serves(&self, count: usize) {
        let now = Instant::now();
        until(&format!("{count} requests are served"), async || {
            let requests = self.requests.lock().unwrap();
            let fresh = requests.iter().filter(|r| r.begun >= now && r.outcome.is_ok());
            (fresh.count() >= count).then_some(())
        })
        .await;
    }

    /// Waits until `count` requests were answered, all begun after the last one that failed or that
    /// came through `node`. Returns when the last such one ended.
    ///
    /// Every client must have had its share of them: who still waits for an answer may yet fail.
    pub async fn leaves(&self, node: &str, count: usize) -> Instant {
        let now = Instant::now();
        until(&format!("{node} gets nothing and {count} requests are served"), async || {
            let requests = self.requests.lock().unwrap();
            let bad = requests.iter().filter(|r| match &r.outcome {
                Ok(answer) => answer.via == node,
                Err(_) => true,
            });
            let last = bad.map(|r| r.ended).max().unwrap_or(now);
            let after: Vec<_> = requests.iter().filter(|r| r.begun > last).collect();
            let clients = self.clients.len();
            let share = |client| after.iter().filter(|r| r.client == client).count();
            let all = (0..clients).all(|client| share(client) >= count / (2 * clients));
            (all && after.len() >= count).then_some(last)
        })
        .await
    }

    /// What became of the requests that ended after `since`.
    pub fn tally(&self, since: Instant) -> Tally {
        let requests = self.requests.lock().unwrap();
        let recent: Vec<_> = requests.iter().filter(|request| request.ended >= since).collect();
        let answers = || recent.iter().filter_map(|request| request.outcome.as_ref().ok());
        let failed = || recent.iter().filter(|request| request.outcome.is_err());
        Tally {
            served: answers().count(),
            nodes: answers().map(|answer| answer.via.clone()).collect(),
            failures: failed().filter_map(|request| request.outcome.clone().err()).collect(),
            last_failure: failed().map(|request| request.ended).max(),
        }
    }

    /// Ends the clients, and tells what became of all requests.
    pub async fn stop(mut self) -> Tally {
        self.clients.shutdown().await;
        let first = self.requests.lock().unwrap().first().map(|request| request.ended);
        self.tally(first.unwrap_or_else(Instant::now))
    }
}
