//! What 2.6.12 answered.

use std::collections::BTreeSet;

use super::*;

#[test]
fn info_is_read() {
    let answer = "Name: HAProxy\nPid: 27120\nUptime: 0d 0h00m01s\nUptime_sec: 1\nnode: vm\n\
                  description: seaway-0123\nBuild info: 2.6.12-1+deb12u4\n\n";
    let info = Info::parse(answer);
    assert_eq!((info.pid, info.uptime_seconds), (27_120, 1));
    assert_eq!(info.description, "seaway-0123");
    assert_eq!(Info::parse(""), Info::default());
}

#[test]
fn states_are_read() {
    let answer = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state …\n\
        4 seaway_a 1 node-1:1 127.0.0.1 2 0 1 1 1 15 3 2 6 0 0 1 - 19001 - 0 19001 - - 19001\n\
        4 seaway_a 2 node-2:2 127.0.0.1 0 5 1 1 1 1 0 0 14 0 0 1 - 19002 - 0 19001 - - 19001\n\
        4 seaway_a 3 node-3:3 2001:db8::3 0 4 1 1 1 8 0 0 14 0 0 1 - 19002 - 0 19001 - - 19001\n\
        9 theirs 1 s1 - 2 0 1 1 1 15 3 2 6 0 0 1 - 0 - 0 19001 - - 19001\n\n";
    let rows: Vec<_> = rows(answer).collect();
    let told: Vec<_> = rows.iter().map(|row| (row.server, row.id, row.port, row.maint)).collect();
    assert_eq!(
        told,
        [
            ("node-1:1", 1, 19_001, false),
            ("node-2:2", 2, 19_002, true),
            ("node-3:3", 3, 19_002, false)
        ]
    );
    assert_eq!(rows.iter().map(Row::checked).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((rows[0].op, rows[2].op), (Op::Running, Op::Stopped));
    assert_eq!(rows[2].address, "2001:db8::3".parse::<std::net::IpAddr>().unwrap());
}

#[test]
fn connections_are_read() {
    let answer =
        "# pxname,svname,qcur,qmax,scur,smax,\nb,n:1,0,0,0,9,\nb,n:2,0,0,1,1,\nb,n:3,1,1,0,1,\n\n";
    assert_eq!(busy(answer), BTreeSet::from(["b/n:2".to_owned(), "b/n:3".to_owned()]));
}

#[test]
fn words_are_read_whatever_a_node_says() {
    let answer = "# pxname,svname,check_status,check_code,last_chk,check_desc,\n\
        b,n:1,* L7STS,503,\"No, \"\"pod\"\"\nb,n:2,\",Layer7 wrong status,\n\
        b,n:2,L4CON,,Connection refused,Layer4 connection problem,\nb,n:3,,,,,\n\n";
    let words = words(answer);
    assert_eq!(words["b/n:1"], "Layer7 wrong status: No, \"pod\" b,n:2, (L7STS 503)");
    assert_eq!(words["b/n:2"], "Layer4 connection problem: Connection refused (L4CON)");
    assert_eq!(words.len(), 2);
}

#[tokio::test]
async fn nobody_at_the_socket_is_no_error_to_a_question() {
    let folder = tempfile::tempdir().unwrap();
    let socket = Socket::new(folder.path().join("x.sock"));
    assert_eq!(socket.ask("show info").await.unwrap(), None);
    let error = socket.tell("show info").await.unwrap_err().to_string();
    assert!(error.contains("x.sock: HAProxy does not run"), "{error}");
}
