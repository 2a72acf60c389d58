use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use seaway_box::command;
use seaway_core::setting::Span;
use seaway_pool::Ranges;
use serde::Deserialize;

use crate::NAME;

/// The section `[providers.haproxy]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The addresses to give to Services: ranges, prefixes and single addresses of both families.
    pub pool: Ranges,
    /// The interface to put addresses of the pool on; without it they must be on the box already.
    #[serde(default)]
    pub interface: Option<String>,
    /// Where our config file and our sockets are.
    #[serde(default = "default_folder")]
    pub folder: PathBuf,
    /// The program, by path or by name.
    #[serde(default = "default_binary")]
    pub binary: PathBuf,
    /// Whether to start HAProxy and keep it alive; else the one that runs is used.
    #[serde(default)]
    pub start: bool,
    /// The user's own files, which HAProxy loads before ours: for the check, and for starting it.
    #[serde(default)]
    pub include: Vec<PathBuf>,
    /// How many seconds a former worker may go on with its open connections after a reload.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: NonZeroU32,
    /// How long a node may take to accept a connection.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
    /// How long a connection may be silent.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Span,
    /// How often a node is checked.
    #[serde(default = "default_check_interval")]
    pub check_interval: Span,
    /// After how many good checks in a row a node is up.
    #[serde(default = "default_rise")]
    pub rise: NonZeroU32,
    /// After how many failed checks in a row a node is down.
    #[serde(default = "default_fall")]
    pub fall: NonZeroU32,
    /// How many connections HAProxy carries at once in all, where we start it.
    #[serde(default)]
    pub most_connections: Option<NonZeroU32>,
    /// The socket of the Runtime API, which our file opens; `haproxy.sock` in the folder if not set.
    #[serde(default)]
    pub stats_socket: Option<PathBuf>,
    /// The socket of the master process (`haproxy -S`), by which it is told to reload; `master.sock`
    /// in the folder if not set.
    #[serde(default)]
    pub master_socket: Option<PathBuf>,
    /// The file with the id of the master process (`haproxy -p`), which gets `SIGUSR2` where there is
    /// no master socket; `haproxy.pid` in the folder if not set.
    #[serde(default)]
    pub pid_file: Option<PathBuf>,
}

fn default_folder() -> PathBuf {
    "/var/lib/seaway/haproxy".into()
}

fn default_binary() -> PathBuf {
    command::daemon(NAME)
}

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
}

const fn default_drain_seconds() -> NonZeroU32 {
    number(300)
}

const fn default_connect_timeout() -> Span {
    Span::from_millis(1_000)
}

const fn default_idle_timeout() -> Span {
    Span::from_millis(3_600_000)
}

const fn default_check_interval() -> Span {
    Span::from_millis(2_000)
}

const fn default_rise() -> NonZeroU32 {
    number(1)
}

const fn default_fall() -> NonZeroU32 {
    number(2)
}

/// `sun_path` has 108 bytes, and HAProxy binds under a longer name first (`.<pid>.tmp`).
const LONGEST_SOCKET: usize = 92;

impl Config {
    /// Checks what the types don't.
    ///
    /// # Errors
    /// A text that names the key (of this section), the value and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        let sockets =
            [("stats-socket", self.stats_socket()), ("master-socket", self.master_socket())];
        let includes = self.include.iter().map(|path| ("include", path.clone()));
        let folder = [("folder", self.folder.clone())];
        let pid_file = [("pid-file", self.pid_file())];
        for (key, path) in folder.into_iter().chain(sockets.clone()).chain(pid_file).chain(includes)
        {
            // It becomes a word of HAProxy's config, or of its command line.
            if !path.is_absolute() || !path.to_str().is_some_and(plain) {
                return Err(format!(
                    "{key}: \"{}\" is not allowed; use an absolute path of \
                     letters, digits and . _ - /",
                    path.display()
                ));
            }
        }
        for (key, path) in sockets {
            if path.as_os_str().len() > LONGEST_SOCKET {
                return Err(format!(
                    "{key}: \"{}\" is too long for a socket; use \
                     {LONGEST_SOCKET} bytes at most",
                    path.display()
                ));
            }
        }
        if self.interface.as_deref().is_some_and(str::is_empty) {
            return Err("interface: \"\" is not allowed; name an interface such \
                        as \"eth0\", or leave the key out"
                .to_owned());
        }
        if self.most_connections.is_some() && !self.start {
            return Err("most-connections: is for a HAProxy that Seaway starts; \
                        set start = true, or `maxconn` in your own global section"
                .to_owned());
        }
        Ok(())
    }

    /// The config file that is ours.
    pub fn file(&self) -> PathBuf {
        self.folder.join(crate::FILE)
    }

    pub(crate) fn stats_socket(&self) -> PathBuf {
        self.beside(self.stats_socket.as_ref(), "haproxy.sock")
    }

    pub(crate) fn master_socket(&self) -> PathBuf {
        self.beside(self.master_socket.as_ref(), "master.sock")
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        self.beside(self.pid_file.as_ref(), "haproxy.pid")
    }

    fn beside(&self, path: Option<&PathBuf>, name: &str) -> PathBuf {
        path.map_or_else(|| self.folder.join(name), Clone::clone)
    }

    /// The options that make HAProxy load what the user has, then `file`.
    pub(crate) fn files<'a>(&'a self, file: &'a Path) -> Vec<&'a Path> {
        let all = self.include.iter().map(PathBuf::as_path).chain([file]);
        all.flat_map(|path| [Path::new("-f"), path]).collect()
    }
}

