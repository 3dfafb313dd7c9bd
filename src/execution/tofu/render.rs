//! Makes the input part of a run folder: the stack's configuration, where its state lies, and the script that applies.

use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::tool::Tool;
use crate::execution::folder::{self, Input};
use crate::execution::{ExecutorError, child};

/// The plan file in the input part.
pub(super) const PLAN: &str = "plan.bin";
/// The plan as JSON, beside the input: which values are secret is read from it when the output of a run is.
pub(super) const SHOWN: &str = "plan.json";
/// Says where the state lies; OpenTofu reads `*_override` last.
const BACKEND: &str = "ralf_override.tf.json";
/// Which providers, by hash. Hidden, and so it is copied by itself.
const LOCK: &str = ".terraform.lock.hcl";
/// How long a run waits for a lock that somebody took at the wrong moment.
const APPLY_LOCK: &str = "-lock-timeout=60s";

static OWN_BACKEND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^\s*(?:backend\s+"(\w+)"|cloud\s*\{)|"(?:backend|cloud)"\s*:"#).ok());

/// Renders a stack into a run folder that is empty. State, plans and what `tofu init` made stay behind.
pub(super) fn render(tool: &Tool, stack: &Path, run: &Path) -> Result<(), ExecutorError> {
    let input = Input::create(run)?;
    let names = names(stack)?;
    let ours = [BACKEND, PLAN, child::SCRIPT];
    let left: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| is_state(name)).chain(ours).collect();
    input.copy(stack, &left)?;
    match std::fs::read(stack.join(LOCK)) {
        Ok(bytes) => input.write(LOCK, bytes)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(ExecutorError::Io { what: format!("reading {LOCK}"), source }),
    }
    if !has_backend(stack, &names)? {
        let path = template(&stack.join("terraform.tfstate").to_string_lossy());
        input.write(BACKEND, json!({"terraform": {"backend": {"local": {"path": path}}}}).to_string())?;
    }
    let program = tool.program.to_string_lossy().into_owned();
    let chdir = format!("-chdir={}", folder::INPUT);
    let argv = [&program, &chdir, "apply", "-input=false", "-json", APPLY_LOCK, PLAN].map(str::to_owned);
    input.write(child::SCRIPT, child::script(&argv))
}

fn names(stack: &Path) -> Result<Vec<String>, ExecutorError> {
    let failed = || ExecutorError::io(format!("reading {}", stack.display()));
    let entries = std::fs::read_dir(stack).map_err(failed())?;
    entries
        .map(|entry| Ok(entry.map_err(failed())?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
}

fn is_state(name: &str) -> bool {
    name.contains(".tfstate")
}

/// Whether the stack says itself where its state lies, in a place that we can use from a copy.
fn has_backend(stack: &Path, names: &[String]) -> Result<bool, ExecutorError> {
    let is_config = |name: &&String| {
        [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|ending| name.ends_with(ending))
    };
    for name in names.iter().filter(is_config) {
        let path = stack.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(ExecutorError::io(format!("reading {}", path.display())))?;
        let Some(found) = OWN_BACKEND.as_ref().and_then(|pattern| pattern.captures(&text)) else { continue };
        if found.get(1).is_some_and(|kind| kind.as_str() == "local") {
            return Err(ExecutorError::Refused(format!(
                "{name} has a local backend of its own: leave it out, the state lies in the stack's folder"
            )));
        }
        return Ok(true);
    }
    Ok(false)
}

/// A string in OpenTofu's JSON, in which `${` begins an expression.
fn template(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// After planning nobody writes the input any more; the plan as JSON is for its owner alone, because nothing is hidden in it.
pub(super) fn seal(run: &Path, shown: &[u8]) -> Result<(), ExecutorError> {
    for name in [PLAN, LOCK] {
        let path = run.join(folder::INPUT).join(name);
        if path.exists() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400))
                .map_err(ExecutorError::io(format!("sealing {}", path.display())))?;
        }
    }
    let write = || {
        use std::io::Write as _;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600).open(run.join(SHOWN))?.write_all(shown)
    };
    write().map_err(ExecutorError::io("keeping the plan"))
}

/// A run folder in which nothing runs; gone with the value.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    /// A name that nobody has.
    pub(super) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("ralf-tofu-{}", crate::clock::new_id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.0.display(), %error, "a folder stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_may_keep_its_state_elsewhere_but_not_in_a_file_of_its_own() {
        let stack = tempfile::tempdir().expect("a folder");
        let found = |text: &str| {
            std::fs::write(stack.path().join("main.tf"), text).expect("written");
            has_backend(stack.path(), &names(stack.path()).expect("read"))
        };
        assert!(!found("# backend \"s3\"\nterraform {}\n").expect("read"));
        assert!(found("terraform {\n  backend \"s3\" {}\n}\n").expect("read"));
        assert!(found("terraform {\n  cloud {\n}}\n").expect("read"));
        assert!(found("terraform {\n  backend \"local\" {}\n}\n").is_err());
        assert_eq!(template("/a/${b}%{c}"), "/a/$${b}%%{c}");
        assert!(is_state("terraform.tfstate.17.backup") && !is_state("state.tf"));
    }
}
