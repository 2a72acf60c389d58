use std::collections::BTreeSet;
use std::time::Duration;

use seaway_provider_gce::api::sdk::{Gce, Patience};
use seaway_provider_gce::api::{Answer, Compute, Fault, Name, Thing};
use seaway_testkit::canned::Reply;
use serde_json::{Value, json};

use crate::server::{Server, done, lines, ok, options, refusal, running, talk, talk_for};
use crate::things::rule;

/// What becomes of an insertion, and the server that was asked.
async fn insert(replies: impl IntoIterator<Item = Reply>) -> (Answer<()>, Server) {
    let (gce, server) = talk(replies).await;
    (gce.insert(&Thing::ForwardingRule(rule())).await, server)
}

/// An operation that failed.
fn failed(status: Option<u16>, code: &str) -> Reply {
    let errors = json!([{"code": code, "message": "so it is"}, {"message": "and so on"}]);
    let mut operation: Value =
        json!({"name": "op-1", "status": "DONE", "error": {"errors": errors}});
    if let Some(status) = status {
        operation["httpErrorStatusCode"] = json!(status);
        operation["httpErrorMessage"] = json!("BAD REQUEST");
    }
    ok(&operation)
}

#[tokio::test]
async fn an_operation_that_fails_is_a_refusal() {
    let code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE";
    for (status, wanted) in [(Some(400), 400), (None, 0)] {
        let (answer, server) = insert([running(), failed(status, code)]).await;
        assert_eq!(answer.unwrap_err(), Fault::refused(wanted, code, "so it is; and so on"));
        assert_eq!(server.seen().len(), 2);
        // One that has failed by the time of the first answer.
        let (answer, _server) = insert([failed(status, code)]).await;
        assert_eq!(answer.unwrap_err(), Fault::refused(wanted, code, "so it is; and so on"));
    }
}

#[tokio::test]
async fn an_operation_that_fails_without_a_code_is_a_refusal() {
    let status = json!({"name": "op-1", "status": "DONE", "httpErrorStatusCode": 403,
                        "httpErrorMessage": "FORBIDDEN"});
    let (answer, _server) = insert([ok(&status)]).await;
    assert_eq!(answer.unwrap_err(), Fault::refused(403, "forbidden", "FORBIDDEN"));
    let empty = json!({"name": "op-1", "status": "DONE", "error": {}});
    let (answer, _server) = insert([ok(&empty)]).await;
    assert!(matches!(answer, Err(Fault::Refused { status: 0, .. })), "{answer:?}");
}

#[tokio::test]
async fn warnings_are_no_failure() {
    let warnings = json!([{"code": "NEVER_HEARD_OF", "data": [{"key": "a", "value": "b"}]}]);
    let operation = json!({"name": "op-1", "status": "DONE", "warnings": warnings});
    insert([ok(&operation)]).await.0.unwrap();
}

#[tokio::test]
async fn a_refusal_keeps_its_status_reason_and_text() {
    for (status, reason) in [
        (400, "resourceNotReady"),
        (403, "rateLimitExceeded"),
        (409, "alreadyExists"),
        (412, "conditionNotMet"),
    ] {
        let (answer, server) = insert([refusal(status, reason, "so it is")]).await;
        assert_eq!(answer.unwrap_err(), Fault::refused(status, reason, "so it is"));
        assert_eq!(server.seen().len(), 1, "it is an answer");
    }
}

#[tokio::test]
async fn a_refusal_of_the_newer_kind_has_the_reason_in_its_details() {
    let info = "type.googleapis.com/google.rpc.ErrorInfo";
    let detail =
        json!({"@type": info, "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com"});
    let errors = json!([{"reason": "rateLimitExceeded", "message": "so it is"}]);
    let error = json!({"code": 403, "status": "PERMISSION_DENIED", "message": "so it is",
                       "errors": errors, "details": [detail]});
    let (answer, _server) = insert([Reply::Body(403, json!({"error": error}).to_string())]).await;
    assert_eq!(answer.unwrap_err(), Fault::refused(403, "RATE_LIMIT_EXCEEDED", "so it is"));
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    let name = Name::Firewall("sw-f".to_owned());
    let (gce, _server) = talk([refusal(404, "notFound", "was not found")]).await;
    gce.delete(&name).await.unwrap();
    let (gce, _server) = talk([running(), failed(Some(404), "RESOURCE_NOT_FOUND")]).await;
    gce.delete(&name).await.unwrap();
}

