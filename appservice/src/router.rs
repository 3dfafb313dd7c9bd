//! The transaction side: the application service API as an axum router.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#homeserver---application-service-api>
//!
//! The router takes whole paths and sets no fallback, so that it can be merged into a bigger
//! application. It answers unknown routes itself only below `/_matrix/app`.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, any, get, post, put},
};
use tokio::sync::Mutex;

use crate::{Handler, Secret};

mod auth;
mod ping;
mod query_room_alias;
mod query_user;
mod reply;
mod thirdparty;
mod transactions;

/// How the router is set up.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// The token that the homeserver must bring. An empty one lets nobody in.
    pub hs_token: Secret,
    /// A path below which everything is mounted, such as `/webhooks/matrix`, if the registration's
    /// URL has a path that no reverse proxy takes away.
    pub path_prefix: Option<String>,
    /// Whether the paths from before Matrix 1.0 (`/transactions/{id}`, `/users/{id}`,
    /// `/rooms/{alias}`) are answered, too. Current homeservers try them after a 404 only.
    pub legacy_paths: bool,
    /// The greatest body that is read, in bytes.
    pub max_body_bytes: usize,
}

impl RouterSettings {
    /// No prefix, no legacy paths, bodies up to 50 MiB.
    pub fn new(hs_token: Secret) -> Self {
        Self { hs_token, path_prefix: None, legacy_paths: false, max_body_bytes: 50 * 1024 * 1024 }
    }
}

/// What every endpoint can reach.
#[derive(Clone)]
struct Context {
    hs_token: Secret,
    handler: Arc<dyn Handler>,
    /// Held while a transaction is handled: a repetition waits for the first one to end.
    one_at_a_time: Arc<Mutex<()>>,
}

/// Makes the router.
///
/// Merge it with `Router::merge` into another application, or serve it alone.
pub fn router(settings: RouterSettings, handler: Arc<dyn Handler>) -> Router {
    let context = Context { hs_token: settings.hs_token, handler, one_at_a_time: Arc::new(Mutex::new(())) };
    let mut routes = Router::new()
        .route("/_matrix/app/v1/transactions/{txn_id}", only(put(transactions::put)))
        .route("/_matrix/app/v1/ping", only(post(ping::post)))
        .route("/_matrix/app/v1/users/{user_id}", only(get(query_user::get)))
        .route("/_matrix/app/v1/rooms/{alias}", only(get(query_room_alias::get)))
        .merge(thirdparty::routes("/_matrix/app/v1"))
        .route("/_matrix/app", any(reply::unrecognized))
        .route("/_matrix/app/{*rest}", any(reply::unrecognized));
    if settings.legacy_paths {
        routes = routes
            .route("/transactions/{txn_id}", only(put(transactions::put)))
            .route("/users/{user_id}", only(get(query_user::get)))
            .route("/rooms/{alias}", only(get(query_room_alias::get)))
            .route("/_matrix/app/unstable/fi.mau.msc2659/ping", only(post(ping::post)))
            .merge(thirdparty::routes("/_matrix/app/unstable"));
    }
    let routes = routes.layer(DefaultBodyLimit::max(settings.max_body_bytes)).with_state(context);
    match settings.path_prefix.as_deref().map(|prefix| prefix.trim_matches('/')) {
        None | Some("") => routes,
        Some(prefix) => {
            let literal = prefix.replace('{', "{{").replace('}', "}}");
            Router::new().without_v07_checks().nest(&format!("/{literal}"), routes)
        }
    }
}

/// Any other method is answered with 405.
fn only(methods: MethodRouter<Context>) -> MethodRouter<Context> {
    methods.fallback(reply::method_not_allowed)
}
