//! The lines of a run.

use super::super::stream::Run;
use crate::execution::Progress;
use crate::secrets::Redactor;

#[test]
fn a_run_is_read_from_its_lines() {
    let redactor = Redactor::new(["the-secret".to_owned()]);
    let mut run = Run::new(&redactor, 2, true);
    let hook = |kind: &str, more: &str| {
        format!(
            r#"{{"@message": "m the-secret", "@timestamp": "2026-01-01T10:00:00.1Z", "type": "{kind}", "hook": {{"resource": {{"addr": "t.x"}}, "action": "create"{more}}}}}"#
        )
    };
    assert!(run.feed(&hook("apply_start", "")));
    assert!(run.feed(&hook("apply_progress", ", \"elapsed_seconds\": 10")));
    assert_eq!(run.progress(), Progress { done: 0, total: 2, now: "Create t.x: 10 s".into() });
    assert!(run.feed(&hook("apply_complete", "")));
    assert!(!run.feed(r#"{"type": "diagnostic", "@message": "e", "diagnostic": {"severity": "error", "summary": "Saved plan is stale", "detail": "the-secret\n\nx", "range": {"filename": "main.tf", "start": {"line": 3}}}}"#));
    assert_eq!((run.progress().done, run.done[0].as_str(), run.stale), (1, "Create t.x", true));
    assert_eq!(run.errors(), ["Saved plan is stale: [hidden]\nx (main.tf:3)"]);
    assert_eq!(run.log[0], "2026-01-01T10:00:00 m [hidden]");
}

#[test]
fn what_is_no_line_of_ours_is_left_out() {
    let redactor = Redactor::default();
    let mut run = Run::new(&redactor, 0, true);
    for garbage in ["", "Warning: x", "{", "null", "[]", "{\"type\": 3}", "{\"hook\": {}}", "\u{0}"] {
        assert!(!run.feed(garbage), "{garbage:?}");
    }
    assert!(run.log.is_empty());
}
