//! `POST /register` and `GET /account/whoami`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#server-admin-style-permissions> and
//! <https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3accountwhoami>

use ruma::{OwnedDeviceId, OwnedUserId};
use serde::Deserialize;
use serde_json::json;

use super::{
    Client, ClientError,
    call::{As, Call},
};

/// Whether a registration made the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It was made.
    Created,
    /// It was there before.
    Existing,
}

/// Whom the homeserver takes us for.
#[derive(Clone, Debug, Deserialize)]
pub struct WhoAmI {
    /// The user.
    pub user_id: OwnedUserId,
    /// The device, if the request had one.
    pub device_id: Option<OwnedDeviceId>,
}

impl Client {
    /// Registers the bot with `m.login.application_service`, without a login. A bot that exists is fine.
    ///
    /// # Errors
    /// [`ClientError::Exclusive`] if the user is outside our namespace.
    pub async fn register(&self) -> Result<Registered, ClientError> {
        let body = json!({
            "type": "m.login.application_service",
            "username": self.user_id().localpart(),
            "inhibit_login": true,
        });
        let call = Call::post("register", &["register"]).json(&body).idempotent().identity(As::Owner);
        match self.call_empty(call).await {
            Ok(()) => Ok(Registered::Created),
            Err(error) => match error.errcode() {
                Some("M_USER_IN_USE") => Ok(Registered::Existing),
                Some("M_EXCLUSIVE") => Err(ClientError::Exclusive { user_id: self.user_id().to_owned() }),
                _ => Err(error),
            },
        }
    }

    /// Asks whom the homeserver takes us for.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn whoami(&self) -> Result<WhoAmI, ClientError> {
        self.call(Call::get("whoami", &["account", "whoami"])).await
    }
}
