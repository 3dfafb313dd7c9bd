//! Operations and the votes on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Kind, Store, StoreError, Tx, json, to_json};
use crate::execution::Outcome;
use crate::plan::Plan;

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Shown in the room; waits for votes.
    AwaitingApproval,
    /// Enough votes; waits for its targets.
    Approved,
    /// Claimed for execution: from here on something may have happened.
    Dispatched,
    /// The executor has begun to report.
    Running,
    /// Done.
    Succeeded,
    /// Ended with a failure.
    Failed,
    /// A failure that was undone, as the plan said.
    RolledBack,
    /// Someone said no.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// A newer plan took its place.
    Superseded,
    /// Taken back.
    Cancelled,
    /// Cut off: nobody knows yet how far it came.
    Unknown,
    /// A person has to say how it ended.
    NeedsOperator,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::AwaitingApproval,
        Self::Approved,
        Self::Dispatched,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::RolledBack,
        Self::Denied,
        Self::Expired,
        Self::Superseded,
        Self::Cancelled,
        Self::Unknown,
        Self::NeedsOperator,
    ];

    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::Dispatched => "dispatched",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::NeedsOperator => "needs_operator",
        }
    }

    /// Its name as others see it: `dispatched` shows as `running`, `needs_operator` as `unknown`.
    pub fn public(self) -> &'static str {
        match self {
            Self::Dispatched => "running",
            Self::NeedsOperator => "unknown",
            other => other.as_str(),
        }
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Failed
                | Self::RolledBack
                | Self::Denied
                | Self::Expired
                | Self::Superseded
                | Self::Cancelled
        )
    }

    /// Whether it can still be stopped before anything happened.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::AwaitingApproval | Self::Approved)
    }

    fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One operation: a frozen plan and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id: short, for people to type.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// The room it lives in.
    pub room_id: String,
    /// The bot that talks about it, by short name.
    pub speaker: String,
    /// The asker's language, `de` or `en`.
    pub lang: String,
    /// The message that asked for it.
    pub ask_event: String,
    /// What was said in it.
    pub sentence: String,
    /// How it was understood: the readers' trace, JSON.
    pub understood: String,
    /// Who asked (Matrix id).
    pub requester: String,
    /// The intent.
    pub intent: String,
    /// Its slots as they were understood.
    pub slots: BTreeMap<String, String>,
    /// The bot whose work it is, by short name.
    pub bot: String,
    /// The frozen plan.
    pub plan: Plan,
    /// Its digest, hex.
    pub digest: String,
    /// The run folder.
    pub folder: String,
    /// How many people must approve.
    pub needed: i64,
    /// Whether the asker may be one of them.
    pub self_approval: bool,
    /// Milliseconds since the epoch.
    pub created_ts: i64,
    /// Not dispatched any more from then on; milliseconds since the epoch.
    pub expires_ts: i64,
    /// The proposal's transaction id.
    pub proposal_txn: String,
    /// The proposal's event id, once it is known.
    pub proposal_event: Option<String>,
    /// The progress message's transaction id, once there is one.
    pub progress_txn: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// One person's vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The person: a name of `[people]`.
    pub person: String,
    /// The Matrix id that voted.
    pub user_id: String,
    /// `approve` or `deny`.
    pub verdict: String,
    /// The reaction or message.
    pub event_id: String,
    /// When, on our clock.
    pub ts: i64,
}

const COLUMNS: &str = "id, state, room_id, speaker, lang, ask_event, sentence, understood, requester, intent, slots, \
     bot, plan, digest, folder, needed, self_approval, created_ts, expires_ts, proposal_txn, proposal_event, \
     progress_txn, outcome";

fn operation(row: &AnyRow) -> Result<Operation, StoreError> {
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
        needed: row.try_get(15)?,
        self_approval: row.try_get::<i64, _>(16)? != 0,
        created_ts: row.try_get(17)?,
        expires_ts: row.try_get(18)?,
        proposal_txn: text(19)?,
        proposal_event: row.try_get(20)?,
        progress_txn: row.try_get(21)?,
        outcome: outcome.map(|text| json("operations", &id, "outcome", &text)).transpose()?,
        id,
    })
}

