//! The IAM policy of the provider `aws`: what is called and no more, and only what is ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::Path;

use serde_json::Value;

use crate::render::root;

/// What AWS takes, white space left out: "IAM and AWS STS quotas", managed policies.
const LENGTH: usize = 6144;

/// The sources below `folder`, without white space.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else {
            all.extend(read_to_string(&path).unwrap().split_whitespace());
        }
    }
    all
}

/// Whatever stands in `text` after `start` and before `end`.
fn after<'a>(text: &'a str, start: &str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap())
}

/// `describe_tags` is how the SDK writes `DescribeTags`.
fn action(method: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    method.split('_').map(capital).collect()
}

/// Every action that the door to AWS calls.
fn called() -> BTreeSet<String> {
    let door = root().join("providers/aws/src/api/sdk");
    let elb = sources(&door.join("elb"));
    let elb = after(&elb, "self.client.", '(').map(action);
    let mut all: BTreeSet<_> = elb.map(|name| format!("elasticloadbalancing:{name}")).collect();
    let ec2 = sources(&door.join("ec2"));
    all.extend(after(&ec2, "Form::new(\"", '"').map(|name| format!("ec2:{name}")));
    assert!(all.len() > 20, "the door is elsewhere: {all:?}");
    // What is created with tags takes this as well; of load balancers it is called besides.
    all.insert("ec2:CreateTags".to_owned());
    all
}

/// Its statements by their ids.
fn statements() -> BTreeMap<String, Value> {
    let text = read_to_string(root().join("manifests/aws/iam-policy.json")).unwrap();
    assert!(text.split_whitespace().map(str::len).sum::<usize>() <= LENGTH);
    let mut policy: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    let statements: Vec<Value> = serde_json::from_value(policy["Statement"].take()).unwrap();
    let count = statements.len();
    let by_id = statements.into_iter().map(|it| (it["Sid"].as_str().unwrap().to_owned(), it));
    let by_id: BTreeMap<_, _> = by_id.collect();
    assert_eq!(by_id.len(), count, "an id is there twice");
    by_id
}

fn actions(statement: &Value) -> Vec<&str> {
    let said = &statement["Action"];
    let all = said.as_array().map_or_else(|| std::slice::from_ref(said), Vec::as_slice);
    all.iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn it_names_the_actions_that_are_called_and_no_other() {
    let statements = statements();
    let named: BTreeSet<_> = statements.values().flat_map(actions).map(str::to_owned).collect();
    assert_eq!(named, called());
}

#[test]
fn what_the_trait_says_is_what_is_called() {
    let door = read_to_string(root().join("providers/aws/src/api.rs")).unwrap();
    let (_, door) = door.split_once("pub trait Api").unwrap();
    let said: BTreeSet<_> = after(door, "    /// `", '`').collect();
    let called = called();
    let names = called.iter().map(|name| name.split(':').nth(1).unwrap());
    let called: BTreeSet<_> = names.filter(|name| *name != "CreateTags").collect();
    assert_eq!(said, called);
}

#[test]
fn nothing_is_changed_but_what_has_the_mark_and_nothing_made_without() {
    for (id, statement) in statements() {
        assert_eq!(statement["Effect"], "Allow", "{id}");
        let equals = &statement["Condition"]["StringEquals"];
        let made = equals["aws:RequestTag/seaway.dev/cluster"] == "CLUSTER_ID";
        let ours = equals["aws:ResourceTag/seaway.dev/cluster"] == "CLUSTER_ID";
        for action in actions(&statement) {
            let (_, name) = action.split_once(':').unwrap();
            let fits = match id.as_str() {
                "Read" => name.starts_with("Describe") && statement["Condition"].is_null(),
                // The VPC that a security group is made in has no tag of ours.
                "CreateSecurityGroupsInVpcs" => {
                    statement["Resource"] == "arn:aws:ec2:*:*:vpc/*"
                        && name == "CreateSecurityGroup"
                }
                // Nor have the nodes' security groups.
                "OpenTheNodes" => {
                    let tag = "aws:ResourceTag/kubernetes.io/cluster/CLUSTER_NAME";
                    statement["Condition"]["Null"][tag] == "false"
                        && ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]
                            .contains(&name)
                }
                _ if name.starts_with("Create") => made,
                "TagWhatIsCreated" => {
                    made && equals["elasticloadbalancing:CreateAction"].is_array()
                }
                _ => ours,
            };
            assert!(fits, "{id}: {action}");
        }
    }
}

/// Who can take the mark away, or give it, can change whatever is marked.
#[test]
fn the_mark_of_what_exists_is_neither_given_nor_taken() {
    let statements = statements();
    let keys = &statements["TagButNeverTheMark"]["Condition"]["ForAllValues:StringNotEquals"];
    assert_eq!(keys["aws:TagKeys"], "seaway.dev/cluster");
    let created = &statements["TagSecurityGroups"]["Condition"]["StringEquals"];
    assert_eq!(created["ec2:CreateAction"], "CreateSecurityGroup");
    for (id, statement) in &statements {
        let tags = ["AddTags", "CreateTags", "RemoveTags"];
        let tags = actions(statement).iter().any(|it| tags.iter().any(|tag| it.ends_with(tag)));
        let known = ["TagButNeverTheMark", "TagSecurityGroups", "TagWhatIsCreated"];
        assert_eq!(tags, known.contains(&id.as_str()), "{id}");
    }
}
