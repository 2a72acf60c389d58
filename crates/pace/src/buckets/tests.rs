use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{advance, timeout};

use super::*;

mod many;
mod order;
mod throttling;

const LANE: Lane = Lane("writes");
/// Longer than any line here: who still waits was forgotten.
const LONG: Duration = Duration::from_hours(1);

fn buckets(burst: u32, per_second: f64) -> Buckets {
    Buckets::new([(LANE, Rate { burst, per_second })])
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Takes a turn, and says how many milliseconds after `start` it was given.
async fn turn(buckets: &Buckets, urgency: Urgency, start: Instant) -> u128 {
    buckets.turn(LANE, urgency).await.unwrap();
    start.elapsed().as_millis()
}

/// Turns one after the other, in milliseconds from now.
async fn turns(buckets: &Buckets, count: usize) -> Vec<u128> {
    let start = Instant::now();
    let mut given = vec![];
    for _ in 0..count {
        given.push(turn(buckets, Urgency::Create, start).await);
    }
    given
}

/// Those who wait, and who was given a turn when.
#[derive(Clone)]
struct Waiters {
    buckets: Buckets,
    start: Instant,
    given: Arc<Mutex<Vec<(&'static str, u128)>>>,
}

impl Waiters {
    fn of(buckets: &Buckets) -> Self {
        Self { buckets: buckets.clone(), start: Instant::now(), given: Arc::default() }
    }

    /// Is in line when this returns.
    async fn join(&self, name: &'static str, urgency: Urgency) -> JoinHandle<()> {
        let waiters = self.clone();
        let task = tokio::spawn(async move {
            let at = turn(&waiters.buckets, urgency, waiters.start).await;
            waiters.given.lock().unwrap().push((name, at));
        });
        yield_now().await;
        task
    }

    /// Waits until nobody waits.
    async fn given(&self) -> Vec<(&'static str, u128)> {
        while self.buckets.waiting(LANE) > 0 {
            assert!(self.start.elapsed() < LONG, "{:?}", self.buckets);
            // The clock moves on by itself, from timer to timer, as nothing else is to be done.
            tokio::time::sleep(millis(1)).await;
        }
        self.given.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_bucket_gives_a_burst_and_then_its_rate() {
    assert_eq!(turns(&buckets(3, 10.0), 6).await, [0, 0, 0, 100, 200, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_rest_fills_the_bucket_and_no_more() {
    let buckets = buckets(3, 10.0);
    turns(&buckets, 4).await;
    advance(millis(250)).await;
    assert_eq!(turns(&buckets, 4).await, [0, 0, 50, 150]);
    advance(millis(3_600_000)).await;
    assert_eq!(turns(&buckets, 4).await, [0, 0, 0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_lane_without_a_rate_is_free() {
    let buckets = Buckets::new([]);
    assert_eq!(turns(&buckets, 1000).await.last(), Some(&0));
    buckets.throttled(LANE, Some(millis(1000)));
    buckets.answered(LANE);
    assert_eq!(turns(&buckets, 1).await, [0]);
    assert_eq!(buckets.waiting(LANE), 0);
    assert_eq!(buckets.rate(LANE).to_bits(), f64::INFINITY.to_bits());
}

#[tokio::test(start_paused = true)]
async fn lanes_are_independent() {
    let other = Lane("reads");
    let rate = Rate { burst: 1, per_second: 1.0 };
    let buckets = Buckets::new([(LANE, rate), (other, rate)]);
    buckets.throttled(LANE, Some(millis(60_000)));
    let waiters = Waiters::of(&buckets);
    waiters.join("writer", Urgency::Drain).await;
    assert_eq!((buckets.waiting(LANE), buckets.waiting(other)), (1, 0));
    assert_eq!(buckets.rate(LANE).to_bits(), 0.5_f64.to_bits());
    assert_eq!(buckets.rate(other).to_bits(), 1_f64.to_bits());
    for _ in 0..2 {
        buckets.turn(other, Urgency::Audit).await.unwrap();
    }
    assert_eq!(waiters.start.elapsed(), millis(1000));
    assert_eq!(waiters.given().await, [("writer", 60_000)]);
}

#[tokio::test(start_paused = true)]
async fn clones_share_the_tokens() {
    let buckets = buckets(2, 1.0);
    let clone = buckets.clone();
    assert_eq!(turns(&clone, 2).await, [0, 0]);
    assert_eq!(turns(&buckets, 1).await, [1000]);
}

#[tokio::test(start_paused = true)]
async fn it_shows_the_rate_and_who_waits() {
    let buckets = buckets(1, 4.0);
    let waiters = Waiters::of(&buckets);
    for name in ["first", "second", "third"] {
        waiters.join(name, Urgency::Create).await;
    }
    assert_eq!(format!("{buckets:?}"), r#"{"writes": (4.0, 2)}"#);
    assert_eq!(waiters.given().await, [("first", 0), ("second", 250), ("third", 500)]);
}
