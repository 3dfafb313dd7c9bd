//! The gate's store on a database: one transaction a decision.

use sqlx::Row;

use super::operations::COLUMNS;
use super::{Kind, Store, StoreError, Tx, operations, votes};
use crate::approval::{By, Case, Cause, Effect, Freeze, GateStore, Operation, Say, State};
use crate::audit::New;
use crate::report::say;

impl GateStore for Store {
    async fn decide<R: Send>(
        &self,
        id: &str,
        cause: Cause,
        decide: impl FnOnce(&mut Case) -> R + Send,
    ) -> Result<Option<R>, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(seq) = cause
            && !tx.handled(seq).await?
        {
            return Ok(None);
        }
        let Some(mut case) = tx.case(id).await? else {
            tx.commit().await?;
            return Ok(None);
        };
        let decided = decide(&mut case);
        tx.carry_out(case).await?;
        tx.commit().await?;
        Ok(Some(decided))
    }

    async fn operation(&self, id: &str) -> Result<Option<Operation>, StoreError> {
        Self::operation(self, id).await
    }

    async fn in_state(&self, state: State) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT id FROM operations WHERE state = $1 ORDER BY created_ts, id")
            .bind(state.as_str())
            .fetch_all(self.pool())
            .await?)
    }

    async fn due(&self, now: i64) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT id FROM operations WHERE state IN ('awaiting_approval', 'approved') AND due_ts <= $1";
        Ok(sqlx::query_scalar(sql).bind(now).fetch_all(self.pool()).await?)
    }

    async fn pending_in(&self, room: &str) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT id FROM operations WHERE state IN ('awaiting_approval', 'approved') AND room_id = $1";
        Ok(sqlx::query_scalar(sql).bind(room).fetch_all(self.pool()).await?)
    }

    async fn proposed_by(&self, event_id: &str) -> Result<Option<Operation>, StoreError> {
        self.operation_proposed_by(event_id).await
    }

    async fn voted_by(&self, event_id: &str) -> Result<Option<(Operation, String)>, StoreError> {
        let Some((id, room)) = self.operation_voted_by(event_id).await? else { return Ok(None) };
        Ok(Self::operation(self, &id).await?.map(|op| (op, room)))
    }

    async fn asked_by(&self, event_id: &str) -> Result<Vec<Operation>, StoreError> {
        self.operations_asked_by(event_id).await
    }

    async fn unsent(&self, room: &str) -> Result<bool, StoreError> {
        let sql =
            "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND about IS NOT NULL AND room_id = $1";
        let waiting: i64 = sqlx::query_scalar(sql).bind(room).fetch_one(self.pool()).await?;
        Ok(waiting > 0)
    }

    async fn freeze(&self, cause: Cause, by: By<'_>, freeze: Option<&Freeze>) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(seq) = cause
            && !tx.handled(seq).await?
        {
            return Ok(false);
        }
        tx.freeze(by, freeze).await?;
        tx.commit().await?;
        Ok(true)
    }

    fn fresh_token(&self) -> i64 {
        self.next_seq()
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

impl Store {
    /// The freeze in the store, in force or over.
    pub async fn freeze_now(&self) -> Result<Option<Freeze>, StoreError> {
        let row = sqlx::query(FREEZE).fetch_optional(self.pool()).await?;
        row.map(|row| frozen(&row)).transpose()
    }
}

const FREEZE: &str = "SELECT by_whom, reason, until_ts FROM freezes WHERE name = 'all'";

fn frozen(row: &sqlx::any::AnyRow) -> Result<Freeze, StoreError> {
    Ok(Freeze { by: row.try_get(0)?, reason: row.try_get(1)?, until_ts: row.try_get(2)? })
}

impl Tx {
    /// Sets or ends the freeze, the record first.
    pub async fn freeze(&mut self, by: By<'_>, freeze: Option<&Freeze>) -> Result<(), StoreError> {
        let (kind, detail) = match freeze {
            Some(freeze) => ("frozen", freeze.reason.as_str()),
            None => ("unfrozen", ""),
        };
        self.audit(New { kind, operation: "", actor: by.actor, event_id: by.event, detail }).await?;
        sqlx::query("DELETE FROM freezes WHERE name = 'all'").execute(&mut *self.tx).await?;
        if let Some(freeze) = freeze {
            sqlx::query("INSERT INTO freezes (name, by_whom, reason, until_ts) VALUES ('all', $1, $2, $3)")
                .bind(&freeze.by)
                .bind(&freeze.reason)
                .bind(freeze.until_ts)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// An operation and everything about it, as they are and stay until this transaction ends.
    pub(crate) async fn case(&mut self, id: &str) -> Result<Option<Case>, StoreError> {
        let lock = if self.store.kind == Kind::Postgres { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM operations WHERE id = $1{lock}");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.tx).await?;
        let Some(op) = row.as_ref().map(operations::operation).transpose()? else { return Ok(None) };
        let rows = sqlx::query(votes::VOTES).bind(id).fetch_all(&mut *self.tx).await?;
        let cast = rows.iter().map(votes::vote).collect::<Result<_, _>>()?;
        let unshown: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE about = $1 AND state <> 'sent'")
                .bind(id)
                .fetch_one(&mut *self.tx)
                .await?;
        // Only what is approved can be dispatched: nothing else asks who holds what.
        let (mut freeze, mut lease, mut rival) = (None, None, None);
        if op.state == State::Approved {
            // Two that begin at once would not see each other's leases otherwise.
            if self.store.kind == Kind::Postgres {
                sqlx::query("SELECT seq FROM audit_head WHERE name = 'audit' FOR UPDATE")
                    .fetch_one(&mut *self.tx)
                    .await?;
            }
            let row = sqlx::query(FREEZE).fetch_optional(&mut *self.tx).await?;
            freeze = row.map(|row| frozen(&row)).transpose()?;
            lease = self.lease_of(&op.id, &op.plan.targets).await?;
            rival = self.rival(&op.id, &op.plan.targets).await?;
        }
        let now = self.now_ms();
        let mut case = Case::read(op, cast, now, freeze, lease, rival);
        case.unshown = unshown > 0;
        Ok(Some(case))
    }

    /// Does what was decided, in its order.
    pub(crate) async fn carry_out(&mut self, case: Case) -> Result<(), StoreError> {
        let now = case.now;
        let (op, cast, effects) = case.into_effects();
        for effect in effects {
            match effect {
                Effect::Audit(note) => {
                    self.audit(New {
                        kind: note.kind,
                        operation: &op.id,
                        actor: &note.actor,
                        event_id: &note.event_id,
                        detail: &note.detail,
                    })
                    .await?;
                }
                // What follows is told by effects.
                Effect::Insert => {
                    let first = Operation { state: State::AwaitingApproval, ..op.clone() };
                    self.insert_operation(&first).await?;
                }
                Effect::Move(from, to) => {
                    if !self.swap_state(&op.id, from, to, op.due_ts()).await? {
                        return Err(StoreError::Conflict(op.id.clone()));
                    }
                }
                Effect::Keep => self.keep_operation(&op).await?,
                Effect::Cast(vote) => self.vote(&op.id, &vote).await?,
                Effect::Withdraw(event) => drop(self.withdraw(&event).await?),
                Effect::Void => self.void(&op.id).await?,
                Effect::Lease(token) => self.lease_targets(&op.id, &op.plan.targets, token).await?,
                Effect::Release => self.release_targets(&op.id).await?,
                Effect::Outcome(outcome) => self.set_outcome(&op.id, &outcome).await?,
                Effect::Say(Say::Progress(txn_id)) => {
                    self.say_as(txn_id.clone(), say::progress(&op, &cast)).await?;
                    self.set_progress(&op.id, &txn_id).await?;
                }
                Effect::Say(Say::Proposal) => {
                    self.propose_as(op.proposal_txn.clone(), &op.id, say::proposal(&op, now)).await?;
                    for message in say::buttons(&op) {
                        self.say(message).await?;
                    }
                }
                Effect::Say(Say::Diff) => {
                    for message in say::attachments(&op, &cast) {
                        self.say_about(&op.id, message).await?;
                    }
                }
                Effect::Say(what) => {
                    let head = self.audit_head().await?;
                    for message in say::messages(&op, &cast, now, &head, what) {
                        self.say(message).await?;
                    }
                }
                Effect::Propose(next) => {
                    let next = crate::approval::propose(*next, now);
                    Box::pin(self.carry_out(next)).await?;
                }
            }
        }
        Ok(())
    }
}
