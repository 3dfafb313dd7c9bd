//! `GET /sync`
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync>

use std::time::Duration;

use serde_json::Value;

use super::{Client, ClientError, call::Call};

impl Client {
    /// What is new since the token `since`, or everything; waits up to `timeout` for something new.
    /// `filter` is the id of a filter or the filter itself as JSON.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn sync(
        &self,
        since: Option<&str>,
        timeout: Duration,
        filter: Option<&str>,
    ) -> Result<Value, ClientError> {
        let mut call = Call::get("sync", &["sync"]).query("timeout", &timeout.as_millis().to_string());
        if let Some(since) = since {
            call = call.query("since", since);
        }
        if let Some(filter) = filter {
            call = call.query("filter", filter);
        }
        call.timeout += timeout;
        self.call(call).await
    }
}
