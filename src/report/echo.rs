//! Whether the room has a message of ours already. A homeserver forgets transaction ids after a day; what waited longer
//! may have been sent by a run that died before it could note so.

use ralf_appservice::client::Direction;
use ralf_appservice::{Client, ClientError};
use ruma::RoomId;
use serde_json::Value;

use crate::store::OutboxRow;

/// From this age on a row is looked for before it is sent, in milliseconds: Synapse keeps transaction ids for 24 hours.
const FORGOTTEN_MS: i64 = 23 * 3_600_000;
/// Clocks may differ by this, in milliseconds.
const SLACK_MS: i64 = 3_600_000;
/// Events a page, and pages at most: a room with more than that in between is told of once more rather than never.
const PAGE: u32 = 500;
const PAGES: usize = 200;

/// Whether the homeserver may have forgotten that it has this row.
pub(super) fn is_old(row: &OutboxRow, now: i64) -> bool {
    row.seq >= 0
        && now - row.created_ts > FORGOTTEN_MS
        && matches!(row.kind.as_str(), "m.room.message" | "!file")
}

/// The event that a row was sent as by `sender`, read backwards from the newest to the time when it was written.
pub(super) async fn find(
    client: &Client,
    room: &RoomId,
    row: &OutboxRow,
    sender: &str,
) -> Result<Option<String>, ClientError> {
    let mut from: Option<String> = None;
    for _ in 0..PAGES {
        let page = client.messages(room, from.as_deref(), Direction::Backward, PAGE).await?;
        for raw in &page.chunk {
            let event: Value = serde_json::from_str(raw.json().get()).unwrap_or_default();
            if event["sender"] == sender && event["content"]["org.ralf.txn"] == row.txn_id.as_str() {
                return Ok(event["event_id"].as_str().map(str::to_owned));
            }
            if event["origin_server_ts"].as_i64().is_some_and(|ts| ts < row.created_ts - SLACK_MS) {
                return Ok(None);
            }
        }
        match page.end {
            Some(end) if !page.chunk.is_empty() => from = Some(end),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_homeserver_may_have_forgotten_is_looked_for() {
        let row = |seq, kind: &str| OutboxRow {
            seq,
            txn_id: "t".into(),
            room_id: "!r:x".into(),
            bot: "core".into(),
            kind: kind.into(),
            body: "{}".into(),
            attempts: 0,
            awaited: false,
            created_ts: 0,
            about: None,
        };
        let day = 24 * 3_600_000;
        assert!(is_old(&row(1, "m.room.message"), day) && is_old(&row(1, "!file"), day));
        assert!(!is_old(&row(1, "m.room.message"), 3_600_000));
        assert!(!is_old(&row(-1, "m.room.message"), day) && !is_old(&row(1, "m.reaction"), day));
    }
}