#[tokio::test]
async fn a_404_that_is_not_googles_says_nothing() {
    let html = || Reply::Body(404, "<html><body>404 Not Found</body>".to_owned());
    let name = Name::Firewall("sw-f".to_owned());
    let (gce, _server) = talk([html()]).await;
    let fault = gce.read(&name).await.unwrap_err();
    assert!(matches!(fault, Fault::NoAnswer(_)), "{fault:?}");
    let (gce, _server) = talk([html(), html(), html(), html()]).await;
    let fault = gce.delete(&name).await.unwrap_err();
    assert!(matches!(fault, Fault::NoAnswer(_)), "{fault:?}");
}

#[tokio::test]
async fn a_write_that_was_not_answered_is_repeated_under_its_id() {
    let busy = refusal(503, "backendError", "Backend Error");
    let (answer, server) = insert([Reply::Drop, busy, ok(&json!([])), done()]).await;
    answer.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    let ids: BTreeSet<_> = seen.iter().map(|request| &request.query["requestId"]).collect();
    assert_eq!(ids.len(), 1);
    let [id] = ids.into_iter().collect::<Vec<_>>()[..] else { unreachable!() };
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "a UUID");
    assert!(seen.iter().all(|request| request.body == seen[0].body));
}

#[tokio::test]
async fn what_is_never_answered_has_no_answer() {
    for busy in [true, false] {
        let reply = |()| if busy { refusal(503, "backendError", "busy") } else { Reply::Drop };
        let (answer, server) = insert([(); 5].map(reply)).await;
        assert!(matches!(answer, Err(Fault::NoAnswer(_))), "{answer:?}");
        assert_eq!(server.seen().len(), 4, "three repetitions");
    }
}

#[tokio::test]
async fn a_read_is_made_once() {
    let (gce, server) = talk([Reply::Drop, refusal(503, "backendError", "busy")]).await;
    let fault = gce.addresses().await.unwrap_err();
    assert!(matches!(fault, Fault::NoAnswer(_)), "{fault:?}");
    let fault = gce.addresses().await.unwrap_err();
    assert_eq!(fault, Fault::refused(503, "backendError", "busy"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn trouble_while_waiting_is_waited_out() {
    let (answer, server) = insert([
        running(),
        refusal(503, "backendError", "busy"),
        Reply::Drop,
        refusal(403, "rateLimitExceeded", "slow down"),
        refusal(429, "rateLimitExceeded", "slow down"),
        Reply::Body(502, "<html>".to_owned()),
        running(),
        done(),
    ])
    .await;
    answer.unwrap();
    let lines = lines(&server);
    assert_eq!(lines.len(), 8);
    assert!(lines[1..].iter().all(|line| line == "POST p/regions/r1/operations/op-1/wait"));
}

#[tokio::test]
async fn an_operation_that_can_not_be_seen_may_have_done_its_work() {
    let name = Name::Firewall("sw-f".to_owned());
    for refused in [(404, "notFound"), (403, "forbidden")] {
        let (gce, _server) = talk([running(), refusal(refused.0, refused.1, "so it is")]).await;
        let fault = gce.delete(&name).await.unwrap_err();
        assert!(matches!(&fault, Fault::NoAnswer(why) if why.contains("so it is")), "{fault:?}");
    }
}

#[tokio::test]
async fn an_operation_without_a_name_has_no_answer() {
    let (answer, server) = insert([ok(&json!({"status": "RUNNING"}))]).await;
    assert!(matches!(answer, Err(Fault::NoAnswer(_))), "{answer:?}");
    assert_eq!(server.seen().len(), 1);
    insert([ok(&json!({"status": "DONE"}))]).await.0.unwrap();
    // One that loses its name on the way.
    let nameless = ok(&json!({"status": "RUNNING"}));
    insert([running(), nameless, done()]).await.0.unwrap();
}

#[tokio::test]
async fn the_deadline_of_an_operation_holds() {
    for hangs in [true, false] {
        let replies = (0..1000).map(|index| match (index, hangs) {
            (0, _) | (_, false) => running(),
            (_, true) => Reply::Hang,
        });
        let (gce, _server) = talk_for(Duration::from_millis(50), replies).await;
        let answer = gce.insert(&Thing::ForwardingRule(rule())).await;
        let told = matches!(&answer, Err(Fault::NoAnswer(why)) if why.contains("still running"));
        assert!(told, "{answer:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_no_answer_and_says_why() {
    // The lowest port is nobody's.
    let patience = Patience { operation: Duration::from_secs(1), pause: Duration::from_millis(1) };
    let gce = Gce::patient(options("http://127.0.0.1:1"), patience).await.unwrap();
    let faults = [
        gce.addresses().await.unwrap_err(),
        gce.insert(&Thing::ForwardingRule(rule())).await.unwrap_err(),
    ];
    for fault in faults {
        assert!(matches!(&fault, Fault::NoAnswer(why) if why.contains("refused")), "{fault:?}");
    }
}
