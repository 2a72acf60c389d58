use std::io::Read;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use seaway_integration::Process;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::talk;

/// The word that this program starts itself with, and then the addresses and the ports.
pub(crate) const NODES: &str = "nodes";
const READY: &str = "the nodes listen";

/// Starts the machines of these nodes, each with these NodePorts.
pub(super) async fn start(nodes: &[Ipv4Addr], ports: &[u16]) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NODES, &list(nodes), &list(ports)]);
    let process = Process::spawn(command);
    process.says(&[READY]).await;
    process
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Is the machines, until stdin ends: whoever has started this holds the other end.
#[tokio::main]
pub(crate) async fn serve(words: &[String]) -> ExitCode {
    let [nodes, ports] = words else { panic!("{NODES} takes addresses and ports") };
    for node in nodes.split(',') {
        for port in ports.split(',') {
            let at = format!("{node}:{port}");
            let listener = TcpListener::bind(&at).await.unwrap_or_else(|e| panic!("{at}: {e}"));
            tokio::spawn(listen(listener));
        }
    }
    println!("{READY}");
    let _ = spawn_blocking(|| std::io::stdin().read(&mut [0])).await;
    ExitCode::SUCCESS
}

async fn listen(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // It ends with an error: with that of a client that has said all, or of one that broke.
        tokio::spawn(talk::answer(stream));
    }
}
