use anyhow::{Context, Result, bail};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::args::{Log, LogFormat, Source};

/// Libraries whose warnings repeat, at length, what the error says that ends the program.
const QUIET: &str = "aws_config=off,kube_client::client::builder=off";

/// Starts to log to stderr, `default` if nothing else is asked for. `more` sees everything that
/// happens at `info` and above, whatever is logged.
pub(crate) fn start(log: &Log, default: &str, more: Option<BoxedLayer>) -> Result<()> {
    let filter = match &log.filter {
        Some(text) => {
            let by = match log.source {
                Source::Flag => "--log",
                Source::Environment => "SEAWAY_LOG",
            };
            read(text).with_context(|| format!("{by}: {text:?} is no filter"))?
        }
        None => EnvFilter::try_new(format!("{default},{QUIET}"))?,
    };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colours = !plain && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines: BoxedLayer = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let mut layers = vec![lines.with_filter(filter).boxed()];
    layers.extend(more);
    tracing_subscriber::registry().with(layers).init();
    Ok(())
}

pub(crate) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// The crates that log something. A module of any other never does.
const LOGGING: &[&str] =
    &["seaway", "kube", "hyper", "tower", "rustls", "tokio", "mio", "h2", "axum", "serde_saphyr"];

/// Reads a filter, and refuses words that would silence everything without a word.
fn read(text: &str) -> Result<EnvFilter> {
    for directive in text.split(',') {
        let (target, level) = match directive.split_once('=') {
            Some((target, level)) => (target, Some(level)),
            None => (directive, None),
        };
        if target.contains('[') || directive.is_empty() {
            continue;
        }
        if let Some(level) = level
            && !is_level(level)
        {
            bail!("{level:?} is no level; use error, warn, info, debug, trace or off");
        }
        let known = LOGGING.iter().any(|name| target.starts_with(name));
        if !known && (level.is_some() || !is_level(target)) {
            bail!(
                "{target:?} is neither a level (error, warn, info, debug, trace, off) nor a module \
                 that logs (those of seaway, kube, hyper and the like)"
            );
        }
    }
    let advice = "use error, warn, info, debug or trace, also by module as in info,kube=debug";
    EnvFilter::try_new(text).context(advice)
}

fn is_level(word: &str) -> bool {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    levels.iter().any(|level| level.eq_ignore_ascii_case(word))
        || matches!(word, "0" | "1" | "2" | "3" | "4" | "5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_silence_everything_is_refused_by_name() {
        for (text, bad) in [
            ("inof", "inof"),
            ("info,haproxy::client=debug", "haproxy"),
            ("seaway=loud", "loud"),
            ("debug=seaway", "seaway"),
            ("info,==", "="),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(bad), "{text}: {error}");
        }
    }

    #[test]
    fn levels_and_modules_that_there_are_are_taken() {
        for text in [
            "info",
            "INFO",
            "off",
            "3",
            "",
            "info,",
            "seaway=debug",
            "seaway_controller::roster=trace",
            "warn,kube_client::client=off,hyper=info",
            "info,[pass{key=ground}]=debug",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
