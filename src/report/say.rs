//! What the gate says, as messages for the outbox: which words, in which place, with which fields.

use ralf_intents::Lang;
use serde_json::{Value, json};

use super::{Text, messages};
use crate::approval::{Notice, Operation, Place, Refusal, Refused, Say, Vote, approvers};
use crate::store::{NewMessage, sent};

/// The head of the record: its last number and hash.
type Head = (i64, String);

/// The proposal: a new message on the main timeline, in answer to the one that asked.
pub(crate) fn proposal(op: &Operation, now: i64) -> NewMessage {
    let text = messages::proposal(op.lang(), op, &[], now).reply_to(&op.ask_event);
    message(op, text.with("org.ralf.operation", messages::field(op, 0)).build())
}

/// The two reactions under a proposal.
pub(crate) fn buttons(op: &Operation) -> impl Iterator<Item = NewMessage> {
    let event = sent(&op.proposal_txn);
    ["✅", "❌"].into_iter().map(move |key| NewMessage {
        kind: "m.reaction".into(),
        ..message(op, json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}}))
    })
}

/// The message that will tell of the progress.
pub(crate) fn progress(op: &Operation, votes: &[Vote]) -> NewMessage {
    let total = u32::try_from(op.plan.steps.len()).unwrap_or(u32::MAX);
    let begins = crate::execution::Progress { done: 0, total, now: String::new() };
    let text = messages::progress(op.lang(), op, &begins).notice().in_thread(&op.root());
    message(op, with_field(text, op, votes).build())
}

/// Everything else.
pub(crate) fn messages(op: &Operation, votes: &[Vote], now: i64, head: &Head, say: Say) -> Vec<NewMessage> {
    let lang = op.lang();
    match say {
        Say::Proposal => vec![proposal(op, now)],
        Say::Progress(_) => vec![progress(op, votes)],
        Say::Refresh => {
            let text = messages::proposal(lang, op, &approvers(votes), now).edit_of(&op.root());
            vec![message(op, with_field(text, op, votes).build())]
        }
        Say::Thread(notice, mentions) => {
            let text = words(lang, op, votes, &notice).notice().in_thread(&op.root());
            let text = mentions.iter().fold(text, |text, user| text.mention(user));
            vec![message(op, with_field(text, op, votes).build())]
        }
        // Words that end it are answered with its report.
        Say::Answer(notice, place) if notice.ends() && place.room == op.room_id => {
            witnessed(op, answer(op, votes, &notice, &place).mention(&op.requester), head)
        }
        Say::Answer(notice, place) => {
            let content = answer(op, votes, &notice, &place).build();
            vec![NewMessage { room_id: place.room, bot: place.bot, kind: "m.room.message".into(), content }]
        }
        Say::Report(notice) => {
            let text = words(lang, op, votes, &notice);
            let text = match notice {
                // Nothing happened: it belongs to the proposal's story, and who asked is told.
                Notice::Denied(..) | Notice::Cancelled(_) | Notice::Superseded => {
                    text.notice().in_thread(&op.root())
                }
                _ => text.reply_to(&op.root()),
            };
            witnessed(op, with_field(text.mention(&op.requester), op, votes), head)
        }
        Say::Question(outcome) => {
            let text = messages::final_report(lang, op, &outcome).reply_to(&op.root()).mention(&op.requester);
            witnessed(op, with_field(text, op, votes), head)
        }
        Say::Log => {
            let log = op.outcome.as_ref().map(|outcome| outcome.log.clone()).unwrap_or_default();
            vec![file(op, votes, &format!("log-{}.txt", op.id), ("path", log.display().to_string()))]
        }
        Say::Diff => attachments(op, votes).collect(),
    }
}

/// What of the plan is too long for the proposal, as files in its thread.
pub(crate) fn attachments(op: &Operation, votes: &[Vote]) -> impl Iterator<Item = NewMessage> {
    messages::attachments(op).into_iter().map(move |one| file(op, votes, &one.name, ("text", one.text)))
}

