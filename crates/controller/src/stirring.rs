//! Hears of what changes at the providers of its own accord.

use std::collections::BTreeSet;
use std::time::Duration;

use seaway_core::{Context, Key, SharedDriver};
use tokio::sync::mpsc;

/// What has stirred at one provider.
pub(crate) type Stirred = (&'static str, BTreeSet<Key>);

/// How long a provider is left alone after it has stirred: one that never rests must not keep the
/// loop from everything else.
const REST: Duration = Duration::from_millis(100);

/// Listens to one provider, for as long as somebody wants to know.
pub(crate) async fn listen(driver: SharedDriver, cx: Context, heard: mpsc::Sender<Stirred>) {
    loop {
        let keys = driver.stirred(&cx).await;
        if heard.send((driver.name(), keys)).await.is_err() {
            return;
        }
        tokio::time::sleep(REST).await;
    }
}
