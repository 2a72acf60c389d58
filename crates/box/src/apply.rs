use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Protocol, ProviderError, ServiceUid};
use tokio::time::sleep;

use crate::daemon::{Complaint, Daemon};
use crate::observed::Observed;
use crate::places::{self, Interface, Obstacle, Standing};
use crate::provider::BoxProvider;
use crate::record::File;
use crate::site::Site;
use crate::step::{Fact, Step};

/// How long an IPv6 address is probed for on the link (RFC 4862, with the defaults of Linux), and how
/// often that is asked.
const PROBED_WITHIN: Duration = Duration::from_secs(3);
const PROBED_EVERY: Duration = Duration::from_millis(100);

impl<D: Daemon> BoxProvider<D> {
    /// Makes one change.
    pub(crate) async fn make(
        &self,
        step: &Step<D::Change>,
        seen: &Observed<D>,
    ) -> Result<Fact<D::Change, D::Running>, ProviderError> {
        self.hold_box().await?;
        match step {
            Step::Put(addresses) => put(self.interface()?, addresses).await?,
            Step::Take(addresses) => {
                for ip in addresses {
                    self.interface()?.take(*ip).await?;
                }
            }
            Step::Write(file) => self.folder.write(file.text.clone()).await?,
            Step::Check(file) => self.check(file, seen).await?,
            Step::Install(file) => self.install(file).await?,
            Step::Discard => self.folder.discard().await?,
            Step::Tell(changes) => self.daemon.tell(changes).await?,
            Step::Reload(file) => {
                let Err(complaint) = self.daemon.approve().await else {
                    let running = self.daemon.reload(&file.frame).await?;
                    return Ok(Fact::Loaded(Arc::clone(&file.site), running));
                };
                return Err(self.blame(file, complaint));
            }
        }
        Ok(Fact::Done(step.clone()))
    }

    /// Puts a file in the live one's place, and the live one back if the daemon does not take all
    /// that it loads then: it could not be started any more.
    async fn install(&self, file: &File) -> Result<(), ProviderError> {
        let before = self.folder.live().await?.unwrap_or_default();
        self.folder.install().await?;
        if let Err(complaint) = self.daemon.approve().await {
            self.folder.write(before).await?;
            self.folder.install().await?;
            return Err(self.blame(file, complaint));
        }
        self.watch(&file.site);
        Ok(())
    }

    /// Whether the daemon would take the file that is written beside the live one, and could listen
    /// where it says. Who spoils it is named.
    async fn check(&self, file: &File, seen: &Observed<D>) -> Result<(), ProviderError> {
        if let Some((uid, obstacle)) = obstacle(file, seen) {
            return Err(ProviderError::from(obstacle).blame(uid));
        }
        let path = self.folder.candidate_path();
        self.daemon.check(path).await.map_err(|complaint| self.blame(file, complaint))
    }

    fn blame(&self, file: &File, complaint: Complaint) -> ProviderError {
        let line = complaint.line.and_then(|line| file.line_of_text(line));
        let error = ProviderError::new(complaint.kind, D::NAME, complaint.message);
        match line.and_then(|line| self.daemon.render(&file.site).owner(line).cloned()) {
            Some(uid) => error.blame(uid),
            None => error,
        }
    }
}

/// Puts addresses on an interface, and waits a little for those that the link is asked about first:
/// nothing can listen on them before.
async fn put(interface: &Interface, addresses: &BTreeSet<IpAddr>) -> Result<(), ProviderError> {
    let mut patience = PROBED_WITHIN;
    while interface.put_all(addresses).await? != Standing::Usable && !patience.is_zero() {
        sleep(PROBED_EVERY).await;
        patience = patience.saturating_sub(PROBED_EVERY);
    }
    Ok(())
}

/// Where the daemon could not listen, of what is new in the file.
fn obstacle<D: Daemon>(file: &File, seen: &Observed<D>) -> Option<(ServiceUid, Obstacle)> {
    let known: Vec<_> = match &seen.live {
        Some(live) => listeners(&live.site).map(|(_, listener)| listener).collect(),
        None => Vec::new(),
    };
    // A file that was lost does not tell where the daemon listens: then it may be in its own way.
    let strange = seen.running.is_some() && seen.loaded.is_none();
    listeners(&file.site).filter(|(_, listener)| !known.contains(listener)).find_map(
        |(uid, (ip, port, protocol))| {
            let obstacle = places::try_listen(SocketAddr::new(ip, port), protocol).err()?;
            let stands = match obstacle {
                Obstacle::InUse(_) => !strange,
                // The daemon may have rights that we have not.
                Obstacle::Denied(_) => D::TRIES_ALL,
                Obstacle::NotLocal(_) | Obstacle::Other(..) => true,
            };
            stands.then(|| (uid.clone(), obstacle))
        },
    )
}

type Listener = (IpAddr, u16, Protocol);

fn listeners(site: &Site) -> impl Iterator<Item = (&ServiceUid, Listener)> {
    site.entries.iter().flat_map(|(uid, entry)| {
        let ports = entry.ports.iter();
        ports.flat_map(move |port| {
            let each = entry.addresses.iter();
            each.map(move |ip| (uid, (*ip, port.port, port.protocol)))
        })
    })
}
