//! A process: the gate's world, and what it does with an event.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use ralf::approval::{
    self, Ballot, By, Freeze, GateError, GateStore as _, Made, Operation, Place, Rules, Standing, Verdict,
    World, break_glass, gate,
};
use ralf::bots::Bot;
use ralf::conversation::Talk;
use ralf::execution::{Executor, Outcome, Progress};
use ralf::plan::Task;
use ralf::secrets::Redactor;
use ralf_intents::{Intent, Lang};
use tokio::sync::mpsc;

use crate::executor::{Machines, WISHES};
use crate::judge;
use crate::memory::{Memory, pause};
use crate::people::ROOMS;
use crate::truth::{HsEvent, What};

/// One process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) store: Memory,
}

/// What it knows takes a while to be made ready, and is the same for all.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(["hunter2hunter2".to_owned()]));

impl World for Process {
    type Store = Memory;

    fn store(&self) -> &Memory {
        &self.store
    }

    fn rules(&self) -> &Rules {
        &self.store.rules
    }

    fn executor(&self, _: &str) -> Option<Arc<dyn Executor>> {
        Some(Arc::new(Machines(self.store.shared.clone())))
    }

    async fn standing(&self, room: &str, _: &str) -> Result<Standing, GateError> {
        pause().await;
        let mut truth = self.store.shared.lock();
        let truth = &mut *truth;
        let key = ROOMS.into_iter().find(|key| *key == room).unwrap_or(ROOMS[0]);
        let fails = !truth.settling && truth.rng.one_in(12);
        let there = truth.rooms.get(key).filter(|_| !fails);
        let standing = there.map(|room| Standing { members: room.members.clone(), upgraded: room.upgraded });
        truth.seen.standing.insert(truth.seen.task, standing.clone());
        standing.ok_or_else(|| GateError::Standing("simulated".into()))
    }

    async fn fresh_folder(&self, id: &str) -> std::io::Result<PathBuf> {
        pause().await;
        Ok(PathBuf::from(format!("/runs/{id}")))
    }

    fn new_operation_id(&self) -> String {
        self.store.shared.lock().fresh("op")
    }

    fn new_txn_id(&self) -> String {
        self.store.shared.lock().fresh("txn")
    }

    fn progress(&self, _: &Operation) -> mpsc::Sender<Progress> {
        mpsc::channel(1).0
    }

    fn hide(&self, text: &str) -> String {
        REDACTOR.hide(text).into_owned()
    }

    fn shown(&self, outcome: &Outcome) -> (Outcome, bool) {
        (outcome.clone(), false)
    }
}

/// Handles an event of the inbox, as the conversation does.
pub(crate) async fn handle(process: Process, seq: usize, event: HsEvent) -> Result<(), GateError> {
    let world = &process;
    let store = &process.store;
    let cause = i64::try_from(seq).unwrap_or(0);
    let by = By { actor: &event.sender, event: &event.id };
    let place = Place {
        room: event.room.to_owned(),
        bot: "core".into(),
        event: event.id.clone(),
        thread: None,
        lang: "en".into(),
    };
    let named = |id: String| async move { store.operation(&id).await };
    match event.what.clone() {
        What::Ask { kind, hostile, origin } => {
            return ask(world, cause, &event, kind, hostile, origin).await;
        }
        What::Reaction { target, key } => {
            if gate::react(world, cause, event.room, &target, key, by).await? {
                return Ok(());
            }
        }
        What::Redaction { target } => {
            // Its plan may still be in the making: first nothing more can come of it, then what came of it is taken back.
            store.forget(&target).await?;
            if gate::redact(world, cause, event.room, &target, by).await? {
                judge::handled(&mut store.shared.lock(), seq);
                return Ok(());
            }
        }
        What::Approve { op } | What::Deny { op, .. } | What::Cancel { op }
            if named(op.clone()).await?.is_none() => {}
        What::Approve { op } => {
            if let Some(op) = named(op).await? {
                let ballot = Ballot { by, verdict: Verdict::Approve, reason: "", place: Some(&place) };
                return gate::cast(world, cause, &op, ballot).await;
            }
        }
        What::Deny { op, reason } => {
            if let Some(op) = named(op).await? {
                let ballot = Ballot { by, verdict: Verdict::Deny, reason, place: Some(&place) };
                return gate::cast(world, cause, &op, ballot).await;
            }
        }
        What::Cancel { op } => {
            if let Some(op) = named(op).await? {
                let standing = world.standing(&op.room_id, "core").await?;
                let (terms, asker) = (&op.terms, &op.requester);
                if world.rules().may_deny(terms, op.course.escalated, asker, &event.sender, &standing).is_ok()
                {
                    gate::cancel(world, cause, &op, by, &place).await?;
                    return Ok(());
                }
            }
        }
        What::Glass { op, reason } => {
            if let Some(op) = named(op).await? {
                let standing = world.standing(&op.room_id, "core").await?;
                let rules = world.rules();
                store
                    .decide(&op.id, Some(cause), |case| {
                        break_glass(case, rules, &standing, (by, reason), &place, None);
                    })
                    .await?;
                return Ok(());
            }
        }
        What::Resolve { op, done } => return gate::resolve(world, cause, &op, done, by, "").await,
        What::Freeze { until } => {
            let freeze = Freeze { by: event.sender.clone(), reason: "busy".into(), until_ts: until };
            store.freeze(Some(cause), by, Some(&freeze)).await?;
            return Ok(());
        }
        What::Unfreeze => {
            store.freeze(Some(cause), by, None).await?;
            return Ok(());
        }
        What::Rights => gate::rights_changed(world, event.room, by).await?,
        What::Edit | What::Ours => {}
    }
    store.handled(cause).await?;
    judge::handled(&mut store.shared.lock(), seq);
    Ok(())
}

