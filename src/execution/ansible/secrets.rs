//! The secrets of a run: by reference in the run folder, by version in the plan, by value in the environment of the
//! program and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::execution::{ExecutorError, child, folder};
use crate::inventory::Inventory;
use crate::plan::{Plan, SecretUse, Task, canonical, hex};
use crate::secrets::{Redactor, SecretError, SecretRef, Secrets, Value};

/// Variable → reference, in the input part: frozen with everything else.
pub(super) const FILE: &str = "secrets.json";

/// What a program gets to know, and which versions these are.
#[derive(Default)]
pub(super) struct InHand {
    /// Sorted, each once.
    pub(super) uses: Vec<SecretUse>,
    values: Vec<(String, Value)>,
}

impl InHand {
    /// Resolves what the run folder names.
    pub(super) async fn of(run: &Path, secrets: &Secrets) -> Result<Self, ExecutorError> {
        let mut hand = Self::default();
        for (name, reference) in named(run)? {
            let resolved = secrets.resolve(&reference).await.map_err(refused)?;
            hand.uses.push(SecretUse { reference: reference.to_string(), version: resolved.version });
            hand.values.push((name, resolved.value));
        }
        hand.uses.sort();
        hand.uses.dedup();
        Ok(hand)
    }

    /// Fails unless these are the versions that were planned.
    pub(super) fn verify(&self, plan: &Plan) -> Result<(), ExecutorError> {
        if self.uses == plan.secrets {
            return Ok(());
        }
        let other = self.uses.iter().find(|used| !plan.secrets.contains(used));
        let reference =
            other.or(plan.secrets.first()).map_or_else(String::new, |used| used.reference.clone());
        Err(refused(SecretError::Changed(reference)))
    }

    /// What is observed includes them: another version makes a plan stale.
    pub(super) fn observed(&self, observed: String) -> String {
        if self.uses.is_empty() {
            return observed;
        }
        let seen = canonical(&(observed, &self.uses));
        hex(&Sha256::digest([b"ralf-observed-v1\n".as_slice(), &seen].concat()))
    }

    /// The variables of the program.
    pub(super) fn environment(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()))
    }
}

/// What a task's service wants, as it is frozen.
pub(super) fn wanted(task: &Task, inventory: &Inventory) -> BTreeMap<String, String> {
    let service = task.service.as_ref().and_then(|name| inventory.services.get(name));
    let secrets = service.into_iter().flat_map(|service| &service.secrets);
    secrets.map(|(name, reference)| (name.clone(), reference.to_string())).collect()
}

fn named(run: &Path) -> Result<BTreeMap<String, SecretRef>, ExecutorError> {
    let file = run.join(folder::INPUT).join(FILE);
    match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| ExecutorError::Tampered(format!("{FILE} is no list of secrets: {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(ExecutorError::Io { what: format!("reading {}", file.display()), source }),
    }
}

fn refused(error: SecretError) -> ExecutorError {
    let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    ExecutorError::Refused(format!("{error}{cause}"))
}

/// What may be said of a run's output.
pub(super) enum Sight {
    /// All its secrets are known and can be hidden.
    Clear,
    /// They are not: of its words only those are said that were approved. And why.
    Blind {
        /// The titles of the plan's steps.
        titles: BTreeSet<String>,
        /// Why the values are not known.
        why: String,
    },
}

impl Sight {
    /// Of a run that may have been started before us: its secrets are resolved again, in the versions that it used.
    pub(super) async fn of(plan: &Plan, secrets: &Secrets) -> Self {
        for used in &plan.secrets {
            if let Err(error) = secrets.resolve_version(used).await {
                tracing::warn!(%error, "what a run prints can't be shown");
                let titles = plan.steps.iter().map(|step| step.title.clone()).collect();
                return Self::Blind { titles, why: error.to_string() };
            }
        }
        Self::Clear
    }
}

/// Takes the secrets out of what an ended run left in its folder; safe to repeat.
pub(super) fn scrub(run: &Path, redactor: &Redactor) -> std::io::Result<()> {
    for name in [child::OUTPUT, child::ERRORS] {
        let path = run.join(name);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        let hidden = hidden_lines(&bytes, redactor);
        if hidden.as_bytes() != bytes {
            let new = run.join(format!("{name}.new"));
            std::fs::write(&new, hidden)?;
            std::fs::rename(new, path)?;
        }
    }
    // A module that was killed leaves its arguments here.
    match std::fs::remove_dir_all(run.join("ansible/tmp")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Lines of JSON, or of text, without secrets.
pub(super) fn hidden_lines(bytes: &[u8], redactor: &Redactor) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.lines().all(|line| line.is_empty() || line.starts_with('{')) {
        return text.lines().map(|line| format!("{}\n", redactor.hide_json_text(line))).collect();
    }
    // Secrets may go over several lines.
    let whole = redactor.hide(&text);
    whole.lines().map(|line| format!("{}\n", redactor.hide_json_text(line))).collect()
}
