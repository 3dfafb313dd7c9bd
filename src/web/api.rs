//! `/api/v1/*`: what programs read.

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Web, auth};
use crate::alerts;
use crate::bots::Bot;
use crate::report::messages;
use crate::store::StoreError;

/// Lets a request in that brings the token of `[web]`.
fn allow(web: &Web, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    auth::allow(web.house.config.web.token.as_ref(), headers).map_err(|refused| match refused {
        auth::Refused::Nothing => (StatusCode::UNAUTHORIZED, "bring `Authorization: Bearer TOKEN`\n"),
        auth::Refused::Wrong | auth::Refused::NoToken => {
            (StatusCode::FORBIDDEN, "this is not the token of `[web] token`\n")
        }
    })
}

/// `GET /api/v1/status`: the bots, their rooms, and how the queues are.
pub(super) async fn status(State(web): State<Web>, headers: HeaderMap) -> Response {
    if let Err(refused) = allow(&web, &headers) {
        return refused.into_response();
    }
    answer(read_status(&web).await)
}

async fn read_status(web: &Web) -> Result<Value, StoreError> {
    let house = &web.house;
    let (inbox, inbox_since) = house.store.inbox_depth().await?;
    let (outbox, outbox_since) = house.store.outbox_depth().await?;
    let dead = house.store.dead_letters(100).await?;
    let poison = house.store.poison_count().await?;
    let operations = house.store.operations_by_state().await?;
    let frozen = house.freeze().await?;
    let round = alerts::last_round(&house.store).await?;
    let rooms = house.rooms();
    let bots: Vec<Value> = Bot::ALL
        .into_iter()
        .map(|bot| {
            let mut joined: Vec<&String> =
                rooms.members.iter().filter(|(_, there)| there.contains(&bot)).map(|(room, _)| room).collect();
            joined.sort();
            json!({"name": bot.name(), "user_id": bot.user_id(&house.server), "display_name": bot.display_name(), "matrixRooms": joined})
        })
        .collect();
    let own: serde_json::Map<String, Value> =
        rooms.own.iter().map(|(id, bot)| (bot.room_key().to_owned(), id.clone().into())).collect();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ready": *web.ready.borrow(),
        "bots": bots,
        "matrixRooms": own,
        "inbox": {"depth": inbox, "oldest_ts": inbox_since, "poison": poison},
        "outbox": {"depth": outbox, "oldest_ts": outbox_since},
        "dead_letters": dead.iter().map(|(txn, room, error)| json!({"txn_id": txn, "room_id": room, "error": error})).collect::<Vec<_>>(),
        "operations": operations,
        "round": round.map(|round| json!({"ts": round.ts, "problems": round.problems})),
        "frozen": frozen.map(|freeze| json!({"by": freeze.by, "reason": freeze.reason, "until_ts": freeze.until_ts})),
    }))
}

/// Which part of a list is wanted. What is given without a value is not given.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "given")]
    state: Option<String>,
    #[serde(default, deserialize_with = "given")]
    limit: Option<i64>,
    /// Only what was created before; milliseconds since the epoch.
    #[serde(default, deserialize_with = "given")]
    before: Option<i64>,
}

fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    let text = text.trim();
    (!text.is_empty()).then(|| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// `GET /api/v1/operations?state=&limit=&before=`, newest first.
pub(super) async fn operations(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(page): Query<Page>,
) -> Response {
    if let Err(refused) = allow(&web, &headers) {
        return refused.into_response();
    }
    answer(read_operations(&web, &page).await)
}

async fn read_operations(web: &Web, page: &Page) -> Result<Value, StoreError> {
    let limit = page.limit.unwrap_or(100).clamp(1, 1_000);
    let store = &web.house.store;
    let mut list = Vec::new();
    for op in store.operations_page(page.state.as_deref(), page.before.unwrap_or(i64::MAX), limit).await? {
        let votes = store.votes(&op.id).await?;
        let given = votes.iter().filter(|vote| vote.verdict == "approve").count();
        let mut field = messages::field(&op, given);
        field["created_ts"] = op.created_ts.into();
        field["sentence"] = op.sentence.clone().into();
        field["room_id"] = op.room_id.clone().into();
        field["proposal_event"] = op.proposal_event.clone().into();
        field["targets"] = op.plan.targets.clone().into();
        list.push(field);
    }
    Ok(json!({"operations": list}))
}

/// `GET /api/v1/incidents?state=&limit=&before=`, newest first.
pub(super) async fn incidents(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(page): Query<Page>,
) -> Response {
    if let Err(refused) = allow(&web, &headers) {
        return refused.into_response();
    }
    let state = match page.state.as_deref().map(|name| (name, alerts::State::named(name))) {
        Some((name, None)) => {
            let said =
                format!("there is no state {name:?}; use firing, acknowledged, silenced or resolved\n");
            return (StatusCode::BAD_REQUEST, said).into_response();
        }
        Some((_, state)) => state,
        None => None,
    };
    answer(read_incidents(&web, state, &page).await)
}

async fn read_incidents(web: &Web, state: Option<alerts::State>, page: &Page) -> Result<Value, StoreError> {
    let limit = page.limit.unwrap_or(100).clamp(1, 1_000);
    let store = &web.house.store;
    let mut list = Vec::new();
    for incident in store.incidents_page(state, page.before.unwrap_or(i64::MAX), limit).await? {
        list.push(json!({
            "id": incident.id,
            "state": incident.state.as_str(),
            "source": incident.source,
            "group_key": incident.group_key,
            "severity": incident.severity.as_str(),
            "fingerprints": incident.fingerprints,
            "title": incident.title,
            "labels": incident.labels,
            "annotations": incident.annotations,
            "firing": incident.firing,
            "total": incident.total,
            "created_ts": incident.opened_ts,
            "changed_ts": incident.changed_ts,
            "resolved_ts": incident.resolved_ts,
            "acknowledged": incident.ack.as_ref().map(|ack| json!({"by": ack.by, "ts": ack.ts})),
            "silenced": incident.silence.as_ref().map(|silence| json!({"by": silence.by, "until_ts": silence.until_ts})),
        }));
    }
    Ok(json!({"incidents": list}))
}

fn answer(read: Result<Value, StoreError>) -> Response {
    match read {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the API can't read the database");
            (StatusCode::INTERNAL_SERVER_ERROR, "the database can't be read\n").into_response()
        }
    }
}
