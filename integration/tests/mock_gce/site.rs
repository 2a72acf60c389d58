//! A fake with a network and three nodes, and the client of another's that goes through it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use seaway_mock_gce::{Fault, Harm, InUse, MockGce, Refusal};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// How long a story may take: it is a few seconds, of which most are the import of the client.
const LIMIT: Duration = Duration::from_mins(3);

/// The fake.
pub(crate) struct Site {
    gce: MockGce,
}

impl Site {
    /// A network, and a node in each of three zones.
    pub(crate) async fn open() -> Self {
        let gce = MockGce::start().await;
        gce.seed();
        for (number, zone) in ["b", "c", "d"].into_iter().enumerate() {
            let name = format!("node-{}", number + 1);
            gce.add_instance(&format!("europe-west1-{zone}"), &name, "default");
        }
        Self { gce }
    }

    /// Runs a script to its end. What it says on the way are wishes to the fake.
    pub(crate) async fn tells(self, script: &str) {
        let mut command = Command::new(python(&venv()));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mock_gce");
        // What this machine says of Google must not decide a test, nor a proxy of its.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let theirs = ["GOOGLE_", "CLOUDSDK_", "PYTHON"].iter().any(|it| name.starts_with(it));
            if theirs || name.to_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
        command.arg(folder.join(script)).arg(self.gce.endpoint());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut wishes = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stdin = child.stdin.take().unwrap();
        let story = async {
            let heard = async {
                while let Some(wish) = wishes.next_line().await.unwrap() {
                    self.grant(&wish.split(' ').collect::<Vec<_>>());
                    stdin.write_all(b"done\n").await.unwrap();
                }
            };
            tokio::join!(heard, child.wait_with_output()).1.unwrap()
        };
        let Ok(output) = timeout(LIMIT, story).await else {
            panic!("{script} takes longer than {LIMIT:?}");
        };
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(self.gce.violations(), Vec::<String>::new());
        assert_eq!(self.gce.faults_left(), 0);
        assert_eq!(self.gce.running(), 0);
        assert!(self.gce.count() > 100, "the story was told to somebody else");
    }

    fn grant(&self, wish: &[&str]) {
        let quota = || Refusal::quota("FORWARDING_RULES", 15, "in region europe-west1");
        let rule = "compute.forwardingRules.insert";
        match wish {
            ["looks", looks] => self.gce.set_operation_looks(looks.parse().unwrap()),
            ["time"] => self.gce.set_operation_time(Duration::from_millis(5)),
            ["unhealthy", node] => self.gce.set_healthy(node, false),
            ["fail"] => self.gce.inject(Fault::next(rule, Harm::FailOperation(quota()))),
            ["fail-without-status"] => {
                self.gce.inject(Fault::next(rule, Harm::FailOperationWithoutStatus(quota())));
            }
            ["refuse"] => {
                let refusal = Refusal::forbidden("compute.firewalls.delete", "projects/seaway");
                let harm = Harm::Refuse(refusal);
                self.gce.inject(Fault::next("compute.firewalls.delete", harm));
            }
            ["in-use", "operation"] => self.gce.set_in_use(InUse::Operation),
            ["in-use", "bad-request"] => self.gce.set_in_use(InUse::BadRequest),
            ["in-use", "precondition"] => self.gce.set_in_use(InUse::Precondition),
            other => panic!("what is {other:?}?"),
        }
    }
}

fn venv() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/google")
}

fn python(venv: &Path) -> PathBuf {
    let python = venv.join("bin/python");
    assert!(
        python.is_file(),
        "there are no clients at {}: `make test` puts them there, or integration/setup/google.sh \
         alone",
        venv.display()
    );
    python
}

#[test]
#[should_panic(expected = "`make test` puts them there")]
fn what_is_missing_is_said_with_what_makes_it() {
    python(Path::new("/nowhere"));
}
