//! Attributes, as the annotations name them.

mod table;

use std::collections::btree_map::Entry;

use seaway_core::setting::Note;
use seaway_core::{LbSpec, Protocol, ProviderError};

use self::table::{OF_BALANCER, OF_GROUP, Table};
use super::keys::{
    ACCESS_LOG_BUCKET, ACCESS_LOG_ENABLED, ACCESS_LOG_PREFIX, ATTRIBUTES,
    CROSS_ZONE as CROSS_ZONE_KEY, TARGET_GROUP_ATTRIBUTES,
};
use super::note::{pairs, switch};
use crate::api::Attributes;

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const LOGS: &str = "access_logs.s3.enabled";
const BUCKET: &str = "access_logs.s3.bucket";
const PREFIX: &str = "access_logs.s3.prefix";
const PRESERVE: &str = "preserve_client_ip.enabled";
const STICKY: &str = "stickiness.enabled";
const RESET: &str = "target_health_state.unhealthy.connection_termination.enabled";
const DRAIN: &str = "target_health_state.unhealthy.draining_interval_seconds";

/// The attributes of the load balancer: the list, and the annotations that stand for one each.
pub(super) fn of_balancer(spec: &LbSpec) -> Result<Attributes, ProviderError> {
    let mut all = listed(spec, ATTRIBUTES, &OF_BALANCER)?;
    let switches = [(CROSS_ZONE_KEY, CROSS_ZONE), (ACCESS_LOG_ENABLED, LOGS)];
    for (note, name) in
        switches.into_iter().filter_map(|(key, name)| Some((Note::find(spec, key)?, name)))
    {
        let on = switch(note)?;
        merge(&mut all, note, name, on.to_string())?;
    }
    let are_logged = all.get(LOGS).map(|on| on == "true");
    for (key, name) in [(ACCESS_LOG_BUCKET, BUCKET), (ACCESS_LOG_PREFIX, PREFIX)] {
        let Some(note) = Note::find(spec, key) else { continue };
        if let Err(remedy) = OF_BALANCER.allows(name, note.value) {
            return Err(note.wrong(remedy));
        }
        match are_logged {
            Some(true) => merge(&mut all, note, name, note.value.to_owned())?,
            // Where the logs would go may stay while they are off.
            Some(false) => {}
            None => {
                let why = format!("nothing is logged without {ACCESS_LOG_ENABLED}; add it");
                return Err(note.against(why));
            }
        }
    }
    if are_logged == Some(true) && !all.contains_key(BUCKET) {
        let asking =
            [ACCESS_LOG_ENABLED, ATTRIBUTES].into_iter().find_map(|key| Note::find(spec, key));
        if let Some(note) = asking {
            return Err(note.against(format!("the logs need a bucket; add {ACCESS_LOG_BUCKET}")));
        }
    }
    Ok(all)
}

/// The attributes of the target groups.
pub(super) fn of_groups(spec: &LbSpec) -> Result<Attributes, ProviderError> {
    listed(spec, TARGET_GROUP_ATTRIBUTES, &OF_GROUP)
}

/// Refuses what AWS does not take together, or for what the Service serves.
pub(super) fn check_groups(
    spec: &LbSpec,
    attributes: &Attributes,
    tls: bool,
) -> Result<(), ProviderError> {
    let Some(note) = Note::find(spec, TARGET_GROUP_ATTRIBUTES) else { return Ok(()) };
    let is = |name: &str, value: &str| attributes.get(name).is_some_and(|it| it == value);
    let refuse = |why: String| Err(note.against(why));
    if let Some(port) = spec.ports.iter().find(|port| port.protocol == Protocol::Udp) {
        if is(PRESERVE, "false") {
            return refuse(format!(
                "{PRESERVE} can't be false with UDP, and port {port} is; remove it"
            ));
        }
        if is(RESET, "true") {
            return refuse(format!(
                "{RESET} can't be true with UDP, and port {port} is; remove it"
            ));
        }
    }
    if is(STICKY, "true") && tls {
        return refuse(format!("{STICKY} can't be true with TLS listeners; remove it"));
    }
    if is(STICKY, "false") && spec.affinity.is_some() {
        return refuse(format!(
            "{STICKY} is false, and sessionAffinity is ClientIP; remove one of the two"
        ));
    }
    if is(RESET, "true") && attributes.get(DRAIN).is_some_and(|interval| interval != "0") {
        return refuse(format!("{DRAIN} needs {RESET}=false"));
    }
    Ok(())
}

/// The pairs of the annotation at `key`, each in `table`.
fn listed(spec: &LbSpec, key: &'static str, table: &Table) -> Result<Attributes, ProviderError> {
    let Some(note) = Note::find(spec, key) else { return Ok(Attributes::new()) };
    let pairs = pairs(note)?;
    for (name, value) in &pairs {
        if let Err(remedy) = table.allows(name, value) {
            return Err(note.wrong_item(&format!("{name}={value}"), remedy));
        }
    }
    Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn merge(
    all: &mut Attributes,
    note: Note<'_>,
    name: &str,
    value: String,
) -> Result<(), ProviderError> {
    match all.entry(name.to_owned()) {
        Entry::Occupied(other) if *other.get() != value => Err(note
            .against(format!("{ATTRIBUTES} says {name}={}; remove one of the two", other.get()))),
        Entry::Occupied(_) => Ok(()),
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
    }
}
