use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::jiff::Timestamp;

use crate::args::LogFormat;

/// What goes to stdout: lines, and on a terminal a table below them that is drawn again in place.
#[derive(Clone)]
pub(crate) struct Screen(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    terminal: bool,
    /// How many lines the table takes that stands there now.
    table: usize,
    /// Why something could not be written.
    trouble: Option<std::io::Error>,
}

impl Screen {
    pub(crate) fn stdout() -> Self {
        let out = std::io::stdout();
        let terminal = out.is_terminal();
        Self(Arc::new(Mutex::new(State { out: Box::new(out), terminal, table: 0, trouble: None })))
    }

    /// Whether somebody looks, so that a table can be drawn in place.
    pub(crate) fn is_terminal(&self) -> bool {
        self.state(|state| state.terminal)
    }

    /// Writes a line, above the table.
    pub(crate) fn line(&self, text: &str) {
        self.state(|state| {
            state.rub_out();
            state.write(&format!("{text}\n"));
        });
    }

    /// Draws a table in place of the one before. Only on a terminal.
    pub(crate) fn table(&self, lines: &[String]) {
        self.state(|state| {
            if state.terminal {
                state.rub_out();
                state.table = lines.len();
                state.write(&format!("{}\n", lines.join("\n")));
            }
        });
    }

    /// Why something could not be written; a reader that has gone away is no reason.
    pub(crate) fn trouble(&self) -> Option<std::io::Error> {
        self.state(|state| state.trouble.take())
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn rub_out(&mut self) {
        if self.table > 0 {
            self.write(&format!("\x1b[{}A\x1b[J", self.table));
            self.table = 0;
        }
    }

    /// A reader that has gone away, as `head` does, is no reason to stop.
    fn write(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.trouble = Some(error);
        }
    }
}

/// Says on stderr why a command failed, with its causes, in the format of the log.
pub(crate) fn complain(error: &anyhow::Error, format: LogFormat) {
    let text = told(error);
    let line = match format {
        LogFormat::Text => format!("seaway: {text}"),
        LogFormat::Json => serde_json::json!({
            "timestamp": Timestamp::now().to_string(),
            "level": "ERROR",
            "message": text,
            "target": "seaway",
        })
        .to_string(),
    };
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error with its causes.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat the cause in their own text.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
