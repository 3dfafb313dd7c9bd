//! The shapes that a plan can have, in words.

use serde_json::{Value, json};

use super::super::show::Shown;
use super::super::words::{differences, effects, risk, steps};
use crate::execution::ExecutorError;
use crate::plan::{Effects, Risk};
use crate::secrets::Redactor;

fn shown(plan: Value) -> Result<Shown, ExecutorError> {
    Shown::parse(plan.to_string().as_bytes())
}

fn of(actions: &[&str], more: Value) -> Value {
    let mut resource = json!({"address": format!("t.{}", actions.concat()), "mode": "managed",
        "change": {"actions": actions, "before": {"a": 1}, "after": {"a": 2}, "after_unknown": {},
            "before_sensitive": {}, "after_sensitive": {}}});
    for (key, value) in more.as_object().into_iter().flatten() {
        match key.as_str() {
            "importing" => resource["change"]["importing"] = value.clone(),
            other => resource[other] = value.clone(),
        }
    }
    resource
}

#[test]
fn every_action_has_its_words_and_counts() {
    let plan = shown(json!({"format_version": "1.2", "resource_changes": [
        of(&["no-op"], json!({})), of(&["read"], json!({})), of(&["create"], json!({})), of(&["update"], json!({})),
        of(&["delete", "create"], json!({})), of(&["create", "delete"], json!({})), of(&["forget"], json!({})),
        of(&["delete"], json!({"action_reason": "delete_because_no_resource_config"})),
        of(&["no-op"], json!({"previous_address": "t.old"})), of(&["no-op"], json!({"importing": {"id": "i-1"}})),
    ]}))
    .expect("a plan");
    let steps = steps(&plan, "web", true);
    let said: Vec<_> =
        steps.iter().map(|s| format!("{}{}", s.title, if s.changes { "!" } else { "" })).collect();
    assert_eq!(
        said.join(", "),
        "Keep t.no-op, Read t.read, Create t.create!, Change t.update!, Replace t.deletecreate!, \
         Replace t.createdelete!, Forget t.forget!, Destroy t.delete!, Move t.no-op!, Import t.no-op!"
    );
    assert_eq!(effects(&plan), Effects { create: 1, change: 4, replace: 2, destroy: 1 });
    assert_eq!(risk(&plan, true), Risk::High);
}

#[test]
fn what_is_not_understood_is_refused() {
    let plan = |version: &str, actions: &[&str], errored: bool| {
        shown(json!({"format_version": version, "errored": errored, "resource_changes": [of(actions, json!({}))]}))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(plan("1.9", &["create"], false), Ok(()));
    assert!(plan("2.0", &["create"], false).is_err_and(|said| said.contains("unknown format")));
    assert!(plan("1.2", &["explode"], false).is_err_and(|said| said.contains("unknown to t.explode")));
    assert!(plan("1.2", &["create"], true).is_err_and(|said| said.contains("could not finish")));
    let broken =
        shown(json!({"format_version": "1.2", "variables": "hunter2"})).expect_err("broken").to_string();
    assert!(!broken.contains("hunter2"), "{broken}");
}

#[test]
fn drift_is_told_by_attribute_and_outputs_alone_are_a_change_too() {
    let plan = shown(json!({"format_version": "1.0", "resource_drift": [of(&["update"], json!({})), of(&["delete"], json!({}))],
        "output_changes": {"url": {"actions": ["create"], "before": null, "after": "x", "after_unknown": false,
            "before_sensitive": false, "after_sensitive": false}}}))
    .expect("a plan");
    let said = differences(&plan, true, &Redactor::default());
    assert_eq!(
        said,
        [
            "Changed outside of OpenTofu: t.update (a)",
            "Destroyed outside of OpenTofu: t.delete",
            "Set outputs: url"
        ]
    );
    assert_eq!((risk(&plan, true), risk(&plan, false)), (Risk::Low, Risk::Read));
}
