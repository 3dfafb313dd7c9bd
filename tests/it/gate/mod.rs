//! The gate as people meet it: who decides, what waits, what is taken back, and what is on record afterwards.

mod audit;
mod away;
mod freeze;
mod glass;
mod kills;
mod queue;
mod rights;
mod standby;
mod time;
mod votes;

use std::process::Command;

use serde_json::Value;

use crate::harness::{Event, Person, RALF, Stage};

/// Installs a service, which one person may approve alone.
async fn install(person: &Person, room: &str, service: &str, node: &str) {
    let proposal = person.proposal(room, &format!("Please install {service} on {node}")).await;
    person.react(room, proposal.id(), "✅").await;
    person.report(proposal.operation_id(), "succeeded").await;
}

/// The `nth` message in the proposal's thread that says this.
async fn nth_notice(person: &Person, proposal: &Event, text: &str, nth: usize) -> Event {
    let fits =
        |e: &&Event| e.is_new_message() && e.thread() == Some(proposal.id()) && e.body().contains(text);
    let what = format!("{text:?} number {nth} in the thread of {}", proposal.operation_id());
    person.wait_in_all(&what, |events| events.iter().filter(fits).nth(nth).cloned()).await
}

/// A message in the proposal's thread that says this.
async fn notice(person: &Person, proposal: &Event, text: &str) -> Event {
    nth_notice(person, proposal, text, 0).await
}

/// What the proposal says of its approvals now.
fn shown(person: &Person, proposal: &Event) -> Value {
    let edits = person.all(|e| e.is_edit() && e.target() == proposal.id());
    edits.last().unwrap_or(proposal).operation().expect("an operation")["approvals"].clone()
}

/// Waits until the proposal says so many approvals of so many.
async fn given(person: &Person, proposal: &Event, given: u32, needed: u32) {
    let wanted = serde_json::json!({"needed": needed, "given": given});
    let what = format!("{given} of {needed} approvals of {}", proposal.operation_id());
    let last = |events: &[Event]| {
        let last = events.iter().rfind(|e| e.is_edit() && e.target() == proposal.id())?;
        (last.operation()?["approvals"] == wanted).then_some(())
    };
    person.wait_in_all(&what, last).await;
}

/// What is on record about an operation: kinds of entries with their times.
async fn record(stage: &Stage, operation: &str) -> Vec<(String, i64)> {
    let entries = stage.store().await.audit_of(operation).await.expect("read");
    entries.into_iter().map(|entry| (entry.kind, entry.ts)).collect()
}

/// How often something is on record.
fn count(record: &[(String, i64)], kind: &str) -> usize {
    record.iter().filter(|(other, _)| other == kind).count()
}

/// When something was put on record first.
fn when(record: &[(String, i64)], kind: &str) -> i64 {
    record.iter().find(|(other, _)| other == kind).unwrap_or_else(|| panic!("no {kind}: {record:?}")).1
}

/// `ralf audit verify` on a database: its exit code and what it says.
fn verify(stage: &Stage, database: &str) -> (Option<i32>, String) {
    let ran = Command::new(RALF)
        .args(["audit", "verify", "-c"])
        .arg(&stage.info().config)
        .env("RALF_DATABASE__URL", database)
        .output()
        .expect("ralf runs");
    (ran.status.code(), String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// Every story ends with a record that is whole.
fn is_on_record(stage: &Stage) {
    let (code, said) = verify(stage, &stage.info().database);
    assert!(code == Some(0) && said.contains("unbroken"), "{code:?}: {said}");
}

/// Asks the homeserver as `ralf-core`, who made the rooms and may do anything in them.
async fn as_core(stage: &Stage, method: reqwest::Method, path: &str, body: &Value) -> Value {
    let info = stage.info();
    let url = format!("{}/_matrix/client/v3/{path}", info.homeserver);
    ask(&url, &info.as_token, Some(&info.bots["core"]), method, body).await
}

/// Asks the homeserver as a person.
async fn as_person(stage: &Stage, name: &str, path: &str, body: &Value) -> Value {
    let info = stage.info();
    let url = format!("{}/_matrix/client/v3/{path}", info.homeserver);
    ask(&url, &info.users[name].access_token, None, reqwest::Method::POST, body).await
}

async fn ask(url: &str, token: &str, user: Option<&str>, method: reqwest::Method, body: &Value) -> Value {
    let mut request = reqwest::Client::new().request(method.clone(), url).bearer_auth(token);
    if method != reqwest::Method::GET {
        request = request.json(body);
    }
    if let Some(user) = user {
        request = request.query(&[("user_id", user)]);
    }
    let answer = request.send().await.expect("an answer");
    let (status, said) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
    assert!(status.is_success(), "{url}: {status} {said}");
    said
}
