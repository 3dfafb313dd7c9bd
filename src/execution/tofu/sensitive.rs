//! Which values are secret: OpenTofu marks them with a shape of `true`s beside the values.

use serde_json::Value;

use super::show::{Change, Shown};
use crate::secrets::Redactor;

/// The marks of a part: `true` holds for everything below it.
pub(super) fn below<'m>(marks: &'m Value, step: &Step<'_>) -> &'m Value {
    const NONE: &Value = &Value::Bool(false);
    match (marks, step) {
        (Value::Bool(true), _) => marks,
        (Value::Object(all), Step::Key(key)) => all.get(*key).unwrap_or(NONE),
        (Value::Array(all), Step::Index(index)) => all.get(*index).unwrap_or(NONE),
        _ => NONE,
    }
}

/// One step into a value.
pub(super) enum Step<'k> {
    /// Into an object.
    Key(&'k str),
    /// Into a list.
    Index(usize),
}

/// Hides everything that the plan marks as secret, wherever it turns up again.
pub(super) fn redactor(shown: &Shown) -> Redactor {
    let mut known = Vec::new();
    shown.secret_variables().for_each(|value| all(value, &mut known));
    let resources = shown.resource_changes.iter().chain(&shown.resource_drift);
    let changes = resources.map(|resource| &resource.change).chain(shown.output_changes.values());
    for Change { before, after, before_sensitive, after_sensitive, .. } in changes {
        marked(before, before_sensitive, &mut known);
        marked(after, after_sensitive, &mut known);
    }
    Redactor::new(known)
}

fn marked(value: &Value, marks: &Value, known: &mut Vec<String>) {
    match (value, marks) {
        (value, Value::Bool(true)) => all(value, known),
        (Value::Object(values), Value::Object(_)) => {
            values.iter().for_each(|(key, value)| marked(value, below(marks, &Step::Key(key)), known))
        }
        (Value::Array(values), Value::Array(_)) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| marked(value, below(marks, &Step::Index(index)), known)),
        _ => {}
    }
}

/// A secret in all the forms in which it may be printed: whole, line by line, and escaped as in JSON.
fn all(value: &Value, known: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            known.push(text.clone());
            known.extend(text.lines().map(str::trim).map(str::to_owned));
            let quoted = Value::String(text.clone()).to_string();
            known.extend(quoted.get(1..quoted.len() - 1).map(str::to_owned));
        }
        Value::Number(number) => known.push(number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| all(value, known)),
        Value::Object(values) => values.values().for_each(|value| all(value, known)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_marked_is_hidden_everywhere() {
        let change = json!({"actions": ["create"], "before": null, "after_unknown": {},
            "after": {"ami": "boop-boop", "list": ["open-value", {"k": "deep-value"}], "all": {"x": 123_456, "y": "line one\nline two"}},
            "before_sensitive": false, "after_sensitive": {"ami": true, "list": [false, {"k": true}], "all": true}});
        let shown = json!({"format_version": "1.2", "variables": {"pin": {"value": "the-pin"}, "name": {"value": "plain-name"}},
            "configuration": {"root_module": {"variables": {"pin": {"sensitive": true}, "name": {}}}},
            "resource_changes": [{"address": "a.b", "change": change}]});
        let shown = Shown::parse(shown.to_string().as_bytes()).expect("a plan");
        assert_eq!(
            redactor(&shown).hide("boop-boop open-value deep-value 123456 the-pin plain-name\nline two\n"),
            "[hidden] open-value [hidden] [hidden] [hidden] plain-name\n[hidden]\n"
        );
    }

    #[test]
    fn without_marks_everything_is_secret() {
        let shown = json!({"format_version": "1.0", "output_changes": {"x": {"actions": ["create"], "after": "unmarked"}}});
        let shown = Shown::parse(shown.to_string().as_bytes()).expect("a plan");
        assert_eq!(redactor(&shown).hide("it is unmarked"), "it is [hidden]");
    }
}
