//! The audit table: rows of a hash chain. What the chain means is in [`crate::audit`].

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Kind, Store, StoreError, Tx};
use crate::audit::{Entry, New};

fn entry(row: &AnyRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        seq: row.try_get(0)?,
        ts: row.try_get(1)?,
        kind: row.try_get(2)?,
        operation: row.try_get(3)?,
        actor: row.try_get(4)?,
        event_id: row.try_get(5)?,
        detail: row.try_get(6)?,
        prev: row.try_get(7)?,
        hash: row.try_get(8)?,
    })
}

const HEAD: &str = "SELECT seq, hash FROM audit_head WHERE name = 'audit'";
const COLUMNS: &str = "seq, ts, kind, operation, actor, event_id, detail, prev, hash";

impl Tx {
    /// Appends an entry; returns the new head.
    pub async fn audit(&mut self, new: New<'_>) -> Result<String, StoreError> {
        let sql = match self.store.kind {
            Kind::Sqlite => HEAD,
            Kind::Postgres => "SELECT seq, hash FROM audit_head WHERE name = 'audit' FOR UPDATE",
        };
        let head = sqlx::query(sql).fetch_one(&mut *self.tx).await?;
        let (seq, prev): (i64, String) = (head.try_get(0)?, head.try_get(1)?);
        // The entry is hashed as it is stored.
        let detail = crate::secrets::redactor().hide_json_text(new.detail);
        let new = New { detail: &detail, ..new };
        let entry = Entry::after(seq, prev, self.now_ms(), new);
        sqlx::query(
            "INSERT INTO audit (seq, ts, kind, operation, actor, event_id, detail, prev, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(entry.seq)
        .bind(entry.ts)
        .bind(&entry.kind)
        .bind(&entry.operation)
        .bind(&entry.actor)
        .bind(&entry.event_id)
        .bind(&entry.detail)
        .bind(&entry.prev)
        .bind(&entry.hash)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("UPDATE audit_head SET seq = $1, hash = $2 WHERE name = 'audit'")
            .bind(entry.seq)
            .bind(&entry.hash)
            .execute(&mut *self.tx)
            .await?;
        Ok(entry.hash)
    }
}

impl Tx {
    /// The head as it is now, in this transaction.
    pub(crate) async fn audit_head(&mut self) -> Result<(i64, String), StoreError> {
        let row = sqlx::query(HEAD).fetch_one(&mut *self.tx).await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

impl Store {
    /// The entries from `after` on (exclusive), at most `limit`, in order.
    pub async fn audit_entries(&self, after: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(after).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(entry).collect()
    }

    /// The entries about one operation, in order.
    pub async fn audit_of(&self, operation: &str) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE operation = $1 ORDER BY seq");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(operation).fetch_all(self.pool()).await?;
        rows.iter().map(entry).collect()
    }

    /// The head as it is kept outside the table: last number and hash.
    pub async fn audit_head(&self) -> Result<Option<(i64, String)>, StoreError> {
        let row = sqlx::query(HEAD).fetch_optional(self.pool()).await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }
}
