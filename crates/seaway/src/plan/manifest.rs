use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::files;

/// No manifest is as long as this.
const LONGEST: u64 = 64 << 20;

/// Reads every object of some manifests. `-` is stdin.
pub(super) fn read(paths: &[impl AsRef<Path>]) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let path = path.as_ref();
        let name = path.display();
        let text = if path == Path::new("-") {
            files::read_from(std::io::stdin(), LONGEST).context("can't read stdin")?
        } else {
            files::read(path, LONGEST).with_context(|| format!("can't read the manifest {name}"))?
        };
        let fresh = parse(&text).with_context(|| format!("in the manifest {name}"))?;
        for object in &fresh {
            if !seen.insert(identity(object)) {
                let (kind, at, name) = identity(object);
                let what = if at.is_empty() { name } else { format!("{at}/{name}") };
                bail!("the manifests have the {kind} {what} twice; which one is meant?");
            }
        }
        objects.extend(fresh);
    }
    Ok(objects)
}

/// The objects of a manifest, with those of its lists.
fn parse(text: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let mut objects = Vec::new();
    for document in documents {
        unfold(document, &mut objects)?;
    }
    Ok(objects)
}

/// Takes lists apart, down to objects with a kind and a name.
fn unfold(mut document: Value, objects: &mut Vec<Value>) -> Result<()> {
    if document.is_null() {
        return Ok(());
    }
    let Some(kind) = document["kind"].as_str().map(str::to_owned) else {
        bail!("a document has no `kind`");
    };
    if let Some(kind) = kind.strip_suffix("List") {
        let items = match document["items"].take() {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                bail!("the `items` of a {kind}List are no list")
            }
        };
        for mut item in items {
            // In a list of one kind the items do not say theirs.
            if item["kind"].is_null() && !kind.is_empty() && item.is_object() {
                item["kind"] = kind.into();
            }
            unfold(item, objects)?;
        }
        return Ok(());
    }
    if document["metadata"]["name"].as_str().is_none_or(str::is_empty) {
        bail!("a {kind} has no `metadata.name`");
    }
    objects.push(document);
    Ok(())
}

/// Kind, namespace and name.
fn identity(object: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let namespace = match (object["kind"].as_str(), &object["metadata"]["namespace"]) {
        (Some("Node" | "Namespace"), _) => String::new(),
        (_, Value::Null) => "default".to_owned(),
        (_, namespace) => text(namespace),
    };
    (text(&object["kind"]), namespace, text(&object["metadata"]["name"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, String, String)> {
        parse(text).unwrap().iter().map(identity).collect()
    }

    fn refused(text: &str, parts: &[&str]) {
        let error = format!("{:#}", parse(text).unwrap_err());
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }

    #[test]
    fn lists_are_taken_apart() {
        let web = [("Service".to_owned(), "default".to_owned(), "web".to_owned())];
        let item = r#"{"kind":"Service","metadata":{"name":"web"}}"#;
        assert_eq!(names(item), web);
        assert_eq!(names(&format!(r#"{{"kind":"List","items":[{item}]}}"#)), web);
        let bare = r#"{"kind":"ServiceList","items":[{"metadata":{"name":"web"}}]}"#;
        assert_eq!(names(bare), web);
        assert!(names("kind: List\nitems: []\n").is_empty());
        assert!(names("---\n---\n").is_empty());
    }

    #[test]
    fn what_has_no_kind_or_name_is_told() {
        refused("name: web\n", &["no `kind`"]);
        refused("kind: Service\n", &["Service", "metadata.name"]);
        refused("kind: Service\nmetadata:\n", &["Service", "metadata.name"]);
        refused("kind: ServiceList\nitems: web\n", &["items"]);
        refused("kind: ServiceList\nitems: [{}]\n", &["Service", "metadata.name"]);
        refused("just words", &["kind"]);
    }

    #[test]
    fn the_same_object_twice_is_a_question() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.yaml"), folder.path().join("two.yaml"));
        let web = "kind: Service\nmetadata: { name: web }\n";
        std::fs::write(&one, web).unwrap();
        std::fs::write(&two, format!("{web}---\n{web}")).unwrap();
        for paths in [vec![&two], vec![&one, &one]] {
            let error = read(&paths).unwrap_err().to_string();
            assert!(error.contains("Service default/web twice"), "{error}");
        }
        assert_eq!(read(&[&one]).unwrap().len(), 1);
        assert_eq!(read(&[] as &[&Path]).unwrap().len(), 0);
    }
}
