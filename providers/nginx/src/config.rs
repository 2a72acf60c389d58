use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::time::Duration;

use seaway_core::setting::Span;
use seaway_core::{Digest, ErrorKind, ProviderError};
use seaway_health::{HealthCheck, Probe};
use seaway_pool::Ranges;
use serde::Deserialize;

/// Where the running daemon tells its config, unless somebody names another port.
const FRAME_PORT: u16 = 7929;
/// How long a node has to answer a check.
const MOST_PATIENCE: Duration = Duration::from_secs(1);

/// The section `[providers.nginx]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The addresses to give to Services: ranges, prefixes and single addresses, of both families.
    pub pool: Ranges,
    /// The interface that the addresses are put on; without it they must be there already.
    pub interface: Option<String>,
    /// The folder of our files.
    #[serde(default = "default_folder")]
    pub folder: PathBuf,
    /// The daemon: by default `nginx` on `PATH`, or else `/usr/sbin/nginx`.
    pub binary: Option<PathBuf>,
    /// Whether to start it, and keep it running, with a config of ours; else the running one is used.
    #[serde(default)]
    pub start: bool,
    /// The main config of the running one, which includes our file within `stream { }`.
    #[serde(default = "default_main_config")]
    pub main_config: PathBuf,
    /// Where the running one says its process id; of one that is ours to start, `nginx.pid` in the
    /// folder.
    pub pid_file: Option<PathBuf>,
    /// Where the running one logs: the place of its own words if it does not take a reload.
    #[serde(default = "default_error_log")]
    pub error_log: PathBuf,
    /// The modules to load for the check, and by a daemon that is ours to start; by default the
    /// stream module of this Nginx, if that is one to be loaded.
    pub modules: Option<Vec<PathBuf>>,
    /// How many workers a daemon has that is ours to start; by default one for each processor.
    pub workers: Option<NonZeroU16>,
    /// How many connections each worker of a daemon that is ours to start has at once, those to nodes
    /// among them.
    #[serde(default = "default_worker_connections")]
    pub worker_connections: NonZeroU32,
    /// How many seconds old workers may go on after a reload: `worker_shutdown_timeout`, which must be
    /// in the main config of one that is not ours to start.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// Where the running daemon tells which config it has: a loopback address and port. By default
    /// port 7929 on an address that follows from the folder.
    pub frame_address: Option<SocketAddr>,
    /// How long a node may take to accept a connection.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
    /// How long a TCP connection may be silent.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Span,
    /// How long a UDP session may be silent.
    #[serde(default = "default_udp_idle_timeout")]
    pub udp_idle_timeout: Span,
    /// The time between two checks of a node.
    #[serde(default = "default_check_interval")]
    pub check_interval: Span,
    /// How many checks in a row bring a node up.
    #[serde(default = "one")]
    pub rise: NonZeroU32,
    /// How many checks in a row take a node down.
    #[serde(default = "two")]
    pub fall: NonZeroU32,
    /// Checks nodes of `externalTrafficPolicy: Cluster` Services by `GET /healthz` on this port, as
    /// kube-proxy answers on 10256, and not by a connection to each NodePort.
    pub health_check_port: Option<NonZeroU16>,
}

fn default_folder() -> PathBuf {
    PathBuf::from("/var/lib/seaway/nginx")
}

fn default_main_config() -> PathBuf {
    PathBuf::from("/etc/nginx/nginx.conf")
}

fn default_error_log() -> PathBuf {
    PathBuf::from("/var/log/nginx/error.log")
}

const fn default_worker_connections() -> NonZeroU32 {
    const { NonZeroU32::new(16_384).unwrap() }
}

const fn default_drain_seconds() -> u64 {
    300
}

const fn default_connect_timeout() -> Span {
    Span::from_millis(1_000)
}

const fn default_idle_timeout() -> Span {
    Span::from_millis(600_000)
}

const fn default_udp_idle_timeout() -> Span {
    Span::from_millis(30_000)
}

