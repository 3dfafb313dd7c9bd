//! Requests to a model server: with a limit on time, silence and size, and nowhere but to that server.

use super::ModelError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// No answer of a few tokens is longer, streamed in pieces as it may be.
const MOST: usize = 4 << 20;

#[derive(Debug, Clone)]
pub(super) struct Http {
    /// Nothing when this machine can't make one at all.
    client: Option<reqwest::Client>,
    pub(super) base: Url,
    timeout: Duration,
    /// Marked as sensitive, so that nothing prints it.
    authorization: Option<HeaderValue>,
}

impl Http {
    pub(super) fn new(mut base: Url, timeout: Duration, token: Option<String>) -> Self {
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // A proxy or a redirection would take private text to a server that nobody allowed to see it.
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Self { client: client.ok(), base, timeout, authorization: None }.with_token(token)
    }

    pub(super) fn with_token(mut self, token: Option<String>) -> Self {
        // What no header can hold is no token either: the server will say that it wants one.
        self.authorization = token.and_then(|token| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        self
    }

    /// The server's address, without what may be secret in it.
    pub(super) fn server(&self) -> String {
        let mut base = self.base.clone();
        // They fail only for addresses that have no room for a password.
        let _ = base.set_password(None);
        let _ = base.set_username("");
        base.set_query(None);
        base.to_string()
    }

    /// Sends a request; the answer is read as it comes.
    pub(super) async fn open(&self, path: &str, body: Option<&Value>) -> Result<Reply, ModelError> {
        let url = self.base.join(path).map_err(|e| ModelError::Garbled(e.to_string()))?;
        let client = self.client.as_ref().ok_or_else(|| ModelError::Gone(self.server()))?;
        let mut request = body.map_or_else(|| client.get(url.clone()), |b| client.post(url.clone()).json(b));
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let end = Instant::now() + self.timeout;
        let seconds = self.timeout.as_secs().max(1);
        let response = timeout_at(end, request.send()).await.map_err(|_| ModelError::Timeout(seconds))?;
        let response = response.map_err(|error| self.gone(&error))?;
        let status = response.status().as_u16();
        if matches!(status, 401 | 403) {
            return Err(ModelError::Refused(self.server()));
        }
        // A model may think long before its first word, and not between two.
        let silence = self.timeout / 3;
        Ok(Reply { status, response, buffer: Vec::new(), read: 0, end, silence, seconds })
    }

    /// Nobody answers, and why: no such name, no connection, a certificate that nobody trusts.
    fn gone(&self, error: &dyn std::error::Error) -> ModelError {
        let mut cause = error;
        // What stands before the last cause holds the address, with what may be secret in it.
        while let Some(source) = cause.source() {
            cause = source;
        }
        match error.source() {
            Some(_) => ModelError::Gone(format!("{} ({})", self.server(), excerpt(&cause.to_string()))),
            None => ModelError::Gone(self.server()),
        }
    }

    /// The status and the whole text of the answer.
    pub(super) async fn send(&self, path: &str, body: Option<&Value>) -> Result<(u16, String), ModelError> {
        let mut reply = self.open(path, body).await?;
        let text = reply.rest().await?;
        Ok((reply.status, text))
    }

    /// The answer as JSON; an error where the server says that it failed.
    pub(super) async fn json(&self, path: &str, body: Option<&Value>) -> Result<Value, ModelError> {
        let (status, text) = self.send(path, body).await?;
        let answer = serde_json::from_str::<Value>(&text);
        match answer {
            Ok(answer) if status == 200 && error_in(&answer).is_none() => Ok(answer),
            Err(_) if status == 200 => Err(ModelError::Garbled(format!("it is no JSON: {}", excerpt(&text)))),
            _ => Err(failed(status, &text)),
        }
    }
}

/// An answer that is coming in.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    response: reqwest::Response,
    buffer: Vec<u8>,
    read: usize,
    end: Instant,
    silence: Duration,
    seconds: u64,
}

