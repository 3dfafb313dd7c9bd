//! Votes: one a person.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx};
use crate::approval::Vote;

pub(super) const VOTES: &str =
    "SELECT person, user_id, verdict, event_id, ts, room_id FROM votes WHERE operation = $1 ORDER BY ts";

pub(super) fn vote(row: &AnyRow) -> Result<Vote, StoreError> {
    Ok(Vote {
        person: row.try_get(0)?,
        user_id: row.try_get(1)?,
        verdict: row.try_get(2)?,
        event_id: row.try_get(3)?,
        ts: row.try_get(4)?,
        room: row.try_get(5)?,
    })
}

impl Store {
    /// The votes on an operation.
    pub async fn votes(&self, operation: &str) -> Result<Vec<Vote>, StoreError> {
        let rows = sqlx::query(VOTES).bind(operation).fetch_all(self.pool()).await?;
        rows.iter().map(vote).collect()
    }

    /// The operation that this reaction or message is a vote on, and the room that it was cast in.
    pub async fn operation_voted_by(&self, event_id: &str) -> Result<Option<(String, String)>, StoreError> {
        let row = sqlx::query("SELECT operation, room_id FROM votes WHERE event_id = $1")
            .bind(event_id)
            .fetch_optional(self.pool())
            .await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }
}

impl Tx {
    /// Stores a person's vote in place of an earlier one.
    pub async fn vote(&mut self, operation: &str, vote: &Vote) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO votes (operation, person, user_id, verdict, event_id, ts, room_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (operation, person) DO UPDATE SET user_id = $3, verdict = $4, event_id = $5, ts = $6, room_id = $7",
        )
        .bind(operation)
        .bind(&vote.person)
        .bind(&vote.user_id)
        .bind(&vote.verdict)
        .bind(&vote.event_id)
        .bind(vote.ts)
        .bind(&vote.room)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// How many approvals an operation has.
    pub async fn approvals(&mut self, operation: &str) -> Result<usize, StoreError> {
        let sql = "SELECT COUNT(*) FROM votes WHERE operation = $1 AND verdict = 'approve'";
        let given: i64 = sqlx::query_scalar(sql).bind(operation).fetch_one(&mut *self.tx).await?;
        Ok(usize::try_from(given).unwrap_or(0))
    }

    /// Takes a vote back; whether there was one.
    pub async fn withdraw(&mut self, event_id: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM votes WHERE event_id = $1")
            .bind(event_id)
            .execute(&mut *self.tx)
            .await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Takes all votes on an operation back.
    pub async fn void(&mut self, operation: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM votes WHERE operation = $1").bind(operation).execute(&mut *self.tx).await?;
        Ok(())
    }
}
