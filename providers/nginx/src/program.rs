//! The binary: its version, and the modules that it needs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use seaway_box::command;
use seaway_core::{ErrorKind, ProviderError};

use crate::NAME;

/// `proxy_half_close` came with it; `-e` is older.
const OLDEST: (u32, u32, u32) = (1, 21, 4);
const PATIENCE: Duration = Duration::from_secs(10);

/// The daemon's binary.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// What is to be loaded for `stream { }` to be known.
    pub(crate) modules: Vec<PathBuf>,
}

impl Binary {
    /// Finds the binary, and asks it what it can do.
    pub(crate) async fn find(
        path: Option<&Path>,
        modules: Option<&[PathBuf]>,
    ) -> Result<Self, ProviderError> {
        let path = path.map_or_else(|| command::daemon(NAME), Path::to_owned);
        let said = command::run(&path, ["-V"], PATIENCE).await?;
        let words = [said.stdout, said.stderr].concat();
        let module = able(&words).map_err(|why| {
            let message = format!("`{}` can't be used: {why}", path.display());
            ProviderError::new(ErrorKind::Unsupported, "nginx", message)
        })?;
        let modules = modules.map_or_else(|| module.into_iter().collect(), <[_]>::to_vec);
        Ok(Self { path, modules })
    }
}

/// The module that has to be loaded, by what `nginx -V` says; or why this Nginx won't do.
fn able(words: &str) -> Result<Option<PathBuf>, String> {
    let version = words.lines().find_map(|line| line.split_once("nginx/")).map(|(_, rest)| rest);
    let version = version.ok_or("it does not say that it is nginx")?;
    let version = version.split_whitespace().next().unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST {
        let (a, b, c) = OLDEST;
        return Err(format!("it is nginx {version}, and {a}.{b}.{c} is the oldest that will do"));
    }
    let mut arguments = words.split_whitespace();
    if arguments.clone().any(|word| word == "--with-stream") {
        return Ok(None);
    }
    let absent = "it has no stream module: apt-get install libnginx-mod-stream";
    if !arguments.clone().any(|word| word == "--with-stream=dynamic") {
        return Err(absent.to_owned());
    }
    let folder = arguments.find_map(|word| word.strip_prefix("--modules-path="));
    let module = Path::new(folder.ok_or(absent)?).join("ngx_stream_module.so");
    if module.is_file() { Ok(Some(module)) } else { Err(absent.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_used_is_told_with_the_remedy() {
        let check = |words: &str, part: &str| {
            let why = able(words).unwrap_err();
            assert!(why.contains(part), "{why}");
        };
        check("Apache/2.4", "does not say");
        check("nginx version: nginx/1.18.0\n", "nginx 1.18.0, and 1.21.4");
        check(
            "nginx version: nginx/1.22.1 (Debian)\nconfigure: --with-http",
            "libnginx-mod-stream",
        );
        let gone = "nginx version: nginx/1.22.1\n--modules-path=/nowhere --with-stream=dynamic";
        check(gone, "libnginx-mod-stream");
    }

    #[test]
    fn a_module_that_is_built_in_is_not_loaded() {
        assert_eq!(able("nginx version: nginx/1.28.0\n--with-stream --x"), Ok(None));
    }
}