const fn default_check_interval() -> Span {
    Span::from_millis(2_000)
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

const fn two() -> NonZeroU32 {
    const { NonZeroU32::new(2).unwrap() }
}

impl Config {
    /// Refuses what can't be, by its key and value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSpec`].
    pub fn check(&self) -> Result<(), ProviderError> {
        for (key, path) in [
            ("folder", Some(&self.folder)),
            ("main-config", Some(&self.main_config)),
            ("pid-file", self.pid_file.as_ref()),
            ("error-log", Some(&self.error_log)),
        ] {
            if let Some(path) = path {
                plain(key, path)?;
            }
        }
        for path in self.modules.iter().flatten() {
            plain("modules", path)?;
        }
        if let Some(address) = self.frame_address
            && (!address.ip().is_loopback() || address.port() == 0)
        {
            let rule = "use a loopback address and a port, such as 127.0.0.1:7929";
            return Err(refused("frame-address", &address.to_string(), rule));
        }
        if !(1..=86_400).contains(&self.drain_seconds) {
            return Err(refused(
                "drain-seconds",
                &self.drain_seconds.to_string(),
                "use 1 to 86400",
            ));
        }
        Ok(())
    }

    /// Where the running daemon tells which config it has. Two daemons of one machine have different
    /// folders, and so different addresses.
    pub(crate) fn frame_address(&self) -> SocketAddr {
        self.frame_address.unwrap_or_else(|| {
            let digest = Digest::of(&self.folder.to_string_lossy());
            let part = |at: usize| {
                let hex = digest.as_str().get(at..at + 2).unwrap_or_default();
                // Neither the first nor the last address of anything, and never 127.0.0.1.
                u8::from_str_radix(hex, 16).unwrap_or_default().clamp(1, 254)
            };
            let ip = Ipv4Addr::new(127, part(0), part(2), part(4));
            SocketAddr::new(IpAddr::V4(ip), FRAME_PORT)
        })
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        match &self.pid_file {
            Some(path) => path.clone(),
            None if self.start => self.folder.join("nginx.pid"),
            None => PathBuf::from("/run/nginx.pid"),
        }
    }

    /// How nodes are checked by a probe.
    pub(crate) fn health(&self, probe: Probe) -> HealthCheck {
        HealthCheck {
            probe,
            interval: self.check_interval.get(),
            timeout: self.check_interval.get().min(MOST_PATIENCE),
            rise: self.rise.get(),
            fall: self.fall.get(),
        }
    }
}

/// A path goes into a config as it is: nothing in it may mean anything there.
fn plain(key: &'static str, path: &Path) -> Result<(), ProviderError> {
    let text = path.to_string_lossy();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-+@,:=".contains(c);
    if path.is_absolute() && text.chars().all(allowed) {
        return Ok(());
    }
    Err(refused(key, &text, "use an absolute path of letters, digits and /._-+@,:="))
}

fn refused(key: &str, value: &str, rule: &str) -> ProviderError {
    let message = format!("{value:?} is not allowed; {rule}");
    ProviderError::new(ErrorKind::InvalidSpec, key.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let config: Config =
            toml::from_str(&format!("pool = ['192.0.2.1']\n{text}")).map_err(|e| e.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn a_pool_is_all_that_is_needed() {
        let config = read("").unwrap();
        assert_eq!(config.folder, Path::new("/var/lib/seaway/nginx"));
        assert_eq!(config.pid_file(), Path::new("/run/nginx.pid"));
        assert!(!config.start);
        assert_eq!(config.idle_timeout, Span::from_millis(600_000));
        assert_eq!(config.frame_address().port(), FRAME_PORT);
        assert!(config.frame_address().ip().is_loopback());
        assert!(toml::from_str::<Config>("").unwrap_err().to_string().contains("pool"));
    }

    #[test]
    fn every_key_is_read() {
        let config = read(
            "interface = 'eth0'\nfolder = '/tmp/x'\nbinary = '/opt/nginx'\nstart = true\n\
             main-config = '/etc/n.conf'\nerror-log = '/var/log/n.log'\nmodules = ['/m.so']\n\
             workers = 2\nworker-connections = 512\ndrain-seconds = 9\nconnect-timeout = '500ms'\n\
             idle-timeout = '1h'\nudp-idle-timeout = '9s'\ncheck-interval = '250ms'\nrise = 3\n\
             fall = 4\nframe-address = '127.0.0.1:99'\nhealth-check-port = 10256",
        )
        .unwrap();
        assert_eq!(config.connect_timeout, Span::from_millis(500));
        assert_eq!(config.idle_timeout, Span::from_millis(3_600_000));
        assert_eq!(config.pid_file(), Path::new("/tmp/x/nginx.pid"));
        assert_eq!(config.frame_address(), "127.0.0.1:99".parse().unwrap());
        let health = config.health(Probe::Tcp);
        assert_eq!((health.timeout, health.rise, health.fall), (config.check_interval.get(), 3, 4));
    }

    #[test]
    fn each_folder_has_a_frame_address_of_its_own() {
        let a = read("folder = '/srv/a'").unwrap().frame_address();
        assert_eq!(a, read("folder = '/srv/a'").unwrap().frame_address());
        assert_ne!(a, read("folder = '/srv/b'").unwrap().frame_address());
    }

    #[test]
    fn what_can_not_be_is_refused_by_key_and_value() {
        let refused = |text: &str, key: &str, value: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(key) && error.contains(value), "{error}");
        };
        refused("folder = 'seaway'", "folder", "\"seaway\"");
        refused("folder = '/srv/a b'", "folder", "\"/srv/a b\"");
        refused("main-config = '/x;y'", "main-config", "/x;y");
        refused("modules = ['/a$b']", "modules", "/a$b");
        refused("frame-address = '192.0.2.1:80'", "frame-address", "192.0.2.1:80");
        refused("drain-seconds = 0", "drain-seconds", "0");
        refused("idle-timeout = '25h'", "idle-timeout", "25h");
        refused("connect-timeout = '1'", "connect-timeout", "\"1\"");
        refused("rise = 0", "rise", "0");
        refused("drain = 7", "drain", "unknown field");
    }
}