/// A wish becomes a plan that is put to the vote.
async fn ask(
    world: &Process,
    cause: i64,
    event: &HsEvent,
    kind: usize,
    hostile: bool,
    origin: Option<&'static str>,
) -> Result<(), GateError> {
    let (name, action, ..) = WISHES[kind];
    let id = world.new_operation_id();
    let mut intent = Intent { name: name.into(), slots: Default::default(), changes: true };
    if hostile {
        // A model that was talked into it.
        intent.slots.insert("risk".into(), "read".into());
        intent.slots.insert("approvers".into(), event.sender.clone());
    }
    let task = Task {
        operation: id.clone(),
        intent: name.into(),
        action: action.into(),
        service: None,
        hosts: vec!["n1".into()],
        slots: intent.slots.clone(),
    };
    let Ok(folder) = world.fresh_folder(&id).await else { return Ok(()) };
    let machines = Machines(world.store.shared.clone());
    let Ok(plan) = machines.plan(&task, &folder, world.rules().version()).await else {
        return Ok(world.store.handled(cause).await?);
    };
    let talk = Talk {
        room: event.room.to_owned(),
        bot: Bot::Core,
        ask_event: event.id.clone(),
        event: event.id.clone(),
        thread: None,
        to: None,
        asker: event.sender.clone(),
        lang: Lang::En,
        known_lang: None,
        sentence: "do it".into(),
        understood: "grammar".into(),
        about: None,
        instead_of: None,
    };
    let made = Made { plan, folder, now: world.store.now_ms(), proposal_txn: world.new_txn_id() };
    let mut op = approval::operation(world.rules(), &talk, &intent, "infra", made);
    op.course.origin = origin.map(str::to_owned);
    Ok(world.store.propose(cause, op).await?)
}

/// Sends what waits to be said in a room, the first first.
pub(crate) async fn send(process: Process, room: &'static str) -> Result<(), GateError> {
    let shared = process.store.shared.clone();
    loop {
        pause().await;
        let sent = {
            let mut truth = shared.lock();
            let next = truth.db.outbox.iter().position(|row| !row.sent && row.room == room);
            let Some(next) = next else { return Ok(()) };
            if !truth.settling && truth.rng.one_in(8) {
                return Err(GateError::Standing("the homeserver is away".into()));
            }
            let txn = truth.db.outbox[next].txn.clone();
            let known = truth.sent.get(&txn).cloned();
            let event = match known {
                Some(event) => event,
                None => {
                    let event = truth.happens(room, "@ralf-core:lab", What::Ours);
                    truth.sent.insert(txn, event.clone());
                    event
                }
            };
            (next, event)
        };
        // Killed here, the homeserver has it and we do not know.
        pause().await;
        let mut truth = shared.lock();
        if truth.db.serving != process.store.token {
            return Err(GateError::Store(ralf::store::StoreError::Fenced));
        }
        let row = &mut truth.db.outbox[sent.0];
        row.sent = true;
        if let Some(id) = row.proposal_of.clone()
            && let Some(row) = truth.db.operations.get_mut(&id)
        {
            row.op.proposal_event.get_or_insert(sent.1);
        }
    }
}
