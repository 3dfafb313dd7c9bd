//! What OpenTofu prints with `-json`, line by line, put together into a run.

use serde::Deserialize;

use crate::execution::Progress;
use crate::execution::normal::visible;
use crate::secrets::Redactor;

/// How many lines of an error's detail belong into a message.
const LINES: usize = 6;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "@message", default)]
    message: String,
    #[serde(rename = "@timestamp", default)]
    at: String,
    hook: Option<Hook>,
    diagnostic: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Hook {
    resource: Resource,
    #[serde(default)]
    action: String,
    #[serde(default)]
    elapsed_seconds: f64,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    addr: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    detail: String,
    address: Option<String>,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    filename: String,
    start: Position,
}

#[derive(Deserialize)]
struct Position {
    line: u32,
}

/// A run, as far as it has been read.
pub(super) struct Run<'r> {
    redactor: &'r Redactor,
    /// Whether what programs print may be repeated.
    repeats: bool,
    total: u32,
    now: String,
    /// What was done, in order, as titles.
    pub(super) done: Vec<String>,
    errors: Vec<String>,
    /// Whether OpenTofu refused the plan because the state is another one by now.
    pub(super) stale: bool,
    /// Whether another run holds the state's lock.
    pub(super) locked: bool,
    /// All that was said, for the log.
    pub(super) log: Vec<String>,
}

impl<'r> Run<'r> {
    /// With `total` things to do.
    pub(super) fn new(redactor: &'r Redactor, total: u32, repeats: bool) -> Self {
        let (now, done, errors, log) = Default::default();
        Self { redactor, repeats, total, now, done, errors, stale: false, locked: false, log }
    }

    /// Takes one line; true when the progress changed.
    pub(super) fn feed(&mut self, line: &str) -> bool {
        let Ok(line) = serde_json::from_str::<Line>(line) else { return false };
        self.note(&line);
        if let Some(diagnostic) = &line.diagnostic {
            self.judge(diagnostic);
        }
        let Some(hook) = &line.hook else { return false };
        let Some(title) = title(&hook.action, &self.clean(&hook.resource.addr)) else { return false };
        match line.kind.as_str() {
            "apply_start" => self.now = title,
            "apply_progress" => self.now = format!("{title}: {:.0} s", hook.elapsed_seconds),
            "apply_complete" => {
                self.done.push(title.clone());
                self.now = title;
            }
            _ => return false,
        }
        true
    }

    fn note(&mut self, line: &Line) {
        // What a provisioner prints can be anything, a secret that nobody marked included.
        if !self.repeats && line.kind == "provision_progress" {
            return;
        }
        let time = line.at.split_once('.').map_or(line.at.as_str(), |(whole, _)| whole);
        let text = format!("{time} {}", self.clean(&line.message));
        self.log.push(text);
    }

    fn judge(&mut self, said: &Diagnostic) {
        if said.severity != "error" {
            return;
        }
        self.stale |= said.summary.contains("Saved plan is stale");
        self.locked |= said.summary.contains("acquiring the state lock");
        let detail: Vec<&str> = said.detail.trim().lines().filter(|line| !line.trim().is_empty()).collect();
        let detail = if self.repeats {
            detail[detail.len().saturating_sub(LINES)..].join("\n")
        } else {
            String::new()
        };
        let mut text = said.summary.clone();
        if let Some(address) = &said.address {
            text = format!("{address}: {text}");
        }
        if !detail.is_empty() {
            text = format!("{text}: {detail}");
        }
        if let Some(range) = &said.range {
            text = format!("{text} ({}:{})", range.filename, range.start.line);
        }
        let text = self.clean(&text);
        self.log.extend(text.lines().map(|line| format!("    {line}")));
        self.errors.push(text);
    }

    fn clean(&self, text: &str) -> String {
        self.redactor.hide(&visible(text)).into_owned()
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        let done = u32::try_from(self.done.len()).unwrap_or(u32::MAX);
        Progress { done, total: self.total.max(done), now: self.now.clone() }
    }

    /// What went wrong, one error each.
    pub(super) fn errors(&self) -> Vec<String> {
        self.errors.clone()
    }

    /// The last thing that it began.
    pub(super) fn now(&self) -> &str {
        &self.now
    }
}

/// A hook's action as a step's title.
fn title(action: &str, address: &str) -> Option<String> {
    let verb = match action {
        "create" => "Create",
        "update" => "Change",
        "delete" => "Destroy",
        "read" => "Read",
        "forget" => "Forget",
        _ => return None,
    };
    Some(format!("{verb} {address}"))
}
