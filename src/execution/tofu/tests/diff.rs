//! Before and after.

use serde_json::{Value, json};

use super::super::diff::diff;
use super::super::sensitive::redactor;
use super::super::show::Shown;

fn diff_of(changes: Value) -> String {
    let shown = json!({"format_version": "1.2", "resource_changes": changes});
    let shown = Shown::parse(shown.to_string().as_bytes()).expect("a plan");
    diff(&shown, &redactor(&shown))
}

#[test]
fn before_and_after_stand_under_each_other() {
    let text = diff_of(json!([
        {"address": "t.same", "change": {"actions": ["no-op"], "before": {"a": 1}, "after": {"a": 1},
            "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}},
        {"address": "t.x", "change": {"actions": ["delete", "create"], "replace_paths": [["ami"], ["l", 0]],
            "before": {"ami": "bar", "id": "1", "pin": "old-secret", "same": [1], "l": ["a\n+ b"]},
            "after": {"ami": "foo", "pin": "new-secret", "same": [1], "l": [], "odd key": true},
            "after_unknown": {"id": true}, "before_sensitive": {"pin": true}, "after_sensitive": {"pin": true}}}
    ]));
    assert_eq!(
        text,
        "@@ t.x: replace: destroy and create anew, because of ami, l[0] @@\n+   [\"odd key\"] = true\n\
         -   ami = \"bar\"\n+   ami = \"foo\"\n-   id = \"1\"\n+   id = (known after it ran)\n+   l = []\n\
         -   l[0] = \"a\\n+ b\"\n-   pin = [hidden]\n+   pin = [hidden]\n"
    );
}

#[test]
fn a_secret_that_is_repeated_elsewhere_is_hidden_there_too() {
    let text = diff_of(json!([{"address": "t.x", "change": {"actions": ["create"], "before": null,
        "after": {"pin": "the-secret", "url": "http://the-secret@x"}, "after_unknown": {"out": true},
        "before_sensitive": false, "after_sensitive": {"pin": true}}}]));
    assert_eq!(
        text,
        "@@ t.x: create @@\n+   out = (known after it ran)\n+   pin = [hidden]\n+   url = \"http://[hidden]@x\"\n"
    );
}
