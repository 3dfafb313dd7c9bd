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
                // Only path, query and body are used: base URL and header are our own.
                "http://unused",
                SendAccessToken::IfRequired("unused"),
                Cow::Borrowed(&*SUPPORTED),
            )
            .map_err(|error| ClientError::request(name::<R>(), error))?;
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let mut call = Call::new(name::<R>(), parts.method, path);
        call.content_type = parts.headers.remove(CONTENT_TYPE);
        call.body = Bytes::from(body);
        let answer = self.execute(&call).await?;
        let mut response = http::Response::new(answer.body);
        *response.headers_mut() = answer.headers;
        R::IncomingResponse::try_from_http_response(response)
            .map_err(|source| ClientError::Decode { endpoint: call.endpoint, source: source.into() })
    }
}

/// `upload_keys` of `ruma_client_api::keys::upload_keys::v3::Request`.
fn name<R>() -> &'static str {
    std::any::type_name::<R>().rsplit("::").nth(2).unwrap_or("request")
}
