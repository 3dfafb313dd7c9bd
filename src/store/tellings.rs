//! Where incidents are told: one message a room, and summaries of storms.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx};
use crate::alerts::Incident;

/// An incident's message in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The incident.
    pub incident: String,
    /// The room.
    pub room_id: String,
    /// The bot that tells it, by short name.
    pub bot: String,
    /// `de` or `en`.
    pub lang: String,
    /// The message's transaction id; empty when the incident stands in a storm's summary only.
    pub txn_id: String,
    /// Its event id, once it is known.
    pub event_id: Option<String>,
    /// Hash of what it says.
    pub digest: String,
    /// The summary it stands in instead of a message of its own.
    pub storm: Option<String>,
    /// After how many milliseconds it notifies again while nobody acknowledges; 0 for never.
    pub repeat_ms: i64,
    /// When it does next, milliseconds since the epoch.
    pub repeat_ts: i64,
    /// When it was first told, milliseconds since the epoch.
    pub created_ts: i64,
}

/// A summary in place of many messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// Its id.
    pub id: String,
    /// The room.
    pub room_id: String,
    /// The bot that tells it, by short name.
    pub bot: String,
    /// `de` or `en`.
    pub lang: String,
    /// The message's transaction id.
    pub txn_id: String,
    /// Its event id, once it is known.
    pub event_id: Option<String>,
    /// Hash of what it says.
    pub digest: String,
    /// When it began, milliseconds since the epoch.
    pub created_ts: i64,
    /// When something last came into it, milliseconds since the epoch.
    pub changed_ts: i64,
}

const TELLING: &str =
    "incident, room_id, bot, lang, txn_id, event_id, digest, storm, repeat_ms, repeat_ts, created_ts";
/// Rooms in which more than `$1` messages wait to be sent.
const CROWDED: &str =
    "SELECT room_id FROM outbox WHERE state = 'pending' GROUP BY room_id HAVING COUNT(*) > $1";
const STORM: &str = "id, room_id, bot, lang, txn_id, event_id, digest, created_ts, changed_ts";

fn telling(row: &AnyRow) -> Result<Telling, StoreError> {
    Ok(Telling {
        incident: row.try_get(0)?,
        room_id: row.try_get(1)?,
        bot: row.try_get(2)?,
        lang: row.try_get(3)?,
        txn_id: row.try_get(4)?,
        event_id: row.try_get(5)?,
        digest: row.try_get(6)?,
        storm: row.try_get(7)?,
        repeat_ms: row.try_get(8)?,
        repeat_ts: row.try_get(9)?,
        created_ts: row.try_get(10)?,
    })
}

fn storm(row: &AnyRow) -> Result<Storm, StoreError> {
    Ok(Storm {
        id: row.try_get(0)?,
        room_id: row.try_get(1)?,
        bot: row.try_get(2)?,
        lang: row.try_get(3)?,
        txn_id: row.try_get(4)?,
        event_id: row.try_get(5)?,
        digest: row.try_get(6)?,
        created_ts: row.try_get(7)?,
        changed_ts: row.try_get(8)?,
    })
}

impl Telling {
    /// The message's event, or what stands for it until it is sent; nothing when it has no message of its own.
    pub fn root(&self) -> Option<String> {
        match &self.event_id {
            Some(event) => Some(event.clone()),
            None if self.txn_id.is_empty() => None,
            None => Some(super::sent(&self.txn_id)),
        }
    }
}

impl Storm {
    /// The message's event, or what stands for it until it is sent.
    pub fn root(&self) -> String {
        self.event_id.clone().unwrap_or_else(|| super::sent(&self.txn_id))
    }
}

impl Store {
    /// The incident whose message in a room this event is.
    pub async fn telling_by_event(&self, room: &str, event: &str) -> Result<Option<Telling>, StoreError> {
        let sql = format!("SELECT {TELLING} FROM incident_messages WHERE event_id = $1 AND room_id = $2");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(event).bind(room).fetch_optional(self.pool()).await?;
        row.as_ref().map(telling).transpose()
    }

