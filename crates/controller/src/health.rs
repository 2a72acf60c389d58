//! Asks the load balancers now and then which targets are healthy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Context, Health, ServiceUid, SharedDriver, Target};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::status::Standing;

/// What was found at one provider.
pub(crate) type Standings = BTreeMap<ServiceUid, Standing>;

/// At most this part of the time is spent asking.
const SHARE: u32 = 100;

/// Asks one provider, for as long as somebody listens. `every`: how often, if it is quick.
pub(crate) async fn watch(
    driver: SharedDriver,
    every: Duration,
    cx: Context,
    metrics: Arc<Metrics>,
    found: mpsc::Sender<Standings>,
) {
    let mut before = Standings::new();
    let mut wait = every;
    loop {
        tokio::time::sleep(wait).await;
        let began = Instant::now();
        let mut counts = BTreeMap::new();
        let mut now = Standings::new();
        for key in driver.holders().into_keys() {
            let targets = match driver.targets(&cx, &key).await {
                Ok(targets) => targets,
                Err(error) => {
                    tracing::debug!(provider = driver.name(), %key, %error, "no health");
                    continue;
                }
            };
            for (uid, targets) in targets {
                for target in &targets {
                    *counts.entry(target.health).or_insert(0_u64) += 1;
                }
                now.insert(uid, standing(&targets));
            }
            // There may be thousands of keys, and others have something to do too.
            tokio::task::yield_now().await;
        }
        metrics.targets(driver.name(), &counts);
        wait = every.max(began.elapsed() * SHARE);
        // One bad look is no news: a pod that restarts takes a check or two.
        let steady = |(uid, standing): (&ServiceUid, &Standing)| {
            let usable = before.get(uid).map_or(standing.targets, |before| before.usable);
            (uid.clone(), Standing { usable: standing.usable.max(usable), ..*standing })
        };
        let told: Standings = now.iter().map(steady).collect();
        before = now;
        if !told.is_empty() && found.send(told).await.is_err() {
            return;
        }
    }
}

fn standing(targets: &[Target]) -> Standing {
    // Who drains is alive, and gets nobody new.
    let takes = |target: &&Target| match target.health {
        Health::Healthy | Health::Unknown => true,
        Health::Unhealthy | Health::Draining => false,
    };
    Standing { targets: targets.len(), usable: targets.iter().filter(takes).count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_drains_is_of_no_use_to_who_comes() {
        let target = |health| Target { node: "node-1".into(), address: None, health, reason: None };
        for (health, usable) in [
            (Health::Healthy, 1),
            (Health::Unknown, 1),
            (Health::Unhealthy, 0),
            (Health::Draining, 0),
        ] {
            let expected = Standing { targets: 2, usable };
            assert_eq!(standing(&[target(health), target(Health::Draining)]), expected);
        }
    }
}
