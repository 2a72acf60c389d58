use std::sync::Arc;
use std::time::Instant;

use crate::screen::Screen;

/// Tells what happens, with the time since the start.
#[derive(Clone)]
pub(super) struct Narrator {
    screen: Screen,
    start: Arc<Instant>,
}

impl Narrator {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, start: Arc::new(Instant::now()) }
    }

    /// Says something about a thing.
    pub(super) fn say(&self, about: &str, text: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        self.screen.line(&format!("{seconds:7.2} s  {about:<14} {text}"));
    }
}
