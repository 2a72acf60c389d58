use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::narrator::Narrator;

/// Shows every step of a provider as it is made.
pub(super) struct Steps(pub Narrator);

impl<S: Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with("seaway_core::driver") {
            return;
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        let Some(step) = seen.step else { return };
        match seen.error {
            None => self.0.say("load balancer", &step),
            Some(error) => self.0.say("load balancer", &format!("could not {step}: {error}")),
        }
    }
}

#[derive(Default)]
struct Seen {
    step: Option<String>,
    error: Option<String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "step" => self.step = Some(format!("{value:?}")),
            "error" => self.error = Some(format!("{value:?}")),
            _ => {}
        }
    }
}
