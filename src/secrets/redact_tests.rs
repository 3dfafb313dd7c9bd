use std::time::Instant;

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn known_values_are_hidden() {
    let redactor = Redactor::new(["hunter2hunter2".to_owned(), "abc".to_owned()]);
    for (text, hidden) in [
        ("it was hunter2hunter2!", "it was [hidden]!"),
        ("abc stays, and so does the version 1.2.3", "abc stays, and so does the version 1.2.3"),
    ] {
        assert_eq!(redactor.hide(text), hidden);
    }
}

#[test]
fn names_tell_which_variables_are_secret() {
    let vars = json!({
        "ansible_become_password": "correct horse", "ansible_ssh_private_key_file": "/root/.ssh/id", "region": "north",
        "database": {"password": "deep water", "name": "ralf"}
    });
    let redactor = Redactor::default();
    redactor.learn_vars(vars.as_object().expect("a map"));
    assert_eq!(
        redactor.hide("correct horse /root/.ssh/id north deep water ralf"),
        "[hidden] /root/.ssh/id north [hidden] ralf"
    );
    assert_eq!(Redactor::default().hide("correct horse"), "correct horse");
}

#[test]
fn a_value_is_found_however_it_is_written() {
    let value = "Pä\"ss'<&>\\ wörd\n\tzwei\u{200b}";
    let redactor = Redactor::new([value.to_owned()]);
    let json = json!(value).to_string();
    let shell = value.replace('\'', "'\"'\"'");
    let writings = [
        json.clone(),
        json!(json).to_string(),
        "\"P\\u00e4\\\"ss'<&>\\\\ w\\u00f6rd\\n\\tzwei\\u200b\"".to_owned(),
        format!("{value:?}"),
        ralf_appservice::content::escape_html(value),
        crate::report::visible(value),
        format!("'{shell}'"),
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value),
    ];
    for text in writings {
        let hidden = redactor.hide(&text);
        for part in ["ss'", "ss&", "rd", "UMOk", "zwei"] {
            assert!(!hidden.contains(part), "{part} of {text} stays in {hidden}");
        }
    }
}

#[test]
fn the_lines_of_a_key_are_hidden_one_by_one() {
    let key = "-----BEGIN X-----\nMIIabcdefgh1234\nZZZZ5678ijklmnop\n-----END X-----";
    let redactor = Redactor::new([key.to_owned()]);
    let mut printed = json!({"stdout_lines": key.lines().collect::<Vec<_>>(), "stdout": key});
    redactor.hide_json(&mut printed);
    assert_eq!(printed["stdout_lines"], json!(["-----BEGIN X-----", HIDDEN, HIDDEN, "-----END X-----"]));
    assert_eq!(printed["stdout"], HIDDEN);
}

#[test]
fn json_stays_json() {
    let redactor = Redactor::new(["geheim\"nis".to_owned()]);
    let text =
        json!({"a": ["x geheim\"nis y"], "geheim\"nis": 1, "api_key": "tiny", "ref_password": "env:X"})
            .to_string();
    let hidden: Value = serde_json::from_str(&redactor.hide_json_text(&text)).expect("JSON");
    let wanted = json!({"a": ["x [hidden] y"], "[hidden]": 1, "api_key": HIDDEN, "ref_password": "env:X"});
    assert_eq!(hidden, wanted);
    assert!(matches!(redactor.hide_json_text("{\"a\": 1.50}"), Cow::Borrowed("{\"a\": 1.50}")));
}

/// Markup keeps its tags: a pattern would take them for a value.
#[test]
fn markup_stays_whole() {
    let mut content =
        json!({"body": "Secret:\n• x", "formatted_body": "<p><b>Secret:</b></p><ul><li>x</li></ul>"});
    let before = content.clone();
    Redactor::default().hide_json(&mut content);
    assert_eq!(content, before);
}

/// Eight characters or more, as whatever resolves secrets wants it, with nothing left out that may break an encoding.
fn a_secret() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(
        "aZ09\"'\\\n\t <>&{}[]%+=:/@#$`äß漢😀\u{301}\u{200b}".chars().collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![3 => nasty, 1 => any::<char>()], 8..40)
        .prop_map(|chars| chars.into_iter().filter(|c| *c != '\0').collect::<String>())
        .prop_filter("long enough", |s| s.len() >= 8 && !HIDDEN.contains(s.as_str()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_known_value_never_survives(secret in a_secret(), other in a_secret(), before in ".{0,40}", after in "(?s).{0,40}", twice in any::<bool>()) {
        let redactor = Redactor::new([secret.clone(), other]);
        let text = format!("{before}{secret}{}{after}", if twice { &secret } else { "" });
        let hidden = redactor.hide(&text).into_owned();
        prop_assert!(!hidden.contains(&secret), "{hidden:?}");
        prop_assert_eq!(redactor.hide(&hidden), hidden.as_str(), "twice is once");
    }

    #[test]
    fn nor_in_json(secret in a_secret(), before in ".{0,20}", after in ".{0,20}") {
        let redactor = Redactor::new([secret.clone()]);
        let text = format!("{before}{secret}{after}");
        let lines: Vec<&str> = secret.lines().collect();
        let value = json!({"a": [text, {"b": text}], text.clone(): lines, "inner": json!({"c": text}).to_string()});
        let hidden = redactor.hide_json_text(&value.to_string()).into_owned();
        let back: Value = serde_json::from_str(&hidden).expect("JSON");
        let mut texts = Vec::new();
        walk(&back, &mut texts);
        for text in texts {
            prop_assert!(!text.contains(&secret), "{text:?}");
            if let Ok(Value::Object(inner)) = serde_json::from_str::<Value>(&text) {
                prop_assert!(!inner["c"].as_str().expect("a text").contains(&secret));
            }
            for line in lines.iter().map(|line| line.trim()).filter(|line| line.len() >= 8 && lines.len() > 1) {
                prop_assert!(!text.contains(line), "{text:?} has {line:?}");
            }
        }
    }

    #[test]
    fn whatever_is_said_comes_out_without_a_panic(text in "(?s).{0,200}") {
        let once = Redactor::default().hide(&text).into_owned();
        prop_assert_eq!(Redactor::default().hide(&once), once.as_str());
    }
}

fn walk(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|inner| walk(inner, texts)),
        Value::Object(all) => all.iter().for_each(|(name, inner)| {
            texts.push(name.clone());
            walk(inner, texts);
        }),
        _ => {}
    }
}

/// Shows what a message costs: `cargo test --release --lib secrets::redact -- --nocapture what_a_message_costs`.
#[test]
fn what_a_message_costs() {
    let redactor = Redactor::new((0..50).map(|n| format!("s3cret-value-{n}-of-fifty")));
    let body =
        "Deploy jellyfin 10.10.3 auf node-2 – wartet auf eine Zustimmung von @admin:lab.local. ".repeat(5);
    let mut content = json!({"msgtype": "m.text", "body": body, "formatted_body": format!("<p>{body}</p>"),
        "org.ralf.operation": {"id": "abcdefghij", "state": "awaiting_approval", "digest": "0".repeat(64)},
        "m.relates_to": {"m.in_reply_to": {"event_id": "$ZtkCVZsDkCPWTcXBCKCzhmHDMRPkBCmT1Hw4RQTsN3Y"}}});
    redactor.hide_json(&mut content);
    let began = Instant::now();
    (0..1_000).for_each(|_| redactor.hide_json(&mut content));
    eprintln!("a message of {} bytes: {:?}", content.to_string().len(), began.elapsed() / 1_000);
}
