use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::binary::binary;

/// Names the test that this process runs in a cell.
const INSIDE: &str = "SEAWAY_CELL";

/// Runs a story in a cell: in namespaces of its own for the network, mounts and processes, and for
/// users unless root calls. `test` is the whole name of the test that calls this: the test is run
/// again by a process that is the first of the cell. When it ends, however it does, the kernel ends
/// all others and takes the namespaces away.
pub fn inside<F: Future<Output = ()>>(test: &str, story: impl FnOnce() -> F) {
    if std::env::var_os(INSIDE).is_some_and(|name| name == *test) {
        furnish();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(story());
    }
    let output = enter(test);
    let said = String::from_utf8_lossy(&output.stdout);
    // A test by a name that nobody has is no failure to the runner.
    let passed = output.status.success() && said.contains("test result: ok. 1 passed");
    if !passed {
        let _ = std::io::stderr().write_all(&output.stdout);
        let _ = std::io::stderr().write_all(&output.stderr);
    }
    assert!(passed, "{test} failed in its cell: {}", output.status);
}

/// Runs one test of this binary in a new cell, to its end.
fn enter(test: &str) -> Output {
    let mut cell = unshare();
    cell.arg(std::env::current_exe().unwrap());
    cell.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    // It is built out here, if at all: there is no way to a registry from inside.
    cell.env("SEAWAY_BIN", binary().canonicalize().unwrap());
    // The daemons of Debian lie where only root looks.
    let path = std::env::var("PATH").unwrap_or_default();
    cell.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"));
    // The network of the real cluster can't be reached from inside.
    cell.env_remove("SEAWAY_E2E").env(INSIDE, test).stdin(Stdio::null());
    cell.output().unwrap()
}

/// What puts a command into a cell. However this thread ends, the cell ends.
fn unshare() -> Command {
    let is_root = rustix::process::geteuid().is_root();
    let users: &[&str] = if is_root { &[] } else { &["--user", "--map-root-user"] };
    let command = || {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "unshare"]).args(users);
        command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command
    };
    let tried = command().arg("true").output().expect("setpriv and unshare are of util-linux");
    let remedy = if is_root {
        "in a container, it takes --privileged or CAP_SYS_ADMIN and CAP_NET_ADMIN"
    } else {
        "run it as root, or see the sysctls kernel.unprivileged_userns_clone and \
         kernel.apparmor_restrict_unprivileged_userns"
    };
    let said = String::from_utf8_lossy(&tried.stderr);
    assert!(tried.status.success(), "this story needs namespaces of its own: {remedy}: {said}");
    command()
}

/// Gives the cell a place for what runs, and its loopback.
fn furnish() {
    shell("mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up");
    for daemon in ["haproxy", "keepalived", "nginx"] {
        let told = Command::new(daemon).arg("-v").output();
        assert!(told.is_ok(), "{daemon} is not here: integration/setup/daemons.sh");
    }
}

/// Runs a script in the cell to its end, which is to be a good one.
pub(super) fn shell(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{said}");
}
