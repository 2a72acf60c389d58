//! A test starts its own binary again, for itself alone, in a network namespace that ends with it.

use std::fmt::Write as _;
use std::process::Command;

/// Tells the second process which namespace the first one is in: it must not be the same.
const OUTSIDE: &str = "SEAWAY_TEST_OUTSIDE";

const NEEDS: &str = "this test makes a network namespace with unshare (util-linux) and ip (iproute2): \
    run it as root, or allow unprivileged user namespaces (sysctls user.max_user_namespaces, \
    kernel.apparmor_restrict_unprivileged_userns)";

/// Runs `body` in a network namespace of its own, in which the loopback interface has these addresses
/// too. `test` is the whole name of the test that calls.
pub(crate) fn alone(test: &str, addresses: &[&str], body: impl AsyncFnOnce()) {
    let here = std::fs::read_link("/proc/self/ns/net").unwrap().into_os_string();
    if let Some(outside) = std::env::var_os(OUTSIDE) {
        assert_ne!(here, outside, "this test must not change the network of the machine");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(body());
        return;
    }
    let mut start = "ip link set lo up".to_owned();
    for address in addresses {
        write!(start, " && ip address add {address} dev lo nodad").unwrap();
    }
    start.push_str(" && exec \"$@\"");
    // A user namespace of its own, where root has it all without one, or may not have one.
    let ways = [&["--user", "--map-root-user", "--net"] as &[_], &["--net"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let way = ways.iter().find(works).expect(NEEDS);
    let mut command = Command::new("unshare");
    command.args(*way).args(["sh", "-c", start.as_str(), "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(OUTSIDE, here);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{NEEDS}. In the namespace:\n{told}\n{wrong}");
    // A name that no test has would pass without a word.
    assert!(told.contains("1 passed"), "{test} is not the name of this test:\n{told}");
}
