use seaway_core::Capabilities;
use seaway_testkit::SpecBuilder;

/// One thing that happens to the cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// The Service is created, or changed to ask for this.
    Put(&'static str, fn(SpecBuilder) -> SpecBuilder),
    /// The Service becomes one of type `ClusterIP`.
    Shut(&'static str),
    /// The Service is deleted.
    Delete(&'static str),
    /// The node with this number joins.
    Join(u8),
}

/// When the next thing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Once all is quiet.
    Calm,
    /// Once all is quiet, but while nobody runs if the controller was cut.
    Meanwhile,
    /// Once the Service has our finalizer.
    Begun(&'static str),
    /// Right away.
    AtOnce,
}

/// What is interrupted.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    /// What there is before.
    pub(crate) begin: &'static [Act],
    /// What is interrupted.
    pub(crate) acts: &'static [(Act, Pace)],
    /// The first of it happens while nobody runs, so that the start is interrupted too.
    pub(crate) asleep: bool,
    /// Whether a provider with these capabilities can have it.
    pub(crate) applies: fn(&Capabilities) -> bool,
}

impl Story {
    const fn of(name: &'static str, begin: &'static [Act], acts: &'static [(Act, Pace)]) -> Self {
        Self { name, begin, acts, asleep: false, applies: |_| true }
    }

    const fn asleep(mut self) -> Self {
        self.asleep = true;
        self
    }

    const fn if_able(mut self, applies: fn(&Capabilities) -> bool) -> Self {
        self.applies = applies;
        self
    }
}

const ONE: Act = Act::Put("a", |spec| spec.port(80));
const TWO: Act = Act::Put("a", |spec| spec.port(80).port(443));
const OTHER: Act = Act::Put("b", |spec| spec.port(8000));
const CHANGED: Act = Act::Put("a", |spec| spec.port(443).port(8081));
const CLOSED: Act = Act::Put("a", |spec| spec.port(80).port(443).source("10.0.0.0/8"));

/// All of them.
pub(crate) fn all() -> Vec<Story> {
    use Act::{Delete, Join, Shut};
    use Pace::{AtOnce, Begun, Calm, Meanwhile};
    vec![
        Story::of("create with a port", &[], &[(ONE, Calm)]),
        Story::of("create with two ports", &[], &[(TWO, Calm)]),
        Story::of("create two", &[], &[(TWO, AtOnce), (OTHER, Calm)]),
        Story::of("create while nobody runs", &[OTHER], &[(ONE, Calm)]).asleep(),
        Story::of("create, deleted meanwhile", &[], &[(ONE, Meanwhile), (Delete("a"), Calm)]),
        Story::of("create, shut meanwhile", &[], &[(TWO, Meanwhile), (Shut("a"), Calm)]),
        Story::of("create, deleted at once", &[], &[(TWO, Begun("a")), (Delete("a"), Calm)]),
        Story::of("ports", &[TWO], &[(CHANGED, Calm)]),
        Story::of("ports, changed back meanwhile", &[TWO], &[(CHANGED, Meanwhile), (TWO, Calm)]),
        Story::of("source ranges", &[TWO], &[(CLOSED, Calm)]).if_able(|able| able.source_ranges),
        Story::of("node added", &[ONE, OTHER], &[(Join(4), Calm)]),
        Story::of("delete one of two", &[ONE, OTHER], &[(Delete("a"), Calm)]),
        Story::of("delete the last", &[TWO], &[(Delete("a"), Calm)]),
        Story::of("delete while nobody runs", &[TWO], &[(Delete("a"), Calm)]).asleep(),
        Story::of("type and back", &[TWO], &[(Shut("a"), Calm), (TWO, Calm)]),
        Story::of("type and back at once", &[TWO], &[(Shut("a"), AtOnce), (TWO, Calm)]),
        Story::of("type and back meanwhile", &[TWO], &[(Shut("a"), Meanwhile), (TWO, Calm)]),
    ]
}
