//! What `tofu show -json` says of a plan file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::execution::ExecutorError;

/// A plan file. Nothing in it is hidden.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    format_version: String,
    /// The program's version.
    #[serde(default)]
    pub(super) terraform_version: String,
    /// The root module's variables with their values.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    /// What was found changed since the last run.
    #[serde(default)]
    pub(super) resource_drift: Vec<Resource>,
    /// Every resource, changed or not.
    #[serde(default)]
    pub(super) resource_changes: Vec<Resource>,
    /// The outputs.
    #[serde(default)]
    pub(super) output_changes: BTreeMap<String, Change>,
    #[serde(default)]
    configuration: Configuration,
    #[serde(default)]
    errored: bool,
}

/// A variable's value.
#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    root_module: Module,
}

#[derive(Debug, Default, Deserialize)]
struct Module {
    #[serde(default)]
    variables: BTreeMap<String, Declared>,
}

#[derive(Debug, Deserialize)]
struct Declared {
    #[serde(default)]
    sensitive: bool,
}

/// A resource and what becomes of it.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    /// Its address, unique in the stack.
    pub(super) address: String,
    /// The address that it had before.
    pub(super) previous_address: Option<String>,
    /// What becomes of it.
    pub(super) change: Change,
}

/// Before and after.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    actions: Vec<String>,
    /// The values before.
    #[serde(default)]
    pub(super) before: Value,
    /// The values after, as far as they are known.
    #[serde(default)]
    pub(super) after: Value,
    /// `true` where a value is known only afterwards.
    #[serde(default)]
    pub(super) after_unknown: Value,
    /// `true` where a value is secret. When nothing is said, all are.
    #[serde(default = "all")]
    pub(super) before_sensitive: Value,
    /// Likewise.
    #[serde(default = "all")]
    pub(super) after_sensitive: Value,
    /// Paths that can't be changed in place.
    #[serde(default)]
    pub(super) replace_paths: Vec<Vec<Value>>,
    /// Whether it is taken over from outside.
    importing: Option<Value>,
}

fn all() -> Value {
    Value::Bool(true)
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Keep,
    /// It is looked at.
    Read,
    /// It is made.
    Create,
    /// It is changed in place.
    Change,
    /// It is destroyed and made anew, in either order.
    Replace,
    /// It is destroyed.
    Destroy,
    /// It stays, and is nobody's business any more.
    Forget,
    /// It gets another address.
    Move,
    /// It is taken over as it is.
    Import,
}

impl Shown {
    /// Reads it.
    pub(super) fn parse(json: &[u8]) -> Result<Self, ExecutorError> {
        // The error's text names a position, never a value: what is parsed may be secret.
        let shown: Self = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ExecutorError::Refused(format!("OpenTofu's plan can't be read (line {line}, column {column})"))
        })?;
        if !shown.format_version.starts_with("1.") {
            let version = &shown.format_version;
            return Err(ExecutorError::Refused(format!("OpenTofu's plan has an unknown format, {version}")));
        }
        if shown.errored {
            return Err(ExecutorError::Refused("OpenTofu could not finish the plan".into()));
        }
        // What is not known is not shown as harmless.
        let mut changes = shown.resource_changes.iter().map(|resource| (&resource.address, &resource.change));
        if let Some((address, change)) = changes.find(|(_, change)| change.known().is_none()) {
            let actions = change.actions.join(", ");
            return Err(ExecutorError::Refused(format!(
                "OpenTofu wants to do something unknown to {address}: {actions}"
            )));
        }
        Ok(shown)
    }

    /// The values of the variables that are declared secret.
    pub(super) fn secret_variables(&self) -> impl Iterator<Item = &Value> {
        let declared = &self.configuration.root_module.variables;
        let secret = |name: &str| declared.get(name).is_some_and(|declared| declared.sensitive);
        self.variables.iter().filter(move |(name, _)| secret(name)).map(|(_, variable)| &variable.value)
    }
}

impl Resource {
    /// What becomes of it.
    pub(super) fn action(&self) -> Action {
        match self.change.known() {
            Some(Action::Keep) if self.previous_address.is_some() => Action::Move,
            Some(Action::Keep) if self.change.importing.is_some() => Action::Import,
            // `parse` lets nothing unknown through.
            known => known.unwrap_or(Action::Destroy),
        }
    }
}

impl Change {
    /// Whether it is none.
    pub(super) fn is_none(&self) -> bool {
        self.known() == Some(Action::Keep)
    }

    fn known(&self) -> Option<Action> {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        Some(match actions.as_slice() {
            ["no-op"] => Action::Keep,
            ["read" | "open" | "renew" | "close"] => Action::Read,
            ["create"] => Action::Create,
            ["update"] => Action::Change,
            ["delete", "create"] | ["create", "delete"] | ["forget", "create"] => Action::Replace,
            ["delete"] => Action::Destroy,
            ["forget"] => Action::Forget,
            _ => return None,
        })
    }
}
