//! Display names and avatars.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#profiles>

use ruma::{MxcUri, OwnedMxcUri, UserId};
use serde::Deserialize;
use serde_json::json;

use super::{Client, ClientError, call::Call, identity::optional};

/// How somebody presents themself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Profile {
    /// The display name.
    pub displayname: Option<String>,
    /// The avatar.
    pub avatar_url: Option<OwnedMxcUri>,
}

impl Client {
    /// Sets our own display name.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn set_display_name(&self, name: &str) -> Result<(), ClientError> {
        let call = Call::put("display_name", &["profile", self.user_id().as_str(), "displayname"]);
        self.call_empty(call.json(&json!({"displayname": name}))).await
    }

    /// Sets our own avatar.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn set_avatar_url(&self, avatar: &MxcUri) -> Result<(), ClientError> {
        let call = Call::put("avatar_url", &["profile", self.user_id().as_str(), "avatar_url"]);
        self.call_empty(call.json(&json!({"avatar_url": avatar}))).await
    }

    /// Somebody's profile; `None` if the homeserver knows no such user.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn profile(&self, user_id: &UserId) -> Result<Option<Profile>, ClientError> {
        optional(self.call(Call::get("profile", &["profile", user_id.as_str()])).await)
    }
}