    /// Whether an incident's message is on its way into a room, and nobody knows yet as which event.
    pub async fn tells_now(&self, room: &str) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM incident_messages m JOIN outbox o ON o.txn_id = m.txn_id \
                   WHERE m.room_id = $1 AND m.event_id IS NULL AND o.state = 'pending'";
        let waiting: i64 = sqlx::query_scalar(sql).bind(room).fetch_one(self.pool()).await?;
        Ok(waiting > 0)
    }

    /// Where an incident is told.
    pub async fn tellings_of(&self, incident: &str) -> Result<Vec<Telling>, StoreError> {
        let sql = format!("SELECT {TELLING} FROM incident_messages WHERE incident = $1 ORDER BY created_ts");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(incident).fetch_all(self.pool()).await?;
        rows.iter().map(telling).collect()
    }

    /// The open incidents that are told in a room, newest first.
    pub async fn open_incidents_in(&self, room: &str, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let sql = "SELECT i.id, i.doc FROM incident_messages m JOIN incidents i ON i.id = m.incident \
                   WHERE m.room_id = $1 AND i.state <> 'resolved' ORDER BY i.opened_ts DESC, i.id LIMIT $2";
        let rows = sqlx::query(sql).bind(room).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(super::incidents::incident).collect()
    }

    /// Messages of incidents that fire, are not acknowledged, and are to notify again at `now` (milliseconds since the epoch).
    pub async fn due_repeats(&self, now: i64, limit: i64) -> Result<Vec<Telling>, StoreError> {
        let columns: Vec<String> = TELLING.split(", ").map(|column| format!("m.{column}")).collect();
        let sql = format!(
            "SELECT {} FROM incident_messages m JOIN incidents i ON i.id = m.incident \
             WHERE m.repeat_ts <= $1 AND i.state = 'firing' ORDER BY m.repeat_ts LIMIT $2",
            columns.join(", ")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(telling).collect()
    }

    /// Messages whose words are not up to date, of rooms in which at most `crowd` messages wait to be sent.
    pub async fn stale_tellings(&self, crowd: i64, limit: i64) -> Result<Vec<Telling>, StoreError> {
        let sql = format!(
            "SELECT {TELLING} FROM incident_messages WHERE state = 'stale' AND room_id NOT IN ({CROWDED}) \
             ORDER BY created_ts DESC LIMIT $2"
        );
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(crowd).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(telling).collect()
    }

    /// Summaries whose words are not up to date, and those that nothing has come into since `calm` (milliseconds since the epoch) and
    /// that do not say so; of rooms in which at most `crowd` messages wait.
    pub async fn stale_storms(&self, calm: i64, crowd: i64) -> Result<Vec<Storm>, StoreError> {
        let sql = format!(
            "SELECT {STORM} FROM storms WHERE (stale = 1 OR is_over = 0 AND changed_ts < $2) AND room_id NOT IN ({CROWDED})"
        );
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(crowd).bind(calm).fetch_all(self.pool()).await?;
        rows.iter().map(storm).collect()
    }

    /// How many incidents of a summary are in each state and at each place in the order of severities.
    pub async fn storm_counts(&self, storm: &str) -> Result<Vec<(String, i64, i64)>, StoreError> {
        let sql = "SELECT i.state, i.rank, COUNT(*) FROM incident_messages m JOIN incidents i ON i.id = m.incident \
                   WHERE m.storm = $1 GROUP BY i.state, i.rank";
        let rows = sqlx::query(sql).bind(storm).fetch_all(self.pool()).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
    }

    /// The open incidents that stand in a summary, the worst and newest first.
    pub async fn incidents_in_storm(&self, storm: &str, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let sql = "SELECT i.id, i.doc FROM incident_messages m JOIN incidents i ON i.id = m.incident \
                   WHERE m.storm = $1 AND i.state <> 'resolved' ORDER BY i.rank DESC, i.opened_ts DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(storm).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(super::incidents::incident).collect()
    }
}

impl Tx {
    /// Where an incident is told, as it stands in this transaction.
    pub async fn tellings_of(&mut self, incident: &str) -> Result<Vec<Telling>, StoreError> {
        let sql = format!("SELECT {TELLING} FROM incident_messages WHERE incident = $1 ORDER BY created_ts");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(incident).fetch_all(&mut *self.tx).await?;
        rows.iter().map(telling).collect()
    }

    /// How many incidents got a message of their own in a room since `since` (milliseconds since the epoch).
    pub async fn told_since(&mut self, room: &str, since: i64) -> Result<i64, StoreError> {
        let sql =
            "SELECT COUNT(*) FROM incident_messages WHERE room_id = $1 AND created_ts > $2 AND storm IS NULL";
        Ok(sqlx::query_scalar(sql).bind(room).bind(since).fetch_one(&mut *self.tx).await?)
    }

