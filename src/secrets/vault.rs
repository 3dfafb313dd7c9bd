//! The key-value store, version 2, of HashiCorp Vault and OpenBao: `GET {address}/v1/{mount}/data/{path}`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Map;
use url::Url;

use super::{SecretError, Value};
use crate::config::Secret;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// More is no secret.
const LARGEST: usize = 1024 * 1024;

/// A place in it.
pub(super) struct Place<'p> {
    pub(super) mount: &'p str,
    pub(super) path: &'p str,
    pub(super) field: &'p str,
    /// The whole reference, for messages.
    pub(super) reference: &'p str,
    /// This version; the newest when it is left out.
    pub(super) version: Option<&'p str>,
}

/// How Vault is reached.
#[derive(Debug)]
pub(super) struct Vault {
    url: Url,
    token: Option<Secret>,
    /// Read anew each time: what keeps a token alive writes new ones into it.
    token_file: Option<PathBuf>,
    http: tokio::sync::OnceCell<reqwest::Client>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    /// Nothing when this version was deleted.
    data: Option<Map<String, serde_json::Value>>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
}

impl Vault {
    /// At this address.
    pub(super) fn new(url: Url, token: Option<Secret>, token_file: Option<PathBuf>) -> Self {
        Self { url, token, token_file, http: tokio::sync::OnceCell::new() }
    }

    /// The value and its version.
    pub(super) async fn read(&self, place: &Place<'_>) -> Result<(Value, String), SecretError> {
        let away = |why: String| SecretError::Away { reference: place.reference.to_owned(), why };
        let http = self.http.get_or_try_init(|| async { client() }).await.map_err(|e| away(chain(&e)))?;
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v1", place.mount, "data"]).extend(place.path.split('/'));
        }
        if let Some(version) = place.version {
            url.query_pairs_mut().append_pair("version", version);
        }
        let token = self.token(place)?;
        let asked =
            http.get(url).header("X-Vault-Token", token.expose()).header("X-Vault-Request", "true").send();
        let answer = asked.await.map_err(|error| away(chain(&error)))?;
        let status = answer.status();
        // Also of a deleted version, which comes as 404 with its metadata.
        if let Some(error) = refusal(status, place) {
            return Err(error);
        }
        let bytes = answer.bytes().await.map_err(|error| away(chain(&error)))?;
        if bytes.len() > LARGEST {
            return Err(away("the answer is larger than 1 MiB".into()));
        }
        // Its errors quote what they did not expect, which may be the value.
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| {
            away("the answer is not that of a key-value store of version 2: is the mount one?".into())
        })?;
        let version = answer.data.metadata.version.to_string();
        let not_there = |hint: String| SecretError::NotThere { reference: place.reference.to_owned(), hint };
        let data = answer.data.data.ok_or_else(|| not_there(format!("version {version} was deleted")))?;
        let value = match data.get(place.field) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Number(number)) => number.to_string(),
            Some(_) => {
                let why = "the field is no text";
                return Err(SecretError::Unusable { reference: place.reference.to_owned(), why });
            }
            None => return Err(not_there(format!("version {version} has no field `{}`", place.field))),
        };
        Ok((Value::new(value), version))
    }

    fn token(&self, place: &Place<'_>) -> Result<Secret, SecretError> {
        let token = match &self.token_file {
            Some(file) => match std::fs::read_to_string(file) {
                Ok(text) => Some(Secret::new(text.trim())),
                Err(error) => {
                    return Err(SecretError::Away {
                        reference: place.reference.to_owned(),
                        why: format!("{}: {error}", file.display()),
                    });
                }
            },
            None => self.token.clone(),
        };
        let token = token.filter(|token| !token.is_empty()).ok_or(SecretError::NotConfigured {
            reference: place.reference.to_owned(),
            needs: "`[secrets] vault_token_file` or `vault_token`",
        })?;
        super::redactor().learn([token.expose()]);
        Ok(token)
    }
}

/// What a status that is no success means.
fn refusal(status: reqwest::StatusCode, place: &Place<'_>) -> Option<SecretError> {
    let reference = place.reference.to_owned();
    let at = format!("{}/data/{}", place.mount, place.path);
    Some(match status.as_u16() {
        200 => return None,
        404 => {
            SecretError::NotThere { reference, hint: format!("Vault has nothing at {at}, or it was deleted") }
        }
        401 | 403 => SecretError::Forbidden {
            reference,
            hint: format!("Vault refuses the token; is it alive, and does its policy allow `read` on {at}?"),
        },
        503 => SecretError::Away { reference, why: "Vault is sealed or under maintenance".into() },
        other => SecretError::Away { reference, why: format!("Vault says {other}") },
    })
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // A redirect would carry the token elsewhere.
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(LIMIT).build()
}

/// Why, down to the cause; addresses hold no secret.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
