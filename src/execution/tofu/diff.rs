//! A plan as people read it: every attribute that changes, before and after, a line each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::sensitive::{Step, below};
use super::show::{Action, Change, Resource, Shown};
use crate::execution::normal::visible;
use crate::secrets::Redactor;

const HIDDEN: &str = "[hidden]";
const LATER: &str = "(known after it ran)";

/// The whole plan. Secret values are not in it.
pub(super) fn diff(shown: &Shown, redactor: &Redactor) -> String {
    let mut text = String::new();
    for resource in &shown.resource_changes {
        let Some(what) = what(resource) else { continue };
        // Formatting into a string does not fail.
        let _ = writeln!(text, "@@ {}: {what} @@", resource.address);
        lines(&resource.change, resource.action(), &mut text);
    }
    for (name, change) in shown.output_changes.iter().filter(|(_, change)| !change.is_none()) {
        let _ = writeln!(text, "@@ output {name} @@");
        lines(change, Action::Change, &mut text);
    }
    redactor.hide(&visible(&text)).into_owned()
}

/// What becomes of a resource, if anything.
fn what(resource: &Resource) -> Option<String> {
    let mut what = match resource.action() {
        Action::Keep => return None,
        Action::Read => "read",
        Action::Create => "create",
        Action::Change => "change in place",
        Action::Replace => "replace: destroy and create anew",
        Action::Destroy => "destroy",
        Action::Forget => "forget: it stays, but is not managed any more",
        Action::Move => "move",
        Action::Import => "import",
    }
    .to_owned();
    let because: Vec<String> = resource.change.replace_paths.iter().map(|path| joined(path)).collect();
    if !because.is_empty() && resource.action() == Action::Replace {
        let _ = write!(what, ", because of {}", because.join(", "));
    }
    if let Some(previous) = &resource.previous_address {
        let _ = write!(what, ", until now {previous}");
    }
    Some(what)
}

fn joined(path: &[Value]) -> String {
    path.iter().fold(String::new(), |path, step| match step {
        Value::String(key) => inner(&path, &Step::Key(key)),
        other => format!("{path}[{other}]"),
    })
}

fn lines(change: &Change, action: Action, text: &mut String) {
    let before = leaves(&change.before, &Value::Null, &change.before_sensitive);
    // What is forgotten is not touched.
    let after = match action {
        Action::Forget => return,
        _ => leaves(&change.after, &change.after_unknown, &change.after_sensitive),
    };
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let (before, after) = (before.get(path), after.get(path));
        if before.map(|leaf| &leaf.value) == after.map(|leaf| &leaf.value) {
            continue;
        }
        let name = if path.is_empty() { "value" } else { path };
        for (sign, leaf) in [('-', before), ('+', after)] {
            if let Some(leaf) = leaf {
                let _ = writeln!(text, "{sign}   {name} = {}", leaf.shown);
            }
        }
    }
}

/// The paths at which a change has another value before and after.
pub(super) fn changed(change: &Change) -> Vec<String> {
    let before = leaves(&change.before, &Value::Null, &change.before_sensitive);
    let after = leaves(&change.after, &change.after_unknown, &change.after_sensitive);
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value =
        |leaves: &BTreeMap<String, Leaf>, path: &String| leaves.get(path).map(|leaf| leaf.value.clone());
    paths.into_iter().filter(|path| value(&before, path) != value(&after, path)).cloned().collect()
}

struct Leaf {
    /// The value; nothing when it is not known yet.
    value: Option<Value>,
    shown: String,
}

fn leaves(value: &Value, unknown: &Value, sensitive: &Value) -> BTreeMap<String, Leaf> {
    let mut found = BTreeMap::new();
    gather(String::new(), value, unknown, sensitive, &mut found);
    found
}

fn gather(
    path: String,
    value: &Value,
    unknown: &Value,
    sensitive: &Value,
    found: &mut BTreeMap<String, Leaf>,
) {
    if *unknown == Value::Bool(true) {
        found.insert(path, Leaf { value: None, shown: LATER.into() });
    } else if *sensitive == Value::Bool(true) && !value.is_null() {
        found.insert(path, Leaf { value: Some(value.clone()), shown: HIDDEN.into() });
    } else {
        let mut into = |step: Step<'_>, value: &Value| {
            let (unknown, sensitive) = (below(unknown, &step), below(sensitive, &step));
            gather(inner(&path, &step), value, unknown, sensitive, found);
        };
        match value {
            // A value that is known later stands among the marks alone.
            Value::Object(values) => {
                let later = unknown.as_object().into_iter().flat_map(|marks| marks.keys());
                let keys: BTreeSet<&String> = values.keys().chain(later).collect();
                let is_empty = keys.is_empty();
                for key in keys {
                    into(Step::Key(key), values.get(key).unwrap_or(&Value::Null));
                }
                if is_empty && !path.is_empty() {
                    found.insert(path, Leaf { value: Some(value.clone()), shown: "{}".into() });
                }
            }
            Value::Array(values) if !values.is_empty() => {
                for (index, value) in values.iter().enumerate() {
                    into(Step::Index(index), value);
                }
            }
            Value::Null => {}
            // As JSON: a line break in a value begins no line here.
            other => {
                found.insert(path, Leaf { value: Some(other.clone()), shown: other.to_string() });
            }
        }
    }
}

fn inner(path: &str, step: &Step<'_>) -> String {
    match step {
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Key(key) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            match (path, key.chars().all(plain) && !key.is_empty()) {
                ("", true) => (*key).to_owned(),
                (path, true) => format!("{path}.{key}"),
                (path, false) => format!("{path}[{}]", Value::String((*key).to_owned())),
            }
        }
    }
}
