//! The monitoring servers' HTTP interfaces: a bounded client, and one file for each server.
//!
//! What comes back is a stranger's: answers are bounded in time and size, and nobody is sent on to another address.

mod alertmanager;
mod loki;
mod prometheus;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

pub use alertmanager::{
    Alertmanager, Matching, NewSilence, PolledAlert, PolledGroup, Silence, SilenceMatcher, Status,
};
pub use loki::Loki;
pub use prometheus::{Prometheus, PrometheusAlert, Series, Target};

/// How long one question may take, answer included.
const PATIENCE: Duration = Duration::from_secs(5);
/// How large an answer may be, in bytes.
const MOST_BYTES: usize = 8 << 20;
/// How much of a refusal's text is passed on, in characters.
const MOST_SAID: usize = 300;

/// The HTTP client for monitoring servers: five seconds, no proxy, no redirects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

impl Http {
    /// A fresh one.
    ///
    /// # Errors
    /// When no TLS can be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map(Self)
    }
}

/// Why a monitoring server could not be asked. Says which one and what to do; holds no credentials.
#[derive(Debug, thiserror::Error)]
#[error("{server} at {url} {fault}")]
pub struct ApiError {
    /// Which server.
    pub server: &'static str,
    /// Its address without name and password.
    pub url: String,
    /// What went wrong.
    pub fault: Fault,
}

/// What can go wrong with a question.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing listens there, or the way is closed.
    #[error("can't be reached ({0}); see whether it runs, and whether `{1}` in `[alerts]` is its address")]
    Unreachable(String, &'static str),
    /// No answer in time.
    #[error("did not answer within 5 seconds; see whether it is overloaded")]
    Slow,
    /// It says no.
    #[error("refused with {status}: {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, shortened.
        said: String,
    },
    /// The thing that was asked for is not there.
    #[error("knows nothing of the kind any more")]
    Gone,
    /// It says too much.
    #[error("answered with more than 8 MiB; narrow the question down")]
    TooLarge,
    /// It is not what it should be.
    #[error(
        "gave an answer that can't be read ({0}); see whether `{1}` in `[alerts]` is its address, with its path prefix"
    )]
    Strange(String, &'static str),
}

/// A server, and how it is asked.
#[derive(Debug, Clone)]
struct Server {
    name: &'static str,
    key: &'static str,
    base: Url,
    http: reqwest::Client,
}

impl Server {
    fn new(http: &Http, name: &'static str, key: &'static str, base: &Url) -> Self {
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        Self { name, key, base, http: http.0.clone() }
    }

    /// The address below the path prefix; every part is one segment, whatever is in it.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address that can't have segments isn't http, which the configuration refuses.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    fn fault(&self, fault: Fault) -> ApiError {
        let mut url = self.base.clone();
        // Both fail only where there is nothing to take away.
        let _ = (url.set_username(""), url.set_password(None));
        ApiError { server: self.name, url: url.to_string(), fault }
    }

    fn strange(&self, what: impl ToString) -> ApiError {
        self.fault(Fault::Strange(clean(&what.to_string(), MOST_SAID), self.key))
    }

    fn broken(&self, error: reqwest::Error) -> ApiError {
        if error.is_timeout() {
            return self.fault(Fault::Slow);
        }
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        self.fault(Fault::Unreachable(cause.to_string(), self.key))
    }

    /// Asks; gives status and body, whatever the status is.
    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ApiError> {
        let mut response: Response = request.send().await.map_err(|e| self.broken(e))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.broken(e))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(self.fault(Fault::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, body))
    }

    /// Asks; gives the body of a success.
    async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, ApiError> {
        let (status, body) = self.answer(request).await?;
        if status.is_success() {
            return Ok(body);
        }
        let said = refusal(&body);
        // Alertmanager 0.25 says 500 where its description says 404.
        let gone = said.ends_with("not found") && matches!(status.as_u16(), 404 | 500);
        Err(self.fault(if gone { Fault::Gone } else { Fault::Refused { status: status.as_u16(), said } }))
    }

    /// Asks for JSON.
    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let body = self.body(request).await?;
        serde_json::from_slice(&body).map_err(|e| self.strange(e))
    }
}

/// What a refusal says: Alertmanager answers with a JSON string, Prometheus with an object, Loki and proxies with text.
fn refusal(body: &[u8]) -> String {
    let said = match serde_json::from_slice(body) {
        Ok(serde_json::Value::String(said)) => said,
        Ok(serde_json::Value::Object(mut said)) => match said.remove("error").or(said.remove("message")) {
            Some(serde_json::Value::String(said)) => said,
            _ => String::new(),
        },
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    clean(&said, MOST_SAID)
}

/// One line of at most `most` characters without control characters.
fn clean(text: &str, most: usize) -> String {
    let mut line: String =
        text.trim().chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().chars().nth(most).is_some() {
        line.push('…');
    }
    line
}
