//! A test starts its own binary again, for itself alone, in a network namespace that ends with it.

use std::process::Command;

/// Tells the second process which namespace the first one is in: it must not be the same.
const OUTSIDE: &str = "SEAWAY_TEST_OUTSIDE";

const NEEDS: &str = "this test makes a network namespace with unshare (util-linux) and ip (iproute2): \
    run it as root, or allow unprivileged user namespaces (sysctls user.max_user_namespaces, \
    kernel.apparmor_restrict_unprivileged_userns)";

/// Brings the loopback interface up, and then becomes what the arguments say.
const START: &str = "ip link set lo up && exec \"$@\"";

/// Runs `body` in a network namespace of its own, as its root, with the loopback interface up.
/// `test` is the whole name of the test that calls.
pub fn alone(test: &str, body: impl AsyncFnOnce()) {
    run(test, &[], body);
}

/// The same, without any say over the network: as root of a user namespace further down.
pub fn powerless(test: &str, body: impl AsyncFnOnce()) {
    run(test, &["unshare", "--user", "--map-root-user"], body);
}

fn run(test: &str, further_down: &[&str], body: impl AsyncFnOnce()) {
    let here = std::fs::read_link("/proc/self/ns/net").unwrap().into_os_string();
    if let Some(outside) = std::env::var_os(OUTSIDE) {
        assert_ne!(here, outside, "this test must not change the network of the machine");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(body());
        return;
    }
    let mut command = Command::new("unshare");
    command.args(way_in()).args(["sh", "-c", START, "sh"]).args(further_down);
    command.arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(OUTSIDE, here);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{NEEDS}. In the namespace:\n{told}\n{wrong}");
    // A name that no test has would pass without a word.
    assert!(told.contains("1 passed"), "{test} is not the name of this test:\n{told}");
}

/// The options of `unshare` by which this machine gives us a network namespace.
fn way_in() -> &'static [&'static str] {
    const WAYS: [&[&str]; 2] = [&["--user", "--map-root-user", "--net"], &["--net"]];
    let mut refusals = Vec::new();
    for way in WAYS {
        let tried = Command::new("unshare").args(way).arg("true").output();
        let output = tried.unwrap_or_else(|error| panic!("{NEEDS}: unshare: {error}"));
        if output.status.success() {
            return way;
        }
        refusals.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    panic!("{NEEDS}: {}", refusals.join("; "));
}

/// Runs `ip` of iproute2 and returns what it says.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.unwrap_or_else(|error| panic!("this test takes iproute2: {error}"));
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {wrong}");
    String::from_utf8(output.stdout).unwrap()
}

/// Sets a kernel parameter of the namespace, say `net/ipv4/ip_nonlocal_bind`.
pub fn sysctl(name: &str, value: &str) {
    let path = format!("/proc/sys/{name}");
    std::fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
}