const VOTES: &str =
    "SELECT person, user_id, verdict, event_id, ts FROM votes WHERE operation = $1 ORDER BY ts";

fn vote(row: &AnyRow) -> Result<Vote, StoreError> {
    Ok(Vote {
        person: row.try_get(0)?,
        user_id: row.try_get(1)?,
        verdict: row.try_get(2)?,
        event_id: row.try_get(3)?,
        ts: row.try_get(4)?,
    })
}

/// What else a target's lease excludes: an exact target, and a pattern.
fn overlapping(target: &str) -> (String, String) {
    if let Some(host) = target.strip_prefix("host:") {
        return (target.to_owned(), format!("%@{}", host.replace(['%', '_'], "_")));
    }
    let host = target.rsplit_once('@').map_or("", |(_, host)| host);
    (format!("host:{host}"), target.to_owned())
}

/// A condition that picks operations.
enum By<'a> {
    Id(&'a str),
    Prefix(&'a str),
    Proposal(&'a str),
    Ask(&'a str),
    State(State),
    Expired(i64),
    Recent(i64),
    Page(&'a [State], i64, i64),
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

    /// Pending operations whose time is over at `now` (milliseconds since the epoch).
    pub async fn operations_expired(&self, now: i64) -> Result<Vec<Operation>, StoreError> {
        self.select(By::Expired(now)).await
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
        let rows = match by {
            By::Id(id) => sqlx::query(sql("id = $1")).bind(id),
            By::Prefix(prefix) => sqlx::query(sql("id LIKE $1")).bind(format!("{prefix}%")),
            By::Proposal(event) => sqlx::query(sql("proposal_event = $1")).bind(event),
            By::Ask(event) => sqlx::query(sql("ask_event = $1 ORDER BY created_ts")).bind(event),
            By::State(state) => sqlx::query(sql("state = $1 ORDER BY created_ts, id")).bind(state.as_str()),
            By::Expired(now) => {
                sqlx::query(sql("state IN ('awaiting_approval', 'approved') AND expires_ts <= $1")).bind(now)
            }
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
            By::Recent(limit) => sqlx::query(sql("1 = 1 ORDER BY created_ts DESC, id LIMIT $1")).bind(limit),
        }
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(operation).collect()
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
            "SELECT plan FROM operations WHERE state = 'succeeded' AND intent IN ('deploy_service', 'remove_service') \
             ORDER BY updated_ts",
        )
        .fetch_all(self.pool())
        .await?;
        let mut hosts = BTreeSet::new();
        for row in &rows {
            let plan: Plan = json("operations", "(any)", "plan", &row.try_get::<String, _>(0)?)?;
            if plan.task.service.as_deref() != Some(service) {
                continue;
            }
            for host in plan.task.hosts {
                if plan.task.action == "deploy" {
                    hosts.insert(host);
                } else {
                    hosts.remove(&host);
                }
            }
        }
        Ok(hosts)
    }

    /// The operation that has a target, or something that overlaps with it.
    pub async fn lease_holder(&self, target: &str) -> Result<Option<String>, StoreError> {
        let (exact, like) = overlapping(target);
        Ok(sqlx::query_scalar(
            "SELECT operation FROM targets WHERE target = $1 OR target = $2 OR target LIKE $3",
        )
        .bind(target)
        .bind(exact)
        .bind(like)
        .fetch_optional(self.pool())
        .await?)
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

    /// The votes on an operation.
    pub async fn votes(&self, operation: &str) -> Result<Vec<Vote>, StoreError> {
        let rows = sqlx::query(VOTES).bind(operation).fetch_all(self.pool()).await?;
        rows.iter().map(vote).collect()
    }

    /// Gives back what operations hold that have come to their end.
    pub async fn release_ended(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM targets WHERE operation IN (SELECT id FROM operations WHERE state IN \
             ('succeeded', 'failed', 'rolled_back', 'denied', 'expired', 'superseded', 'cancelled'))",
        )
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await
    }

    /// The operation that this reaction or message is a vote on.
    pub async fn operation_voted_by(&self, event_id: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT operation FROM votes WHERE event_id = $1")
            .bind(event_id)
            .fetch_optional(self.pool())
            .await?)
    }
}

impl Tx {
    /// Stores a new operation.
    pub async fn insert_operation(&mut self, op: &Operation) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO operations (id, state, room_id, speaker, lang, ask_event, sentence, understood, requester, \
             intent, slots, bot, plan, digest, folder, needed, self_approval, created_ts, expires_ts, updated_ts, \
             proposal_txn) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $18, $20)",
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
        .bind(op.needed)
        .bind(i64::from(op.self_approval))
        .bind(op.created_ts)
        .bind(op.expires_ts)
        .bind(&op.proposal_txn)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Moves an operation on, if it still is in state `from`: a compare-and-swap. Returns whether it was.
    pub async fn swap_state(&mut self, id: &str, from: State, to: State) -> Result<bool, StoreError> {
        let now = self.now_ms();
        let moved =
            sqlx::query("UPDATE operations SET state = $3, updated_ts = $4 WHERE id = $1 AND state = $2")
                .bind(id)
                .bind(from.as_str())
                .bind(to.as_str())
                .bind(now)
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

    /// Stores a person's vote in place of an earlier one.
    pub async fn vote(&mut self, operation: &str, vote: &Vote) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO votes (operation, person, user_id, verdict, event_id, ts) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (operation, person) DO UPDATE SET user_id = $3, verdict = $4, event_id = $5, ts = $6",
        )
        .bind(operation)
        .bind(&vote.person)
        .bind(&vote.user_id)
        .bind(&vote.verdict)
        .bind(&vote.event_id)
        .bind(vote.ts)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Takes a vote back; whether there was one.
    pub async fn withdraw(&mut self, event_id: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM votes WHERE event_id = $1")
            .bind(event_id)
            .execute(&mut *self.tx)
            .await?;
        Ok(gone.rows_affected() > 0)
    }

    /// An operation and its votes, as they are and stay until this transaction ends.
    pub async fn lock_operation(&mut self, id: &str) -> Result<Option<(Operation, Vec<Vote>)>, StoreError> {
        let lock = if self.store.kind == Kind::Postgres { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM operations WHERE id = $1{lock}");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.tx).await?;
        let Some(op) = row.as_ref().map(operation).transpose()? else { return Ok(None) };
        let rows = sqlx::query(VOTES).bind(id).fetch_all(&mut *self.tx).await?;
        let votes = rows.iter().map(vote).collect::<Result<_, _>>()?;
        Ok(Some((op, votes)))
    }

    /// Leases all targets to an operation under one new token; nothing when another operation has one of them, or
    /// something that overlaps: a host overlaps with every service on it.
    pub async fn lease_targets(&mut self, op: &Operation) -> Result<Option<i64>, StoreError> {
        for target in &op.plan.targets {
            let (exact, like) = overlapping(target);
            let taken: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM targets WHERE operation <> $1 AND (target = $2 OR target = $3 OR target LIKE $4)",
            )
            .bind(&op.id)
            .bind(target)
            .bind(exact)
            .bind(like)
            .fetch_one(&mut *self.tx)
            .await?;
            if taken > 0 {
                return Ok(None);
            }
        }
        let token = self.store.next_seq();
        self.release_targets(&op.id).await?;
        for target in &op.plan.targets {
            sqlx::query("INSERT INTO targets (target, operation, token) VALUES ($1, $2, $3)")
                .bind(target)
                .bind(&op.id)
                .bind(token)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(Some(token))
    }

    /// Whether an operation still has all its targets under this token.
    pub async fn holds_targets(&mut self, op: &Operation, token: i64) -> Result<bool, StoreError> {
        let held: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM targets WHERE operation = $1 AND token = $2")
                .bind(&op.id)
                .bind(token)
                .fetch_one(&mut *self.tx)
                .await?;
        Ok(usize::try_from(held) == Ok(op.plan.targets.len()))
    }

    /// Gives all targets of an operation back.
    pub async fn release_targets(&mut self, operation: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM targets WHERE operation = $1")
            .bind(operation)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
