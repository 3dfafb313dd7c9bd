//! Operations: where each stands, and finding them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx, json, to_json};
use crate::approval::{Operation, State};
use crate::execution::Outcome;
use crate::plan::Plan;

pub(super) const COLUMNS: &str = "id, state, room_id, speaker, lang, ask_event, sentence, understood, requester, intent, slots, \
     bot, plan, digest, folder, terms, course, created_ts, expires_ts, proposal_txn, proposal_event, \
     progress_txn, outcome";

pub(super) fn operation(row: &AnyRow) -> Result<Operation, StoreError> {
    let id: String = row.try_get(0)?;
    let text = |n: usize| row.try_get::<String, _>(n);
    let state = text(1)?;
    let outcome: Option<String> = row.try_get(22)?;
    Ok(Operation {
        state: State::parse(&state).ok_or_else(|| StoreError::Corrupt {
            table: "operations",
            row: id.clone(),
            column: "state",
            why: format!("{state:?} is no state"),
        })?,
        room_id: text(2)?,
        speaker: text(3)?,
        lang: text(4)?,
        ask_event: text(5)?,
        sentence: text(6)?,
        understood: text(7)?,
        requester: text(8)?,
        intent: text(9)?,
        slots: json("operations", &id, "slots", &text(10)?)?,
        bot: text(11)?,
        plan: json("operations", &id, "plan", &text(12)?)?,
        digest: text(13)?,
        folder: text(14)?,
        terms: json("operations", &id, "terms", &text(15)?)?,
        course: json("operations", &id, "course", &text(16)?)?,
        created_ts: row.try_get(17)?,
        expires_ts: row.try_get(18)?,
        proposal_txn: text(19)?,
        proposal_event: row.try_get(20)?,
        progress_txn: row.try_get(21)?,
        outcome: outcome.map(|text| json("operations", &id, "outcome", &text)).transpose()?,
        id,
    })
}

