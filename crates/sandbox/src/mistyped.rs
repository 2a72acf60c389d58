//! What is of the wrong type in a body, in the words of the real server, which is written in Go.

use crate::{kind::Kind, openapi::schemas};
use serde_json::Value;

/// Texts of Services that have a type of their own.
const NAMED: &[(&str, &str)] = &[
    ("ServiceSpec.externalTrafficPolicy", "v1.ServiceExternalTrafficPolicy"),
    ("ServiceSpec.internalTrafficPolicy", "v1.ServiceInternalTrafficPolicy"),
    ("ServiceSpec.ipFamilyPolicy", "v1.IPFamilyPolicy"),
    ("ServiceSpec.sessionAffinity", "v1.ServiceAffinity"),
    ("ServiceSpec.type", "v1.ServiceType"),
    ("ServicePort.protocol", "v1.Protocol"),
];

/// The first mistyped field of a body; none if this can't tell.
pub(crate) fn first(kind: &Kind, body: &Value) -> Option<String> {
    of_struct(&crate::openapi::schema_name(kind), body, "")
}

fn of_struct(name: &str, value: &Value, path: &str) -> Option<String> {
    let schema = schemas::named(name)?;
    let short = name.rsplit('.').next().unwrap_or_default();
    let properties = schema["properties"].as_object()?;
    properties.iter().find_map(|(field, property)| {
        let value = value.get(field).filter(|value| !value.is_null())?;
        let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
        let at = At { owner: short, field, path: &path };
        of_property(property, value, &at)
    })
}

/// A field of a struct.
struct At<'a> {
    owner: &'a str,
    field: &'a str,
    path: &'a str,
}

fn of_property(property: &Value, value: &Value, at: &At<'_>) -> Option<String> {
    if let Some(name) = schemas::referred(property) {
        let schema = schemas::named(name)?;
        return match schema["type"].as_str() {
            Some("object") if value.is_object() => of_struct(name, value, at.path),
            Some("object") => Some(at.tell(value, &go_name(name))),
            _ => None,
        };
    }
    let is = match property["type"].as_str()? {
        "array" => {
            let Some(list) = value.as_array() else {
                return Some(at.tell(value, &at.go_type(property)));
            };
            return list.iter().find_map(|item| of_property(&property["items"], item, at));
        }
        "object" => value.is_object(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => true,
    };
    (!is).then(|| at.tell(value, &at.go_type(property)))
}

impl At<'_> {
    fn tell(&self, value: &Value, go_type: &str) -> String {
        let what = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            // The number is told where another number would do.
            Value::Number(number) if go_type.starts_with("int") => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        let (owner, path) = (self.owner, self.path);
        format!(
            "json: cannot unmarshal {what} into Go struct field {owner}.{path} of type {go_type}"
        )
    }

    fn go_type(&self, property: &Value) -> String {
        let full = format!("{}.{}", self.owner, self.field);
        if let Some((_, named)) = NAMED.iter().find(|(field, _)| *field == full) {
            return (*named).to_owned();
        }
        if let Some(name) = schemas::referred(property) {
            return go_name(name);
        }
        match (property["type"].as_str().unwrap_or_default(), property["format"].as_str()) {
            ("array", _) => format!("[]{}", self.go_type(&property["items"])),
            ("object", _) => "map[string]string".to_owned(),
            ("boolean", _) => "bool".to_owned(),
            ("integer", Some(format)) => format.to_owned(),
            ("integer", None) => "int32".to_owned(),
            (other, _) => other.to_owned(),
        }
    }
}

/// `v1.ServicePort` for `io.k8s.api.core.v1.ServicePort`.
fn go_name(name: &str) -> String {
    let mut parts = name.rsplit('.');
    let (last, package) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{package}.{last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Resource;
    use serde_json::json;

    #[test]
    fn the_first_mistyped_field_is_told_with_its_type() {
        for (spec, told) in [
            (json!({ "ports": [{ "port": "80" }] }), "string … ServicePort.spec.ports.port int32"),
            (
                json!({ "ports": [{ "port": 8.5 }] }),
                "number 8.5 … ServicePort.spec.ports.port int32",
            ),
            (json!({ "ports": {} }), "object … ServiceSpec.spec.ports []v1.ServicePort"),
            (json!({ "type": 7 }), "number … ServiceSpec.spec.type v1.ServiceType"),
            (json!({ "selector": [] }), "array … ServiceSpec.spec.selector map[string]string"),
            (json!({ "ports": [{ "port": 80, "targetPort": "http" }] }), ""),
        ] {
            let found = first(Kind::of(Resource::Services), &json!({ "spec": spec }));
            let found = found.unwrap_or_default();
            let short = found
                .replace("json: cannot unmarshal ", "")
                .replace("into Go struct field", "…")
                .replace("of type ", "");
            assert_eq!(short, told);
        }
    }
}
