//! The few requests by which a lab makes its people and brings them into the rooms.

use hmac::{Hmac, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha1::Sha1;

use super::LabError;

/// Synapse, asked directly.
#[derive(Debug, Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
}

/// An answer of Synapse's that is no error of the way to it.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    pub(super) fn ok(&self) -> bool {
        self.status.is_success()
    }

    fn errcode(&self) -> &str {
        self.body["errcode"].as_str().unwrap_or_default()
    }

    /// A text of the answer's body.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.body[key].as_str().map(str::to_owned)
    }

    /// The refusal in words.
    pub(super) fn refused(&self, what: impl Into<String>) -> LabError {
        let error = self.body["error"].as_str().unwrap_or_default();
        LabError::Refused { what: what.into(), said: format!("{} {} {error}", self.status, self.errcode()) }
    }
}

/// A client for addresses on this machine.
pub(super) fn http_client() -> Result<reqwest::Client, LabError> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .map_err(|source| LabError::Unreachable { what: "the HTTP client".into(), source })
}

impl Api {
    pub(super) fn new(http: reqwest::Client, base: String) -> Self {
        Self { http, base }
    }

    /// Whether it answers at all.
    pub(super) async fn is_up(&self) -> bool {
        let asked = self.http.get(format!("{}/_matrix/client/versions", self.base)).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, LabError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let unreachable = |source| LabError::Unreachable { what: "Synapse".into(), source };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.json().await.unwrap_or_default();
        Ok(Answer { status, body })
    }

    /// An access token for a person, who is made if need be. `known` is one from before.
    pub(super) async fn person(
        &self,
        name: &str,
        password: &str,
        known: Option<&str>,
        shared_secret: &str,
    ) -> Result<String, LabError> {
        if let Some(token) = known
            && self.ask(Method::GET, "/_matrix/client/v3/account/whoami", Some(token), None).await?.ok()
        {
            return Ok(token.to_owned());
        }
        const REGISTER: &str = "/_synapse/admin/v1/register";
        let nonce = self.ask(Method::GET, REGISTER, None, None).await?;
        let nonce = nonce.text("nonce").ok_or_else(|| nonce.refused("to make a user"))?;
        let body = json!({
            "nonce": nonce, "username": name, "displayname": capitalised(name), "password": password, "admin": false,
            "mac": mac(shared_secret, &nonce, name, password),
        });
        let made = self.ask(Method::POST, REGISTER, None, Some(body)).await?;
        if let Some(token) = made.text("access_token") {
            return Ok(token);
        }
        if made.errcode() != "M_USER_IN_USE" {
            return Err(made.refused(format!("to make the user {name}")));
        }
        let body = json!({
            "type": "m.login.password", "password": password, "identifier": {"type": "m.id.user", "user": name},
        });
        let login = self.ask(Method::POST, "/_matrix/client/v3/login", None, Some(body)).await?;
        login.text("access_token").ok_or_else(|| login.refused(format!("the login of {name}")))
    }

    /// The id behind an alias, if there is one.
    pub(super) async fn room(&self, alias: &str, token: &str) -> Result<Option<String>, LabError> {
        let path = format!("/_matrix/client/v3/directory/room/{}", encoded(alias));
        Ok(self.ask(Method::GET, &path, Some(token), None).await?.text("room_id"))
    }

    /// Joins, which is also fine for one who has joined already.
    pub(super) async fn join(&self, room: &str, token: &str) -> Result<Answer, LabError> {
        let path = format!("/_matrix/client/v3/rooms/{}/join", encoded(room));
        self.ask(Method::POST, &path, Some(token), Some(json!({}))).await
    }

    /// Invites `guest` as `host`, whom the token may speak for.
    pub(super) async fn invite(
        &self,
        room: &str,
        guest: &str,
        host: &str,
        token: &str,
    ) -> Result<Answer, LabError> {
        let path = format!("/_matrix/client/v3/rooms/{}/invite?user_id={}", encoded(room), encoded(host));
        self.ask(Method::POST, &path, Some(token), Some(json!({ "user_id": guest }))).await
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// <https://element-hq.github.io/synapse/latest/admin_api/register_api.html>
fn mac(secret: &str, nonce: &str, name: &str, password: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update([nonce, name, password, "notadmin"].join("\0").as_bytes());
    crate::plan::hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_a_registration() {
        // python3: hmac.new(b"secret", b"nonce\0admin\0pass\0notadmin", "sha1").hexdigest()
        assert_eq!(mac("secret", "nonce", "admin", "pass"), "755c2deddea7fb880beca55728bf38fbf3f4488e");
        assert_eq!(encoded("#ralf-ops:lab.local"), "%23ralf-ops%3Alab.local");
        assert_eq!(capitalised("guest"), "Guest");
    }
}
