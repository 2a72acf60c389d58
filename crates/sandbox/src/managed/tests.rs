//! Who owns what, write by write; the answers are those of a real API server.

use super::*;
use crate::status::Status;
use serde_json::json;

/// An object as the store has it, and those who write to it.
struct Kept {
    kind: &'static Kind,
    value: Option<Value>,
}

/// `name` of the managers, as `Apply alice`, with what each owns.
type Owned = Vec<(String, Value)>;

impl Kept {
    fn new(resource: Resource) -> Self {
        Self { kind: Kind::of(resource), value: None }
    }

    fn update(&mut self, name: &str, value: impl Into<Value>) -> Owned {
        let by = self.manager(Operation::Update, name);
        self.store(&value.into(), &by)
    }

    fn apply(&mut self, name: &str, config: &Value) -> Result<Owned, Status> {
        self.applied(name, config, false)
    }

    fn force(&mut self, name: &str, config: &Value) -> Owned {
        self.applied(name, config, true).unwrap()
    }

    fn applied(&mut self, name: &str, config: &Value, force: bool) -> Result<Owned, Status> {
        let by = self.manager(Operation::Apply, name);
        let application = Application { kind: self.kind, config, by: &by, force };
        let mut value = application.to(self.value.as_ref())?;
        meta::prune(&mut value);
        Ok(self.store(&value, &by))
    }

    fn manager(&self, operation: Operation, name: &str) -> Manager {
        Manager::new(operation, name, self.kind.api_version(), Part::Main)
    }

    fn store(&mut self, sent: &Value, by: &Manager) -> Owned {
        let mut value = sent.clone();
        note(self.kind, self.value.as_ref(), &mut value, sent, by);
        let owned = owned(&value);
        self.value = Some(value);
        owned
    }

    fn data(&self) -> &Value {
        &self.value.as_ref().unwrap()["data"]
    }
}

fn owned(object: &Value) -> Owned {
    let entries = meta::at(object, &["metadata", FIELD]).as_array();
    let named = |entry: &Value| {
        let text = |field| meta::text(entry, &[field]).to_owned();
        (format!("{} {}", text("operation"), text("manager")), entry["fieldsV1"].clone())
    };
    entries.into_iter().flatten().map(named).collect()
}

fn data(data: impl Into<Value>) -> Value {
    json!({ "metadata": { "name": "a" }, "data": data.into() })
}

fn of(name: &str, fields: Value) -> (String, Value) {
    (name.to_owned(), fields)
}

#[test]
fn who_makes_an_object_owns_it_and_who_changes_a_field_takes_it() {
    let mut map = Kept::new(Resource::ConfigMaps);
    let made = map.update("maker", data(json!({ "k": "1", "l": "1" })));
    assert_eq!(made, [of("Update maker", json!({ "f:data": { ".": {}, "f:k": {}, "f:l": {} } }))]);

    let mut next = map.value.clone().unwrap();
    next["data"] = json!({ "k": "2", "m": "1" });
    let changed = map.update("other", next);
    assert_eq!(
        changed,
        [
            of("Update maker", json!({ "f:data": {} })),
            of("Update other", json!({ "f:data": { "f:k": {}, "f:m": {} } })),
        ]
    );
}

#[test]
fn who_applies_owns_what_it_says_and_takes_along_what_it_says_no_more() {
    let mut map = Kept::new(Resource::ConfigMaps);
    let made = map.apply("alice", &data(json!({ "k": "1", "l": "1" }))).unwrap();
    assert_eq!(made, [of("Apply alice", json!({ "f:data": { "f:k": {}, "f:l": {} } }))]);
    map.apply("bob", &data(json!({ "l": "1", "m": "1" }))).unwrap();

    let less = map.apply("alice", &data(json!({}))).unwrap();
    assert_eq!(map.data(), &json!({ "l": "1", "m": "1" }), "what bob owns stays");
    assert_eq!(
        less,
        [
            of("Apply alice", json!({ "f:data": {} })),
            of("Apply bob", json!({ "f:data": { "f:l": {}, "f:m": {} } })),
        ]
    );
}

#[test]
fn what_another_one_owns_is_refused_unless_it_is_forced() {
    let mut map = Kept::new(Resource::ConfigMaps);
    map.apply("alice", &data(json!({ "k": "1", "l": "1" }))).unwrap();
    let refused = map.apply("bob", &data(json!({ "k": "2", "l": "2" }))).unwrap_err();
    assert_eq!((refused.code, refused.reason), (409, "Conflict"));
    assert_eq!(
        refused.message,
        "Apply failed with 2 conflicts: conflicts with \"alice\":\n- .data.k\n- .data.l"
    );
    assert_eq!(refused.details["causes"][1]["field"], ".data.l");

    let forced = map.force("bob", &data(json!({ "k": "2" })));
    assert_eq!(
        forced,
        [
            of("Apply alice", json!({ "f:data": { "f:l": {} } })),
            of("Apply bob", json!({ "f:data": { "f:k": {} } })),
        ]
    );
    let mut next = map.value.clone().unwrap();
    next["data"]["k"] = "3".into();
    map.update("carol", next);
    let refused = map.apply("bob", &data(json!({ "k": "2" }))).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"carol\" using v1: .data.k"
    );
}

#[test]
fn who_applies_what_is_there_already_changes_nothing() {
    let mut map = Kept::new(Resource::ConfigMaps);
    map.apply("alice", &data(json!({ "k": "1" }))).unwrap();
    let before = map.value.clone();
    map.apply("alice", &data(json!({ "k": "1" }))).unwrap();
    assert_eq!(map.value, before);

    map.apply("bob", &data(json!({ "k": "1" }))).unwrap();
    let now = map.value.unwrap();
    let entries = now["metadata"][FIELD].as_array().unwrap();
    let times: Vec<_> =
        entries.iter().map(|it| (&it["manager"], it.get("time").is_some())).collect();
    assert_eq!(times, [(&json!("bob"), false), (&json!("alice"), true)]);
}

