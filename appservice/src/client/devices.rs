//! `PUT /devices/{deviceId}`
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3devicesdeviceid>; that an
//! application service makes devices by it comes from MSC4190.

use serde_json::{Map, Value};

use super::{
    Client, ClientError,
    call::{As, Call},
};

impl Client {
    /// Makes the bot's device, or names it if it is there. A person's device needs nothing: no call.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn ensure_device(&self, display_name: &str) -> Result<(), ClientError> {
        self.name_device(display_name);
        match self.device_call() {
            Some(call) => self.call_empty(call).await,
            None => Ok(()),
        }
    }

    pub(super) fn device_call(&self) -> Option<Call> {
        let device_id = self.device_id()?;
        let mut body = Map::new();
        if let Some(name) = self.device_name() {
            body.insert("display_name".to_owned(), Value::from(name));
        }
        let call = Call::put("device", &["devices", device_id.as_str()]);
        Some(call.json(&Value::Object(body)).identity(As::User))
    }
}
