use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::binary::binary;
use crate::process::{Ended, Process};
use crate::until::until;
use crate::visit::{Answer, visit};

use super::cell::shell;

/// Loopback addresses may come over the wire, and daemons may listen on an address that is yet to
/// come. What the machine of the developer is set up with must not decide.
pub(super) const SYSCTLS: &str = "cd /proc/sys/net
    echo 1 >ipv4/conf/all/route_localnet
    echo 2 >ipv4/conf/all/arp_announce
    echo 0 >ipv4/conf/all/rp_filter
    echo 0 >ipv4/conf/default/rp_filter
    echo 0 >ipv6/conf/default/accept_dad
    echo 1 >ipv4/ip_nonlocal_bind
    echo 1 >ipv6/ip_nonlocal_bind";

/// One machine on the network of a story, with a `/run` of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Host {
    name: String,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
    /// A process that does nothing, whose namespaces are the machine.
    holder: Process,
}

impl Host {
    pub(super) async fn boot(name: &str, (v4, v6): (Ipv4Addr, Ipv6Addr)) -> Self {
        let script = format!(
            "mount -t tmpfs -o mode=755 tmpfs /run
            {SYSCTLS}
            ip link set lo up
            echo up
            exec sleep infinity"
        );
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "sh", "-ec", &script]);
        let holder = Process::spawn(command);
        holder.says(&["up"]).await;
        let host = Self { name: name.to_owned(), v4, v6, holder };
        shell(&format!(
            "ip link add to-{name} type veth peer name eth0 netns {}
            ip link set to-{name} master lan up",
            host.holder.id()
        ));
        host.shell(&format!(
            "ip address add {v4}/24 dev eth0
            ip address add {v6}/64 dev eth0 nodad
            ip link set eth0 up"
        ));
        host
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own address.
    pub fn v4(&self) -> Ipv4Addr {
        self.v4
    }

    /// Its own address of IPv6.
    pub fn v6(&self) -> Ipv6Addr {
        self.v6
    }

    /// A command on the machine, for [`Process::spawn`]. It starts in `/`, so paths are whole ones.
    pub fn command(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Command {
        let mut command = Process::program("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--mount", "--"]);
        command.arg(program).args(args);
        command
    }

    /// Starts a program on the machine.
    pub fn start(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Process {
        Process::spawn(self.command(program, args))
    }

    /// Starts the `seaway` under test on the machine.
    pub fn seaway(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        self.start(binary(), args)
    }

    /// Runs a program on the machine to its end.
    pub async fn run(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Ended {
        self.start(program, args).ended().await
    }

    /// Runs a script on the machine to its end, which is to be a good one.
    pub fn shell(&self, script: &str) {
        let id = self.holder.id();
        shell(&format!("nsenter --target {id} --net --mount -- sh -e <<'END'\n{script}\nEND"));
    }

    /// Does something with sockets that are those of the machine.
    pub async fn on<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let network = File::open(self.network()).unwrap();
        let (send, receive) = oneshot::channel();
        // A socket belongs to the network of the thread that opens it.
        let thread = std::thread::spawn(move || {
            let kind = Some(LinkNameSpaceType::Network);
            move_into_link_name_space(network.as_fd(), kind).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // Nobody waits any more if the story has failed.
            let _ = send.send(runtime.unwrap().block_on(work()));
        });
        match receive.await {
            Ok(result) => result,
            Err(_) => resume_unwind(thread.join().unwrap_err()),
        }
    }

    /// One HTTP request from the machine.
    pub async fn visit(&self, at: SocketAddr) -> io::Result<Answer> {
        self.on(move || visit(at)).await
    }

    /// Waits until the machine is answered there, and returns the answer.
    pub async fn is_answered(&self, at: SocketAddr) -> Answer {
        until(&format!("{at} answers to {}", self.name), async || self.visit(at).await.ok()).await
    }

    /// Whether the machine has an address now.
    pub async fn has(&self, address: IpAddr) -> bool {
        let ended = self.run("ip", ["-brief", "address", "show", "dev", "eth0"]).await;
        let mut words = ended.stdout.split_whitespace();
        words.any(|word| word.split('/').next() == Some(&address.to_string()))
    }

    /// Takes its cable out: it runs on, and nobody hears of it.
    pub fn unplug(&self) {
        shell(&format!("ip link set to-{} down", self.name));
    }

    /// Puts the cable back.
    pub fn plug(&self) {
        shell(&format!("ip link set to-{} up", self.name));
    }

    /// Takes the machine away without warning: nobody hears a word of it, and none of its processes
    /// has the time for one.
    pub async fn kill(self) {
        self.unplug();
        let network = self.network().read_link().unwrap();
        // A process may have forked while the others were ended.
        until(&format!("{} is dead", self.name), async || {
            let alive = processes(&network);
            for &id in &alive {
                // It may have ended by itself.
                let _ = kill_process(id, Signal::KILL);
            }
            alive.is_empty().then_some(())
        })
        .await;
        // The kernel takes its time with the network of the dead, and the name is to be free again.
        let cable = format!("to-{}", self.name);
        let gone = format!("! ip link show {cable} >/dev/null 2>&1");
        shell(&format!("ip link delete {cable} 2>/dev/null || {gone}"));
    }

    fn network(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.holder.id()).into()
    }
}

/// The processes in a network.
fn processes(network: &Path) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    ids.filter(|id| fs::read_link(format!("/proc/{id}/ns/net")).is_ok_and(|other| other == network))
        .filter_map(Pid::from_raw)
        .collect()
}
