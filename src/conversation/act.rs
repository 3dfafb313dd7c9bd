//! What understood intents lead to: a look, a plan that is put to the vote, or a question.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ralf_intents::{Intent, Outcome};
use serde_json::json;

use super::target::{self, Resolved};
use super::{Answer, Talk, alerts, answer, look, unable};
use crate::approval::{self, World as _};
use crate::execution::ExecutorError;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::plan::{Plan, Task};
use crate::report::messages;
use crate::store::{NewMessage, Question};

/// After how long a person sees that we work on it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Acts on outcomes. Questions are put at once; looks and plans take a while and go on beside the lane.
pub(super) async fn on(
    house: &Arc<House>,
    seq: i64,
    talk: Talk,
    outcomes: Vec<Outcome>,
    closes: Option<Question>,
) -> Result<Handled, HandleError> {
    let quick = outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Intent(_)));
    if quick {
        let mut answers = Vec::new();
        for outcome in outcomes {
            answers.extend(ask(house, &talk, outcome).await?);
        }
        answer::commit(house, seq, &talk, answers, closes.as_ref()).await?;
        return Ok(Handled::Done);
    }
    let house = Arc::clone(house);
    let alone = outcomes.len() == 1;
    Ok(Handled::Later(Box::pin(async move {
        let work = async {
            let mut answers = Vec::new();
            for outcome in outcomes {
                match outcome {
                    Outcome::Intent(intent) => answers.push(intend(&house, &talk, intent, alone).await?),
                    other => answers.extend(ask(&house, &talk, other).await?),
                }
            }
            Ok::<_, HandleError>(answers)
        };
        let answers = patiently(&house, &talk, work).await?;
        answer::commit(&house, seq, &talk, answers, closes.as_ref()).await
    })))
}

/// Asks back, unless nothing could come of any answer.
async fn ask(house: &House, talk: &Talk, outcome: Outcome) -> Result<Option<Answer>, HandleError> {
    match outcome {
        Outcome::Ask(ask) if unable::leads_nowhere(house, &ask) => {
            Ok(Some(Answer::Say(unable::say_early(house, talk, &ask).await?)))
        }
        Outcome::Ask(ask) => Ok(Some(Answer::Ask(ask))),
        Outcome::Intent(_) | Outcome::None(_) => Ok(None),
    }
}

/// Shows 👀 and typing when something takes longer than a second.
pub(super) async fn patiently<T>(house: &House, talk: &Talk, work: impl Future<Output = T>) -> T {
    let mut work = Box::pin(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
        return done;
    }
    let say = |kind: &str, content| {
        house.store.say_volatile(NewMessage { kind: kind.into(), ..talk.message(content) });
    };
    say(
        "m.reaction",
        json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": talk.event, "key": "👀"}}),
    );
    say("!typing", json!({"on": "yes"}));
    let done = work.await;
    say("!typing", json!({}));
    done
}

/// What one of the outcomes leads to; `alone` says that it is the only one.
async fn intend(house: &Arc<House>, talk: &Talk, intent: Intent, alone: bool) -> Result<Answer, HandleError> {
    match intent.name.as_str() {
        "show_status" => look::show_status(house, talk, intent.slots.get("target").map(String::as_str)).await,
        "explain_decision" => {
            let id = intent.slots.get("id").map(String::as_str);
            match alerts::why_said(house, talk, id, true).await? {
                Some(answer) => Ok(answer),
                None => look::explain(house, talk, id).await,
            }
        }
        name if alerts::knows(name) => alerts::intend(house, talk, &intent).await,
        "rollback_service" if !intent.slots.contains_key("version") => undo(house, talk, intent).await,
        _ => plan(house, talk, intent, alone).await,
    }
}

/// A plan that is put to the vote, or why there is none.
pub(super) async fn plan(
    house: &Arc<House>,
    talk: &Talk,
    intent: Intent,
    alone: bool,
) -> Result<Answer, HandleError> {
    let task = match target::resolve(house, talk.lang, &intent, (&talk.sentence, alone)).await? {
        Resolved::Task(task) => task,
        Resolved::Ask(ask) => return Ok(Answer::Ask(ask)),
        Resolved::Say(text) => return Ok(Answer::Say(text)),
        Resolved::Unable => return Ok(Answer::Say(unable::say(house, talk, &intent).await?)),
    };
    let Some(executor) = house.executors.for_task(&task) else {
        return Ok(Answer::Say(unable::say(house, talk, &intent).await?));
    };
    let folder = folder(house, &task).await?;
    let plan = executor.plan(&task, &folder, house.rules.version()).await;
    offer(house, talk, &intent, (plan, folder), None).await
}

