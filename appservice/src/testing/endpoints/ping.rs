//! The ping, by which the fake calls the application service.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::object;
use crate::testing::{
    Shared,
    requester::{Fail, Requester, forbidden},
};

pub(in crate::testing) async fn post(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, (axum::http::StatusCode, Json<Value>)> {
    let fail = |Fail(status, errcode, error), seen: Value| {
        let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        let mut body = json!({"errcode": errcode, "error": error});
        if let (Some(body), Value::Object(seen)) = (body.as_object_mut(), seen) {
            body.extend(seen);
        }
        (status, Json(body))
    };
    let body = object(&body).map_err(|error| fail(error, Value::Null))?;
    let registration = shared.world().registration.clone();
    if !requester.is_appservice || registration.id != id {
        return Err(fail(forbidden("this id belongs to another application service"), Value::Null));
    }
    let Some(url) = registration.url else {
        return Err(fail(Fail(400, "M_URL_NOT_SET", "there is no URL set".to_owned()), Value::Null));
    };
    let request = shared.http.post(format!("{url}/_matrix/app/v1/ping"));
    let sent = request.bearer_auth(registration.hs_token.expose()).json(&body).send().await;
    match sent {
        Ok(response) if response.status().is_success() => Ok(Json(json!({"duration_ms": 1}))),
        Ok(response) => {
            let status = response.status().as_u16();
            let text = response.text().await.unwrap_or_default();
            let error = Fail(502, "M_BAD_STATUS", "HTTP status was not OK".to_owned());
            Err(fail(error, json!({"status": status, "body": text})))
        }
        Err(error) => Err(fail(Fail(502, "M_CONNECTION_FAILED", error.to_string()), Value::Null)),
    }
}
