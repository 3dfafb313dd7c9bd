//! Somebody who calls the homeserver.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#identity-assertion>; the device by
//! MSC4326 (`device_id`, stable in Matrix 1.17).

use std::sync::{Arc, OnceLock};

use http::HeaderValue;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde::de::DeserializeOwned;

use super::{
    ClientError, Homeserver, RetryPolicy,
    call::{As, Call, escape_into},
    homeserver::Answer,
};

/// One identity at a homeserver: a bot that the application service masquerades as, or a person
/// with an access token. Cloning is cheap.
///
/// Its methods are spread over the files of this folder, one topic each.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) homeserver: Homeserver,
    authorization: HeaderValue,
    user_id: OwnedUserId,
    device: Option<Arc<Device>>,
    retry: RetryPolicy,
}

/// What a masquerading client adds to each request.
#[derive(Debug)]
struct Device {
    id: OwnedDeviceId,
    /// The name it was last given, for the case that it must be made again.
    name: OnceLock<String>,
    /// `user_id=…`
    user_query: String,
    /// `user_id=…&device_id=…`
    device_query: String,
}

impl Client {
    pub(super) fn masquerading(homeserver: Homeserver, user_id: &UserId, device_id: &DeviceId) -> Self {
        let mut user_query = String::from("user_id=");
        escape_into(&mut user_query, user_id.as_str());
        let mut device_query = user_query.clone();
        device_query.push_str("&device_id=");
        escape_into(&mut device_query, device_id.as_str());
        let device = Device { id: device_id.to_owned(), name: OnceLock::new(), user_query, device_query };
        Self {
            authorization: homeserver.authorization.clone(),
            user_id: user_id.to_owned(),
            device: Some(Arc::new(device)),
            retry: homeserver.retry.clone(),
            homeserver,
        }
    }

    pub(super) fn with_own_token(
        homeserver: Homeserver,
        authorization: HeaderValue,
        user_id: &UserId,
    ) -> Self {
        let retry = homeserver.retry.clone();
        Self { homeserver, authorization, user_id: user_id.to_owned(), device: None, retry }
    }

    /// Who it is.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The device that is asserted; `None` for a person, whose token says it.
    pub fn device_id(&self) -> Option<&DeviceId> {
        self.device.as_deref().map(|device| &*device.id)
    }

    /// The homeserver that it speaks to.
    pub fn homeserver(&self) -> &Homeserver {
        &self.homeserver
    }

    /// The same client with another way of repeating.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The same client, whose calls are made once: for an outbox that repeats by itself.
    ///
    /// A device that the homeserver has lost is still made again.
    #[must_use]
    pub fn without_retries(self) -> Self {
        self.with_retry(RetryPolicy::none())
    }

    pub(super) fn name_device(&self, name: &str) {
        if let Some(device) = &self.device {
            // The first name stays; it is a label and nothing else.
            let _ = device.name.set(name.to_owned());
        }
    }

    pub(super) fn device_name(&self) -> Option<&str> {
        self.device.as_deref().and_then(|device| device.name.get()).map(String::as_str)
    }

    /// Makes the call, makes a lost device again, and repeats as the policy says.
    pub(super) async fn execute(&self, call: &Call) -> Result<Answer, ClientError> {
        let result = self.execute_as(call, call.identity).await;
        match result {
            Err(error) if error.is_unknown_device() && call.identity == As::Device => {
                let Some(again) = self.device_call() else { return Err(error) };
                tracing::warn!(user_id = %self.user_id, "the homeserver lost the device; making it again");
                self.execute_as(&again, As::User).await?;
                self.execute_as(call, As::Device).await
            }
            other => other,
        }
    }

    async fn execute_as(&self, call: &Call, identity: As) -> Result<Answer, ClientError> {
        let query = match (&self.device, identity) {
            (None, _) | (_, As::Owner) => "",
            (Some(device), As::User) => &device.user_query,
            (Some(device), As::Device) => &device.device_query,
        };
        self.homeserver.execute(call, Some(&self.authorization), query, &self.retry).await
    }

    /// Makes the call and reads the answer.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let answer = self.execute(&call).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|source| ClientError::Decode { endpoint: call.endpoint, source: source.into() })
    }

    /// Makes the call; the answer holds nothing of interest.
    pub(super) async fn call_empty(&self, call: Call) -> Result<(), ClientError> {
        self.execute(&call).await.map(|_| ())
    }
}

/// Turns `M_NOT_FOUND` into `None`.
pub(super) fn optional<T>(result: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
