use super::*;

const RATE: Rate = Rate { burst: 4, per_second: 16.0 };

fn bucket(rate: Rate) -> (Bucket, Instant) {
    let now = Instant::now();
    (Bucket::new(rate, now), now)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn an_empty_bucket_tells_when_to_ask_again() {
    let (mut bucket, now) = bucket(RATE);
    for _ in 0..4 {
        assert_eq!(bucket.take(now), Ok(()));
    }
    let due = now + seconds(1.0 / 16.0);
    assert_eq!(bucket.take(now), Err(due));
    assert_eq!(bucket.take(due - Duration::from_millis(1)), Err(due));
    assert_eq!(bucket.take(due), Ok(()));
}

#[test]
fn a_token_is_there_when_it_was_said_to_be_whatever_the_rate() {
    for per_second in [0.001, 0.3, 3.0, 7.0, 333.3, 1e4, 1e7, 1e12] {
        let (mut bucket, mut now) = bucket(Rate { burst: 1, per_second });
        for turn in 0..1000 {
            if let Err(due) = bucket.take(now) {
                assert_eq!(bucket.take(due), Ok(()), "{per_second} {turn}");
                now = due;
            }
        }
    }
}

#[test]
fn no_rate_gives_the_burst_and_no_more() {
    for per_second in [0.0, -1.0, f64::NAN] {
        let (mut bucket, now) = bucket(Rate { burst: 1, per_second });
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(bucket.take(now), Err(now + LONGEST));
        assert_eq!(bucket.take(now + LONGEST), Err(now + LONGEST * 2));
    }
}

#[test]
fn a_rate_without_end_is_free() {
    let (mut bucket, now) = bucket(Rate { burst: 0, per_second: f64::INFINITY });
    for _ in 0..10 {
        assert_eq!(bucket.take(now), Ok(()));
    }
}

#[test]
fn refusals_halve_the_rate_down_to_a_sixteenth() {
    let (mut bucket, now) = bucket(RATE);
    for (second, rate) in [(0, 8.0), (1, 4.0), (2, 2.0), (3, 1.0), (4, 1.0)] {
        bucket.throttled(now + Duration::from_secs(second), None);
        assert_eq!(bucket.rate().to_bits(), f64::to_bits(rate), "after {second} s");
    }
}

#[test]
fn the_refusals_of_a_second_are_one_event() {
    let (mut bucket, now) = bucket(RATE);
    for at in [0.0, 0.1, 0.5, 0.999] {
        bucket.throttled(now + seconds(at), None);
        assert_eq!(bucket.rate().to_bits(), 8_f64.to_bits(), "after {at} s");
    }
    bucket.throttled(now + seconds(1.0), None);
    assert_eq!(bucket.rate().to_bits(), 4_f64.to_bits());
}

#[test]
fn a_refusal_empties_the_bucket() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, None);
    assert_eq!(bucket.take(now), Err(now + seconds(1.0 / 8.0)));
    // The second of an event does so too, though the rate stays.
    let later = now + seconds(0.5);
    bucket.throttled(later, None);
    assert_eq!(bucket.take(later), Err(later + seconds(1.0 / 8.0)));
}

#[test]
fn answers_raise_the_rate_once_a_second_to_the_full_one_and_no_further() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, None);
    assert!(!bucket.answered(now + seconds(0.999)));
    for raise in 1..=8_u32 {
        let at = now + Duration::from_secs(raise.into());
        assert!(bucket.answered(at));
        assert!(!bucket.answered(at + seconds(0.999)));
        assert_eq!(bucket.rate().to_bits(), (8.0 + f64::from(raise)).to_bits());
    }
    assert!(!bucket.answered(now + Duration::from_secs(99)));
    assert_eq!(bucket.rate().to_bits(), 16_f64.to_bits());
}

#[test]
fn an_answer_after_a_long_rest_is_one_raise() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, None);
    assert!(bucket.answered(now + Duration::from_hours(1)));
    assert_eq!(bucket.rate().to_bits(), 9_f64.to_bits());
}

#[test]
fn what_came_in_before_a_change_came_in_at_the_old_rate() {
    let (mut bucket, now) = bucket(Rate { burst: 100, per_second: 16.0 });
    bucket.throttled(now, None);
    // 8 in the first second, 9 in the next.
    assert!(bucket.answered(now + seconds(1.0)));
    for token in 0..17 {
        assert_eq!(bucket.take(now + seconds(2.0)), Ok(()), "{token}");
    }
    assert!(bucket.take(now + seconds(2.0)).is_err());
}

#[test]
fn a_hold_ends_with_one_token() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(seconds(3.0)));
    let end = now + seconds(3.0);
    assert_eq!(bucket.take(now), Err(end));
    assert_eq!(bucket.take(end), Ok(()));
    assert_eq!(bucket.take(end), Err(end + seconds(1.0 / 8.0)));
}

#[test]
fn a_hold_that_nobody_waited_for_gave_one_token_until_its_end() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(seconds(3.0)));
    let later = now + seconds(3.0 + 2.0 / 8.0);
    for _ in 0..3 {
        assert_eq!(bucket.take(later), Ok(()));
    }
    assert!(bucket.take(later).is_err());
}

#[test]
fn a_hold_shorter_than_a_token_takes_leaves_the_rate_to_decide() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(seconds(0.01)));
    assert_eq!(bucket.take(now + seconds(0.01)), Err(now + seconds(1.0 / 8.0)));
}

#[test]
fn a_shorter_hold_does_not_end_a_longer_one() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(seconds(3.0)));
    bucket.throttled(now + seconds(0.5), Some(seconds(1.0)));
    bucket.throttled(now + seconds(0.6), None);
    assert_eq!(bucket.take(now + seconds(2.0)), Err(now + seconds(3.0)));
}

#[test]
fn a_hold_is_a_day_at_most() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(Duration::MAX));
    assert_eq!(bucket.take(now), Err(now + LONGEST));
}

#[test]
fn answers_during_a_hold_raise_nothing() {
    let (mut bucket, now) = bucket(RATE);
    bucket.throttled(now, Some(seconds(5.0)));
    assert!(!bucket.answered(now + seconds(4.0)));
    assert!(!bucket.answered(now + seconds(5.9)));
    assert!(bucket.answered(now + seconds(6.0)));
}
