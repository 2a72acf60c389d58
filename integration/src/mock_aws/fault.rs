//! What goes wrong on purpose.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Call;

/// Something that goes wrong at the next calls that it is for.
#[derive(Clone, Debug)]
pub struct Fault {
    on: On,
    harm: Harm,
    after: usize,
    times: usize,
}

/// Which calls are hit.
#[derive(Clone, Debug, PartialEq, Eq)]
enum On {
    /// Those of one action.
    Action(String),
    /// Those that change something.
    AnyWrite,
    /// All.
    Any,
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Harm {
    /// It is refused, and nothing is done.
    Refuse {
        /// The code of the error.
        code: String,
        /// What it says.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// It is done, and the connection is closed without an answer.
    LoseAnswer,
    /// It is done, and the answer is an error nevertheless.
    FailAfter {
        /// The code of the error.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// It is done, then the test is told, and no answer comes for as long as the caller waits.
    Cut(Arc<Notify>),
}

impl Fault {
    /// Hits the next call of an action.
    pub fn on(action: &str, harm: Harm) -> Self {
        Self { on: On::Action(action.to_owned()), harm, after: 0, times: 1 }
    }

    /// Hits the next call that changes something.
    pub fn on_any_write(harm: Harm) -> Self {
        Self { on: On::AnyWrite, harm, after: 0, times: 1 }
    }

    /// Hits the next call, whatever it is.
    pub fn on_any(harm: Harm) -> Self {
        Self { on: On::Any, harm, after: 0, times: 1 }
    }

    /// Hits this many calls.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Lets this many calls pass first.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }

    fn is_for(&self, call: &Call) -> bool {
        match &self.on {
            On::Action(action) => *action == call.action,
            On::AnyWrite => call.writes(),
            On::Any => true,
        }
    }
}

impl Harm {
    /// An error without an effect, with status 400.
    pub fn refuse(code: &str, message: &str) -> Self {
        Self::Refuse { code: code.to_owned(), message: message.to_owned(), status: 400 }
    }

    /// An error of the server's own after the call was done.
    pub fn fail_after(code: &str, status: u16) -> Self {
        Self::FailAfter { code: code.to_owned(), status }
    }
}

/// The faults that are to come. The first that is for a call hits it, and the others wait.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn next(&mut self, call: &Call) -> Option<Harm> {
        let fault = self.0.iter_mut().find(|fault| fault.times > 0 && fault.is_for(call))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.harm.clone())
    }
}
