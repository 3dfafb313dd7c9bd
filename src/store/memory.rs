//! Small things to remember: room ids, the language of a person, what was said once.

use super::{Store, StoreError, Tx};

impl Store {
    /// What is remembered under `key`.
    pub async fn recall(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM memory WHERE key = $1")
            .bind(key)
            .fetch_optional(self.pool())
            .await?)
    }

    /// Remembers `value` under `key`.
    pub async fn remember(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.remember(key, value).await?;
        tx.commit().await
    }
}

impl Tx {
    /// What is remembered under `key`, as it stands in this transaction.
    pub async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM memory WHERE key = $1")
            .bind(key)
            .fetch_optional(&mut *self.tx)
            .await?)
    }

    /// Remembers `value` under `key`.
    pub async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO memory (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2",
        )
        .bind(key)
        .bind(value)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Remembers that something was done once; false if it was before.
    pub async fn once(&mut self, key: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("INSERT INTO memory (key, value) VALUES ($1, '1') ON CONFLICT DO NOTHING")
            .bind(key)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets `key`.
    pub async fn forget(&mut self, key: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM memory WHERE key = $1").bind(key).execute(&mut *self.tx).await?;
        Ok(())
    }
}