    /// The summary of a room that something came into after `since` (milliseconds since the epoch).
    pub async fn storm_in(&mut self, room: &str, since: i64) -> Result<Option<Storm>, StoreError> {
        let sql = format!(
            "SELECT {STORM} FROM storms WHERE room_id = $1 AND changed_ts > $2 ORDER BY changed_ts DESC LIMIT 1"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(room)
            .bind(since)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.as_ref().map(storm).transpose()
    }

    /// Stores a summary.
    pub async fn save_storm(&mut self, storm: &Storm) -> Result<(), StoreError> {
        let sql = "INSERT INTO storms (id, room_id, bot, lang, txn_id, event_id, digest, stale, is_over, created_ts, changed_ts) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0, $8, $9) \
                   ON CONFLICT (id) DO UPDATE SET stale = 1, is_over = 0, changed_ts = excluded.changed_ts";
        sqlx::query(sql)
            .bind(&storm.id)
            .bind(&storm.room_id)
            .bind(&storm.bot)
            .bind(&storm.lang)
            .bind(&storm.txn_id)
            .bind(&storm.event_id)
            .bind(&storm.digest)
            .bind(storm.created_ts)
            .bind(storm.changed_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Notes what a summary says now, by which message, and whether it says that the storm is over.
    pub async fn retell_storm(&mut self, storm: &Storm, is_over: bool) -> Result<(), StoreError> {
        sqlx::query("UPDATE storms SET txn_id = $2, digest = $3, stale = 0, is_over = $4 WHERE id = $1 AND changed_ts = $5")
            .bind(&storm.id)
            .bind(&storm.txn_id)
            .bind(&storm.digest)
            .bind(i64::from(is_over))
            .bind(storm.changed_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Stores where an incident is told now, up to date.
    pub async fn save_telling(&mut self, telling: &Telling) -> Result<(), StoreError> {
        let sql = "INSERT INTO incident_messages (incident, room_id, bot, lang, txn_id, event_id, state, digest, storm, repeat_ms, \
                   repeat_ts, created_ts) VALUES ($1, $2, $3, $4, $5, $6, 'fresh', $7, $8, $9, $10, $11) \
                   ON CONFLICT (incident, room_id) DO UPDATE SET bot = excluded.bot, lang = excluded.lang, txn_id = excluded.txn_id, \
                   event_id = excluded.event_id, state = 'fresh', digest = excluded.digest, storm = excluded.storm, \
                   repeat_ms = excluded.repeat_ms, repeat_ts = excluded.repeat_ts, created_ts = excluded.created_ts";
        sqlx::query(sql)
            .bind(&telling.incident)
            .bind(&telling.room_id)
            .bind(&telling.bot)
            .bind(&telling.lang)
            .bind(&telling.txn_id)
            .bind(&telling.event_id)
            .bind(&telling.digest)
            .bind(&telling.storm)
            .bind(telling.repeat_ms)
            .bind(telling.repeat_ts)
            .bind(telling.created_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Lets a room's message notify again at `ts` (milliseconds since the epoch), and not before.
    pub async fn repeat_at(&mut self, incident: &str, room: &str, ts: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE incident_messages SET repeat_ts = $3 WHERE incident = $1 AND room_id = $2")
            .bind(incident)
            .bind(room)
            .bind(ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Notes that an incident has notified just now, everywhere or in one room: it does not so soon again.
    pub async fn notified(&mut self, incident: &str, room: Option<&str>) -> Result<(), StoreError> {
        let now = self.now_ms();
        let sql = "UPDATE incident_messages SET repeat_ts = $2 + repeat_ms \
                   WHERE incident = $1 AND repeat_ms > 0 AND (room_id = $3 OR $3 = '')";
        sqlx::query(sql)
            .bind(incident)
            .bind(now)
            .bind(room.unwrap_or_default())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Notes what an incident's message says now.
    pub async fn retold(&mut self, incident: &str, room: &str, digest: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE incident_messages SET state = 'fresh', digest = $3 WHERE incident = $1 AND room_id = $2",
        )
        .bind(incident)
        .bind(room)
        .bind(digest)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Notes that the words of an incident's messages are out of date.
    pub async fn retell(&mut self, incident: &str) -> Result<(), StoreError> {
        for sql in [
            "UPDATE incident_messages SET state = 'stale' WHERE incident = $1 AND txn_id <> ''",
            "UPDATE storms SET stale = 1 WHERE id IN (SELECT storm FROM incident_messages WHERE incident = $1)",
        ] {
            sqlx::query(sql).bind(incident).execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}
