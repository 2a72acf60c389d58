use std::sync::Arc;

use seaway_core::{Context, Goal, Key, ServiceUid, SharedDriver};
use seaway_intent::Service;

use crate::pass::{Outcome, Pass};
use crate::queue::QueueKey;
use crate::recorder::{Note, Recorder};
use crate::rehearsal;
use crate::roster::Effect;
use crate::status;
use crate::write::{Error, Writer};

/// What the tasks of a controller share.
pub(super) struct Worker {
    pub(super) cx: Context,
    pub(super) writer: Arc<Writer>,
    pub(super) recorder: Recorder,
}

/// What a task brings back.
pub(super) enum Done {
    Passed(Box<Outcome>),
    Rehearsed(QueueKey),
    Admitted(ServiceUid, Result<u64, Error>),
    Dismissed(ServiceUid, Result<u64, Error>),
    /// The time to try again has come.
    Waited(Effect),
}

impl Worker {
    pub(super) async fn pass(self: Arc<Self>, pass: Pass) -> Done {
        Done::Passed(Box::new(pass.run(&self.cx, &self.writer, &self.recorder).await))
    }

    pub(super) async fn rehearse(
        self: Arc<Self>,
        driver: SharedDriver,
        key: QueueKey,
        goals: Vec<(Key, Goal)>,
    ) -> Done {
        for ((of, _), report) in goals.iter().zip(driver.rehearse(&self.cx, &goals).await) {
            rehearsal::log(&QueueKey { provider: key.provider, key: of.clone() }, &report);
        }
        Done::Rehearsed(key)
    }

    pub(super) async fn admit(self: Arc<Self>, uid: ServiceUid, service: Arc<Service>) -> Done {
        Done::Admitted(uid, self.writer.add_finalizer(&service.metadata).await)
    }

    /// `had`: there was something to take down, so that there is something to tell. It is told here,
    /// since the Service may be forgotten by the time that the loop hears of it: its watch is often
    /// faster.
    pub(super) async fn dismiss(
        self: Arc<Self>,
        uid: ServiceUid,
        service: Arc<Service>,
        had: bool,
    ) -> Done {
        let patch = status::farewell(&service);
        let answer = self.writer.patch_service(&service.metadata, patch).await;
        if had && !matches!(answer, Err(Error::Failed(_))) {
            self.recorder.tell(&service.metadata, Note::Deleted);
        }
        Done::Dismissed(uid, answer)
    }
}