/// A report carries the record's head, and so does an event that no person reads: the room itself is a witness.
fn witnessed(op: &Operation, text: Text, (seq, hash): &Head) -> Vec<NewMessage> {
    let head = json!({"seq": seq, "hash": hash});
    let text = text.small(&messages::head(op.lang(), *seq, hash)).with("org.ralf.audit", head.clone());
    let mut witness = head;
    witness["operation"] = op.id.clone().into();
    vec![message(op, text.build()), NewMessage { kind: "org.ralf.audit".into(), ..message(op, witness) }]
}

fn answer(op: &Operation, votes: &[Vote], notice: &Notice, place: &Place) -> Text {
    let lang = place.lang.parse().unwrap_or(op.lang());
    let text = words(lang, op, votes, notice);
    let text = match &place.thread {
        Some(root) => text.in_thread(root),
        None if place.event.is_empty() => text,
        None => text.reply_to(&place.event),
    };
    with_field(text, op, votes)
}

/// The words of a notice.
fn words(lang: Lang, op: &Operation, votes: &[Vote], notice: &Notice) -> Text {
    match notice {
        Notice::TooLate => messages::too_late(lang, op),
        Notice::Refused(why, user) => refused(lang, op, *why, user),
        Notice::Counted { given, needed } => messages::counted(lang, *given, *needed),
        Notice::Approved(by) => messages::decided(lang, by),
        Notice::Glass { by, reason } => messages::glass(lang, op, by, reason),
        Notice::Denied(by, reason) => messages::denied(lang, by, reason),
        Notice::Reason(by, reason) => messages::reason(lang, by, reason),
        Notice::Expired => messages::expired(lang, op),
        Notice::Cancelled(by) => messages::cancelled(lang, by),
        Notice::RoomGone => messages::room_gone(lang, op),
        Notice::Reminder => messages::reminder(lang, op, approvers(votes).len()),
        Notice::Escalated => messages::escalated(lang, op),
        Notice::Superseded => messages::stale(lang),
        Notice::Queued(other) => messages::queued(lang, other),
        Notice::Frozen(freeze) => messages::frozen(lang, freeze),
        Notice::Waits => messages::waits(lang, op),
        Notice::Reopened => messages::reopened(lang),
        Notice::Tightened => messages::tightened(lang, op),
        Notice::Stopping(by) => messages::stopping(lang, by),
        Notice::Ended(outcome) => messages::final_report(lang, op, outcome),
        Notice::Resolved(by) => messages::resolved(lang, op, by),
    }
}

fn refused(lang: Lang, op: &Operation, why: Refused, user: &str) -> Text {
    match why {
        Refused::NotShown => messages::not_shown_yet(lang),
        Refused::SecondFactor | Refused::Policy(Refusal::SecondFactor) => messages::second_factor(lang),
        Refused::NotForLoops => messages::glass_not_for_loops(lang),
        Refused::NoReason => messages::glass_wants_reason(lang, &op.id),
        Refused::Policy(Refusal::SelfApproval) => messages::no_self_approval(lang),
        Refused::Policy(why) => messages::vote_refused(lang, user, why),
    }
}

fn with_field(text: Text, op: &Operation, votes: &[Vote]) -> Text {
    text.with("org.ralf.operation", messages::field(op, approvers(votes).len()))
}

/// A message about an operation, by the bot that talks about it.
pub(crate) fn message(op: &Operation, content: Value) -> NewMessage {
    NewMessage {
        room_id: op.room_id.clone(),
        bot: op.speaker.clone(),
        kind: "m.room.message".into(),
        content,
    }
}

/// A file in the proposal's thread: from a `path`, or this `text`.
fn file(op: &Operation, votes: &[Vote], name: &str, (from, what): (&str, String)) -> NewMessage {
    let root = op.root();
    let content = json!({
        from: what,
        "name": name,
        "mimetype": "text/plain; charset=utf-8",
        "content": {
            "org.ralf.operation": messages::field(op, approvers(votes).len()),
            "m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": {"event_id": root}},
        },
    });
    NewMessage { kind: "!file".into(), ..message(op, content) }
}
