//! `POST /_matrix/client/v1/appservice/{appserviceId}/ping`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#post_matrixclientv1appserviceappserviceidping>

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    ClientError, Homeserver,
    call::{As, Call, path},
};

/// The homeserver could not reach us, or would not try.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// The registration at the homeserver has no URL (`M_URL_NOT_SET`).
    #[error("the registration at the homeserver has no url: set it and restart the homeserver")]
    UrlNotSet,
    /// No connection to the URL of the registration (`M_CONNECTION_FAILED`).
    #[error("the homeserver can't connect to the registration's url: {0}")]
    ConnectionFailed(String),
    /// The URL did not answer in time (`M_CONNECTION_TIMEOUT`).
    #[error("the registration's url did not answer the homeserver in time: {0}")]
    ConnectionTimeout(String),
    /// The URL answered with an error (`M_BAD_STATUS`): 401 or 403 mean another `hs_token`, 404 a wrong
    /// path or another program.
    #[error("the registration's url answered the homeserver with {status}: {body}")]
    BadStatus {
        /// The status that the homeserver saw; 0 if it did not say.
        status: u16,
        /// The body that it saw.
        body: String,
    },
    /// The homeserver does not know our `as_token`, or knows it by another id.
    #[error("the homeserver refused the ping: see that id and as_token are those of its registration: {0}")]
    Refused(String),
    /// The homeserver is too old to ping (before Matrix 1.7).
    #[error("the homeserver does not know this endpoint")]
    Unsupported,
    /// The ping itself got no answer, or one that can't be read.
    #[error("the homeserver could not be asked to ping")]
    Client(#[source] ClientError),
}

#[derive(Deserialize)]
struct Pong {
    duration_ms: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failed {
    errcode: String,
    error: String,
    status: u16,
    body: String,
}

impl Homeserver {
    /// Asks the homeserver to ping us. It gives the time the homeserver's request took.
    ///
    /// A success makes Synapse leave its back-off at once. It is tried once.
    ///
    /// # Errors
    /// [`PingError`], each with what to look at.
    pub async fn ping(&self, appservice_id: &str, txn_id: Option<&str>) -> Result<Duration, PingError> {
        let path = path("/_matrix/client/v1/appservice", &[appservice_id, "ping"]);
        let body = txn_id.map_or_else(|| json!({}), |txn_id| json!({"transaction_id": txn_id}));
        let mut call = Call::new("ping", Method::POST, path).json(&body).identity(As::Owner);
        call.timeout = Duration::from_secs(75);
        let answer = self.once(&call, Some(&self.authorization), "").await.map_err(PingError::Client)?;
        if answer.status == 200 {
            let pong: Pong = serde_json::from_slice(&answer.body).map_err(|source| {
                PingError::Client(ClientError::Decode { endpoint: "ping", source: source.into() })
            })?;
            return Ok(Duration::from_millis(pong.duration_ms));
        }
        let failed: Failed = serde_json::from_slice(&answer.body).unwrap_or_default();
        Err(match (answer.status, failed.errcode.as_str()) {
            (_, "M_URL_NOT_SET") => PingError::UrlNotSet,
            (_, "M_CONNECTION_FAILED") => PingError::ConnectionFailed(failed.error),
            (_, "M_CONNECTION_TIMEOUT") => PingError::ConnectionTimeout(failed.error),
            (_, "M_BAD_STATUS") => PingError::BadStatus { status: failed.status, body: failed.body },
            (_, "M_UNRECOGNIZED") => PingError::Unsupported,
            (401 | 403, _) => PingError::Refused(failed.error),
            _ => PingError::Client(ClientError::from_answer(answer.status, &answer.headers, &answer.body)),
        })
    }
}
