//! The forms in which objects are answered: whole, metadata only, or rows of a table.

use crate::{
    door,
    kind::Kind,
    pages::Page,
    request::Call,
    status::Status,
    store::object::{Object, append_typed},
    table,
};
use serde_json::{Value, json};

/// The form that a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The objects themselves.
    Whole,
    /// `PartialObjectMetadata`.
    Metadata,
    /// `Table`, with the columns that kubectl prints.
    Table(Include),
}

/// What each row of a table carries besides its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

impl Form {
    /// The first form in `Accept` that the sandbox has.
    pub(crate) fn of(call: &Call) -> Result<Self, Status> {
        let accept = call.accept.trim();
        if accept.is_empty() {
            return Ok(Self::Whole);
        }
        let mut protobuf_only = true;
        for media in accept.split(',') {
            let mut parts = media.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            protobuf_only &= media.contains("protobuf");
            if !["application/json", "application/*", "*/*"].contains(&media) {
                continue;
            }
            let parameter = |name: &str| {
                let prefix = format!("{name}=");
                parts.clone().find_map(|part| part.strip_prefix(&prefix).map(str::to_owned))
            };
            match (parameter("as").as_deref(), parameter("v").as_deref()) {
                (None, _) => return Ok(Self::Whole),
                (Some("Table"), Some("v1") | None) => return Ok(Self::Table(include(call)?)),
                (
                    Some("PartialObjectMetadata" | "PartialObjectMetadataList"),
                    Some("v1") | None,
                ) => {
                    return Ok(Self::Metadata);
                }
                _ => {}
            }
        }
        if protobuf_only {
            return Err(Status::absent("protobuf; accept application/json"));
        }
        Err(Status::not_acceptable("application/json"))
    }
}

fn include(call: &Call) -> Result<Include, Status> {
    match call.query.text("includeObject") {
        "" | "Metadata" => Ok(Include::Metadata),
        "None" => Ok(Include::None),
        "Object" => Ok(Include::Object),
        other => Err(Status::bad_request(format!("unrecognized includeObject value: \"{other}\""))),
    }
}

/// One object as the body of an answer, or inside of a watch event.
///
/// `headers` says whether a table tells its columns.
pub(crate) fn one(kind: &Kind, object: &Object, form: Form, headers: bool) -> Vec<u8> {
    match form {
        Form::Whole if kind.is_new_event() => encode(&whole(kind, object.value())),
        Form::Whole => {
            let mut out = Vec::with_capacity(object.json().len() + 64);
            append_typed(&mut out, kind, object.json());
            out
        }
        Form::Metadata => encode(&metadata(object.value())),
        Form::Table(include) => {
            let objects = [object];
            encode(&table::of(kind, &objects, object.revision(), include, headers))
        }
    }
}

/// A list as the body of an answer.
pub(crate) fn list(kind: &Kind, page: &Page, form: Form) -> Vec<u8> {
    let (objects, revision) = (&page.objects, page.revision);
    let more = if page.token.is_empty() {
        String::new()
    } else {
        let count = page.remaining.map(|count| format!(r#","remainingItemCount":{count}"#));
        format!(r#","continue":"{}"{}"#, page.token, count.unwrap_or_default())
    };
    let head = |kind: &str, version: &str| {
        format!(
            r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":{{"resourceVersion":"{revision}"{more}}},"items":["#
        )
    };
    let mut out = match form {
        Form::Whole => head(kind.name, &kind.api_version()).into_bytes(),
        Form::Metadata => head("PartialObjectMetadata", "meta.k8s.io/v1").into_bytes(),
        Form::Table(include) => {
            let objects: Vec<&Object> = objects.iter().map(AsRef::as_ref).collect();
            let mut table = table::of(kind, &objects, revision, include, true);
            if !page.token.is_empty() {
                table["metadata"]["continue"] = page.token.clone().into();
                if let Some(count) = page.remaining {
                    table["metadata"]["remainingItemCount"] = count.into();
                }
            }
            return encode(&table);
        }
    };
    for (i, object) in objects.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        match form {
            Form::Whole if kind.is_new_event() => {
                let mut value = object.value().clone();
                door::outward(kind, &mut value);
                out.extend(encode(&value));
            }
            Form::Whole => out.extend_from_slice(object.json()),
            Form::Metadata => out.extend(encode(&metadata(object.value()))),
            Form::Table(_) => {}
        }
    }
    out.extend_from_slice(b"]}");
    out
}

/// The object in the form of the request's group, with its kind.
pub(crate) fn whole(kind: &Kind, stored: &Value) -> Value {
    let mut value = stored.clone();
    door::outward(kind, &mut value);
    value["kind"] = kind.name.into();
    value["apiVersion"] = kind.api_version().into();
    value
}

/// The object's metadata alone.
pub(crate) fn metadata(stored: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": stored["metadata"],
    })
}

/// JSON bytes of a value; a `Value` always has them.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
