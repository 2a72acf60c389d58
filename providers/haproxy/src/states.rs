//! What the next worker is told of the nodes: by itself it takes each for up until a check has failed.
//!
//! Each backend has a state file of its own: `global` could name only one for all, and the user may
//! have named it already. Right before a reload the servers are written to it that are to begin down,
//! and right after it they are taken out again, so that nobody reads later what was true then.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use seaway_box::Port;

use crate::config::Config;
use crate::runtime::{FIRST_RESULT, Op, Row, rows};

/// The folder of the files, in ours.
const FOLDER: &str = "states";
/// The version of the format, which a file without servers has too: HAProxy warns of an empty one.
const START: &str = "1\n";
/// HAProxy may run as a user of its own.
const FOLDER_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// The state file of a backend. A server in it has its port from there, whatever the config says: so
/// a file of a former NodePort is never read.
pub(crate) fn file(config: &Config, backend: &str, port: Port) -> PathBuf {
    config.folder.join(FOLDER).join(format!("{backend}-{}", port.node_port))
}

/// What is to be written before a reload: of all backends in the config at `path`, and of what the
/// running worker tells of its servers.
pub(crate) fn write(path: &Path, folder: &Path, answer: Option<&str>) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let folder = folder.join(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(FOLDER_MODE))?;
    let files = files(&text, answer.unwrap_or_default());
    for found in fs::read_dir(&folder)? {
        let found = found?.path();
        if found.to_str().is_none_or(|found| !files.contains_key(found)) {
            fs::remove_file(found)?;
        }
    }
    for (path, text) in &files {
        fs::write(path, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(FILE_MODE))?;
    }
    Ok(())
}

/// Takes the servers out of all files.
pub(crate) fn clear(folder: &Path) -> io::Result<()> {
    for found in fs::read_dir(folder.join(FOLDER))? {
        let found = found?;
        if found.metadata()?.len() > START.len() as u64 {
            fs::write(found.path(), START)?;
        }
    }
    Ok(())
}

/// The files of a config, by path.
fn files<'a>(text: &'a str, answer: &str) -> BTreeMap<&'a str, String> {
    let known: BTreeMap<_, _> = rows(answer).map(|row| ((row.backend, row.server), row)).collect();
    let mut files = BTreeMap::new();
    let (mut backend, mut http, mut path) = ("", false, "");
    for line in text.lines() {
        let mut words = line.split(' ');
        if let Some("backend") = words.next() {
            (backend, http, path) = (words.next().unwrap_or_default(), false, "");
        }
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("option") => http |= words.next() == Some("httpchk"),
            Some("server-state-file-name") => {
                path = words.next().unwrap_or_default();
                files.insert(path, START.to_owned());
            }
            Some("server") => {
                let (Some(file), Some(server)) = (files.get_mut(path), Server::read(line)) else {
                    continue;
                };
                if let Some(status) = server.down(http, known.get(&(backend, server.name))) {
                    server.tell(backend, status, file);
                }
            }
            _ => {}
        }
    }
    files
}

/// A server in the config.
struct Server<'a> {
    name: &'a str,
    at: SocketAddr,
    id: u32,
    out: bool,
}

impl<'a> Server<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (name, at, id) = (words.next()?, words.next()?, words.nth(1)?);
        let out = words.any(|word| word == "disabled");
        Some(Self { name, at: at.parse().ok()?, id: id.parse().ok()?, out })
    }

    /// What the last check of a server said that is to begin down; nothing if it is to begin up.
    ///
    /// Where kube-proxy drops what comes to a node without a pod, one that nobody knows begins down:
    /// its client would wait, and be led elsewhere only after the connect timeout. Anywhere else a
    /// client is as good as a check.
    fn down(&self, http: bool, known: Option<&Row<'_>>) -> Option<u32> {
        if self.out {
            // In maintenance, by the config: what it was before is no matter.
            return None;
        }
        match known.filter(|row| row.address == self.at.ip() && !row.maint) {
            Some(row) => (row.op == Op::Stopped).then(|| row.status.max(NOT_YET)),
            None => http.then_some(NOT_YET),
        }
    }

    /// Its line. Only that it is down is told: its administrative state is that of the config if
    /// here it is none, and `-` or 0 stands for what is not to be changed.
    fn tell(&self, backend: &str, status: u32, file: &mut String) {
        let (name, id, port) = (self.name, self.id, self.at.port());
        let result = if status >= FIRST_RESULT { FAILED } else { UNKNOWN };
        let _ = writeln!(
            file,
            "0 {backend} {id} {name} - {STOPPED} 0 1 1 0 {status} {result} 0 {CHECKED} 0 0 1 - {port} \
             - 0 0 - - 0"
        );
    }
}

/// `SRV_ST_STOPPED`.
const STOPPED: u32 = 0;
/// `HCHK_STATUS_INI`. With 0 no check would ever tell anything again.
const NOT_YET: u32 = 1;
/// `CHK_RES_UNKNOWN` and `CHK_RES_FAILED`.
const UNKNOWN: u32 = 0;
const FAILED: u32 = 2;
/// `CHK_ST_CONFIGURED` and `CHK_ST_ENABLED`: without the latter, checks would be off.
const CHECKED: u32 = 0x02 | 0x04;

#[cfg(test)]
mod tests;
