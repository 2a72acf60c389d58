use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The last listing, for all who asked for one before it began: many keys that are looked at together
/// cost two listings, not one each.
#[derive(Debug)]
pub struct Listings<T> {
    /// Orders questions and listings; a count, not a time.
    sequence: AtomicU64,
    last: Mutex<Option<(u64, Arc<T>)>>,
}

impl<T> Default for Listings<T> {
    fn default() -> Self {
        Self { sequence: AtomicU64::new(0), last: Mutex::new(None) }
    }
}

impl<T> Listings<T> {
    /// A listing that began after this was called: `list` makes it, unless somebody else did.
    pub async fn fresh<E>(
        &self,
        list: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<Arc<T>, E> {
        let asked = self.sequence.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if let Some((began, listing)) = last.as_ref()
            && *began > asked
        {
            return Ok(Arc::clone(listing));
        }
        let began = self.sequence.fetch_add(1, Ordering::SeqCst);
        let listing = Arc::new(list.await?);
        *last = Some((began, Arc::clone(&listing)));
        Ok(listing)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_together_share_a_listing() {
        let (listings, made) = (Arc::new(Listings::default()), Arc::new(AtomicUsize::new(0)));
        let mut asking = JoinSet::new();
        for _ in 0..500 {
            let (listings, made) = (Arc::clone(&listings), Arc::clone(&made));
            asking.spawn(async move {
                let list = async {
                    sleep(Duration::from_secs(1)).await;
                    Ok::<_, ()>(made.fetch_add(1, Ordering::SeqCst))
                };
                listings.fresh(list).await.unwrap();
            });
        }
        asking.join_all().await;
        assert_eq!(
            made.load(Ordering::SeqCst),
            2,
            "the first, and one for who came after it began"
        );
    }

    #[tokio::test]
    async fn who_asks_later_gets_a_later_listing() {
        let listings = Listings::default();
        let mut made = Vec::new();
        for number in [1, 2] {
            made.push(*listings.fresh(async { Ok::<_, ()>(number) }).await.unwrap());
        }
        assert_eq!(made, [1, 2]);
    }
}
