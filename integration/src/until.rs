use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a thing may take that is to come soon: generous, for a machine that does other things.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The same for what takes more than one attempt: an attempt that failed is made again after 5 s, then
/// 10, and so on, and AWS is asked for the state of a load balancer each 10 s.
pub const SLOW: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(10);

/// Tries again until there is an answer, or panics at the deadline.
pub async fn until<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(DEADLINE, what, probe).await
}

/// The same, with a deadline of its own.
pub async fn until_within<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {deadline:?} in vain: {what}");
        sleep(POLL).await;
    }
}
