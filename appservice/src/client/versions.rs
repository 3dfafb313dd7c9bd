//! `GET /_matrix/client/versions`
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#get_matrixclientversions>

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;

use super::{
    ClientError, Homeserver,
    call::{As, Call},
};

/// What the homeserver declares. It may do more.
#[derive(Clone, Debug, Deserialize)]
pub struct Versions {
    /// The versions of the specification.
    pub versions: Vec<String>,
    /// Features that are not in the specification yet.
    #[serde(default)]
    pub unstable_features: BTreeMap<String, bool>,
}

impl Homeserver {
    /// Asks what the homeserver declares. No token is needed for it.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn versions(&self) -> Result<Versions, ClientError> {
        let path = "/_matrix/client/versions".to_owned();
        let call = Call::new("versions", Method::GET, path).identity(As::Owner);
        let answer = self.execute(&call, None, "", &self.retry).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|source| ClientError::Decode { endpoint: "versions", source: source.into() })
    }
}
