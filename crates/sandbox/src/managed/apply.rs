//! Server-side apply.

use super::{
    Manager, NOBODYS, config,
    fields::Fields,
    ignored,
    managers::{Managers, Operation},
    schema, walk,
};
use crate::{kind::Kind, meta, status::Status};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who owns what nobody was noted for.
const BEFORE: &str = "before-first-apply";
/// The manager that may take over what it has applied at the client before.
const KUBECTL: &str = "kubectl";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Something that somebody applies to an object.
#[derive(Debug)]
pub(crate) struct Application<'a> {
    pub(crate) kind: &'static Kind,
    pub(crate) config: &'a Value,
    pub(crate) by: &'a Manager,
    /// Takes what others own.
    pub(crate) force: bool,
}

impl Application<'_> {
    /// What an object becomes by it, with its managers; `live` has the form of the kind's group.
    pub(crate) fn to(&self, live: Option<&Value>) -> Result<Value, Status> {
        let nothing = json!({ "metadata": {} });
        let was = live.unwrap_or(&nothing);
        let (of, ignored) = (schema(self.kind), ignored(self.kind, self.by.part));
        let wanted = config::fields(self.config, of).map_err(|why| {
            Status::failure(format!(
                "failed to create typed patch object {}: {why}",
                self.subject()
            ))
        })?;
        let wanted = wanted.outside(&ignored);

        let former = super::known(was);
        let mut managers = former.clone();
        if managers.is_empty() && live.is_some() {
            let before = Manager {
                operation: Operation::Update,
                name: BEFORE.to_owned(),
                ..self.by.clone()
            };
            let all = walk::compare(&nothing, was, of).set;
            managers.set(&before, all.outside(&ignored).but(&NOBODYS));
            managers.touch(&before, Timestamp::now());
        }
        let last = managers.fields(self.by);
        // What it is known by is nobody's, but does not go either.
        managers.set(self.by, wanted.clone());
        let mut merged = walk::merge(was, &config::with_texts(self.config, of), of);
        super::take(&mut merged);
        let mut new = prune(merged, &managers, &last, of);
        managers.set(self.by, wanted.but(&NOBODYS));

        let found = walk::compare(was, &new, of);
        let set = found.set.outside(&ignored);
        if !self.force {
            self.refuse(&managers, &set, was)?;
        }
        managers.take(&set, Some(self.by));
        managers.take(&found.gone.outside(&ignored), Some(self.by));
        if managers != former || !found.set.is_empty() || !found.gone.is_empty() {
            managers.touch(self.by, Timestamp::now());
        }
        self.follow_up(&mut new);
        meta::set(&mut new, super::FIELD, managers.to_json());
        Ok(new)
    }

    /// Whether somebody else owns what would change.
    fn refuse(&self, managers: &Managers, set: &Fields, live: &Value) -> Result<(), Status> {
        let is_kubectl = self.by.name == KUBECTL;
        let set = if is_kubectl { &set.but(&self.applied_before(live)) } else { set };
        let mut conflicts: Vec<(String, Vec<String>)> = managers
            .others(self.by)
            .map(|(manager, fields)| (manager.to_string(), fields.and(set).paths()))
            .filter(|(_, paths)| !paths.is_empty())
            .collect();
        conflicts.sort();
        if conflicts.is_empty() { Ok(()) } else { Err(Status::managed_by_others(&conflicts)) }
    }

    /// What kubectl has applied at the client, and nobody has changed since.
    fn applied_before(&self, live: &Value) -> Fields {
        let of = schema(self.kind);
        let text = meta::text(live, &["metadata", "annotations", LAST_APPLIED]);
        let Ok(last) = serde_json::from_str::<Value>(text) else { return Fields::default() };
        let differs = walk::compare(live, &last, of);
        config::known(&last, of).but(&differs.set).but(&differs.gone)
    }

    /// Who applies at the client again later is to find what was applied last.
    fn follow_up(&self, new: &mut Value) {
        let annotations = new.pointer_mut("/metadata/annotations");
        if self.by.name == KUBECTL
            && let Some(last) = annotations.and_then(|all| all.get_mut(LAST_APPLIED))
            && last != ""
        {
            *last = format!("{}\n", self.config).into();
        }
    }

    /// What it is about, as messages have it.
    pub(crate) fn subject(&self) -> String {
        let (namespace, name) = (meta::namespace(self.config), meta::name(self.config));
        let Kind { group, version, name: kind, .. } = self.kind;
        format!("({namespace}/{name}; {group}/{version}, Kind={kind})")
    }
}

/// What was applied last and is not any more goes, unless somebody owns it.
fn prune(merged: Value, managers: &Managers, last: &Fields, of: &'static Value) -> Value {
    if last.is_empty() {
        return merged;
    }
    let whole = |fields: &Fields| walk::with_parents(fields, of);
    let left_of = |fields: &Fields| walk::without(&merged, fields, of);
    let has = |value: &Value| whole(&config::known(value, of));
    let (all, last) = (has(&merged), whole(last));
    let owned = managers.all();
    // What was applied last, but for what is owned now.
    let kept = has(&left_of(&last)).or(whole(&owned));
    let kept = has(&left_of(&all.but(&kept)));
    // Of what that would take along, only what was applied last goes.
    left_of(&all.but(&kept).and(&last))
}
