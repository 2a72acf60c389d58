use std::task::{Context, Waker};

use super::*;

#[tokio::test(start_paused = true)]
async fn the_most_urgent_goes_first() {
    let waiters = Waiters::of(&buckets(1, 1.0));
    waiters.join("burst", Urgency::Audit).await;
    waiters.join("audit", Urgency::Audit).await;
    waiters.join("more", Urgency::MoreTargets).await;
    waiters.join("create", Urgency::Create).await;
    waiters.join("first", Urgency::FirstTargets).await;
    waiters.join("drain", Urgency::Drain).await;
    let expected = [
        ("burst", 0),
        ("drain", 1000),
        ("first", 2000),
        ("create", 3000),
        ("more", 4000),
        ("audit", 5000),
    ];
    assert_eq!(waiters.given().await, expected);
}

#[tokio::test(start_paused = true)]
async fn within_one_urgency_the_first_to_come_goes_first() {
    let waiters = Waiters::of(&buckets(1, 10.0));
    for name in ["a", "b", "c", "d", "e"] {
        waiters.join(name, Urgency::Create).await;
    }
    let expected = [("a", 0), ("b", 100), ("c", 200), ("d", 300), ("e", 400)];
    assert_eq!(waiters.given().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_more_urgent_one_takes_the_token_that_another_slept_for() {
    let waiters = Waiters::of(&buckets(1, 1.0));
    waiters.join("burst", Urgency::Create).await;
    waiters.join("create", Urgency::Create).await;
    advance(millis(999)).await;
    waiters.join("drain", Urgency::Drain).await;
    let expected = [("burst", 0), ("drain", 1000), ("create", 2000)];
    assert_eq!(waiters.given().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_less_urgent_one_does_not_overtake_when_a_token_comes_in() {
    let buckets = buckets(1, 1.0);
    turns(&buckets, 1).await;
    let start = Instant::now();
    let mut first = pin!(turn(&buckets, Urgency::Create, start));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    advance(millis(1000)).await;
    // The token is there, and who is first was not polled yet.
    assert!(timeout(millis(0), buckets.turn(LANE, Urgency::Audit)).await.is_err());
    assert!(timeout(millis(0), buckets.turn(LANE, Urgency::Create)).await.is_err());
    assert_eq!(first.await, 1000);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_takes_no_token_and_blocks_nobody() {
    let waiters = Waiters::of(&buckets(1, 1.0));
    waiters.join("burst", Urgency::Create).await;
    let first = waiters.join("first", Urgency::Create).await;
    waiters.join("second", Urgency::Create).await;
    let third = waiters.join("third", Urgency::Create).await;
    waiters.join("fourth", Urgency::Create).await;
    advance(millis(900)).await;
    first.abort();
    third.abort();
    yield_now().await;
    assert_eq!(waiters.buckets.waiting(LANE), 2);
    assert_eq!(waiters.given().await, [("burst", 0), ("second", 1000), ("fourth", 2000)]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_after_overtaking_hands_back_the_lead() {
    let waiters = Waiters::of(&buckets(1, 1.0));
    waiters.join("burst", Urgency::Create).await;
    waiters.join("create", Urgency::Create).await;
    let drain = waiters.join("drain", Urgency::Drain).await;
    // "create" wakes at 1000 and finds itself overtaken; "drain" is gone before it is polled.
    advance(millis(500)).await;
    drain.abort();
    assert_eq!(waiters.given().await, [("burst", 0), ("create", 1000)]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_when_its_token_is_there_leaves_it_to_the_next() {
    let buckets = buckets(1, 1.0);
    turns(&buckets, 1).await;
    let waiters = Waiters::of(&buckets);
    let mut first = Box::pin(buckets.turn(LANE, Urgency::Drain));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    waiters.join("second", Urgency::Create).await;
    waiters.join("third", Urgency::Create).await;
    advance(millis(1500)).await;
    assert_eq!(buckets.waiting(LANE), 3);
    drop(first);
    assert_eq!(waiters.given().await, [("second", 1500), ("third", 2500)]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_never_polled_is_not_in_line() {
    let buckets = buckets(1, 1.0);
    let idle = buckets.turn(LANE, Urgency::Drain);
    assert_eq!(turns(&buckets, 2).await, [0, 1000]);
    drop(idle);
    assert_eq!(turns(&buckets, 1).await, [1000]);
}
