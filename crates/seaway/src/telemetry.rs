use anyhow::{Context, Result};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::args::{Log, LogFormat};

/// Starts to log to stderr, `default` if nothing else is asked for. `more` sees everything that
/// happens at `info` and above, whatever is logged.
pub(crate) fn start(log: &Log, default: &str, more: Option<BoxedLayer>) -> Result<()> {
    let text = log.filter.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(text).with_context(|| {
        format!("--log: {text:?} is no filter; use error, warn, info, debug or trace")
    })?;
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(terminal);
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
