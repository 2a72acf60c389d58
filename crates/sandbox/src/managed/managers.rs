//! Who has set which fields of an object, as `metadata.managedFields` tells it.

use super::fields::Fields;
use crate::{cluster::Part, meta};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

/// So many managers that update are remembered each by itself.
const MOST_UPDATERS: usize = 10;
/// The name of the others together.
const ANCIENT: &str = "ancient-changes";

/// How a manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// It says what it wants of an object, and owns that.
    Apply,
    /// It has changed an object, and owns what it changed.
    Update,
}

/// Somebody who writes to an object in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manager {
    pub(crate) operation: Operation,
    pub(crate) name: String,
    pub(crate) api_version: String,
    pub(crate) part: Part,
}

/// What a manager owns, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    fields: Fields,
    time: String,
    api_version: String,
}

/// All managers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Managers(BTreeMap<Manager, Held>);

impl Manager {
    pub(crate) fn new(
        operation: Operation,
        name: impl Into<String>,
        api_version: String,
        part: Part,
    ) -> Self {
        Self { operation, name: name.into(), api_version, part }
    }

    /// Under which it is known: who applies in another version is the same.
    fn identity(&self) -> Self {
        let mut identity = self.clone();
        if self.operation == Operation::Apply {
            identity.api_version.clear();
        }
        identity
    }
}

impl Display for Manager {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        if self.part == Part::Status {
            write!(f, " with subresource {:?}", subresource(self.part))?;
        }
        if self.operation == Operation::Update {
            write!(f, " using {}", self.api_version)?;
        }
        Ok(())
    }
}

impl Managers {
    /// Reads `metadata.managedFields`; none if that can't be read.
    pub(super) fn of(entries: &Value) -> Option<Self> {
        let mut managers = BTreeMap::new();
        for entry in entries.as_array().into_iter().flatten() {
            let text = |field| meta::text(entry, &[field]).to_owned();
            let operation = match meta::text(entry, &["operation"]) {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return None,
            };
            let manager = Manager {
                operation,
                name: text("manager"),
                api_version: text("apiVersion"),
                part: if text("subresource").is_empty() { Part::Main } else { Part::Status },
            };
            if text("fieldsType") != "FieldsV1" || manager.api_version.is_empty() {
                return None;
            }
            let none = entry["fieldsV1"].is_null();
            let fields =
                if none { Fields::default() } else { Fields::from_json(&entry["fieldsV1"])? };
            if fields.is_empty() {
                continue;
            }
            let held = Held { fields, time: text("time"), api_version: text("apiVersion") };
            managers.insert(manager.identity(), held);
        }
        Some(Self(managers))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All managers but one, with what each owns.
    pub(super) fn others(&self, but: &Manager) -> impl Iterator<Item = (&Manager, &Fields)> {
        let but = but.identity();
        let others = self.0.iter().filter(move |(manager, _)| **manager != but);
        others.map(|(manager, held)| (manager, &held.fields))
    }

    /// What anybody owns.
    pub(super) fn all(&self) -> Fields {
        self.0.values().fold(Fields::default(), |all, held| all.or(held.fields.clone()))
    }

    /// What a manager owns.
    pub(super) fn fields(&self, manager: &Manager) -> Fields {
        self.0.get(&manager.identity()).map(|held| held.fields.clone()).unwrap_or_default()
    }

    /// Has a manager own these; one that owns nothing is forgotten.
    pub(super) fn set(&mut self, manager: &Manager, fields: Fields) {
        if fields.is_empty() {
            self.0.remove(&manager.identity());
            return;
        }
        let held = self.0.entry(manager.identity()).or_default();
        held.fields = fields;
        held.api_version.clone_from(&manager.api_version);
    }

    /// Takes these fields from all but one manager.
    pub(super) fn take(&mut self, fields: &Fields, but: Option<&Manager>) {
        let but = but.map(Manager::identity);
        for (manager, held) in &mut self.0 {
            if Some(manager) != but.as_ref() {
                held.fields = held.fields.but(fields);
            }
        }
        self.0.retain(|_, held| !held.fields.is_empty());
    }

    pub(super) fn touch(&mut self, manager: &Manager, now: Timestamp) {
        if let Some(held) = self.0.get_mut(&manager.identity()) {
            held.time = meta::moment(now);
        }
    }

    /// The same, but a manager has the time that it had: who has changed nothing did so at no time.
    pub(super) fn with_time_of(mut self, manager: &Manager, before: &Self) -> Self {
        if let Some(held) = self.0.get_mut(&manager.identity()) {
            let was = before.0.get(&manager.identity());
            held.time = was.map(|held| held.time.clone()).unwrap_or_default();
        }
        self
    }

    /// Puts the oldest of those that update together, if there are too many.
    pub(super) fn cap(&mut self) {
        let mut updaters: Vec<Manager> =
            self.0.keys().filter(|it| it.operation == Operation::Update).cloned().collect();
        let Some(over) = updaters.len().checked_sub(MOST_UPDATERS).filter(|over| *over > 0) else {
            return;
        };
        updaters.sort_by_cached_key(|it| (self.0[it].time.clone(), it.clone()));
        for old in updaters.into_iter().take(over + 1) {
            let Some(held) = self.0.remove(&old) else { continue };
            let ancient = Manager { name: ANCIENT.to_owned(), part: Part::Main, ..old };
            let together = self.fields(&ancient).or(held.fields);
            self.set(&ancient, together);
            if let Some(ancient) = self.0.get_mut(&ancient.identity()) {
                ancient.time = held.time;
            }
        }
    }

    /// As `metadata.managedFields`; null if there are none.
    pub(super) fn to_json(&self) -> Value {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_by_key(|(manager, held)| {
            (manager.operation, &held.time, &manager.name, &held.api_version, manager.part)
        });
        let entry = |(manager, held): (&Manager, &Held)| {
            let mut entry = Map::new();
            let mut put = |name: &str, value: &str| {
                if !value.is_empty() {
                    entry.insert(name.to_owned(), value.into());
                }
            };
            put("manager", &manager.name);
            put(
                "operation",
                match manager.operation {
                    Operation::Apply => "Apply",
                    Operation::Update => "Update",
                },
            );
            put("apiVersion", &held.api_version);
            put("time", &held.time);
            put("fieldsType", "FieldsV1");
            put("subresource", subresource(manager.part));
            entry.insert("fieldsV1".to_owned(), held.fields.to_json());
            Value::Object(entry)
        };
        if entries.is_empty() {
            Value::Null
        } else {
            json!(entries.into_iter().map(entry).collect::<Vec<_>>())
        }
    }
}

const fn subresource(part: Part) -> &'static str {
    match part {
        Part::Main => "",
        Part::Status => "status",
    }
}
