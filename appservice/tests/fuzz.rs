//! Whatever comes, nothing panics and nothing of it is our fault (5xx).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{call, plain};
use proptest::prelude::*;

fn status(path: &str, body: Vec<u8>) -> (u16, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (router, notes) = plain();
        let status = call(&router, "PUT", path, body).await.0;
        let handled = notes.transactions.lock().unwrap().len();
        (status, handled)
    })
}

/// JSON of any shape, often with the fields of a transaction.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        Just("events".to_owned()),
        Just("ephemeral".to_owned()),
        Just("de.sorunome.msc2409.to_device".to_owned()),
        Just("org.matrix.msc3202.device_lists".to_owned()),
        Just("org.matrix.msc3202.device_one_time_keys_count".to_owned()),
        Just("event_id".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,16}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(serde_json::Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn random_bytes(body in prop::collection::vec(any::<u8>(), 0..256)) {
        let (status, _) = status("/_matrix/app/v1/transactions/1", body);
        prop_assert!(status == 200 || status == 400, "{status}");
    }

    #[test]
    fn random_json(body in json()) {
        let is_transaction = body.get("events").is_some_and(|events| events.is_array());
        let (status, handled) = status("/_matrix/app/v1/transactions/1", body.to_string().into_bytes());
        prop_assert_eq!(status, if is_transaction { 200 } else { 400 });
        prop_assert_eq!(handled, usize::from(is_transaction));
    }

    #[test]
    fn a_spoiled_transaction(at in 0_usize..120, byte in any::<u8>()) {
        let mut body = br#"{"events":[{"type":"m.room.message","event_id":"$a","content":{"body":"x"}}],"ephemeral":[{"type":"m.typing"}]}"#.to_vec();
        let at = at % body.len();
        body[at] = byte;
        let (status, _) = status("/_matrix/app/v1/transactions/1", body);
        prop_assert!(status == 200 || status == 400, "{status}");
    }

    #[test]
    fn random_paths(rest in "[!-~&&[^#?\\\\^`{|}<>\"]]{0,40}") {
        let (status, _) = status(&format!("/_matrix/app/v1/{rest}"), b"{}".to_vec());
        prop_assert!(status < 500, "{status} {rest}");
    }
}
