//! Nodes.

use super::{Checked, found};
use crate::{invalid::Cause, meta};
use serde_json::{Value, json};

pub(crate) fn create(object: &mut Value) -> Checked {
    super::default(object, "spec", json!({}));
    found(taints(object))
}

pub(crate) fn update(object: &mut Value, old: &Value) -> Checked {
    super::default(object, "spec", json!({}));
    let mut causes = taints(object);
    for field in ["providerID", "podCIDRs"] {
        let (now, was) = (&object["spec"][field], meta::at(old, &["spec", field]));
        if !was.is_null() && now != was {
            if field == "providerID" {
                let why = "node updates may not change providerID except from \"\" to valid";
                causes.push(Cause::forbidden("spec.providerID", why));
                continue;
            }
            let why = "node updates may only change labels, taints, or capacity (or configSource, \
                       if the DynamicKubeletConfig feature gate is enabled)";
            causes.push(Cause::forbidden(format!("spec.{field}"), why));
        }
    }
    found(causes)
}

fn taints(object: &Value) -> Vec<Cause> {
    let taints = meta::at(object, &["spec", "taints"]).as_array().into_iter().flatten();
    let mut causes = Vec::new();
    for (i, taint) in taints.enumerate() {
        // The real server names the wrong place as well.
        let field = |field: &str| format!("metadata.taints[{i}].{field}");
        let effect = meta::text(taint, &["effect"]);
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        if effect.is_empty() {
            causes.push(Cause::required(field("effect"), ""));
        } else if !known.contains(&effect) {
            causes.push(Cause::unsupported(field("effect"), effect, &known));
        }
        let key = meta::text(taint, &["key"]);
        if let Err(why) = crate::names::qualified(key) {
            causes.push(Cause::invalid(field("key"), key, &why));
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taint_is_told_where_the_real_server_tells_it() {
        let mut node = json!({ "spec": { "taints": [{ "key": "a", "effect": "Bad" }] } });
        let causes = create(&mut node).unwrap_err();
        assert!(causes[0].to_string().starts_with("metadata.taints[0].effect: Unsupported value"));
    }
}
