use super::*;

const CONFIG: &str = "\
global
  description x
frontend seaway_a from seaway
  default_backend seaway_a
backend seaway_a from seaway
  option httpchk GET /healthz
  # server check port 31000
  server-state-file-name /x/states/seaway_a-30080
  server n:1 10.0.0.1:30080 id 1 check port 31000
  server n:2 [2001:db8::2]:30080 id 2 check port 31000
  server n:3 10.0.0.3:30080 id 3 check port 31000 disabled
backend seaway_b from seaway
  server-state-file-name /x/states/seaway_b-30081
  server n:1 10.0.0.1:30081 id 1 check
";

/// A line of the running worker: backend, server, address, operational and administrative state, and
/// the status of the last check.
fn line(backend: &str, server: &str, address: &str, [op, admin, status]: [u32; 3]) -> String {
    format!(
        "4 {backend} 1 {server} {address} {op} {admin} 1 1 9 {status} 2 0 6 0 0 1 - 9 - 0 0 - - 0\n"
    )
}

/// Which servers begin down, with the status of their last check.
fn down(lines: &[String]) -> Vec<(String, u32)> {
    let files = files(CONFIG, &format!("1\n# be_id …\n{}", lines.concat()));
    assert_eq!(files.len(), 2);
    let told = files.values().flat_map(|text| {
        assert!(text.starts_with(START));
        text.lines().skip(1)
    });
    told.map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(words.len(), 25, "{line}");
        assert_eq!([words[4], words[5], words[6]], ["-", "0", "0"], "{line}");
        assert!(["30080", "30081"].contains(&words[18]), "{line}");
        (format!("{}/{}", words[1], words[3]), words[10].parse().unwrap())
    })
    .collect()
}

#[test]
fn who_is_not_known_begins_down_where_a_node_may_have_no_pod() {
    assert_eq!(down(&[]), [("seaway_a/n:1".to_owned(), 1), ("seaway_a/n:2".to_owned(), 1)]);
}

#[test]
fn who_serves_goes_on_and_who_is_down_stays_down() {
    let up = [2, 0, 15];
    let a = [
        line("seaway_a", "n:1", "10.0.0.1", up),
        line("seaway_a", "n:2", "2001:db8::2", [0, 0, 17]),
        line("seaway_b", "n:1", "10.0.0.1", [0, 0, 8]),
    ];
    assert_eq!(down(&a), [("seaway_a/n:2".to_owned(), 17), ("seaway_b/n:1".to_owned(), 8)]);
}

#[test]
fn who_moved_or_comes_back_is_not_known() {
    let all = [
        line("seaway_a", "n:1", "10.0.0.9", [2, 0, 15]),
        line("seaway_a", "n:2", "2001:db8::2", [0, 1, 15]),
        line("seaway_b", "n:1", "10.0.0.9", [0, 0, 8]),
        line("seaway_gone", "n:1", "10.0.0.1", [0, 0, 8]),
    ];
    assert_eq!(down(&all), [("seaway_a/n:1".to_owned(), 1), ("seaway_a/n:2".to_owned(), 1)]);
}

#[test]
fn files_are_emptied_and_those_of_former_backends_go() {
    let folder = tempfile::tempdir().unwrap();
    let (path, states) = (folder.path().join("haproxy.cfg"), folder.path().join(FOLDER));
    let text = CONFIG.replace("/x/states", states.to_str().unwrap());
    fs::write(&path, text).unwrap();
    fs::create_dir(&states).unwrap();
    fs::write(states.join("seaway_a-30079"), "1\n").unwrap();
    write(&path, folder.path(), None).unwrap();
    let lines = || {
        let found = fs::read_dir(&states).unwrap().map(|found| {
            let path = found.unwrap().path();
            let count = fs::read_to_string(&path).unwrap().lines().count();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), count)
        });
        found.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        lines(),
        [("seaway_a-30080".to_owned(), 3), ("seaway_b-30081".to_owned(), 1)].into()
    );
    clear(folder.path()).unwrap();
    assert!(lines().values().all(|count| *count == 1));
}
