//! Inbox: what the homeserver told us, committed before it is acknowledged.

use sqlx::Row;

use super::{Store, StoreError, Tx};

/// An event that waits to be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Its place in the order.
    pub seq: i64,
    /// Matrix event id.
    pub event_id: String,
    /// Matrix room id; empty for what has no room.
    pub room_id: String,
    /// The event as it came, JSON.
    pub body: String,
    /// How often handling it has failed.
    pub attempts: i64,
}

impl Store {
    /// Stores the events of a transaction – `(event id, room id, body)` – in one database transaction, and returns those
    /// that are new, in their order.
    ///
    /// A redelivered transaction is known by its events, not by its id: on SQLite, Synapse begins to count its
    /// transactions anew when it restarts, so an id that was seen before can bring new events.
    pub async fn take_in(&self, events: Vec<(String, String, String)>) -> Result<Vec<InboxRow>, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now_ms();
        let mut rows = Vec::with_capacity(events.len());
        for (event_id, room_id, body) in events {
            let seq = self.next_seq();
            let inserted = sqlx::query(
                "INSERT INTO inbox (seq, event_id, room_id, body, state, attempts, received_ts) \
                 VALUES ($1, $2, $3, $4, 'new', 0, $5) ON CONFLICT DO NOTHING",
            )
            .bind(seq)
            .bind(&event_id)
            .bind(&room_id)
            .bind(&body)
            .bind(now)
            .execute(&mut *tx.tx)
            .await?
            .rows_affected();
            if inserted == 1 {
                rows.push(InboxRow { seq, event_id, room_id, body, attempts: 0 });
            }
        }
        tx.commit().await?;
        Ok(rows)
    }

    /// Everything that waits, in order: what a start begins with.
    pub async fn waiting_events(&self) -> Result<Vec<InboxRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, event_id, room_id, body, attempts FROM inbox WHERE state = 'new' ORDER BY seq",
        )
        .fetch_all(self.pool())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(InboxRow {
                    seq: row.try_get(0)?,
                    event_id: row.try_get(1)?,
                    room_id: row.try_get(2)?,
                    body: row.try_get(3)?,
                    attempts: row.try_get(4)?,
                })
            })
            .collect()
    }

    /// Sets an event aside after a failure; `poison` for good, otherwise it waits for another try.
    pub async fn failed_event(&self, seq: i64, error: &str, poison: bool) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE inbox SET attempts = attempts + 1, error = $2, state = $3 WHERE seq = $1")
            .bind(seq)
            .bind(crate::secrets::hide(error).as_ref())
            .bind(if poison { "poison" } else { "new" })
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// How many events wait, and since when (milliseconds since the epoch) the oldest does.
    pub async fn inbox_depth(&self) -> Result<(i64, Option<i64>), StoreError> {
        let row = sqlx::query("SELECT COUNT(*), MIN(received_ts) FROM inbox WHERE state = 'new'")
            .fetch_one(self.pool())
            .await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }

    /// How many events were set aside as poison.
    pub async fn poison_count(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM inbox WHERE state = 'poison'")
            .fetch_one(self.pool())
            .await?)
    }

    /// Forgets what was handled, was sent or expired before `before` (milliseconds since the epoch).
    pub async fn forget_handled(&self, before: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for sql in [
            "DELETE FROM inbox WHERE state = 'done' AND received_ts < $1",
            "DELETE FROM outbox WHERE state = 'sent' AND created_ts < $1",
            "DELETE FROM questions WHERE expires_ts < $1",
        ] {
            sqlx::query(sql).bind(before).execute(&mut *tx.tx).await?;
        }
        tx.commit().await
    }
}

impl Tx {
    /// Marks an event as handled, in the same transaction as what it caused.
    ///
    /// Returns whether it still waited; if not, somebody handled it and this transaction must be dropped.
    pub async fn handled(&mut self, seq: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE inbox SET state = 'done', body = '' WHERE seq = $1 AND state = 'new'")
            .bind(seq)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes an event back that is still being handled: what its handling comes to is dropped.
    pub async fn unheard(&mut self, room: &str, event_id: &str) -> Result<(), StoreError> {
        let sql = "UPDATE inbox SET state = 'done', body = '' WHERE event_id = $1 AND room_id = $2 AND state = 'new'";
        sqlx::query(sql).bind(event_id).bind(room).execute(&mut *self.tx).await?;
        Ok(())
    }
}
