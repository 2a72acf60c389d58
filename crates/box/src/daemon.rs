use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use seaway_core::{
    Capabilities, Digest, ErrorKind, NodeName, ProviderError, ProxyProtocol, ServiceUid, Target,
    Warning,
};

use crate::site::{Entry, Site};
use crate::text::Text;

/// A load balancer daemon that reads one config file of ours.
pub trait Daemon: fmt::Debug + Send + Sync + 'static {
    /// What the running daemon tells of itself.
    type Running: Clone + fmt::Debug + PartialEq + Send + Sync;
    /// What can be changed in the running daemon without a reload; [`std::convert::Infallible`] if
    /// nothing can.
    type Change: Clone + fmt::Debug + fmt::Display + PartialEq + Send + Sync + 'static;

    /// The provider's name.
    const NAME: &'static str;
    /// The versions of the PROXY protocol that it sends.
    const PROXY_PROTOCOL: &'static [ProxyProtocol];

    /// Whether a listener that can't be tried, for lack of a permission, is refused: the daemon gives up
    /// what it has if it can't have all that a reload asks for.
    const TRIES_ALL: bool = false;

    /// Whether the provider checks nodes by itself. Where each node answers for itself, a new one then
    /// gets nobody before it has passed a check.
    const CHECKS: bool = false;

    /// What it can do. The families are those of the pool, whatever it says here.
    fn capabilities(&self) -> Capabilities;

    /// What the owner of a Service should know, although it is served. Pure.
    fn warnings(&self, entry: &Entry) -> Vec<Warning> {
        let _ = entry;
        Vec::new()
    }

    /// The config. Pure, and fast: 1,000 Services with 100 nodes each in some 10 ms.
    fn render(&self, site: &Site) -> Text;

    /// Has the daemon's own parser read a file.
    fn check(&self, file: &Path) -> impl Future<Output = Result<(), Complaint>> + Send;

    /// Has the daemon's own parser read everything that it loads, the live file among it, where
    /// [`check`](Self::check) can't. What it refuses is put back.
    fn approve(&self) -> impl Future<Output = Result<(), Complaint>> + Send {
        std::future::ready(Ok(()))
    }

    /// Watches over a daemon that is ours and was left running by an earlier Seaway: the box is ours
    /// from now on.
    fn adopt(&self) -> impl Future<Output = Result<(), ProviderError>> + Send {
        std::future::ready(Ok(()))
    }

    /// What the running daemon tells of itself; nothing if it does not run.
    ///
    /// # Errors
    /// If it can't be told whether it runs, or it runs and does not answer.
    fn running(&self) -> impl Future<Output = Result<Option<Self::Running>, ProviderError>> + Send;

    /// The [frame](Text::frame) that it has loaded; none if it has none of ours.
    fn loaded(running: &Self::Running) -> Option<&Digest>;

    /// The way from the running daemon to the site, where the frame is the same already. Pure.
    fn changes(&self, site: &Site, running: &Self::Running) -> Vec<Self::Change>;

    /// Folds a change that was made. Pure.
    fn learn(running: &mut Self::Running, change: &Self::Change);

    /// Makes changes in the running daemon.
    fn tell(
        &self,
        changes: &[Self::Change],
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// Has the daemon load the live file, or starts it with that if it is ours to start. Returns once
    /// it runs with this frame.
    ///
    /// # Errors
    /// If it does not take the file, in its own words; then it goes on with what it had.
    fn reload(
        &self,
        frame: &Digest,
    ) -> impl Future<Output = Result<Self::Running, ProviderError>> + Send;

    /// Whether it is ours to start.
    fn starts(&self) -> bool;

    /// What runs after a reload, for a dry run: the frame and the servers of the site. Pure.
    fn foresee(&self, site: &Site, frame: &Digest) -> Self::Running;

    /// Takes note of what the provider's own checks are to check from now on, if it has any. A target
    /// that is new to them, and out, is down until it passes.
    fn watch(&self, site: &Site) {
        let _ = site;
    }

    /// The targets that the provider's own checks found down.
    fn sick(&self) -> BTreeSet<Sick> {
        BTreeSet::new()
    }

    /// Waits until one of the provider's own checks turns. One that turned before is told by the next
    /// pulse.
    fn turned(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// What the daemon, or the provider's own checks, think of the targets.
    fn targets(
        &self,
        site: &Site,
    ) -> impl Future<Output = Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError>> + Send;

    /// Something cheap that differs once the daemon died, came back or was reloaded by somebody else,
    /// once a check turned, or once a change that had to wait can be made.
    fn pulse(&self) -> impl Future<Output = Pulse> + Send;

    /// Ends what is ours, open connections after `grace` at the latest.
    fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send;
}

/// What is compared to notice that something is not as it was.
pub type Pulse = String;

/// A target of a Service that our own checks found down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sick {
    /// The Service.
    pub service: ServiceUid,
    /// The node.
    pub node: NodeName,
}

/// What the daemon's parser has against a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// [`ErrorKind::InvalidSpec`] if the file is to blame; else why it could not be checked.
    pub kind: ErrorKind,
    /// The line, counted from 1, if it names one.
    pub line: Option<usize>,
    /// Its own words.
    pub message: String,
}
