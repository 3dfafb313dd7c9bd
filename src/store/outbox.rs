//! Outbox: what is to be said, committed with the state change that causes it.

use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx, to_json};
use crate::clock::new_id;
use crate::secrets::{hide, redactor};

/// Something to be said or done on Matrix by one of our bots.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Room id.
    pub room_id: String,
    /// The bot's short name, such as `core`.
    pub bot: String,
    /// `m.room.message`, `m.reaction` … for sending, or `!redact`, `!leave`, `!join`, `!file`.
    pub kind: String,
    /// The content. `"$sent:<txn id>"` stands for the event id of an earlier row of the same room.
    pub content: Value,
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in the order.
    pub seq: i64,
    /// Globally unique transaction id.
    pub txn_id: String,
    /// Room id.
    pub room_id: String,
    /// The bot's short name.
    pub bot: String,
    /// What to do; see [`NewMessage::kind`].
    pub kind: String,
    /// Content, JSON: sent byte for byte the same at every try.
    pub body: String,
    /// How often sending it has failed.
    pub attempts: i64,
    /// Whether somebody waits for its event id: it is a proposal or a question.
    pub awaited: bool,
    /// When it was written, milliseconds since the epoch.
    pub created_ts: i64,
    /// The operation whose proposal it is a part of: it can't be approved before all of them are sent.
    pub about: Option<String>,
}

const COLUMNS: &str = "seq, txn_id, room_id, bot, kind, body, attempts, awaited, created_ts, about";

fn row(row: &AnyRow) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        seq: row.try_get(0)?,
        txn_id: row.try_get(1)?,
        room_id: row.try_get(2)?,
        bot: row.try_get(3)?,
        kind: row.try_get(4)?,
        body: row.try_get(5)?,
        attempts: row.try_get(6)?,
        awaited: row.try_get::<i64, _>(7)? != 0,
        created_ts: row.try_get(8)?,
        about: row.try_get(9)?,
    })
}

/// The placeholder for the event id of a row that was or will be sent before.
pub fn sent(txn_id: &str) -> String {
    format!("$sent:{txn_id}")
}

impl Tx {
    /// Queues something to be said; returns its transaction id.
    pub async fn say(&mut self, message: NewMessage) -> Result<String, StoreError> {
        let txn_id = new_id();
        self.queue(txn_id.clone(), message, false, None).await?;
        Ok(txn_id)
    }

    /// Like [`Tx::say`], for a part of an operation's proposal.
    pub async fn say_about(&mut self, operation: &str, message: NewMessage) -> Result<(), StoreError> {
        self.queue(new_id(), message, false, Some(operation)).await
    }

    /// An operation's proposal itself.
    pub async fn propose_as(
        &mut self,
        txn_id: String,
        operation: &str,
        message: NewMessage,
    ) -> Result<(), StoreError> {
        self.queue(txn_id, message, true, Some(operation)).await
    }

    /// Like [`Tx::say`], with a transaction id that was made before, and that an operation or a question knows it by.
    pub async fn say_as(&mut self, txn_id: String, message: NewMessage) -> Result<(), StoreError> {
        self.queue(txn_id, message, true, None).await
    }

    async fn queue(
        &mut self,
        txn_id: String,
        message: NewMessage,
        awaited: bool,
        about: Option<&str>,
    ) -> Result<(), StoreError> {
        let NewMessage { room_id, bot, kind, mut content } = message;
        // By this we know our own message again. A file's content is inside of what its upload needs.
        let sent_as = match kind.as_str() {
            "m.room.message" => Some(&mut content),
            "!file" => content.get_mut("content"),
            _ => None,
        };
        if let Some(Value::Object(fields)) = sent_as {
            fields.insert("org.ralf.txn".into(), txn_id.clone().into());
        }
        // The one way into a room.
        redactor().hide_json(&mut content);
        let row = OutboxRow {
            seq: self.store.next_seq(),
            txn_id,
            room_id,
            bot,
            kind,
            body: to_json(&content),
            attempts: 0,
            awaited,
            created_ts: self.now_ms(),
            about: about.map(str::to_owned),
        };
        sqlx::query(
            "INSERT INTO outbox (seq, txn_id, room_id, bot, kind, body, state, attempts, awaited, created_ts, \
             about) VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $8, $9)",
        )
        .bind(row.seq)
        .bind(&row.txn_id)
        .bind(&row.room_id)
        .bind(&row.bot)
        .bind(&row.kind)
        .bind(&row.body)
        .bind(i64::from(awaited))
        .bind(row.created_ts)
        .bind(&row.about)
        .execute(&mut *self.tx)
        .await?;
        self.queued.push(row);
        Ok(())
    }

