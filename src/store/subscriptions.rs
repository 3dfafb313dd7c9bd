//! Who wants to know of what, and what is kept for them.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx};

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: String,
    /// Where it is told.
    pub room_id: String,
    /// Its number in its room.
    pub n: i64,
    /// The bot that tells, by short name.
    pub bot: String,
    /// `de` or `en`.
    pub lang: String,
    /// Who wished for it (Matrix id).
    pub owner: String,
    /// Whether it is told to one person in a direct chat, and not to a room.
    pub personal: bool,
    /// What is wished for, as it is written in a command.
    pub wish: String,
    /// When something that was kept is due, milliseconds since the epoch; `i64::MAX` for never.
    pub due_ts: i64,
    /// Milliseconds since the epoch.
    pub created_ts: i64,
}

const COLUMNS: &str = "id, room_id, n, bot, lang, owner, personal, wish, due_ts, created_ts";

fn row(row: &AnyRow) -> Result<SubscriptionRow, StoreError> {
    Ok(SubscriptionRow {
        id: row.try_get(0)?,
        room_id: row.try_get(1)?,
        n: row.try_get(2)?,
        bot: row.try_get(3)?,
        lang: row.try_get(4)?,
        owner: row.try_get(5)?,
        personal: row.try_get::<i64, _>(6)? != 0,
        wish: row.try_get(7)?,
        due_ts: row.try_get(8)?,
        created_ts: row.try_get(9)?,
    })
}

impl Store {
    /// All subscriptions, in the order in which they were made.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM subscriptions ORDER BY created_ts, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.iter().map(row).collect()
    }

    /// Subscriptions for which something that was kept is due at `now` (milliseconds since the epoch).
    pub async fn due_subscriptions(&self, now: i64) -> Result<Vec<SubscriptionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE due_ts <= $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).fetch_all(self.pool()).await?;
        rows.iter().map(row).collect()
    }
}

impl Tx {
    /// Stores a new subscription under the next number of its room, which is returned.
    pub async fn add_subscription(&mut self, new: &SubscriptionRow) -> Result<i64, StoreError> {
        let n: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(n), 0) + 1 FROM subscriptions WHERE room_id = $1")
                .bind(&new.room_id)
                .fetch_one(&mut *self.tx)
                .await?;
        let sql = "INSERT INTO subscriptions (id, room_id, n, bot, lang, owner, personal, wish, due_ts, created_ts) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(&new.id)
            .bind(&new.room_id)
            .bind(n)
            .bind(&new.bot)
            .bind(&new.lang)
            .bind(&new.owner)
            .bind(i64::from(new.personal))
            .bind(&new.wish)
            .bind(new.due_ts)
            .bind(new.created_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(n)
    }

    /// Changes what a subscription wishes for; whether there is one.
    pub async fn change_subscription(
        &mut self,
        room: &str,
        n: i64,
        wish: &str,
        lang: &str,
    ) -> Result<bool, StoreError> {
        let changed =
            sqlx::query("UPDATE subscriptions SET wish = $3, lang = $4 WHERE room_id = $1 AND n = $2")
                .bind(room)
                .bind(n)
                .bind(wish)
                .bind(lang)
                .execute(&mut *self.tx)
                .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Ends a subscription and drops what was kept for it; whether there was one.
    pub async fn end_subscription(&mut self, room: &str, n: i64) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM deferred WHERE subscription IN (SELECT id FROM subscriptions WHERE room_id = $1 AND n = $2)")
            .bind(room)
            .bind(n)
            .execute(&mut *self.tx)
            .await?;
        let gone = sqlx::query("DELETE FROM subscriptions WHERE room_id = $1 AND n = $2")
            .bind(room)
            .bind(n)
            .execute(&mut *self.tx)
            .await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Ends all subscriptions of a room that we are not in any more.
    pub async fn end_subscriptions_of(&mut self, room: &str) -> Result<u64, StoreError> {
        sqlx::query(
            "DELETE FROM deferred WHERE subscription IN (SELECT id FROM subscriptions WHERE room_id = $1)",
        )
        .bind(room)
        .execute(&mut *self.tx)
        .await?;
        let gone = sqlx::query("DELETE FROM subscriptions WHERE room_id = $1")
            .bind(room)
            .execute(&mut *self.tx)
            .await?;
        Ok(gone.rows_affected())
    }

    /// Keeps an incident for a subscription until `due_ts` (milliseconds since the epoch).
    pub async fn defer(&mut self, subscription: &str, incident: &str, due_ts: i64) -> Result<(), StoreError> {
        let now = self.now_ms();
        sqlx::query(
            "INSERT INTO deferred (subscription, incident, ts) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(subscription)
        .bind(incident)
        .bind(now)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("UPDATE subscriptions SET due_ts = $2 WHERE id = $1 AND due_ts > $2")
            .bind(subscription)
            .bind(due_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Takes out what was kept for a subscription, oldest first; nothing is due for it any more.
    pub async fn take_deferred(&mut self, subscription: &str) -> Result<Vec<String>, StoreError> {
        let kept: Vec<String> =
            sqlx::query_scalar("SELECT incident FROM deferred WHERE subscription = $1 ORDER BY ts")
                .bind(subscription)
                .fetch_all(&mut *self.tx)
                .await?;
        for sql in [
            "DELETE FROM deferred WHERE subscription = $1",
            "UPDATE subscriptions SET due_ts = 9223372036854775807 WHERE id = $1",
        ] {
            sqlx::query(sql).bind(subscription).execute(&mut *self.tx).await?;
        }
        Ok(kept)
    }
}
