//! `POST /_matrix/media/v3/upload`
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#post_matrixmediav3upload>

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use ruma::OwnedMxcUri;
use serde::Deserialize;

use super::{Client, ClientError, call::Call};

#[derive(Deserialize)]
struct Uploaded {
    content_uri: OwnedMxcUri,
}

impl Client {
    /// Uploads a file and gives its `mxc://` address.
    ///
    /// A repetition would only leave an unused copy behind, so it is repeated like a PUT.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_TOO_LARGE`; [`ClientError::Request`] for a content type that fits
    /// into no header.
    pub async fn upload(
        &self,
        content: Bytes,
        content_type: &str,
        filename: &str,
    ) -> Result<OwnedMxcUri, ClientError> {
        let content_type =
            HeaderValue::try_from(content_type).map_err(|error| ClientError::request("upload", error))?;
        let path = "/_matrix/media/v3/upload".to_owned();
        let mut call = Call::new("upload", Method::POST, path).query("filename", filename).idempotent();
        call.content_type = Some(content_type);
        call.body = content;
        call.timeout = Duration::from_secs(300);
        let uploaded: Uploaded = self.call(call).await?;
        Ok(uploaded.content_uri)
    }
}
