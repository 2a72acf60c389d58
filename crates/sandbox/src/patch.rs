//! The patches that the API takes, applied to the object as it is.

mod schema;
mod strategic;

use crate::{document::Document, kind::Resource, status::Status};
use json_patch::PatchOperation;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The operations that a JSON patch may have, as many as the real server takes.
const OPERATIONS: usize = 10_000;

/// The bytes that a JSON patch may copy, in all: as with the real server, those of the largest body.
const COPIED: usize = 3 << 20;

/// A patch, read but not yet applied.
#[derive(Clone, Debug)]
pub(crate) enum Patch {
    Merge(Value),
    Strategic(Value),
    Json(json_patch::Patch),
}

impl Patch {
    /// Reads a body by its media type; of the document, only what is there twice is left.
    pub(crate) fn parse(media: &str, body: &[u8]) -> Result<(Self, Document), Status> {
        let object = || read(body, "map[string]interface {}");
        match media {
            "application/merge-patch+json" => {
                object().map(|(patch, document)| (Self::Merge(Value::Object(patch)), document))
            }
            "application/strategic-merge-patch+json" => {
                object().map(|(patch, document)| (Self::Strategic(Value::Object(patch)), document))
            }
            "application/json-patch+json" => {
                let (patch, document) = read(body, "[]handlers.jsonPatchOp")?;
                Ok((Self::Json(patch), document.retold(|told| format!("json patch {told}"))))
            }
            _ => Err(Status::unsupported_media("415: Unsupported Media Type")),
        }
    }

    /// The object after the patch.
    pub(crate) fn apply(&self, resource: Resource, current: &Value) -> Result<Value, Status> {
        let mut patched = current.clone();
        match self {
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Strategic(patch) => {
                strategic::merge(&mut patched, patch, schema::of(resource))
                    .map_err(Status::failure)?;
            }
            Self::Json(patch) => {
                operate(&mut patched, patch)?;
            }
        }
        if patched.is_object() {
            Ok(patched)
        } else {
            Err(Status::bad_request("the patch leaves no object"))
        }
    }
}

/// Does one operation after the other. Copies of copies would soon take all memory.
fn operate(object: &mut Value, patch: &json_patch::Patch) -> Result<(), Status> {
    if patch.len() > OPERATIONS {
        return Err(Status::too_many_operations(OPERATIONS, patch.len()));
    }
    let mut copied = 0;
    for operation in &patch.0 {
        if let PatchOperation::Copy(copy) = operation {
            copied += object.pointer(copy.from.as_str()).map_or(0, |from| from.to_string().len());
        }
        let done =
            copied <= COPIED && json_patch::patch(object, std::slice::from_ref(operation)).is_ok();
        if !done {
            return Err(Status::unfit_patch());
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(body: &[u8], wanted: &str) -> Result<(T, Document), Status> {
    let undecoded = |error| undecoded(&error, body, wanted);
    let mut document = Document::json(body).map_err(undecoded)?;
    let patch = serde_json::from_value(document.value.take()).map_err(undecoded)?;
    Ok((patch, document))
}

/// Why a patch could not be read, in the words of the real server.
fn undecoded(error: &serde_json::Error, body: &[u8], wanted: &str) -> Status {
    let why = match serde_json::from_slice::<Value>(body) {
        Err(_) if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Ok(Value::Array(_)) => {
            format!("json: cannot unmarshal array into Go value of type {wanted}")
        }
        Ok(Value::Object(_)) => {
            format!("json: cannot unmarshal object into Go value of type {wanted}")
        }
        Ok(Value::String(_)) => {
            format!("json: cannot unmarshal string into Go value of type {wanted}")
        }
        Ok(_) | Err(_) => error.to_string(),
    };
    Status::bad_request(format!("error decoding patch: {why}"))
}
