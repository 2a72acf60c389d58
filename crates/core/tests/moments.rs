//! Points in time.

use std::time::Duration;

use seaway_core::Moment;

#[test]
fn a_moment_moves_on_by_a_span() {
    let moment = Moment::from_millis(1_500) + Duration::from_millis(250);
    assert_eq!(moment.as_millis(), 1_750);
    assert_eq!(moment.since(Moment::from_millis(1_500)), Duration::from_millis(250));
}

#[test]
fn what_lies_ahead_is_no_time_ago() {
    assert_eq!(Moment::from_millis(1).since(Moment::from_millis(2)), Duration::ZERO);
}

#[test]
fn the_end_of_time_is_not_passed() {
    let end = Moment::from_millis(u64::MAX);
    assert_eq!(end + Duration::from_secs(1), end);
    assert_eq!(Moment::default() + Duration::MAX, end);
}

#[test]
fn a_moment_reads_as_seconds_and_is_written_as_milliseconds() {
    let moment = Moment::from_millis(12_034);
    assert_eq!(moment.to_string(), "12.034");
    assert_eq!(serde_json::to_string(&moment).unwrap(), "12034");
}
