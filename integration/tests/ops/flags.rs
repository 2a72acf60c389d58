//! Addresses that can't be, completions, and the version.

use std::net::TcpListener;

use seaway_integration::{Controller, Ended, Process, embedded};

use crate::says;

/// Starts a controller with these flags, which must fail before it asks for its cluster.
async fn refused(flags: &[&str], parts: &[&str]) -> Ended {
    let pool = "198.18.0.200".parse().unwrap()..="198.18.0.203".parse().unwrap();
    let (_folder, args) = Controller::args("/no/such/kubeconfig".as_ref(), &embedded(&pool), flags);
    let ended = Process::run(args, "").await;
    assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    assert!(!ended.stderr.contains("/no/such/kubeconfig"), "it went on: {ended:?}");
    says(&ended.stderr, parts);
    ended
}

#[tokio::test]
async fn the_admin_address_is_for_this_machine_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8384"] {
        let flag = format!("--admin-address={address}");
        let ip = address.rsplit_once(':').unwrap().0.trim_matches(['[', ']']);
        refused(&[&flag], &["--admin-address", ip, "loopback", "kubectl port-forward"]).await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_told_with_its_flag_before_anything_is_done() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for flag in ["--metrics-address", "--admin-address"] {
        let named = format!("{flag}={at}");
        let ended = refused(&[&named], &[flag, &at, "in use", "another port"]).await;
        assert_eq!(ended.code, Some(1));
        refused(&[&format!("{flag}=8383")], &[flag, "8383", "127.0.0.1:8383", "off"]).await;
    }
}

#[tokio::test]
async fn completions_are_written_for_each_shell() {
    for (shell, part) in [
        ("bash", "complete -F _seaway"),
        ("zsh", "#compdef seaway"),
        ("fish", "complete -c seaway"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ended = Process::run(["completions", shell], "").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &[part, "uninstall"]);
    }
    let ended = Process::run(["completions", "csh"], "").await;
    assert_eq!(ended.code, Some(2));
    says(&ended.stderr, &["csh", "bash"]);
}

#[tokio::test]
async fn the_version_tells_what_a_report_needs() {
    let ended = Process::run(["--version"], "").await;
    says(&ended.stdout, &["seaway 0.", "providers: ", "embedded", "platform: "]);
    let short = Process::run(["-V"], "").await;
    assert_eq!(short.stdout.lines().count(), 1);
}
