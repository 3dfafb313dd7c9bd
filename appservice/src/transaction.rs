//! A transaction: what the homeserver pushes in one request.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#put_matrixappv1transactionstxnid>;
//! to-device messages: MSC4203 (earlier MSC2409); keys and devices: MSC3202.

use std::collections::BTreeMap;

use ruma::{
    OneTimeKeyAlgorithm, OwnedDeviceId, OwnedUserId, UInt,
    api::appservice::event::push_events::v1::{AnyAppserviceToDeviceEvent, DeviceLists, EphemeralData},
    events::AnyTimelineEvent,
    serde::Raw,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The counts of one-time keys that the homeserver holds, by user, device and algorithm.
pub type OneTimeKeyCounts =
    BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, BTreeMap<OneTimeKeyAlgorithm, UInt>>>;

/// The algorithms of the unused fallback keys that the homeserver holds, by user and device.
pub type FallbackKeyTypes = BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, Vec<OneTimeKeyAlgorithm>>>;

/// One transaction, its events kept as the bytes that came.
///
/// An event may be any JSON value here: whoever reads it must expect that it is malformed, and must
/// not fail the transaction for it, because the homeserver would repeat the transaction for ever.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// The transaction id, by which a repetition is known.
    pub id: String,
    /// Room events, in order.
    pub events: Vec<Raw<AnyTimelineEvent>>,
    /// Typing, receipts and presence.
    pub ephemeral: Vec<Raw<EphemeralData>>,
    /// To-device messages with `to_user_id` and `to_device_id`.
    pub to_device: Vec<Raw<AnyAppserviceToDeviceEvent>>,
    /// Users whose devices changed, if the homeserver says so.
    pub device_lists: Option<DeviceLists>,
    /// Counts of one-time keys, if the homeserver says so.
    pub one_time_keys_counts: Option<OneTimeKeyCounts>,
    /// Unused fallback keys, if the homeserver says so.
    pub unused_fallback_keys: Option<FallbackKeyTypes>,
}

/// A body was no transaction.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// It is no JSON (`M_NOT_JSON`).
    #[error("the body is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON of another shape (`M_BAD_JSON`).
    #[error("the body is not a transaction: {0}")]
    BadJson(&'static str),
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl Transaction {
    /// Reads a request's body. Only `events` must be there and be a list; a field that is optional
    /// and malformed is left out with a warning.
    ///
    /// # Errors
    /// [`TransactionError`] if it is no JSON object with a list of events.
    pub fn parse(id: String, body: &[u8]) -> Result<Self, TransactionError> {
        let body: &RawValue = serde_json::from_slice(body).map_err(TransactionError::NotJson)?;
        let mut fields: Fields = serde_json::from_str(body.get())
            .map_err(|_| TransactionError::BadJson("it must be an object"))?;
        let events =
            fields.remove("events").ok_or(TransactionError::BadJson("the field \"events\" is missing"))?;
        let events = serde_json::from_str(events.get())
            .map_err(|_| TransactionError::BadJson("the field \"events\" must be a list"))?;
        let ephemeral = take(&mut fields, &["ephemeral", "de.sorunome.msc2409.ephemeral"]);
        let to_device = take(&mut fields, &["to_device", "de.sorunome.msc2409.to_device"]);
        let device_lists = take(&mut fields, &["device_lists", "org.matrix.msc3202.device_lists"]);
        let one_time_keys_counts = take(
            &mut fields,
            &[
                "device_one_time_keys_count",
                "org.matrix.msc3202.device_one_time_keys_count",
                "org.matrix.msc3202.device_one_time_key_counts",
            ],
        );
        let unused_fallback_keys = take(
            &mut fields,
            &["device_unused_fallback_key_types", "org.matrix.msc3202.device_unused_fallback_key_types"],
        );
        Ok(Self {
            id,
            events,
            ephemeral: ephemeral.unwrap_or_default(),
            to_device: to_device.unwrap_or_default(),
            device_lists,
            one_time_keys_counts,
            unused_fallback_keys,
        })
    }
}

/// Takes a field by the first of its names that is there and readable.
fn take<T: DeserializeOwned>(fields: &mut Fields, names: &[&str]) -> Option<T> {
    names.iter().find_map(|name| {
        let value = fields.remove(*name)?;
        serde_json::from_str(value.get())
            .inspect_err(|error| tracing::warn!(field = name, %error, "left out a malformed field"))
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{Transaction, TransactionError};

    fn parse(body: &str) -> Result<Transaction, TransactionError> {
        Transaction::parse("t1".to_owned(), body.as_bytes())
    }

    #[test]
    fn malformed_events_are_kept() {
        let body = r#"{"events":[{"type":"m.x"},1,null,"\ud800",{"event_id":5}]}"#;
        let transaction = parse(body).expect("a transaction");
        assert_eq!(transaction.events.len(), 5);
        assert_eq!(transaction.events[3].json().get(), r#""\ud800""#);
        assert_eq!(
            transaction.events[0].get_field::<String>("type").expect("readable").as_deref(),
            Some("m.x")
        );
    }

    #[test]
    fn stable_and_unstable_names() {
        let counts = r#"{"@a:x":{"D":{"signed_curve25519":3}}}"#;
        for (ephemeral, to_device, lists, count, fallback) in [
            (
                "ephemeral",
                "to_device",
                "device_lists",
                "device_one_time_keys_count",
                "device_unused_fallback_key_types",
            ),
            (
                "de.sorunome.msc2409.ephemeral",
                "de.sorunome.msc2409.to_device",
                "org.matrix.msc3202.device_lists",
                "org.matrix.msc3202.device_one_time_key_counts",
                "org.matrix.msc3202.device_unused_fallback_key_types",
            ),
        ] {
            let body = format!(
                r#"{{"events":[],"{ephemeral}":[{{}}],"{to_device}":[{{}},{{}}],
                "{lists}":{{"changed":["@b:x"]}},"{count}":{counts},
                "{fallback}":{{"@a:x":{{"D":["signed_curve25519"]}}}}}}"#
            );
            let transaction = parse(&body).expect("a transaction");
            assert_eq!(transaction.ephemeral.len(), 1);
            assert_eq!(transaction.to_device.len(), 2);
            assert_eq!(transaction.device_lists.expect("lists").changed.len(), 1);
            assert_eq!(transaction.one_time_keys_counts.expect("counts").len(), 1);
            assert_eq!(transaction.unused_fallback_keys.expect("fallback keys").len(), 1);
        }
    }

    #[test]
    fn absent_is_not_empty() {
        let transaction = parse(r#"{"events":[]}"#).expect("a transaction");
        assert!(transaction.unused_fallback_keys.is_none());
        assert!(transaction.one_time_keys_counts.is_none());
    }

    #[test]
    fn optional_fields_may_be_malformed() {
        let transaction = parse(r#"{"events":[{}],"ephemeral":5,"device_lists":[]}"#).expect("a transaction");
        assert_eq!(transaction.events.len(), 1);
        assert!(transaction.ephemeral.is_empty());
    }

    #[test]
    fn other_shapes() {
        for body in ["", "{", "[", "nope", "{\"events\":[}", "\u{0}"] {
            assert!(matches!(parse(body), Err(TransactionError::NotJson(_))), "{body}");
        }
        for body in ["[]", "5", "{}", r#"{"events":{}}"#, r#"{"events":null}"#] {
            assert!(matches!(parse(body), Err(TransactionError::BadJson(_))), "{body}");
        }
    }
}
