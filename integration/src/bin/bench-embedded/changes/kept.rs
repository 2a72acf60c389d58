use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::talk::Talk;
use super::tally::Tally;

/// How many speak at once.
const AT_ONCE: usize = 64;
/// How long it is from the first word of a round to the first word of the next.
const EVERY: Duration = Duration::from_secs(10);

/// Connections that are to live through everything: each has something to say every few seconds.
#[derive(Debug)]
pub(super) struct Kept {
    all: Arc<Mutex<Vec<Talk>>>,
    tally: Arc<Tally>,
}

/// Has them speak, until it is told to stop.
#[derive(Debug)]
pub(super) struct Rounds {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Kept {
    pub(super) fn new(tally: &Arc<Tally>) -> Self {
        Self { all: Arc::default(), tally: Arc::clone(tally) }
    }

    pub(super) fn len(&self) -> usize {
        self.all.lock().unwrap().len()
    }

    /// Opens so many connections, at these ports in turn. All of them are served.
    pub(super) async fn open(&self, at: &[SocketAddr], count: usize) {
        let first = self.len() as u64;
        let places = (first..).zip(at.iter().cycle().take(count));
        let mut opened = stream::iter(places)
            .map(async |(number, at)| (*at, Talk::open(*at, (1 << 63) + number).await))
            .buffer_unordered(AT_ONCE);
        while let Some((at, talk)) = opened.next().await {
            match talk {
                Ok(talk) => self.all.lock().unwrap().push(talk),
                Err(error) => self.tally.refused(at, &error),
            }
        }
    }

    /// Has each say something. Those that break are told of, and gone.
    pub(super) async fn speak(&self) {
        let all = std::mem::take(&mut *self.all.lock().unwrap());
        let mut spoke = stream::iter(all)
            .map(async |mut talk| {
                let answered = talk.go_on().await;
                (talk, answered)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((talk, answered)) = spoke.next().await {
            match answered {
                Ok(()) => self.all.lock().unwrap().push(talk),
                Err(error) => self.tally.broken(talk.at, talk.via, &error),
            }
        }
    }

    /// How many have entered here and are open.
    pub(super) fn through(&self, at: &[SocketAddr]) -> usize {
        self.all.lock().unwrap().iter().filter(|talk| at.contains(&talk.at)).count()
    }

    /// Has them speak in rounds from now on.
    pub(super) fn rounds(&self) -> Rounds {
        let (stop, kept) = (CancellationToken::new(), self.share());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            while !stopped.is_cancelled() {
                let next = Instant::now() + EVERY;
                kept.speak().await;
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = stopped.cancelled() => {}
                }
            }
        });
        Rounds { stop, task }
    }

    fn share(&self) -> Self {
        Self { all: Arc::clone(&self.all), tally: Arc::clone(&self.tally) }
    }
}

impl Rounds {
    /// Ends the round that is under way, and begins no other.
    pub(super) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
