use super::{
    Setting,
    address::Leased,
    cluster::{Key, PodView},
    echo::Echo,
    pod::{self, Server},
    power::Power,
};
use jiff::Timestamp;
use std::{
    net::Ipv4Addr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

/// The grace that a pod gets whose object is gone without a word.
const GRACE_OF_THE_LOST: u64 = 30;
/// How long a pod waits before it asks again for an address.
const ADDRESS_RETRY: Duration = Duration::from_secs(1);

/// The machine on which a pod runs.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: Arc<str>,
    pub(crate) address: Ipv4Addr,
    pub(crate) power: Power,
}

/// One pod on its machine: it lives by itself, and is told what is wished.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) uid: String,
    wish: watch::Sender<Wish>,
}

/// What the API wishes of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    ready: bool,
    /// To end, with this grace in seconds.
    end: Option<u64>,
    /// The object is gone: there is nothing to report to.
    gone: bool,
}

impl Wish {
    fn of(pod: &PodView) -> Self {
        Self { ready: pod.wants_ready, end: pod.deleting, gone: false }
    }
}

impl Running {
    pub(crate) fn start(setting: Arc<Setting>, host: Host, key: Key, pod: Arc<PodView>) -> Self {
        let (wish, wishes) = watch::channel(Wish::of(&pod));
        let uid = pod.uid.clone();
        let program = host.power.clone();
        program.spawn_program(Life { setting, host, key, pod, wishes }.live());
        Self { uid, wish }
    }

    /// Tells the pod what its object says now.
    pub(crate) fn tell(&self, pod: &PodView) {
        self.wish.send_if_modified(|wish| {
            let new = Wish::of(pod);
            std::mem::replace(wish, new) != new
        });
    }

    /// Tells the pod that its object is gone.
    pub(crate) fn tell_gone(&self) {
        self.wish.send_modify(|wish| {
            wish.gone = true;
            wish.end.get_or_insert(GRACE_OF_THE_LOST);
        });
    }
}

struct Life {
    setting: Arc<Setting>,
    host: Host,
    key: Key,
    pod: Arc<PodView>,
    wishes: watch::Receiver<Wish>,
}

impl Life {
    async fn live(mut self) {
        let leased = self.address().await;
        let server = self.setting.listen.then(|| {
            let echo = Echo {
                pod: Arc::clone(&self.key.name),
                node: Arc::clone(&self.host.name),
                conntrack: Arc::clone(&self.setting.conntrack),
                leaving: AtomicBool::new(false),
            };
            let power = self.host.power.child();
            Server::start(Arc::new(echo), power, &leased, &pod::ports(&self.pod))
        });
        let started = Timestamp::now();
        let mut reported = None;
        let grace = loop {
            let wish = *self.wishes.borrow_and_update();
            if let Some(grace) = wish.end {
                break grace;
            }
            if reported.is_none()
                && let Some(server) = &server
            {
                tokio::select! {
                    () = server.bound() => {}
                    changed = self.wishes.changed() => {
                        if changed.is_err() { return }
                        continue;
                    }
                }
            }
            if reported != Some(wish.ready) {
                self.report(leased.ip, started, wish.ready).await;
                reported = Some(wish.ready);
            }
            if self.wishes.changed().await.is_err() {
                return;
            }
        };
        if let Some(server) = &server {
            self.terminate(server, leased.ip, started, Duration::from_secs(grace)).await;
        }
        if !self.wishes.borrow().gone {
            self.setting.writer.delete_pod(&self.key, &self.pod.uid, Some(0)).await;
        }
    }

    /// An address of the pod's own, or the machine's if the pod asks for the host's network.
    async fn address(&self) -> Arc<Leased> {
        let addresses = &self.setting.addresses;
        if self.pod.host_network {
            return Arc::new(Leased::borrowed(self.host.address, Arc::clone(addresses)));
        }
        loop {
            if let Some(leased) = addresses.pod(self.pod.ip) {
                return Arc::new(leased);
            }
            tracing::warn!(pod = %self.key, "every pod address of {} is used", addresses.block());
            sleep(ADDRESS_RETRY).await;
        }
    }

    async fn report(&self, ip: Ipv4Addr, started: Timestamp, ready: bool) {
        let status = pod::status(&self.pod, ip, self.host.address, started, ready);
        self.setting.writer.pod_status(&self.key, status).await;
    }

    /// Lets nobody down: who still comes is served until the news has spread, who is there until
    /// the grace is over. Half of it is left to connections that say nothing.
    async fn terminate(&self, server: &Server, ip: Ipv4Addr, started: Timestamp, grace: Duration) {
        let deadline = Instant::now() + grace;
        server.leave();
        sleep(self.setting.propagation.min(grace)).await;
        server.close();
        let mut wishes = self.wishes.clone();
        let over = async {
            if timeout_at(deadline - grace / 2, server.idle()).await.is_err() {
                server.finish();
                // The rest of the grace is for answers that are still on their way.
                let _ = timeout_at(deadline, server.idle()).await;
            }
        };
        // A second, shorter deletion cuts the first one short.
        let hurried = async {
            // The sender lives on in the kubelet as long as the pod is known there.
            let hurry = wishes.wait_for(|wish| wish.end == Some(0)).await.is_ok();
            if !hurry {
                std::future::pending::<()>().await;
            }
        };
        let end = async {
            tokio::select! {
                () = over => {}
                () = hurried => {}
            }
            server.kill();
        };
        // The end doesn't wait for an API server that doesn't answer.
        let tell = async {
            if !self.wishes.borrow().gone && !grace.is_zero() {
                self.report(ip, started, false).await;
            }
        };
        tokio::join!(end, tell);
    }
}
