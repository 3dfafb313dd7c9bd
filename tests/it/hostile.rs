//! Whatever comes in, nothing panics; and what is hashed, tapped or moved on is the same however it is written.

use proptest::prelude::*;
use ralf::approval::{State, Verdict, verdict};
use ralf::event::Kind;
use ralf::inbound::matrix;
use ralf::plan::canonical;
use serde_json::{Value, json};

fn server() -> &'static ruma::ServerName {
    ruma::server_name!("lab.local")
}

/// JSON of any shape, often with the fields of an event.
fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "type",
        "event_id",
        "room_id",
        "sender",
        "content",
        "redacts",
        "m.relates_to",
        "body",
        "key",
        "state_key",
    ];
    let key = prop_oneof![prop::sample::select(names.to_vec()).prop_map(str::to_owned), ".{0,8}"];
    let words = [
        "m.reaction",
        "m.annotation",
        "m.room.message",
        "m.text",
        "@admin:lab.local",
        "✅",
        "m.room.member",
        "join",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,16}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// An event of a known type around any content.
fn any_event() -> impl Strategy<Value = Value> {
    let kinds = [
        "m.room.message",
        "m.reaction",
        "m.room.redaction",
        "m.room.member",
        "m.room.power_levels",
        "m.room.tombstone",
    ];
    (prop::sample::select(kinds.to_vec()), any_json(), any_json()).prop_map(|(kind, content, more)| {
        json!({"type": kind, "event_id": "$e", "room_id": "!r", "sender": "@admin:lab.local", "content": content,
            "state_key": more, "redacts": more})
    })
}

/// What people's keyboards add to a key.
fn tinted(key: &str, extras: &[(usize, char)]) -> String {
    let mut chars: Vec<char> = key.chars().collect();
    for (at, extra) in extras {
        chars.insert(at % (chars.len() + 1), *extra);
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,256}") {
        let _ = matrix::read(&text, server());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = matrix::read(&String::from_utf8_lossy(&bytes), server());
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let _ = matrix::read(&value.to_string(), server());
    }

    #[test]
    fn any_event_is_read_or_refused(value in any_event()) {
        let Ok(event) = matrix::read(&value.to_string(), server()) else { return Ok(()) };
        if let Kind::Reaction { target, key } = event.kind {
            prop_assert_eq!(value.pointer("/content/m.relates_to/event_id"), Some(&Value::from(target)));
            prop_assert_eq!(value.pointer("/content/m.relates_to/key"), Some(&Value::from(key)));
            prop_assert_eq!(&value["content"]["m.relates_to"]["rel_type"], "m.annotation");
        }
    }

    #[test]
    fn a_key_is_the_same_in_all_colours(
        key in prop::sample::select(&["✅", "👍", "❌", "👎"][..]),
        extras in prop::collection::vec((any::<usize>(), prop::sample::select(&['\u{fe0e}', '\u{fe0f}', '\u{1f3fb}', '\u{1f3fd}', '\u{1f3ff}'][..])), 0..4),
    ) {
        let wanted = if matches!(key, "✅" | "👍") { Verdict::Approve } else { Verdict::Deny };
        prop_assert_eq!(verdict(&tinted(key, &extras)), Some(wanted));
    }

    #[test]
    fn nothing_else_is_a_verdict(key in ".{0,6}") {
        let bare: String = key.trim().chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')).collect();
        prop_assert_eq!(verdict(&key).is_some(), ["✅", "👍", "❌", "👎"].contains(&bare.as_str()));
        prop_assert_eq!(verdict(&format!("{key}{key}👀")), None);
    }

    #[test]
    fn the_order_of_keys_does_not_matter(map in prop::collection::btree_map(".{0,8}", any::<i32>(), 0..12)) {
        let written = |fields: Vec<String>| serde_json::from_str::<Value>(&format!("{{{}}}", fields.join(" ,\n"))).expect("JSON");
        let fields: Vec<String> = map.iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
        let backwards = fields.iter().rev().cloned().collect();
        prop_assert_eq!(canonical(&written(fields)), canonical(&written(backwards)));
    }

    /// What looks alike is not the same: nobody approves one name and gets another one.
    #[test]
    fn forms_of_unicode_stay_apart(a in "\\PC{0,12}", b in "\\PC{0,12}") {
        prop_assert_eq!(a == b, canonical(&json!({"v": a})) == canonical(&json!({"v": b})));
    }

    #[test]
    fn different_numbers_stay_apart(a in -(1_i64 << 53)..(1_i64 << 53), b in -(1_i64 << 53)..(1_i64 << 53)) {
        prop_assert_eq!(a == b, canonical(&json!(a)) == canonical(&json!(b)));
        prop_assert_eq!(canonical(&json!(a)), a.to_string().into_bytes());
    }

    /// However an operation wanders, it is dispatched once at most, and only approved; and it ends once.
    #[test]
    fn any_walk_is_one_of_the_machine(steps in prop::collection::vec(prop::sample::select(&State::ALL[..]), 0..64)) {
        let (mut at, mut dispatched, mut ended) = (State::AwaitingApproval, 0, 0);
        for to in steps {
            if !at.can_become(to) {
                continue;
            }
            prop_assert!(!at.is_final());
            if to == State::Dispatched {
                prop_assert_eq!(at, State::Approved);
                dispatched += 1;
            }
            prop_assert!(!(dispatched > 0 && to.is_pending()), "{at} → {to}: what began is not asked again");
            ended += u32::from(to.is_final());
            at = to;
        }
        prop_assert!(dispatched <= 1 && ended <= 1);
        prop_assert_eq!(ended == 1, at.is_final());
    }
}

#[test]
fn a_letter_and_its_parts_are_two_things() {
    let (one, two) = ("\u{e4}", "a\u{308}");
    assert_ne!(canonical(&json!({"service": one})), canonical(&json!({"service": two})));
    assert_ne!(canonical(&json!({one: 1})), canonical(&json!({two: 1})));
    assert_ne!(canonical(&json!("1")), canonical(&json!(1)));
    assert_ne!(canonical(&json!("ok")), canonical(&json!("ok\u{200b}")));
}
