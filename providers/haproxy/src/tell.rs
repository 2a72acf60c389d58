use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use seaway_box::Check;
use seaway_core::{ErrorKind, ProviderError};
use tokio::time::sleep;

use crate::change::{Change, Kind};
use crate::runtime::Socket;

/// How often a server without connections is tried to be deleted, and how long it is waited between.
const DELETE_TRIES: u32 = 10;
const DELETE_EVERY: Duration = Duration::from_millis(20);

/// Makes one change. Again is no harm.
pub(crate) async fn tell(socket: &Socket, change: &Change) -> Result<(), ProviderError> {
    let name = change.name();
    match &change.kind {
        Kind::Add { server, arguments, check } => {
            let (at, id) = (SocketAddr::new(server.address, server.port), server.id);
            let made = format!("add server {name} {at} id {id}{arguments}");
            let answer = socket.tell(&made).await?;
            expect(change, &answer, &["New server registered", "lready exists a server"])?;
            // It is made in maintenance, and without checks.
            let mut ready = format!("enable health {name}");
            if !server.maint {
                let _ = write!(ready, "; enable server {name}");
                // One that was there already may serve.
                if answer.contains("New server registered") {
                    ready.push_str(&unproven(&name, *check));
                }
            }
            let answer = socket.tell(&ready).await?;
            expect(change, &answer, &[""])
        }
        Kind::Move(to) => {
            let command = format!("set server {name} addr {} port {}", to.address, to.port);
            let answer = socket.tell(&command).await?;
            expect(change, &answer, &["changed from", "no need to change"])
        }
        Kind::Ready(check) => {
            let ready = format!("set server {name} state ready{}", unproven(&name, *check));
            let answer = socket.tell(&ready).await?;
            expect(change, &answer, &[""])
        }
        Kind::Maint => {
            let answer = socket.tell(&format!("set server {name} state maint")).await?;
            expect(change, &answer, &[""])
        }
        Kind::Delete => {
            let mut tries = DELETE_TRIES;
            loop {
                let answer = socket.tell(&format!("del server {name}")).await?;
                tries -= 1;
                // Its last connection is closed; the session that had it may need a moment more.
                if tries == 0 || !answer.contains("still has connections") {
                    return expect(change, &answer, &["Server deleted", "No such server"]);
                }
                sleep(DELETE_EVERY).await;
            }
        }
    }
}

/// The end of an order by which a server gets connections: that it is down until a check was good, if
/// its node may have no pod. Out of maintenance each comes as one that is up, so this can't be said
/// before.
fn unproven(name: &str, check: Check) -> String {
    match check {
        Check::Http(_) => format!("; set server {name} health down"),
        Check::Connect => String::new(),
    }
}

/// HAProxy has no codes for success: what it says is one of these (`""`: nothing), or a refusal.
fn expect(change: &Change, answer: &str, good: &[&str]) -> Result<(), ProviderError> {
    let said = answer.trim();
    let fine = good
        .iter()
        .any(|words| if words.is_empty() { said.is_empty() } else { said.contains(words) });
    if fine {
        return Ok(());
    }
    // It may have got a connection since it was looked at; else something is not as we believe, and
    // the next look tells.
    let message = format!("could not {change}: {}", said.lines().next().unwrap_or("no answer"));
    Err(ProviderError::new(ErrorKind::Unavailable, "Runtime API", message))
}
