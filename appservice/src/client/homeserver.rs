//! The homeserver: where it is, who we are to it, and the one connection pool.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, header};
use ruma::{DeviceId, OwnedServerName, ServerName, UserId};
use tokio::time::Instant;
use url::Url;

use super::{Client, ClientError, RetryPolicy, call::Call};
use crate::Secret;

/// One request that was made, for metrics.
#[derive(Clone, Copy, Debug)]
pub struct CallReport {
    /// The endpoint's short name, such as `send` or `join`: a small, fixed set.
    pub endpoint: &'static str,
    /// The HTTP status; 0 if no answer came.
    pub status: u16,
    /// From the request to the end of the answer's body.
    pub elapsed: Duration,
}

/// Is called after each request, repetitions included. It must be quick.
pub type Observer = Arc<dyn Fn(CallReport) + Send + Sync>;

/// A homeserver as an application service sees it. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Homeserver {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: Arc<str>,
    server_name: OwnedServerName,
    pub(crate) authorization: HeaderValue,
    pub(crate) retry: RetryPolicy,
    observer: Option<Observer>,
}

impl fmt::Debug for Homeserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Homeserver")
            .field("base", &self.base)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// What came back, whatever the status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Homeserver {
    /// Takes the base URL (`http://127.0.0.1:8008`, a path is allowed), the `as_token`, and the name
    /// behind the colon of user ids. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError::Request`] if the URL is none of HTTP or the token fits into no header.
    pub fn new(base_url: &str, as_token: &Secret, server_name: &ServerName) -> Result<Self, ClientError> {
        let base = base_url.trim_end_matches('/');
        let url = Url::parse(base).map_err(|error| ClientError::request("base URL", error))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(ClientError::request(
                "base URL",
                "it must be http:// or https:// and end in its path",
            ));
        }
        let mut builder = reqwest::Client::builder();
        if url.scheme() == "http" {
            // Reading the system's certificates costs 20 ms and a megabyte, and without redirects none is needed.
            builder = builder.tls_certs_only([]);
        }
        let http = builder
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ralf-appservice/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::request("HTTP client", error))?;
        Ok(Self {
            http,
            base: base.into(),
            server_name: server_name.to_owned(),
            authorization: bearer(as_token)?,
            retry: RetryPolicy::default(),
            observer: None,
        })
    }

    /// Sets how calls are repeated, for this handle and the clients made from it later.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets who hears of every request, for this handle and the clients made from it later.
    #[must_use]
    pub fn on_call(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The name behind the colon of user ids.
    pub fn server_name(&self) -> &ServerName {
        &self.server_name
    }

    /// The base URL, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// One of our users: the `as_token` with `user_id` and `device_id` on every request.
    ///
    /// The device makes sends idempotent across a restart of Synapse; see
    /// [`Client::ensure_device`].
    pub fn bot(&self, user_id: &UserId, device_id: &DeviceId) -> Client {
        Client::masquerading(self.clone(), user_id, device_id)
    }

    /// A person with an access token of their own.
    ///
    /// # Errors
    /// [`ClientError::Request`] if the token fits into no header.
    pub fn person(&self, access_token: &Secret, user_id: &UserId) -> Result<Client, ClientError> {
        Ok(Client::with_own_token(self.clone(), bearer(access_token)?, user_id))
    }

    /// Makes the call and repeats it as the policy says.
    pub(crate) async fn execute(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
        identity: &str,
        retry: &RetryPolicy,
    ) -> Result<Answer, ClientError> {
        let started = Instant::now();
        let mut made = 0;
        loop {
            made += 1;
            let error = match self.once(call, authorization, identity).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) => ClientError::from_answer(answer.status, &answer.headers, &answer.body),
                Err(error) => error,
            };
            if !error.is_transient() || !(call.idempotent || error.is_rate_limit()) {
                return Err(error);
            }
            let draw = rand::random();
            let Some(pause) = retry.pause(made, started.elapsed(), error.retry_after(), draw) else {
                return Err(error);
            };
            tracing::debug!(endpoint = call.endpoint, made, ?pause, %error, "trying again");
            tokio::time::sleep(pause).await;
        }
    }

    /// Makes one request.
    pub(crate) async fn once(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
        identity: &str,
    ) -> Result<Answer, ClientError> {
        let mut url = String::with_capacity(self.base.len() + call.path.len() + identity.len() + 1);
        url.push_str(&self.base);
        url.push_str(&call.path);
        if !identity.is_empty() {
            url.push(if call.path.contains('?') { '&' } else { '?' });
            url.push_str(identity);
        }
        let url = Url::parse(&url).map_err(|error| ClientError::request(call.endpoint, error))?;
        let mut request = reqwest::Request::new(call.method.clone(), url);
        *request.timeout_mut() = Some(call.timeout);
        if let Some(content_type) = &call.content_type {
            request.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
            *request.body_mut() = Some(call.body.clone().into());
        }
        if let Some(authorization) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        let started = Instant::now();
        let answer = self.fetch(request).await;
        if let Some(observer) = &self.observer {
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            observer(CallReport { endpoint: call.endpoint, status, elapsed: started.elapsed() });
        }
        answer.map_err(|error| ClientError::Transport(error.without_url()))
    }

    async fn fetch(&self, request: reqwest::Request) -> Result<Answer, reqwest::Error> {
        let mut response = self.http.execute(request).await?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|error| ClientError::request("authorization", error))?;
    value.set_sensitive(true);
    Ok(value)
}
