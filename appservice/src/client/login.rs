//! `POST /login`
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3login>. For persons only: an
//! application service masquerades and never logs in.

use ruma::OwnedUserId;
use serde::Deserialize;
use serde_json::json;

use super::{
    Client, ClientError, Homeserver,
    call::{As, Call},
};
use crate::Secret;

#[derive(Deserialize)]
struct LoggedIn {
    access_token: Secret,
    user_id: OwnedUserId,
}

impl Homeserver {
    /// Logs a person in by password. `user` is a localpart or a whole user id.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` for a wrong password.
    pub async fn login(&self, user: &str, password: &str) -> Result<Client, ClientError> {
        let body = json!({
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
        });
        let call = Call::post("login", &["login"]).json(&body).identity(As::Owner);
        let answer = self.execute(&call, None, "", &self.retry).await?;
        let logged_in: LoggedIn = serde_json::from_slice(&answer.body)
            .map_err(|source| ClientError::Decode { endpoint: "login", source: source.into() })?;
        self.person(&logged_in.access_token, &logged_in.user_id)
    }
}
