//! What understood intents lead to: a look, a plan that is put to the vote, or a question.

use std::sync::Arc;
use std::time::Duration;

use ralf_intents::{Intent, Outcome};
use serde_json::json;

use super::target::{self, Resolved};
use super::{Answer, Talk, answer};
use crate::approval::{self, World as _};
use crate::execution::ExecutorError;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::inventory::observe;
use crate::report::{Text, messages};
use crate::store::{NewMessage, Question, State};

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
        let answers = outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Ask(ask) => Some(Answer::Ask(ask)),
            _ => None,
        });
        answer::commit(house, seq, &talk, answers.collect(), closes.as_ref()).await?;
        return Ok(Handled::Done);
    }
    let house = Arc::clone(house);
    Ok(Handled::Later(Box::pin(async move {
        let work = async {
            let mut answers = Vec::new();
            for outcome in outcomes {
                match outcome {
                    Outcome::Intent(intent) => answers.push(intend(&house, &talk, intent).await?),
                    Outcome::Ask(ask) => answers.push(Answer::Ask(ask)),
                    Outcome::None(_) => {}
                }
            }
            Ok::<_, HandleError>(answers)
        };
        let answers = patiently(&house, &talk, work).await?;
        answer::commit(&house, seq, &talk, answers, closes.as_ref()).await
    })))
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

async fn intend(house: &Arc<House>, talk: &Talk, intent: Intent) -> Result<Answer, HandleError> {
    match intent.name.as_str() {
        "show_status" => show_status(house, talk, intent.slots.get("target").map(String::as_str)).await,
        "explain_decision" => explain(house, talk, intent.slots.get("id").map(String::as_str)).await,
        _ => plan(house, talk, intent).await,
    }
}

/// What is observed just now, never remembered.
async fn show_status(house: &House, talk: &Talk, target: Option<&str>) -> Result<Answer, HandleError> {
    let (inventory, _) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => return Ok(Answer::Say(messages::no_inventory(talk.lang, &error.to_string()))),
    };
    if let Some(stack) = target.filter(|name| inventory.stacks.contains(*name)) {
        return Ok(Answer::Say(stack_status(house, talk, stack).await));
    }
    let wanted = |service: &str, host: &str| target.is_none_or(|name| name == service || name == host);
    let seen = observe::observe(&inventory, house.http(), wanted).await;
    let found: Vec<_> = seen
        .into_iter()
        .map(|seen| (seen.service, seen.host, seen.state == observe::State::Running, String::new()))
        .collect();
    let mut pending = house.store.operations_in(State::AwaitingApproval).await?;
    for state in [State::Approved, State::Dispatched, State::Running, State::NeedsOperator] {
        pending.extend(house.store.operations_in(state).await?);
    }
    Ok(Answer::Say(messages::status(talk.lang, &found, &pending, target)))
}

/// How a stack differs from its configuration, asked of the executor that has it.
async fn stack_status(house: &House, talk: &Talk, stack: &str) -> Text {
    for executor in house.executors.iter() {
        match executor.status(&format!("stack:{stack}")).await {
            Ok(None) => {}
            Ok(Some(differences)) => return messages::stack_status(talk.lang, stack, &differences),
            Err(error) => {
                tracing::warn!(stack, error = &error as &dyn std::error::Error, "no status");
                return messages::no_stack_status(talk.lang, stack, &error.to_string());
            }
        }
    }
    messages::no_executor(talk.lang, "show_status")
}

/// `why`: everything that is known about an operation, the last one when none is named.
pub(super) async fn explain(house: &House, talk: &Talk, id: Option<&str>) -> Result<Answer, HandleError> {
    let op = match id {
        Some(id) => house.store.operation_like(id).await?,
        None => house.store.operations_recent(1).await?.pop(),
    };
    let Some(op) = op else {
        return Ok(Answer::Say(messages::no_such_operation(talk.lang, id.unwrap_or_default())));
    };
    let entries = house.store.audit_of(&op.id).await?;
    Ok(Answer::Say(messages::why(talk.lang, &op, &entries)))
}

/// A plan that is put to the vote, or why there is none.
async fn plan(house: &Arc<House>, talk: &Talk, intent: Intent) -> Result<Answer, HandleError> {
    let task = match target::resolve(house, talk.lang, &intent, &talk.sentence).await? {
        Resolved::Task(task) => task,
        Resolved::Ask(ask) => return Ok(Answer::Ask(ask)),
        Resolved::Say(text) => return Ok(Answer::Say(text)),
    };
    let Some(executor) = house.executors.for_task(&task) else {
        return Ok(Answer::Say(messages::no_executor(talk.lang, &intent.name)));
    };
    let folder =
        house.fresh_folder(&task.operation).await.map_err(|error| HandleError::Broken(error.to_string()))?;
    match executor.plan(&task, &folder, house.rules.version()).await {
        Ok(plan) => {
            let bot = house.catalogue.get(&intent.name).map_or("core", |spec| spec.bot.as_str());
            let now = house.store.clock.now_ms();
            let made =
                approval::Made { plan, folder: folder.clone(), now, proposal_txn: crate::clock::new_id() };
            let op = approval::operation(&house.rules, talk, &intent, bot, made);
            if op.plan.changes() {
                if let Some(never) = house.rules.never(&op.terms, &op.requester, None) {
                    let _ = tokio::fs::remove_dir_all(&folder).await;
                    return Ok(Answer::Say(messages::never(talk.lang, &op, &never)));
                }
                if messages::long_diff(&op).is_some()
                    && let Err(error) = tokio::fs::write(folder.join("plan.diff"), &op.plan.diff).await
                {
                    return Err(HandleError::Broken(format!("{}: {error}", folder.display())));
                }
                return Ok(Answer::Propose(Box::new(op)));
            }
            let _ = tokio::fs::remove_dir_all(&folder).await;
            Ok(Answer::Say(messages::already_so(talk.lang, &op)))
        }
        Err(error) => {
            let _ = tokio::fs::remove_dir_all(&folder).await;
            tracing::warn!(intent = intent.name, error = &error as &dyn std::error::Error, "no plan");
            let why = match &error {
                ExecutorError::Io { source, .. } => format!("{error}: {source}"),
                other => other.to_string(),
            };
            Ok(Answer::Say(messages::planning_failed(talk.lang, &talk.sentence, &why)))
        }
    }
}