impl Reply {
    /// Whether it comes as server-sent events.
    pub(super) fn is_event_stream(&self) -> bool {
        let kind = self.response.headers().get(CONTENT_TYPE);
        kind.and_then(|k| k.to_str().ok()).is_some_and(|k| k.starts_with("text/event-stream"))
    }

    /// The next line that is not empty; at the end what is left, if it is whole without a line break.
    pub(super) async fn line(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            if let Some(at) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                if !line.is_empty() {
                    return Ok(Some(line));
                }
            } else if !self.more().await? {
                let rest = String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).trim().to_owned();
                let json = rest.strip_prefix("data:").unwrap_or(&rest).trim_start();
                return match serde_json::from_str::<Value>(json) {
                    Ok(_) => Ok(Some(rest)),
                    Err(_) if json.is_empty() || json.starts_with(['{', '[']) => Ok(None),
                    Err(_) => Err(not_json(&rest)),
                };
            }
        }
    }

    /// All of it that is left.
    pub(super) async fn rest(&mut self) -> Result<String, ModelError> {
        while self.more().await? {}
        Ok(String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned())
    }

    /// Waits for the next piece; false at the end.
    async fn more(&mut self) -> Result<bool, ModelError> {
        let until = self.end.min(Instant::now() + self.silence);
        let piece = timeout_at(until, self.response.chunk()).await.map_err(|_| {
            if until == self.end {
                ModelError::Timeout(self.seconds)
            } else {
                ModelError::Silent(self.silence.as_secs().max(1))
            }
        })?;
        let Some(piece) = piece.map_err(|_| ModelError::Cut)? else { return Ok(false) };
        self.read += piece.len();
        if self.read > MOST {
            return Err(ModelError::Garbled("it is too long".into()));
        }
        self.buffer.extend_from_slice(&piece);
        Ok(true)
    }
}

/// A line that should be JSON.
pub(super) fn parse(line: &str) -> Result<Value, ModelError> {
    serde_json::from_str(line).map_err(|_| not_json(line))
}

fn not_json(text: &str) -> ModelError {
    ModelError::Garbled(format!("it is no JSON: {}", excerpt(text)))
}

/// Whose fault a status is that is not 200: the request's own, or the server's.
pub(super) fn failed(status: u16, text: &str) -> ModelError {
    match status {
        404 | 408 | 429 => ModelError::Server(failure(status, text)),
        400..=499 => ModelError::Declined(failure(status, text)),
        _ => ModelError::Server(failure(status, text)),
    }
}

/// What a server says when it fails, in the words of its error if there is one.
fn failure(status: u16, text: &str) -> String {
    let said = serde_json::from_str::<Value>(text).ok().and_then(|answer| error_in(&answer));
    let said = said.unwrap_or_else(|| excerpt(text));
    if said.is_empty() { format!("status {status}") } else { format!("status {status}: {said}") }
}

/// The error that a server put into an answer, in any of the usual forms.
pub(super) fn error_in(answer: &Value) -> Option<String> {
    let old_vllm = || answer.get("message").filter(|_| answer["object"] == "error");
    let said = |key| answer.get(key).filter(|value: &&Value| !value.is_null());
    let error = said("error").or_else(old_vllm).or_else(|| said("detail"))?;
    let text = error.as_str().or_else(|| error.get("message").and_then(Value::as_str));
    Some(excerpt(&text.map_or_else(|| error.to_string(), str::to_owned)))
}

/// A server's words for a log or a trace: one line, and not long.
fn excerpt(text: &str) -> String {
    let one_line: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    one_line.trim_end().to_owned()
}

/// Whether an answer does nothing any more but run on in white space, as constrained models may.
pub(super) fn runs_on(content: &str) -> bool {
    content.len() - content.trim_end().len() > 64
}

/// What such an answer is worth: all that was asked for, if it is complete.
pub(super) fn ran_on(content: String) -> Result<String, ModelError> {
    if serde_json::from_str::<Value>(&content).is_ok() {
        Ok(content)
    } else {
        Err(ModelError::Garbled("it runs on in white space".into()))
    }
}
