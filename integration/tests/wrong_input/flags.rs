//! Wrong words on the command line.

use std::net::TcpListener;

use seaway_integration::Process;
use tempfile::TempDir;

use crate::refused;

#[tokio::test]
async fn a_number_of_nodes_that_can_not_be_is_named_with_what_is_allowed() {
    for nodes in ["many", "-1", "100000", "1.5", ""] {
        let nodes = format!("--nodes={nodes}");
        refused(&["sandbox", &nodes], &["--nodes", "0 to 4000"]).await;
        refused(&["demo", &nodes], &["--nodes", "0 to 4000"]).await;
    }
    refused(&["demo", "--nodes", "0"], &["--nodes", "0 nodes", "1 and more"]).await;
}

#[tokio::test]
async fn an_unknown_command_or_flag_is_named() {
    refused(&["dmeo"], &["dmeo", "demo"]).await;
    refused(&["demo", "--node", "3"], &["--node", "--nodes"]).await;
    refused(&["run"], &["--config"]).await;
    refused(&["sandbox", "--log", "info,=="], &["--log", "info,=="]).await;
    refused(&["plan", "--log", "inof", "-f", "-"], &["--log", "inof", "neither a level"]).await;
}

#[tokio::test]
async fn a_filter_from_the_environment_is_not_blamed_on_the_flag() {
    let mut command = Process::command(["plan", "-f", "-"]);
    command.env("SEAWAY_LOG", "inof");
    let ended = Process::spawn(command).ended().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("SEAWAY_LOG: \"inof\""), "{ended:?}");
    assert!(!ended.stderr.contains("--log"), "{ended:?}");
}

#[tokio::test]
async fn a_start_that_fails_is_told_in_the_format_of_the_log() {
    let args = ["run", "--log-format", "json", "--config", "/no/such/file.toml"];
    let ended = refused(&args, &["/no/such/file.toml"]).await;
    let line: serde_json::Value = serde_json::from_str(ended.stderr.trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().unwrap().contains("/no/such/file.toml"), "{line}");
}

#[tokio::test]
async fn a_file_of_somebody_else_is_not_overwritten_by_the_kubeconfig() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    let precious = "apiVersion: v1\nkind: Config\ncurrent-context: production\n";
    std::fs::write(&path, precious).unwrap();
    let name = path.to_str().unwrap();
    for command in ["demo", "sandbox"] {
        let args = [command, "--nodes", "1", "--kubeconfig", name];
        refused(&args, &["--kubeconfig", name, "name another file"]).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), precious);
    }
    let nowhere = folder.path().join("no/such/folder/kubeconfig");
    let nowhere = nowhere.to_str().unwrap();
    refused(&["sandbox", "--kubeconfig", nowhere], &[nowhere, "No such file"]).await;
    let folder = folder.path().to_str().unwrap();
    refused(&["sandbox", "--kubeconfig", folder], &["--kubeconfig", folder, "no file"]).await;
    // It never ends, and must not be read to its end.
    refused(&["sandbox", "--kubeconfig", "/dev/zero"], &["/dev/zero", "no file"]).await;
}

#[tokio::test]
async fn a_port_of_the_sandbox_that_is_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let (listen, port) = (at.to_string(), at.port().to_string());
    for command in ["demo", "sandbox"] {
        let args = [command, "--nodes", "1", "--listen", &listen];
        refused(&args, &[&port, "127.0.0.1", "in use", "another port"]).await;
    }
    let open = "0.0.0.0:0";
    refused(&["sandbox", "--listen", open], &["0.0.0.0", "loopback"]).await;
    refused(&["sandbox", "--listen", "here"], &["--listen", "here"]).await;
}
