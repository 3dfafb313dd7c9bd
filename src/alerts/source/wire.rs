//! What the webhooks' JSON is made of, read generously: scalars of any type, `null` for what is missing, fields that nobody knows.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{MOST_ALERTS, SourceError};
use crate::alerts::Labels;

/// Reads a whole body.
///
/// # Errors
/// When it is no JSON or has another shape; says where.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SourceError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let malformed = |at: String, error: &serde_json::Error| SourceError::Malformed {
        at: if at == "." { "the body".into() } else { at },
        message: error.to_string(),
    };
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| malformed(error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| malformed(".".into(), &error))?;
    Ok(value)
}

/// Reads a whole body that is an object. (Read by field, a list would pass for one, too.)
///
/// # Errors
/// As [`parse`].
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, SourceError> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(SourceError::Malformed {
            at: "the body".into(),
            message: "is a list, but an object is expected".into(),
        });
    }
    parse(body)
}

/// A string, a number, a truth value or nothing, as text.
#[derive(Debug, Clone, Default)]
pub(super) struct Scalar(pub(super) String);

/// Labels as they come.
pub(super) type Scalars = BTreeMap<String, Scalar>;

/// Labels as they are kept.
pub(super) fn labels(scalars: Option<Scalars>) -> Labels {
    scalars.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect()
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, or true or false")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
                Ok(Scalar(text))
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Scalar, E> {
                Ok(Scalar(truth.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(float(number)))
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// As short as it can be: `1e300` rather than three hundred zeros.
pub(super) fn float(number: f64) -> String {
    format!("{number:?}")
}

/// A point in time of RFC 3339, milliseconds since the epoch. Go's zero time (`0001-01-01T00:00:00Z`), an empty text and `null`
/// are none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Time(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let time: jiff::Timestamp = text.trim().parse().map_err(|_| {
            D::Error::custom(format_args!(
                "{text:?} is no time: write it as `2026-11-21T03:14:10Z`, or leave it out"
            ))
        })?;
        Ok(Self(Some(time.as_millisecond()).filter(|ms| *ms > 0)))
    }
}

/// A list of which no more than [`MOST_ALERTS`] are kept, however long it is.
#[derive(Debug)]
pub(super) struct List<T> {
    /// The first of them.
    pub(super) kept: Vec<T>,
    /// How many more there were.
    pub(super) left_out: u64,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < MOST_ALERTS {
                    match seq.next_element()? {
                        Some(item) => kept.push(item),
                        None => return Ok(List { kept, left_out: 0 }),
                    }
                }
                let mut left_out = 0;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    left_out += 1;
                }
                Ok(List { kept, left_out })
            }
        }
        deserializer.deserialize_seq(First(PhantomData))
    }
}