/// The undoing of the last thing that was done to a service: planned by the same executor, put to the vote like anything
/// else.
async fn undo(house: &Arc<House>, talk: &Talk, intent: Intent) -> Result<Answer, HandleError> {
    let service = intent.slots.get("service").cloned().unwrap_or_default();
    let host = intent.slots.get("node").or_else(|| intent.slots.get("host"));
    let done = house.store.operations_done(&service).await?.into_iter();
    let mut done = done.filter(|op| host.is_none_or(|host| op.plan.task.hosts.contains(host)));
    let Some(done) = done.next() else {
        return Ok(Answer::Say(messages::nothing_to_undo(talk.lang, &service)));
    };
    let Some(executor) = house.executors.get(&done.plan.executor) else {
        return Ok(Answer::Say(messages::cannot_undo(talk.lang, &done)));
    };
    let task = Task {
        operation: house.new_operation_id(),
        intent: intent.name.clone(),
        action: "undo".into(),
        service: done.plan.task.service.clone(),
        hosts: done.plan.task.hosts.clone(),
        slots: intent.slots.clone(),
    };
    let folder = folder(house, &task).await?;
    let plan = match executor.undo(&done.plan, &task, &folder, house.rules.version()).await {
        Ok(None) => {
            let _ = tokio::fs::remove_dir_all(&folder).await;
            return Ok(Answer::Say(messages::cannot_undo(talk.lang, &done)));
        }
        Ok(Some(plan)) => Ok(plan),
        Err(error) => Err(error),
    };
    offer(house, talk, &intent, (plan, folder), Some(&done.id)).await
}

/// What the intent's own file says when it is done; nothing when it names a slot that was not said.
fn done_reply(house: &House, talk: &Talk, intent: &Intent) -> Option<String> {
    let reply = house.catalogue.get(&intent.name)?.replies.get("done")?.get(talk.lang).to_owned();
    let said =
        intent.slots.iter().fold(reply, |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
    (!said.contains('{')).then_some(said)
}

async fn folder(house: &House, task: &Task) -> Result<PathBuf, HandleError> {
    house.fresh_folder(&task.operation).await.map_err(|error| HandleError::Broken(error.to_string()))
}

/// Puts a plan to the vote, or says why there is none. `undoes` is the operation that it would undo.
async fn offer(
    house: &Arc<House>,
    talk: &Talk,
    intent: &Intent,
    (plan, folder): (Result<Plan, ExecutorError>, PathBuf),
    undoes: Option<&str>,
) -> Result<Answer, HandleError> {
    let said = match plan {
        Ok(plan) => {
            let bot = house.catalogue.get(&intent.name).map_or("core", |spec| spec.bot.as_str());
            let now = house.store.clock.now_ms();
            let made =
                approval::Made { plan, folder: folder.clone(), now, proposal_txn: crate::clock::new_id() };
            let mut op = approval::operation(&house.rules, talk, intent, bot, made);
            op.course.done_reply = done_reply(house, talk, intent);
            if let Some(done) = undoes {
                op = approval::undoing(&house.rules, op, done);
            }
            let there = house.standing(&op.room_id, &op.speaker).await.ok();
            match house.rules.never(&op.terms, &op.requester, there.as_ref()) {
                _ if !op.plan.changes() => messages::already_so(talk.lang, &op),
                Some(never) => messages::never(talk.lang, &op, &never),
                None => return Ok(Answer::Propose(Box::new(op))),
            }
        }
        Err(error) => {
            tracing::warn!(intent = intent.name, error = &error as &dyn std::error::Error, "no plan");
            let why = match &error {
                ExecutorError::Io { source, .. } => format!("{error}: {source}"),
                other => other.to_string(),
            };
            messages::planning_failed(talk.lang, &talk.sentence, &why)
        }
    };
    let _ = tokio::fs::remove_dir_all(&folder).await;
    Ok(Answer::Say(said))
}
