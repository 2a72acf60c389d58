use super::*;

#[tokio::test(start_paused = true)]
async fn a_refusal_empties_the_bucket_and_halves_the_rate() {
    let buckets = buckets(5, 10.0);
    turns(&buckets, 1).await;
    buckets.throttled(LANE, None);
    assert_eq!(turns(&buckets, 3).await, [200, 400, 600]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_the_lane_for_as_long_as_it_says() {
    let buckets = buckets(5, 10.0);
    buckets.throttled(LANE, Some(millis(7000)));
    assert_eq!(turns(&buckets, 3).await, [7000, 7200, 7400]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_who_sleeps_for_a_token_already() {
    let buckets = buckets(1, 1.0);
    let waiters = Waiters::of(&buckets);
    for name in ["burst", "first", "second"] {
        waiters.join(name, Urgency::Create).await;
    }
    advance(millis(500)).await;
    buckets.throttled(LANE, Some(millis(10_000)));
    assert_eq!(waiters.given().await, [("burst", 0), ("first", 10_500), ("second", 12_500)]);
}

#[tokio::test(start_paused = true)]
async fn during_a_hold_the_most_urgent_still_goes_first() {
    let buckets = buckets(5, 1.0);
    buckets.throttled(LANE, Some(millis(3000)));
    let waiters = Waiters::of(&buckets);
    waiters.join("audit", Urgency::Audit).await;
    waiters.join("drain", Urgency::Drain).await;
    assert_eq!(waiters.given().await, [("drain", 3000), ("audit", 5000)]);
}

#[tokio::test(start_paused = true)]
async fn a_raise_brings_the_token_forward_that_somebody_sleeps_for() {
    let buckets = buckets(1, 0.16);
    buckets.throttled(LANE, None);
    let waiters = Waiters::of(&buckets);
    waiters.join("first", Urgency::Create).await;
    // At 0.08 per second it would be due at 12,500.
    advance(millis(10_000)).await;
    buckets.answered(LANE);
    // 0.2 of it are left, at 0.09 per second now.
    assert_eq!(waiters.given().await, [("first", 12_223)]);
}

#[tokio::test(start_paused = true)]
async fn with_answers_the_full_rate_is_back_after_as_many_seconds_as_sixteenths_were_lost() {
    let buckets = buckets(1, 16.0);
    buckets.throttled(LANE, None);
    advance(millis(1000)).await;
    buckets.throttled(LANE, None);
    assert_eq!(buckets.rate(LANE).to_bits(), 4_f64.to_bits());
    let start = Instant::now();
    while buckets.rate(LANE) < 16.0 {
        turn(&buckets, Urgency::Create, start).await;
        buckets.answered(LANE);
    }
    // 12 raises, each by the first call a second after the last one: so up to a call later.
    let took = start.elapsed();
    assert!(took >= millis(12_000) && took < millis(13_500), "{took:?}");
    turns(&buckets, 1).await;
    assert_eq!(turns(&buckets, 3).await, [63, 126, 189]);
}

/// A provider that allows less than it publishes.
struct Stingy {
    tokens: f64,
    per_second: f64,
    counted: Instant,
}

impl Stingy {
    fn allows(&mut self) -> bool {
        let span = self.counted.elapsed().as_secs_f64();
        self.counted = Instant::now();
        self.tokens = (self.tokens + span * self.per_second).min(10.0);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }
}

#[tokio::test(start_paused = true)]
async fn it_finds_the_rate_of_a_provider_that_allows_a_third_of_what_it_publishes() {
    let buckets = buckets(20, 30.0);
    let mut provider = Stingy { tokens: 10.0, per_second: 10.0, counted: Instant::now() };
    let start = Instant::now();
    let (mut answered, mut refused) = (0_u32, 0_u32);
    while start.elapsed() < Duration::from_mins(10) {
        turn(&buckets, Urgency::Create, start).await;
        if provider.allows() {
            answered += 1;
            buckets.answered(LANE);
        } else {
            refused += 1;
            buckets.throttled(LANE, None);
        }
    }
    // Nearly all of the 6,000 that were allowed are used, and few calls are refused.
    assert!(answered > 5900, "{answered} answered, {refused} refused");
    assert!(refused < answered / 30, "{answered} answered, {refused} refused");
}