/// A condition that picks operations.
enum By<'a> {
    Id(&'a str),
    Prefix(&'a str),
    Proposal(&'a str),
    Ask(&'a str),
    State(State),
    Recent(i64),
    Page(&'a [State], i64, i64),
    Done(&'a str),
}

impl Store {
    /// One operation by its id.
    pub async fn operation(&self, id: &str) -> Result<Option<Operation>, StoreError> {
        Ok(self.select(By::Id(id)).await?.pop())
    }

    /// The one operation whose id begins so; none when there are several.
    pub async fn operation_like(&self, prefix: &str) -> Result<Option<Operation>, StoreError> {
        if prefix.len() < 4 || !prefix.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let mut found = self.select(By::Prefix(&prefix.to_lowercase())).await?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// The operation that was proposed by this event.
    pub async fn operation_proposed_by(&self, event_id: &str) -> Result<Option<Operation>, StoreError> {
        Ok(self.select(By::Proposal(event_id)).await?.pop())
    }

    /// All operations that this message asked for.
    pub async fn operations_asked_by(&self, event_id: &str) -> Result<Vec<Operation>, StoreError> {
        self.select(By::Ask(event_id)).await
    }

    /// All operations in a state, oldest first.
    pub async fn operations_in(&self, state: State) -> Result<Vec<Operation>, StoreError> {
        self.select(By::State(state)).await
    }

    /// What was done to a service, the newest first; not all of it.
    pub async fn operations_done(&self, service: &str) -> Result<Vec<Operation>, StoreError> {
        self.select(By::Done(service)).await
    }

    /// The operation that undid this one.
    pub async fn undone_by(&self, op: &Operation) -> Result<Option<String>, StoreError> {
        let sql = "SELECT id FROM operations WHERE service = $1 AND state = 'succeeded' AND course LIKE $2";
        Ok(sqlx::query_scalar(sql)
            .bind(op.plan.task.service.as_deref().unwrap_or_default())
            .bind(format!("%\"undoes\":\"{}\"%", op.id))
            .fetch_optional(self.pool())
            .await?)
    }

    /// The newest operations.
    pub async fn operations_recent(&self, limit: i64) -> Result<Vec<Operation>, StoreError> {
        self.select(By::Recent(limit)).await
    }

    /// Operations created before `before` (milliseconds since the epoch), newest first; `state` by its public name.
    pub async fn operations_page(
        &self,
        state: Option<&str>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Operation>, StoreError> {
        let states: Vec<State> =
            State::ALL.into_iter().filter(|s| state.is_some_and(|name| s.public() == name)).collect();
        if state.is_some() && states.is_empty() {
            return Ok(Vec::new());
        }
        self.select(By::Page(&states, before, limit)).await
    }

    async fn select(&self, by: By<'_>) -> Result<Vec<Operation>, StoreError> {
        let sql = |condition: &str| {
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM operations WHERE {condition}"))
        };
        let many = !matches!(by, By::Id(_) | By::Prefix(_) | By::Proposal(_));
        let rows = match by {
            By::Id(id) => sqlx::query(sql("id = $1")).bind(id),
            // Not LIKE: an index serves this on both databases.
            By::Prefix(prefix) => {
                sqlx::query(sql("id >= $1 AND id < $2")).bind(prefix).bind(format!("{prefix}{{"))
            }
            By::Proposal(event) => sqlx::query(sql("proposal_event = $1")).bind(event),
            By::Ask(event) => sqlx::query(sql("ask_event = $1 ORDER BY created_ts")).bind(event),
            By::State(state) => sqlx::query(sql("state = $1 ORDER BY created_ts, id")).bind(state.as_str()),
            By::Page(states, before, limit) => {
                let names: Vec<String> = states.iter().map(|state| format!("'{state}'")).collect();
                let states = if names.is_empty() {
                    "1 = 1".into()
                } else {
                    format!("state IN ({})", names.join(", "))
                };
                sqlx::query(sql(&format!(
                    "{states} AND created_ts < $1 ORDER BY created_ts DESC, id LIMIT $2"
                )))
                .bind(before)
                .bind(limit)
            }
            By::Done(service) => {
                sqlx::query(sql("service = $1 AND state = 'succeeded' ORDER BY updated_ts DESC, id LIMIT 20"))
                    .bind(service)
            }
            By::Recent(limit) => sqlx::query(sql("1 = 1 ORDER BY created_ts DESC, id LIMIT $1")).bind(limit),
        }
        .fetch_all(self.pool())
        .await?;
        // One row that can't be read hides no other.
        let read = |row| match operation(row) {
            Err(error @ StoreError::Corrupt { .. }) if many => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an operation is left out of a list"
                );
                None
            }
            other => Some(other),
        };
        rows.iter().filter_map(read).collect()
    }

    /// How many operations there are in each state, by public name.
    pub async fn operations_by_state(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) FROM operations GROUP BY state")
            .fetch_all(self.pool())
            .await?;
        let mut counts = BTreeMap::new();
        for row in &rows {
            let state: String = row.try_get(0)?;
            let public = State::parse(&state).map_or("corrupt", State::public).to_owned();
            *counts.entry(public).or_insert(0) += row.try_get::<i64, _>(1)?;
        }
        Ok(counts)
    }

    /// The hosts on which a service was deployed by us and not removed since.
    pub async fn deployed(&self, service: &str) -> Result<BTreeSet<String>, StoreError> {
        let rows = sqlx::query(
            // Not OR: an index serves each half.
            "SELECT plan FROM (SELECT plan, intent, updated_ts FROM operations WHERE service = $1 AND state = 'succeeded' \
             UNION ALL SELECT plan, intent, updated_ts FROM operations WHERE service IS NULL AND state = 'succeeded') \
             AS done WHERE intent IN ('deploy_service', 'remove_service', 'rollback_service') ORDER BY updated_ts",
        )
        .bind(service)
        .fetch_all(self.pool())
        .await?;
        let mut hosts = BTreeSet::new();
        for row in &rows {
            let plan: Plan = json("operations", "(any)", "plan", &row.try_get::<String, _>(0)?)?;
            if plan.task.service.as_deref() != Some(service) {
                continue;
            }
            for host in plan.task.hosts {
                match plan.task.action.as_str() {
                    "deploy" => drop(hosts.insert(host)),
                    "remove" => drop(hosts.remove(&host)),
                    _ => {}
                }
            }
        }
        Ok(hosts)
    }

    /// When an operation came to its end (milliseconds since the epoch), if it did.
    pub async fn ended(&self, id: &str) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query("SELECT state, updated_ts FROM operations WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let state = State::parse(&row.try_get::<String, _>(0)?);
        Ok(if state.is_some_and(State::is_final) { Some(row.try_get(1)?) } else { None })
    }
}

impl Tx {
    /// Stores a new operation.
    pub async fn insert_operation(&mut self, op: &Operation) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO operations (id, state, room_id, speaker, lang, ask_event, sentence, understood, requester, \
             intent, slots, bot, plan, digest, folder, terms, course, created_ts, expires_ts, updated_ts, \
             proposal_txn, due_ts, service) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
             $16, $17, $18, $19, $18, $20, $21, $22)",
        )
        .bind(&op.id)
        .bind(op.state.as_str())
        .bind(&op.room_id)
        .bind(&op.speaker)
        .bind(&op.lang)
        .bind(&op.ask_event)
        .bind(&op.sentence)
        .bind(&op.understood)
        .bind(&op.requester)
        .bind(&op.intent)
        .bind(to_json(&op.slots))
        .bind(&op.bot)
        .bind(to_json(&op.plan))
        .bind(&op.digest)
        .bind(&op.folder)
        .bind(to_json(&op.terms))
        .bind(to_json(&op.course))
        .bind(op.created_ts)
        .bind(op.expires_ts)
        .bind(&op.proposal_txn)
        .bind(op.due_ts())
        .bind(op.plan.task.service.as_deref().unwrap_or_default())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Stores an operation's terms, course and expiry.
    pub async fn keep_operation(&mut self, op: &Operation) -> Result<(), StoreError> {
        let sql = "UPDATE operations SET terms = $2, course = $3, expires_ts = $4, due_ts = $5 WHERE id = $1";
        sqlx::query(sql)
            .bind(&op.id)
            .bind(to_json(&op.terms))
            .bind(to_json(&op.course))
            .bind(op.expires_ts)
            .bind(op.due_ts())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Moves an operation on, if it still is in state `from`: a compare-and-swap. Returns whether it was. `due_ts` is when
    /// something is to be done about it next, in milliseconds since the epoch.
    pub async fn swap_state(
        &mut self,
        id: &str,
        from: State,
        to: State,
        due_ts: i64,
    ) -> Result<bool, StoreError> {
        let now = self.now_ms();
        let sql =
            "UPDATE operations SET state = $3, updated_ts = $4, due_ts = $5 WHERE id = $1 AND state = $2";
        let moved = sqlx::query(sql)
            .bind(id)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(now)
            .bind(due_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// Stores how an operation ended.
    pub async fn set_outcome(&mut self, id: &str, outcome: &Outcome) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET outcome = $2 WHERE id = $1")
            .bind(id)
            .bind(to_json(outcome))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Stores which message tells of an operation's progress.
    pub async fn set_progress(&mut self, id: &str, txn_id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE operations SET progress_txn = $2 WHERE id = $1")
            .bind(id)
            .bind(txn_id)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
