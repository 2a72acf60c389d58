use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What the venv's Python runs: the file lies outside of it, so that it can change without a new one.
const SERVE: &str = include_str!("../setup/serve-moto.py");

/// One moto, a mock of AWS, as a process of its own. It ends when this is dropped, and also when
/// this process ends in any other way: its stdin is open for as long as somebody wants it.
#[derive(Debug)]
pub struct Moto {
    at: SocketAddr,
    child: Child,
}

impl Moto {
    /// Starts one on a free port of 127.0.0.1, and returns when it listens.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::launch).await.unwrap()
    }

    /// The one that all tests of this process share. A [`crate::mock_aws::MockAws`] on it is a world
    /// of its own all the same.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        tokio::task::spawn_blocking(|| SHARED.get_or_init(Self::launch)).await.unwrap()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.at
    }

    fn launch() -> Self {
        // What `setup/moto.sh` makes.
        let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/moto");
        let mut command = Command::new(python(&venv));
        // What this machine says of AWS must not decide a test.
        for (name, _) in std::env::vars_os() {
            if ["AWS_", "MOTO_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        // Nobody starts a machine, and each account would load all images anew.
        command.env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false");
        command.args(["-c", SERVE]).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A Ctrl-C is for who has started it: it ends once that one has.
        let mut child = command.process_group(0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok());
        let port: u16 = port.unwrap_or_else(|| {
            panic!("moto does not start: `make test` makes the venv again once target/moto is gone")
        });
        Self { at: (Ipv4Addr::LOCALHOST, port).into(), child }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python(venv: &Path) -> PathBuf {
    let python = venv.join("bin/python");
    assert!(
        python.is_file(),
        "there is no moto at {}: `make test` puts it there, or integration/setup/moto.sh alone",
        venv.display()
    );
    python
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "`make test` puts it there")]
    fn what_is_missing_is_said_with_what_makes_it() {
        python(Path::new("/nowhere"));
    }
}
