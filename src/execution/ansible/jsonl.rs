//! What `config/playbooks/callback_plugins/ralf_jsonl.py` prints, line by line.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event {
    /// The program runs.
    Start {
        /// Ansible's version.
        version: String,
    },
    /// A play begins.
    Play {
        /// Its name.
        #[serde(default)]
        name: String,
    },
    /// A task begins, on all its hosts.
    Task {
        /// Its name.
        task: String,
        /// Its id in this run.
        uuid: String,
        /// The module.
        #[serde(default)]
        action: String,
    },
    /// A task ended well on a host.
    Ok(Said),
    /// It was not run there.
    Skipped(Said),
    /// It failed there.
    Failed(Said),
    /// The host can't be reached.
    Unreachable(Said),
    /// It is tried again.
    Retry {
        /// Where.
        host: String,
        /// What.
        task: String,
        /// How often by now.
        #[serde(default)]
        attempt: u32,
    },
    /// No host is left to work on.
    NoHosts,
    /// The end, by host.
    Stats {
        /// Counts by name.
        hosts: BTreeMap<String, BTreeMap<String, u32>>,
    },
}

/// What a task came to on a host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    /// The host.
    pub(super) host: String,
    /// The task's name.
    pub(super) task: String,
    /// The task's id in this run.
    pub(super) uuid: String,
    /// The module.
    pub(super) action: String,
    /// The loop's item, when this is about one.
    pub(super) item: Option<String>,
    /// Whether this sums up a loop whose items came before.
    #[serde(rename = "loop")]
    pub(super) sum: bool,
    /// Whether something changed (in check mode: would).
    pub(super) changed: bool,
    /// Whether it was skipped by a condition rather than by check mode.
    pub(super) conditional: bool,
    /// Whether the playbook goes on in spite of the failure.
    pub(super) ignored: bool,
    /// Exit code.
    pub(super) rc: Option<i64>,
    /// Message.
    pub(super) msg: String,
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error.
    pub(super) stderr: String,
    /// Unified diff.
    pub(super) diff: String,
    /// When, in milliseconds.
    pub(super) ms: i64,
}

/// Reads one line; nothing when it is not one of ours.
pub(super) fn parse(line: &str) -> Option<Event> {
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let line = r#"{"event": "ok", "ms": 5, "host": "n1", "task": "T", "uuid": "u", "action": "a", "item": null, "loop": false, "changed": true, "conditional": false, "rc": 0, "msg": "", "stdout": "", "stderr": "", "diff": "d", "more": 1}"#;
        let Some(Event::Ok(said)) = parse(line) else { panic!("it is one") };
        assert_eq!((said.host.as_str(), said.changed, said.diff.as_str()), ("n1", true, "d"));
        let stats = r#"{"event": "stats", "ms": 1, "hosts": {"n1": {"ok": 1}}}"#;
        assert!(matches!(parse(stats), Some(Event::Stats { .. })));
    }

    #[test]
    fn garbage_is_no_line() {
        for garbage in [
            "",
            "[WARNING]: x",
            "{",
            "null",
            "[]",
            "{\"event\": \"ok\", \"host\": 3}",
            "{\"event\": \"new\"}",
            "\u{0}\u{fffd}",
        ] {
            assert_eq!(parse(garbage), None, "{garbage:?}");
        }
    }
}
