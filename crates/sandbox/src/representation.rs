//! The forms in which objects are answered: whole, metadata only, or rows of a table.

use crate::{
    door,
    invalid::Cause,
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
    Metadata(Version),
    /// `PartialObjectMetadataList`.
    MetadataList(Version),
    /// `Table`, with the columns that kubectl prints.
    Table(Include, Version),
}

/// What each row of a table carries besides its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

/// A version of `meta.k8s.io`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V1Beta1,
}

impl Version {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }

    fn parse(text: Option<&str>) -> Option<Self> {
        match text {
            Some("v1") | None => Some(Self::V1),
            Some("v1beta1") => Some(Self::V1Beta1),
            Some(_) => None,
        }
    }
}

impl Form {
    /// The form that `Accept` wants most, of those that the sandbox has.
    pub(crate) fn of(call: &Call) -> Result<Self, Status> {
        accepted(call).map(|(form, _)| form)
    }

    /// Refuses the form of a list for one object.
    pub(crate) fn fits_one(self, kind: &Kind) -> Result<(), Status> {
        match self {
            Self::MetadataList(_) => Err(unfit(&format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list \
                 (*{})",
                internal(kind)
            ))),
            Self::Whole | Self::Metadata(_) | Self::Table(..) => Ok(()),
        }
    }

    /// Refuses the form of one object for a list.
    pub(crate) fn fits_list(self, kind: &Kind) -> Result<(), Status> {
        match self {
            Self::Metadata(_) => Err(unfit(&format!(
                "you requested PartialObjectMetadata, but the requested object is a list (*{}List)",
                internal(kind)
            ))),
            Self::Whole | Self::MetadataList(_) | Self::Table(..) => Ok(()),
        }
    }
}

/// Whether the answer is to be YAML.
pub(crate) fn is_yaml(call: &Call) -> bool {
    accepted(call).is_ok_and(|(_, is_yaml)| is_yaml)
}

/// The form that `Accept` wants most, and whether as YAML.
fn accepted(call: &Call) -> Result<(Form, bool), Status> {
    const JSON: &str = "application/json";
    const YAML: &str = "application/yaml";
    const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
    if call.accept.trim().is_empty() {
        return Ok((Form::Whole, false));
    }
    let mut wanted: Vec<Clause<'_>> = call.accept.split(',').map(Clause::parse).collect();
    let is_there = |media: &str| wanted.iter().any(|clause| clause.media == media);
    let has_protobuf = is_there(PROTOBUF);
    if ![JSON, YAML, PROTOBUF, "*/*"].into_iter().any(is_there) {
        let mut refusal = unfit(&format!(
            "406: Not Acceptable\n\nAvailable representations: {JSON}, {YAML}, {PROTOBUF}"
        ));
        refusal.details = json!({});
        return Err(refusal);
    }
    wanted.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    for clause in &wanted {
        let is_yaml = clause.media == YAML;
        if !is_yaml && ![JSON, "application/*", "*/*"].contains(&clause.media) {
            continue;
        }
        let Some(version) = Version::parse(clause.parameter("v")) else {
            if clause.parameter("as").is_none() {
                return Ok((Form::Whole, is_yaml));
            }
            continue;
        };
        let form = match clause.parameter("as") {
            None => Form::Whole,
            Some("Table") => Form::Table(include(call)?, version),
            Some("PartialObjectMetadata") => Form::Metadata(version),
            Some("PartialObjectMetadataList") => Form::MetadataList(version),
            Some(_) => continue,
        };
        return Ok((form, is_yaml));
    }
    if has_protobuf {
        return Err(Status::absent("protobuf; accept application/json"));
    }
    Err(Status::not_acceptable(&[JSON, YAML, PROTOBUF].join(", ")))
}

/// One of the media that a client takes.
struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let mut clause = Self {
            media,
            parameters: parts.filter_map(|part| part.split_once('=')).collect(),
            quality: 1.0,
        };
        if let Some(quality) = clause.parameter("q").and_then(|quality| quality.parse().ok()) {
            clause.quality = quality;
        }
        clause
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// `core.Service`: what the real server calls the type inside.
fn internal(kind: &Kind) -> String {
    let package = match kind.group {
        "coordination.k8s.io" => "coordination",
        "discovery.k8s.io" => "discovery",
        _ => "core",
    };
    format!("{package}.{}", kind.name)
}

/// What can't be answered in the form that was asked for.
fn unfit(why: &str) -> Status {
    Status { message: why.to_owned(), ..Status::not_acceptable("") }
}

fn include(call: &Call) -> Result<Include, Status> {
    match call.query.text("includeObject") {
        "" | "Metadata" => Ok(Include::Metadata),
        "None" => Ok(Include::None),
        "Object" => Ok(Include::Object),
        other => {
            let why = "must be 'Metadata', 'Object', 'None', or empty";
            let cause = Cause::invalid("includeObject", other, why);
            Err(Status::bad_request(format!("Unable to convert to Table as requested: {cause}")))
        }
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
        Form::Metadata(version) | Form::MetadataList(version) => {
            encode(&metadata(object.value(), version))
        }
        Form::Table(include, version) => {
            let objects = [object];
            encode(&table::of(kind, &objects, object.revision(), (include, version), headers))
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
        Form::Metadata(version) | Form::MetadataList(version) => {
            head("PartialObjectMetadata", version.name()).into_bytes()
        }
        Form::Table(include, version) => {
            let objects: Vec<&Object> = objects.iter().map(AsRef::as_ref).collect();
            let mut table = table::of(kind, &objects, revision, (include, version), true);
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
            Form::Metadata(version) | Form::MetadataList(version) => {
                out.extend(encode(&metadata(object.value(), version)));
            }
            Form::Table(..) => {}
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
pub(crate) fn metadata(stored: &Value, version: Version) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": version.name(),
        "metadata": stored["metadata"],
    })
}

/// JSON bytes of a value; a `Value` always has them.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
