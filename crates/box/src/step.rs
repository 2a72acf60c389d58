use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use seaway_core::Urgency;

use crate::daemon::{Daemon, Sick};
use crate::observed::{Draft, Observed};
use crate::record::File;
use crate::site::Site;

/// One change of a box.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<C> {
    /// Puts addresses on the interface.
    Put(BTreeSet<IpAddr>),
    /// Writes a config beside the live one.
    Write(Arc<File>),
    /// Has the daemon's parser read it, and tries whether its addresses and ports can be had.
    Check(Arc<File>),
    /// Puts it in the live one's place.
    Install(Arc<File>),
    /// Has the daemon load the live one.
    Reload(Arc<File>),
    /// Changes the running daemon.
    Tell(Vec<C>),
    /// Removes what is written beside the live one.
    Discard,
    /// Takes addresses off the interface.
    Take(BTreeSet<IpAddr>),
}

/// What the answer to a step tells.
#[derive(Clone, Debug)]
pub enum Fact<C, R> {
    /// It was done.
    Done(Step<C>),
    /// The daemon has loaded this, and tells this of itself.
    Loaded(Arc<Site>, R),
}

impl<D: Daemon> Observed<D> {
    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, fact: Fact<D::Change, D::Running>) {
        let step = match fact {
            Fact::Loaded(site, running) => {
                self.loaded = Some(site);
                self.running = Some(running);
                return;
            }
            Fact::Done(step) => step,
        };
        match step {
            Step::Put(addresses) => self.placed.extend(addresses.into_iter().map(|ip| (ip, true))),
            Step::Take(addresses) => self.placed.retain(|ip, _| !addresses.contains(ip)),
            Step::Write(file) => self.draft = Draft::Ready(file.digest.clone()),
            Step::Check(file) => self.draft = Draft::Checked(file.digest.clone()),
            Step::Install(file) => {
                self.draft = Draft::None;
                self.live = Some(Arc::new(file.record()));
                if D::CHECKS {
                    // Who is out is so until a check says else.
                    self.sick.extend(out(&file.site));
                }
                if self.frame() == Some(&file.frame) {
                    // The daemon serves it all already, but for the servers that it is told of.
                    self.loaded = Some(Arc::clone(&file.site));
                }
            }
            Step::Tell(changes) => {
                if let Some(running) = &mut self.running {
                    for change in &changes {
                        D::learn(running, change);
                    }
                }
            }
            Step::Discard => self.draft = Draft::None,
            // It answers with what is loaded.
            Step::Reload(_) => {}
        }
    }
}

impl<C: Clone + fmt::Debug + fmt::Display + PartialEq + Send + Sync + 'static> seaway_core::Step
    for Step<C>
{
    fn urgency(&self) -> Urgency {
        match self {
            Self::Take(_) | Self::Discard => Urgency::Audit,
            Self::Put(_)
            | Self::Write(_)
            | Self::Check(_)
            | Self::Install(_)
            | Self::Reload(_)
            | Self::Tell(_) => Urgency::Create,
        }
    }
}

impl<C: fmt::Display> fmt::Display for Step<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(addresses) => write!(f, "put {} on the interface", listed(addresses)),
            Self::Write(file) => write!(f, "write a config for {}", services(&file.site)),
            Self::Check(_) => f.write_str("check the new config"),
            Self::Install(_) => f.write_str("install the new config"),
            Self::Reload(file) => {
                write!(f, "reload the daemon, with {}", services(&file.site))
            }
            Self::Tell(changes) => f.write_str(&listed(changes)),
            Self::Discard => f.write_str("remove a config that was not installed"),
            Self::Take(addresses) => write!(f, "take {} off the interface", listed(addresses)),
        }
    }
}

fn out(site: &Site) -> impl Iterator<Item = Sick> {
    site.entries.iter().flat_map(|(service, entry)| {
        let out = entry.targets.iter().filter(|(_, target)| target.out);
        out.map(|(node, _)| Sick { service: service.clone(), node: node.clone() })
    })
}

fn services(site: &Site) -> String {
    match site.entries.len() {
        1 => "1 Service".to_owned(),
        count => format!("{count} Services"),
    }
}

fn listed(things: impl IntoIterator<Item = impl fmt::Display>) -> String {
    things.into_iter().map(|thing| thing.to_string()).collect::<Vec<_>>().join(", ")
}