#[test]
fn ports_are_told_apart_by_number_and_protocol_and_keep_their_order() {
    let config = |ports: Value| json!({ "metadata": { "name": "a" }, "spec": { "ports": ports } });
    let mut service = Kept::new(Resource::Services);
    let ports = json!([{ "port": 80, "name": "a" }, { "port": 443, "name": "b" }]);
    service.apply("alice", &config(ports)).unwrap();
    service.apply("bob", &config(json!([{ "port": 53, "protocol": "UDP" }]))).unwrap();
    let ports = json!([{ "port": 443, "name": "b" }, { "port": 8080, "name": "c" }]);
    service.apply("alice", &config(ports)).unwrap();
    let left = &service.value.as_ref().unwrap()["spec"]["ports"];
    let numbers: Vec<_> = left.as_array().unwrap().iter().map(|port| &port["port"]).collect();
    assert_eq!(numbers, [443, 53, 8080], "bob's stays where it was among the others");

    let refused = service.apply("bob", &config(json!([{ "port": 443, "name": "x" }]))).unwrap_err();
    let told = "conflict with \"alice\": .spec.ports[port=443,protocol=\"TCP\"].name";
    assert!(refused.message.ends_with(told), "{}", refused.message);
}

#[test]
fn what_the_server_fills_in_is_nobodys() {
    let sent = json!({
        "metadata": { "name": "a" },
        "spec": { "ports": [{ "port": 80, "protocol": "TCP" }, { "port": 81, "nodePort": 30001 }] },
    });
    let mut filled = sent.clone();
    filled["spec"]["clusterIP"] = "10.96.0.9".into();
    filled["spec"]["clusterIPs"] = json!(["10.96.0.9"]);
    filled["spec"]["ports"][0]["nodePort"] = 30_002.into();
    let kind = Kind::of(Resource::Services);
    let by = Manager::new(Operation::Update, "maker", "v1".to_owned(), Part::Main);
    note(kind, None, &mut filled, &sent, &by);
    assert_eq!(
        owned(&filled),
        [of(
            "Update maker",
            json!({ "f:spec": { "f:ports": {
                ".": {},
                "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {}, "f:protocol": {} },
                "k:{\"port\":81,\"protocol\":\"TCP\"}": { ".": {}, "f:nodePort": {}, "f:port": {} },
            } } })
        )]
    );
}

#[test]
fn the_entries_may_be_set_or_forgotten_by_hand() {
    let mut map = Kept::new(Resource::ConfigMaps);
    map.update("maker", data(json!({ "k": "1" })));
    for reset in [json!([]), json!([{}])] {
        let mut next = map.value.clone().unwrap();
        next["metadata"][FIELD] = reset;
        assert_eq!(map.update("other", next), []);
    }
    let mut next = map.value.clone().unwrap();
    next["data"]["k"] = "2".into();
    assert_eq!(map.update("other", next), [], "nothing is noted until somebody applies");
    let refused = map.apply("alice", &data(json!({ "k": "3" }))).unwrap_err();
    let told = "conflict with \"before-first-apply\" using v1: .data.k";
    assert!(refused.message.ends_with(told), "{}", refused.message);

    let entry = |operation: &str| {
        json!([{ "manager": "x", "operation": operation, "apiVersion": "v1",
            "fieldsType": "FieldsV1", "fieldsV1": { "f:data": { "f:k": {} } } }])
    };
    let mut next = map.value.clone().unwrap();
    next["metadata"][FIELD] = entry("Apply");
    let told = map.update("other", next);
    assert_eq!(told, [of("Apply x", json!({ "f:data": { "f:k": {} } }))]);
    let mut next = map.value.clone().unwrap();
    next["metadata"][FIELD] = entry("Foo");
    assert_eq!(map.update("other", next), told, "what can't be read changes nothing");
}

#[test]
fn of_many_who_update_the_oldest_are_put_together() {
    let mut map = Kept::new(Resource::ConfigMaps);
    for number in 0..12 {
        let mut next = map.value.clone().unwrap_or_else(|| data(json!({})));
        next["data"][format!("k{number:02}")] = "1".into();
        map.update(&format!("m{number:02}"), next);
    }
    let owned = owned(map.value.as_ref().unwrap());
    assert_eq!(owned.len(), 10);
    let ancient = json!({ "f:data": { ".": {}, "f:k00": {}, "f:k01": {}, "f:k02": {} } });
    assert!(owned.contains(&of("Update ancient-changes", ancient)), "{owned:?}");
}

#[test]
fn kubectl_may_take_over_what_it_has_applied_at_the_client() {
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    let mut object = data(json!({ "k": "1", "l": "1" }));
    let last = data(json!({ "k": "1" })).to_string();
    object["metadata"]["annotations"] = json!({ annotation: last });
    let mut map = Kept::new(Resource::ConfigMaps);
    map.update("kubectl-client-side-apply", object);
    let refused = map.apply("kubectl", &data(json!({ "k": "2", "l": "2" }))).unwrap_err();
    assert!(refused.message.contains("1 conflict: "), "{}", refused.message);
    assert!(refused.message.ends_with(".data.l"), "{}", refused.message);
    let config = data(json!({ "k": "2" }));
    map.apply("kubectl", &config).unwrap();
    let now = map.value.unwrap();
    assert_eq!(now["metadata"]["annotations"][annotation], format!("{config}\n"));
    assert_eq!(now["data"]["k"], "2");
}
