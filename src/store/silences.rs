//! Silences that people set here, and what was proposed to mend an incident.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx};

/// A silence that was set here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its number, for people to type.
    pub n: i64,
    /// Its id in Alertmanager, if it is there.
    pub remote_id: Option<String>,
    /// Who set it (Matrix id).
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// Which alerts, as matchers are written.
    pub matchers: String,
    /// The incident that it was set for.
    pub incident: Option<String>,
    /// The room that it was set in.
    pub room_id: String,
    /// Milliseconds since the epoch.
    pub starts_ts: i64,
    /// Milliseconds since the epoch.
    pub until_ts: i64,
    /// Its end was announced.
    pub announced: bool,
    /// It is over, or was taken back.
    pub ended: bool,
}

/// An operation that was proposed to mend an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The operation.
    pub operation: String,
    /// The incident.
    pub incident: String,
    /// The rule that proposed it, as its matchers are written.
    pub rule: String,
    /// What it happens to, such as `service:jellyfin@node-2`.
    pub target: String,
    /// What it is, for people: the intent and its slots.
    pub title: String,
    /// How the operation ended (its state); empty while it has not.
    pub outcome: String,
    /// When it was proposed, milliseconds since the epoch.
    pub ts: i64,
    /// When its operation last changed, milliseconds since the epoch: when it has ended, that was then.
    pub changed_ts: i64,
}

const SILENCE: &str =
    "n, remote_id, by_whom, reason, matchers, incident, room_id, starts_ts, until_ts, announced, ended";
const REMEDY: &str = "operation, incident, rule, target, title, outcome, ts, \
                      COALESCE((SELECT updated_ts FROM operations WHERE id = remedies.operation), ts)";

fn silence(row: &AnyRow) -> Result<Silence, StoreError> {
    Ok(Silence {
        n: row.try_get(0)?,
        remote_id: row.try_get(1)?,
        by: row.try_get(2)?,
        reason: row.try_get(3)?,
        matchers: row.try_get(4)?,
        incident: row.try_get(5)?,
        room_id: row.try_get(6)?,
        starts_ts: row.try_get(7)?,
        until_ts: row.try_get(8)?,
        announced: row.try_get::<i64, _>(9)? != 0,
        ended: row.try_get::<i64, _>(10)? != 0,
    })
}

fn remedy(row: &AnyRow) -> Result<Remedy, StoreError> {
    Ok(Remedy {
        operation: row.try_get(0)?,
        incident: row.try_get(1)?,
        rule: row.try_get(2)?,
        target: row.try_get(3)?,
        title: row.try_get(4)?,
        outcome: row.try_get(5)?,
        ts: row.try_get(6)?,
        changed_ts: row.try_get(7)?,
    })
}

impl Store {
    /// The silences that are not over, by number.
    pub async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        let sql = format!("SELECT {SILENCE} FROM silences WHERE ended = 0 ORDER BY n");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.iter().map(silence).collect()
    }

    /// A silence by its number.
    pub async fn silence(&self, n: i64) -> Result<Option<Silence>, StoreError> {
        let sql = format!("SELECT {SILENCE} FROM silences WHERE n = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(n).fetch_optional(self.pool()).await?;
        row.as_ref().map(silence).transpose()
    }

    /// What was proposed for an incident, oldest first.
    pub async fn remedies_of(&self, incident: &str) -> Result<Vec<Remedy>, StoreError> {
        self.remedies("incident = $1 ORDER BY ts", incident).await
    }

    /// What a rule proposed, newest first, at most 100.
    pub async fn remedies_by(&self, rule: &str) -> Result<Vec<Remedy>, StoreError> {
        self.remedies("rule = $1 ORDER BY ts DESC LIMIT 100", rule).await
    }

    /// What was proposed for a target, newest first, at most 100.
    pub async fn remedies_for(&self, target: &str) -> Result<Vec<Remedy>, StoreError> {
        self.remedies("target = $1 ORDER BY ts DESC LIMIT 100", target).await
    }

    /// What was proposed and has not ended.
    pub async fn open_remedies(&self) -> Result<Vec<Remedy>, StoreError> {
        self.remedies("outcome = $1 ORDER BY ts", "").await
    }

    async fn remedies(&self, condition: &str, of: &str) -> Result<Vec<Remedy>, StoreError> {
        let sql = format!("SELECT {REMEDY} FROM remedies WHERE {condition}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(of).fetch_all(self.pool()).await?;
        rows.iter().map(remedy).collect()
    }
}

impl Tx {
    /// The silences that are not over, as they stand in this transaction.
    pub async fn silences(&mut self) -> Result<Vec<Silence>, StoreError> {
        let sql = format!("SELECT {SILENCE} FROM silences WHERE ended = 0 ORDER BY n");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.tx).await?;
        rows.iter().map(silence).collect()
    }

    /// Stores a silence under the next number, which is returned.
    pub async fn add_silence(&mut self, new: &Silence) -> Result<i64, StoreError> {
        let n: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(n), 0) + 1 FROM silences")
            .fetch_one(&mut *self.tx)
            .await?;
        let sql = "INSERT INTO silences (n, remote_id, by_whom, reason, matchers, incident, room_id, starts_ts, until_ts, announced, ended) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)";
        sqlx::query(sql)
            .bind(n)
            .bind(&new.remote_id)
            .bind(&new.by)
            .bind(&new.reason)
            .bind(&new.matchers)
            .bind(&new.incident)
            .bind(&new.room_id)
            .bind(new.starts_ts)
            .bind(new.until_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(n)
    }

    /// Stores what has changed about a silence.
    pub async fn save_silence(&mut self, silence: &Silence) -> Result<(), StoreError> {
        let sql =
            "UPDATE silences SET remote_id = $2, until_ts = $3, announced = $4, ended = $5 WHERE n = $1";
        sqlx::query(sql)
            .bind(silence.n)
            .bind(&silence.remote_id)
            .bind(silence.until_ts)
            .bind(i64::from(silence.announced))
            .bind(i64::from(silence.ended))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Stores a proposal to mend an incident.
    pub async fn add_remedy(&mut self, new: &Remedy) -> Result<(), StoreError> {
        let sql = "INSERT INTO remedies (operation, incident, rule, target, title, outcome, ts) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(&new.operation)
            .bind(&new.incident)
            .bind(&new.rule)
            .bind(&new.target)
            .bind(&new.title)
            .bind(&new.outcome)
            .bind(new.ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Notes how a remedy ended.
    pub async fn end_remedy(&mut self, operation: &str, outcome: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE remedies SET outcome = $2 WHERE operation = $1")
            .bind(operation)
            .bind(outcome)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
