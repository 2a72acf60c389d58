use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::measurement::Measurement;

/// The words that this program starts itself with.
pub(crate) const BACKEND: &str = "backend";
pub(crate) const CLIENT: &str = "client";

/// The backends, in a process of their own. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Backends {
    /// It ends with its stdin, too.
    _child: Child,
    /// Where they listen: at each address, all on one port.
    pub(crate) at: Vec<SocketAddr>,
}

impl Backends {
    pub(crate) async fn start(addresses: &[IpAddr]) -> Self {
        let mut command = this();
        command.arg(BACKEND).args(addresses.iter().map(ToString::to_string));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        let port = line.trim().parse().expect("the backends say their port");
        let at = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        Self { _child: child, at }
    }
}

/// What a client is to do.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) measurement: Measurement,
    pub(crate) at: &'a [SocketAddr],
    pub(crate) warm: Duration,
    pub(crate) span: Duration,
    /// The first of its own addresses.
    pub(crate) from: Ipv4Addr,
}

/// What a client has counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) done: u32,
    pub(crate) failed: u32,
    pub(crate) took: Duration,
}

impl Task<'_> {
    /// Has a process of its own do it.
    pub(crate) async fn run(&self) -> Count {
        let mut command = this();
        command.args([CLIENT, &self.measurement.to_string()]);
        command.arg(self.from.to_string());
        command.args([self.warm, self.span].map(|span| span.as_millis().to_string()));
        command.args(self.at.iter().map(ToString::to_string));
        let output = command.output().await.unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "a client failed: {self:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<u32> = text.split_whitespace().map(|it| it.parse().unwrap()).collect();
        let [done, failed, micros] = numbers[..] else { panic!("a client said {text}") };
        Count { done, failed, took: Duration::from_micros(micros.into()) }
    }
}

fn this() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.kill_on_drop(true);
    command
}
