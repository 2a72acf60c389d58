use super::*;

const MANY: usize = 5000;

/// Has many wait at once. Gives the milliseconds until the last one had its turn, and how often all
/// of them were polled.
async fn rush(buckets: &Buckets) -> (u128, usize) {
    let start = Instant::now();
    let polls = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..MANY {
        let (buckets, polls) = (buckets.clone(), Arc::clone(&polls));
        tasks.spawn(async move {
            let mut turn = pin!(turn(&buckets, Urgency::Create, start));
            poll_fn(|cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                turn.as_mut().poll(cx)
            })
            .await
        });
    }
    let given = timeout(LONG, tasks.join_all()).await.unwrap();
    (given.into_iter().max().unwrap(), polls.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn thousands_take_exactly_as_long_as_the_bucket_allows() {
    // 4,900 at 50 per second.
    assert_eq!(rush(&buckets(100, 50.0)).await.0, 98_000);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_no_whole_number_of_milliseconds_loses_nothing() {
    // 4,990 at 300 per second: 16,633 1/3.
    assert_eq!(rush(&buckets(10, 300.0)).await.0, 16_634);
}

#[tokio::test(start_paused = true)]
async fn a_token_wakes_one_of_thousands() {
    // Each is polled when it comes, when it is first, and when its token is due.
    let (_, polls) = rush(&buckets(100, 50.0)).await;
    assert!(polls <= 3 * MANY, "{polls} polls");
}

#[tokio::test(start_paused = true)]
async fn thousands_that_give_up_leave_nothing_behind() {
    let buckets = buckets(1, 1.0);
    turns(&buckets, 1).await;
    let mut tasks = JoinSet::new();
    for _ in 0..MANY {
        let buckets = buckets.clone();
        tasks.spawn(async move { turn(&buckets, Urgency::Drain, Instant::now()).await });
    }
    while buckets.waiting(LANE) < MANY {
        yield_now().await;
    }
    tasks.shutdown().await;
    assert_eq!(buckets.waiting(LANE), 0);
    assert_eq!(turns(&buckets, 1).await, [1000]);
}

/// On real threads, where those who come, go and are cancelled meet at any point.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads_nobody_is_forgotten() {
    let buckets = buckets(100, 100_000.0);
    let mut stays = JoinSet::new();
    let mut leaves = vec![];
    for number in 0..MANY {
        let buckets = buckets.clone();
        let urgency = [Urgency::Drain, Urgency::Create, Urgency::Audit][number % 3];
        let task = async move { turn(&buckets, urgency, Instant::now()).await };
        if number % 2 == 0 {
            stays.spawn(task);
        } else {
            leaves.push(tokio::spawn(task));
        }
    }
    for task in &leaves {
        task.abort();
    }
    let all = timeout(Duration::from_mins(1), stays.join_all()).await;
    assert_eq!(all.map(|given| given.len()), Ok(MANY / 2));
    for task in leaves {
        let _ = task.await;
    }
    assert_eq!(buckets.waiting(LANE), 0);
}