fn plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn a_pool_is_all_that_is_needed() {
        let config = read("pool = ['192.0.2.1']").unwrap();
        assert_eq!(config.file(), Path::new("/var/lib/seaway/haproxy/haproxy.cfg"));
        assert_eq!(config.stats_socket(), Path::new("/var/lib/seaway/haproxy/haproxy.sock"));
        assert_eq!(config.master_socket(), Path::new("/var/lib/seaway/haproxy/master.sock"));
        assert_eq!(config.pid_file(), Path::new("/var/lib/seaway/haproxy/haproxy.pid"));
        assert_eq!(config.drain_seconds.get(), 300);
        assert_eq!(config.connect_timeout.get(), Duration::from_secs(1));
        assert_eq!(config.idle_timeout.get(), Duration::from_hours(1));
        assert_eq!(config.check_interval.get(), Duration::from_secs(2));
        assert_eq!((config.rise.get(), config.fall.get()), (1, 2));
        assert!(!config.start);
    }

    #[test]
    fn every_key_is_read() {
        let config = read(
            "pool = ['192.0.2.1']\ninterface = 'eth0'\nfolder = '/srv/x'\nbinary = '/opt/haproxy'\n\
             start = true\ninclude = ['/etc/haproxy/haproxy.cfg']\ndrain-seconds = 7\n\
             connect-timeout = '500ms'\nidle-timeout = '10m'\ncheck-interval = '1s'\nrise = 3\n\
             fall = 4\nmost-connections = 5000\nstats-socket = '/run/a.sock'\n\
             master-socket = '/run/b.sock'\npid-file = '/run/c.pid'",
        )
        .unwrap();
        assert_eq!(config.stats_socket(), Path::new("/run/a.sock"));
        assert_eq!(config.master_socket(), Path::new("/run/b.sock"));
        assert_eq!(config.pid_file(), Path::new("/run/c.pid"));
        let files = config.files(Path::new("/x.cfg"));
        assert_eq!(files, ["-f", "/etc/haproxy/haproxy.cfg", "-f", "/x.cfg"].map(Path::new));
    }

    #[test]
    fn what_can_not_be_is_refused_by_key_and_value() {
        let refused = |line: &str, parts: &[&str]| {
            let error = read(&format!("pool = ['192.0.2.1']\n{line}")).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        };
        refused("drain-seconds = 0", &["drain-seconds", "0"]);
        refused("rise = 0", &["rise", "nonzero"]);
        refused("idle-timeout = '0s'", &["idle-timeout", "\"0s\" is not allowed"]);
        refused("folder = 'x'", &["folder", "\"x\" is not allowed"]);
        refused("stats-socket = '/run/a b'", &["stats-socket", "\"/run/a b\""]);
        refused("include = ['/etc/a\"b']", &["include", "not allowed"]);
        refused("interface = ''", &["interface", "\"\""]);
        refused("most-connections = 5", &["most-connections", "start = true"]);
        refused(&format!("stats-socket = '/{}'", "x".repeat(100)), &["stats-socket", "too long"]);
        refused("socket = '/run/a'", &["socket"]);
    }
}
