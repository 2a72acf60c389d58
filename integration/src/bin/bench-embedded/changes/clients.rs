use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::talk::Talk;
use super::tally::Tally;

/// How many there are, for each cluster.
pub(super) const CLIENTS: usize = 8;
/// How long each rests before the next connection: together they then make some hundreds a second.
const REST: Duration = Duration::from_millis(16);
/// One of so many connections is held for a while, and has more to say before it ends.
const LASTING: u64 = 8;
const LASTS: Duration = Duration::from_secs(3);

/// Clients that open one connection after the other.
#[derive(Debug)]
pub(super) struct Clients {
    stop: CancellationToken,
    all: JoinSet<()>,
}

impl Clients {
    /// Starts them, at ports in turn.
    pub(super) fn start(front: &Arc<Front>, tally: &Arc<Tally>) -> Self {
        let (stop, mut all) = (CancellationToken::new(), JoinSet::new());
        for client in (0_u64..).take(CLIENTS) {
            let (front, tally, stop) = (Arc::clone(front), Arc::clone(tally), stop.clone());
            all.spawn(async move {
                let mut lasting = VecDeque::new();
                // A number of its own for each connection, and no port that is only one client's.
                for turn in 0.. {
                    if stop.is_cancelled() {
                        break;
                    }
                    let number = (client << 32) + turn;
                    if let Some(talk) = visit(&front, &tally, client + turn, number).await
                        && turn % LASTING == 0
                    {
                        lasting.push_back((Instant::now(), talk));
                    }
                    if lasting.front().is_some_and(|(since, _)| since.elapsed() > LASTS) {
                        end(lasting.pop_front(), &tally).await;
                    }
                    sleep(REST).await;
                }
                while !lasting.is_empty() {
                    end(lasting.pop_front(), &tally).await;
                }
            });
        }
        Self { stop, all }
    }

    /// Has each end what it has begun.
    pub(super) async fn end(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.all.join_next().await {
            ended.unwrap();
        }
    }
}

async fn visit(front: &Front, tally: &Tally, turn: u64, number: u64) -> Option<Talk> {
    let door = front.door(turn);
    let begun = Instant::now();
    match Talk::open(door.at, number).await {
        Ok(talk) => {
            tally.new.add(1);
            if !front.saw(&door, begun, talk.via) {
                tally.misrouted(door.at, talk.via);
            }
            Some(talk)
        }
        Err(error) => {
            tally.refused(door.at, &error);
            None
        }
    }
}

async fn end(talk: Option<(Instant, Talk)>, tally: &Tally) {
    let Some((_, mut talk)) = talk else { return };
    if let Err(error) = talk.go_on().await {
        tally.broken(talk.at, talk.via, &error);
    }
}