    /// Notes that a row was sent as `event_id`; if it is awaited, lets whoever waits for that id know it.
    pub async fn sent(&mut self, txn_id: &str, event_id: &str, awaited: bool) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE outbox SET state = 'sent', event_id = $2 WHERE txn_id = $1 AND state = 'pending'",
        )
        .bind(txn_id)
        .bind(event_id)
        .execute(&mut *self.tx)
        .await?;
        if !awaited {
            return Ok(());
        }
        for sql in [
            "UPDATE operations SET proposal_event = $2 WHERE proposal_txn = $1 AND proposal_event IS NULL",
            "UPDATE questions SET question_event = $2 WHERE question_txn = $1 AND question_event IS NULL",
            "UPDATE incident_messages SET event_id = $2 WHERE txn_id = $1 AND event_id IS NULL",
            "UPDATE storms SET event_id = $2 WHERE txn_id = $1 AND event_id IS NULL",
        ] {
            sqlx::query(sql).bind(txn_id).bind(event_id).execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Something to be said that nobody misses when it is lost: a receipt, typing, a step of progress.
    pub fn say_volatile(&self, message: NewMessage) {
        let NewMessage { room_id, bot, kind, mut content } = message;
        redactor().hide_json(&mut content);
        let created_ts = self.clock.now_ms();
        let row = OutboxRow {
            seq: -1,
            txn_id: new_id(),
            room_id,
            bot,
            kind,
            body: to_json(&content),
            attempts: 0,
            awaited: false,
            created_ts,
            about: None,
        };
        let _ = self.outbox.send(row);
    }

    /// Hands a row of the last run to the sender.
    pub fn resend(&self, row: OutboxRow) {
        let _ = self.outbox.send(row);
    }

    /// Everything that waits to be sent, in order.
    pub async fn waiting_messages(&self) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE state = 'pending' ORDER BY seq");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.iter().map(row).collect()
    }

    /// The event id that a row was sent as.
    pub async fn event_of(&self, txn_id: &str) -> Result<Option<String>, StoreError> {
        let found: Option<Option<String>> =
            sqlx::query_scalar("SELECT event_id FROM outbox WHERE txn_id = $1")
                .bind(txn_id)
                .fetch_optional(self.pool())
                .await?;
        Ok(found.flatten())
    }

    /// Whether a row was given up.
    pub async fn is_dead(&self, txn_id: &str) -> Result<bool, StoreError> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM outbox WHERE txn_id = $1")
            .bind(txn_id)
            .fetch_optional(self.pool())
            .await?;
        Ok(state.as_deref() == Some("dead"))
    }

    /// Whether a row still waits to be sent.
    pub async fn is_pending(&self, txn_id: &str) -> Result<bool, StoreError> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM outbox WHERE txn_id = $1")
            .bind(txn_id)
            .fetch_optional(self.pool())
            .await?;
        Ok(state.as_deref() == Some("pending"))
    }

    /// Replaces a row's body once, before its first try (an uploaded file's address).
    pub async fn fix_body(&self, txn_id: &str, kind: &str, body: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE outbox SET kind = $2, body = $3 WHERE txn_id = $1 AND state = 'pending'")
            .bind(txn_id)
            .bind(kind)
            .bind(body)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// Counts a failed try; `dead` gives the row up, visibly.
    pub async fn unsent(&self, txn_id: &str, error: &str, dead: bool) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE outbox SET attempts = attempts + 1, error = $2, state = $3 WHERE txn_id = $1 AND state = 'pending'")
            .bind(txn_id)
            .bind(hide(error).as_ref())
            .bind(if dead { "dead" } else { "pending" })
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// How many messages wait, and since when (milliseconds since the epoch) the oldest does.
    pub async fn outbox_depth(&self) -> Result<(i64, Option<i64>), StoreError> {
        let row = sqlx::query("SELECT COUNT(*), MIN(created_ts) FROM outbox WHERE state = 'pending'")
            .fetch_one(self.pool())
            .await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }

    /// Messages that were given up: `(txn id, room, error)`, newest first.
    pub async fn dead_letters(&self, limit: i64) -> Result<Vec<(String, String, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT txn_id, room_id, error FROM outbox WHERE state = 'dead' ORDER BY seq DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.try_get(0)?,
                    row.try_get(1)?,
                    row.try_get::<Option<String>, _>(2)?.unwrap_or_default(),
                ))
            })
            .collect()
    }
}
