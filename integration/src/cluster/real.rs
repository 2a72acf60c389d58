//! The real cluster that `seaway-cluster run` makes: one for all stories, which have it in turn.

mod account;
mod reset;

use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use kube::Client;
use tokio::sync::{Mutex, MutexGuard};

use super::{client, steer};

/// What `seaway-cluster run` says to its command: that there is a cluster of its own making.
const HERE: &str = "SEAWAY_E2E";
const POOL: &str = "SEAWAY_E2E_POOL";
const POOL6: &str = "SEAWAY_E2E_POOL6";
const CLIENTS: &str = "SEAWAY_E2E_CLIENTS";

static TURN: Mutex<()> = Mutex::const_new(());

/// The turn of one story on the real cluster.
pub(super) struct Real {
    _turn: MutexGuard<'static, ()>,
}

impl Real {
    /// Whether the stories run on a real cluster.
    pub(super) fn is_here() -> bool {
        std::env::var_os(HERE).is_some()
    }

    /// Waits for the turn, and leaves the cluster as if nobody had been there before: with the nodes
    /// `node-1` to `node-N`, and nothing else. The kubeconfig is for Seaway: it may do what the
    /// manifests let it do, and nothing more. The client is the story's, and may do everything.
    pub(super) async fn take(nodes: usize) -> (Self, PathBuf, Client) {
        let turn = TURN.lock().await;
        let admin = PathBuf::from(told("KUBECONFIG"));
        let client = client(&admin).await;
        steer::forget();
        reset::reset(&client, nodes).await;
        let kubeconfig = account::kubeconfig(&client, &admin).await;
        (Self { _turn: turn }, kubeconfig, client)
    }

    /// The addresses that load balancers may have: all of them are on this machine.
    pub(super) fn pool() -> RangeInclusive<Ipv4Addr> {
        range(POOL)
    }

    /// The same for IPv6.
    pub(super) fn pool6() -> RangeInclusive<Ipv6Addr> {
        range(POOL6)
    }

    /// The addresses of this machine that clients may have.
    pub(super) fn clients() -> RangeInclusive<Ipv4Addr> {
        range(CLIENTS)
    }
}

fn range<T: FromStr<Err: Debug>>(variable: &str) -> RangeInclusive<T> {
    let range = told(variable);
    let (first, last) = range.split_once('-').unwrap();
    first.parse().unwrap()..=last.parse().unwrap()
}

fn told(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{HERE} is set, and {variable} is not; see `make e2e`"))
}
