//! Any endpoint that ruma knows, such as those of encryption.

use std::{borrow::Cow, sync::LazyLock};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use ruma::api::{
    IncomingResponse, MatrixVersion, OutgoingRequest, SupportedVersions,
    auth_scheme::{AuthScheme, SendAccessToken},
    path_builder::PathBuilder,
};

use super::{Client, ClientError, call::Call};

/// What every homeserver in use has; it chooses the newest stable path.
static SUPPORTED: LazyLock<SupportedVersions> = LazyLock::new(|| SupportedVersions {
    versions: [MatrixVersion::V1_11, MatrixVersion::V1_12, MatrixVersion::V1_13].into(),
    features: [].into(),
});

impl Client {
    /// Makes a call with ruma's types, under this identity. It is repeated as every call.
    ///
    /// # Errors
    /// [`ClientError::Request`] if it can't be written, otherwise as every call.
    pub async fn request<R>(&self, request: R) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
        R::EndpointError: Send + Sync + 'static,
    {
        let request = request
            .try_into_http_request::<Vec<u8>>(
                self.homeserver.base_url(),
                // The header is our own; this one is thrown away.
                SendAccessToken::IfRequired("unused"),
                Cow::Borrowed(&*SUPPORTED),
            )
            .map_err(|error| ClientError::request("request", error))?;
        let (mut parts, body) = request.into_parts();
        let whole = parts.uri.to_string();
        let path = whole.strip_prefix(self.homeserver.base_url()).unwrap_or(&whole).to_owned();
        let mut call = Call::new("request", parts.method, path);
        call.content_type = parts.headers.remove(CONTENT_TYPE);
        call.body = Bytes::from(body);
        let answer = self.execute(&call).await?;
        let mut response = http::Response::new(answer.body);
        *response.headers_mut() = answer.headers;
        R::IncomingResponse::try_from_http_response(response)
            .map_err(|source| ClientError::Decode { endpoint: call.endpoint, source: source.into() })
    }
}
