//! Injecting faults, and recording every request.

use std::sync::Arc;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{FakeHomeserver, Shared, requester::Fail};

/// How a request goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 `M_LIMIT_EXCEEDED`, with `retry_after_ms` in the body.
    RateLimited {
        /// The pause that is asked for.
        retry_after_ms: u64,
    },
    /// Any status with an `errcode`.
    Status(u16, &'static str),
    /// A status with a body that is none of Matrix, as from a proxy.
    Proxy(u16),
    /// The connection breaks before anything is done.
    Dropped,
    /// The request is carried out, but the connection breaks before the answer.
    AnswerLost,
    /// 400 `M_UNKNOWN_DEVICE`, and the user's devices are gone.
    UnknownDevice,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The path, still escaped.
    pub path: String,
    /// The query.
    pub query: String,
    /// The status of the answer; 0 if the connection was broken.
    pub status: u16,
}

/// A fault for the next requests whose path contains a text.
#[derive(Debug)]
pub(super) struct Planned {
    path_part: String,
    times: usize,
    fault: Fault,
}

impl FakeHomeserver {
    /// Lets the next `times` requests whose path contains `path_part` (such as `/send/`) go wrong.
    pub fn fail_next(&self, path_part: &str, times: usize, fault: Fault) {
        self.world().faults.push(Planned { path_part: path_part.to_owned(), times, fault });
    }

    /// Every request so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world().requests.clone()
    }
}

pub(super) async fn layer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let fault = take(&shared, &path);
    let mut broken = false;
    let response = match fault {
        None => next.run(request).await,
        Some(Fault::RateLimited { retry_after_ms }) => {
            let body = json!({
                "errcode": "M_LIMIT_EXCEEDED",
                "error": "Too Many Requests",
                "retry_after_ms": retry_after_ms,
            });
            (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response()
        }
        Some(Fault::Status(status, errcode)) => {
            Fail(status, errcode, "an injected fault".to_owned()).into_response()
        }
        Some(Fault::Proxy(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, "<html>a proxy's page</html>").into_response()
        }
        Some(Fault::Dropped) => {
            broken = true;
            cut()
        }
        Some(Fault::AnswerLost) => {
            broken = true;
            next.run(request).await;
            cut()
        }
        Some(Fault::UnknownDevice) => {
            for (user_id, user) in &mut shared.world().users {
                if query
                    .contains(&url::form_urlencoded::byte_serialize(user_id.as_bytes()).collect::<String>())
                {
                    user.devices.clear();
                }
            }
            Fail(400, "M_UNKNOWN_DEVICE", "an injected fault".to_owned()).into_response()
        }
    };
    let status = if broken { 0 } else { response.status().as_u16() };
    shared.world().requests.push(Recorded { method, path, query, status });
    // Whoever waits looks again after each request.
    shared.changed.notify_waiters();
    response
}

fn take(shared: &Shared, path: &str) -> Option<Fault> {
    let mut world = shared.world();
    let index = world.faults.iter().position(|planned| path.contains(&planned.path_part))?;
    let planned = &mut world.faults[index];
    let fault = planned.fault.clone();
    planned.times = planned.times.saturating_sub(1);
    if planned.times == 0 {
        world.faults.remove(index);
    }
    Some(fault)
}

/// An answer whose body breaks off, by which the server closes the connection.
fn cut() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    Body::from_stream(broken).into_response()
}
