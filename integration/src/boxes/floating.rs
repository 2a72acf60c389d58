use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;

use tempfile::TempDir;

use crate::process::Process;

use super::host::Host;

/// Has the first of these boxes that lives carry the addresses, as keepalived does it: a box is taken
/// for dead after about a second of silence. Returns the keepalived of each box once the first
/// carries and the others stand by; all end when they are dropped.
///
/// The first address is of IPv4.
pub async fn float(boxes: &[&Host], addresses: &[IpAddr]) -> Vec<Process> {
    let folder = TempDir::new().unwrap();
    let mut running = Vec::new();
    for (place, host) in boxes.iter().enumerate() {
        let path = folder.path().join(host.name());
        fs::write(&path, config(boxes, place, addresses)).unwrap();
        let mut command = host.command("keepalived", ["--vrrp", "-n", "-l", "-D", "-f"]);
        // Pid files go to /run, which each box has for itself.
        command.arg(&path).args(["-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"]);
        let process = Process::spawn(command);
        // If all began at once, the wrong one might carry the addresses for a moment.
        process.complains(&[if place == 0 { "MASTER STATE" } else { "Startup complete" }]).await;
        running.push(process);
    }
    running
}

/// The config of the box at this place. Nothing is sent to groups: the boxes know each other.
fn config(boxes: &[&Host], place: usize, addresses: &[IpAddr]) -> String {
    let mut text = format!(
        "global_defs {{
           router_id {}
           vrrp_version 3
         }}
         vrrp_instance floating {{
           state BACKUP
           interface eth0
           virtual_router_id 51
           priority {}
           advert_int 0.3
           unicast_src_ip {}
           unicast_peer {{\n",
        boxes[place].name(),
        200 - place,
        boxes[place].v4(),
    );
    for (other, host) in boxes.iter().enumerate() {
        if other != place {
            let _ = writeln!(text, "{}", host.v4());
        }
    }
    // One instance speaks one family, and carries the other beside it.
    let (own, beside): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(IpAddr::is_ipv4);
    for (block, addresses) in [("virtual_ipaddress", own), ("virtual_ipaddress_excluded", beside)] {
        if addresses.is_empty() {
            continue;
        }
        let _ = writeln!(text, "}}\n{block} {{");
        for address in addresses {
            let _ = writeln!(text, "{address} dev eth0");
        }
    }
    text + "}\n}\n"
}
