//! One POST or GET with a limit on time and size, and the server's own words when it fails.

use super::ModelError;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// No answer of a few tokens is longer.
const MOST: usize = 1 << 20;

#[derive(Debug, Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    pub(super) base: Url,
    timeout: Duration,
    token: Option<String>,
}

impl Http {
    pub(super) fn new(mut base: Url, timeout: Duration, token: Option<String>) -> Self {
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Self { client: reqwest::Client::new(), base, timeout, token }
    }

    /// The status and the text of the answer.
    pub(super) async fn send(&self, path: &str, body: Option<&Value>) -> Result<(u16, String), ModelError> {
        let url = self.base.join(path).map_err(|e| ModelError::Garbled(e.to_string()))?;
        let mut request =
            body.map_or_else(|| self.client.get(url.clone()), |b| self.client.post(url.clone()).json(b));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = async {
            let mut response = request.send().await?;
            let status = response.status().as_u16();
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > MOST {
                    break;
                }
            }
            Ok::<_, reqwest::Error>((status, bytes))
        };
        let seconds = self.timeout.as_secs().max(1);
        let answer =
            tokio::time::timeout(self.timeout, answer).await.map_err(|_| ModelError::Timeout(seconds))?;
        let (status, bytes) = answer.map_err(|e| {
            if e.is_body() || e.is_decode() {
                ModelError::Cut
            } else {
                ModelError::Gone(self.base.to_string())
            }
        })?;
        if bytes.len() > MOST {
            return Err(ModelError::Garbled("it is too long".into()));
        }
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// The error that a server put into an answer, in either of the usual forms.
pub(super) fn error_in(answer: &Value) -> Option<String> {
    let error = answer.get("error")?;
    let text = error.as_str().or_else(|| error.get("message").and_then(Value::as_str));
    Some(text.map_or_else(|| error.to_string(), str::to_owned))
}
