//! "Nein, auf node-3" and "und grafana auch": short sentences that change or extend what was just asked for.

use std::sync::Arc;

use ralf_intents::{Amendment, Intent, Names, Reading};
use serde::{Deserialize, Serialize};

use super::Talk;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::store::{Operation, StoreError, Tx};

/// How long a sentence can be changed by a short one, in milliseconds.
const FRESH_MS: i64 = 10 * 60_000;

/// What somebody asked for last in a room.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    ts: i64,
    intent: Intent,
    operation: String,
}

fn key(room: &str, asker: &str) -> String {
    format!("last:{room}:{asker}")
}

/// Remembers what was proposed for whom.
pub(super) async fn remember(tx: &mut Tx, op: &Operation) -> Result<(), StoreError> {
    let intent = Intent { name: op.intent.clone(), slots: op.slots.clone(), changes: true };
    let last = Last { ts: op.created_ts, intent, operation: op.id.clone() };
    let text = serde_json::to_string(&last).unwrap_or_default();
    tx.remember(&key(&op.room_id, &op.requester), &text).await
}

/// The wish that somebody had last in a room, while it is fresh and still waits.
pub(super) async fn waiting(house: &House, talk: &Talk) -> Result<Option<Operation>, HandleError> {
    let Some(last) = last(house, talk).await? else { return Ok(None) };
    let op = house.store.operation(&last.operation).await?;
    Ok(op.filter(|op| op.state.is_pending() && op.requester == talk.asker))
}

async fn last(house: &House, talk: &Talk) -> Result<Option<Last>, HandleError> {
    let text = house.store.recall(&key(&talk.room, &talk.asker)).await?;
    let last = text.and_then(|text| serde_json::from_str::<Last>(&text).ok());
    Ok(last.filter(|last| house.store.clock.now_ms() - last.ts <= FRESH_MS))
}

/// The reading of a short sentence in the light of the one before; nothing when it does not refer to it. A wish that it
/// replaces and that still waits comes with it, by its id.
pub(super) async fn read(
    house: &Arc<House>,
    talk: &Talk,
    names: &Names,
) -> Result<Option<(Reading, Option<String>)>, HandleError> {
    let Some(last) = last(house, talk).await? else { return Ok(None) };
    let understanding = house.understanding().await;
    match understanding.amend(&last.intent, &talk.sentence, names, talk.known_lang) {
        None => Ok(None),
        Some(Amendment::Also(reading)) => Ok(Some((reading, None))),
        Some(Amendment::Instead(reading)) => {
            let old = house.store.operation(&last.operation).await?;
            Ok(Some((reading, old.filter(|op| op.state.is_pending()).map(|op| op.id))))
        }
    }
}
