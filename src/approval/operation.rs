//! An operation and the votes on it.

use std::collections::{BTreeMap, BTreeSet};

use ralf_intents::Lang;
use serde::{Deserialize, Serialize};

use super::{State, Terms};
use crate::execution::Outcome;
use crate::plan::Plan;

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
    /// What its approval takes: as when it was made, or tighter since.
    pub terms: Terms,
    /// What has happened on the way.
    pub course: Course,
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

/// What has happened to an operation on its way, besides its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// What made it, when no person did: a schedule, a loop, an alert. Then `requester` is who last edited that rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The operation that it undoes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// What its intent's file says when it is done, in the language of the talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_reply: Option<String>,
    /// The reminder was sent.
    pub reminded: bool,
    /// The second group was called, and may approve, too.
    pub escalated: bool,
    /// Who broke the glass: then their word alone is the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glass: Option<Glass>,
    /// Who asked to stop it while it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping: Option<String>,
    /// Why it was denied, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it waits for was told: `frozen`, or the id of the operation before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Who was told that their vote does not count.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub refused: BTreeSet<String>,
}

/// An approval in an emergency, by one person alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    /// Who (Matrix id).
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Nothing is dispatched while this holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Who said so (Matrix id).
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When it ends by itself, milliseconds since the epoch.
    pub until_ts: Option<i64>,
}

impl Freeze {
    /// Whether it is still in force at `now` (milliseconds since the epoch).
    pub fn holds(&self, now: i64) -> bool {
        self.until_ts.is_none_or(|until| now < until)
    }
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
    /// The room it was cast in.
    pub room: String,
}

impl Operation {
    /// The language of its talk.
    pub fn lang(&self) -> Lang {
        self.lang.parse().unwrap_or(Lang::En)
    }

    /// The proposal's event, or what stands for it until it is sent.
    pub fn root(&self) -> String {
        self.proposal_event.clone().unwrap_or_else(|| crate::store::sent(&self.proposal_txn))
    }

    /// When something is to be done about it though nobody says a word: reminded, escalated, expired. Milliseconds
    /// since the epoch.
    pub fn due_ts(&self) -> i64 {
        let waits = self.state == State::AwaitingApproval;
        let reminder = (waits && !self.course.reminded).then(|| self.reminder_ts());
        let escalation = self.escalation_ts().filter(|_| waits && !self.course.escalated);
        reminder.into_iter().chain(escalation).fold(self.expires_ts, i64::min)
    }

    /// When the reminder is due: at half time.
    pub fn reminder_ts(&self) -> i64 {
        self.created_ts + (self.expires_ts - self.created_ts) / 2
    }

    /// When the second group is called, if there is one.
    pub fn escalation_ts(&self) -> Option<i64> {
        self.terms.escalation.as_ref().map(|escalation| self.created_ts.saturating_add(escalation.after_ms))
    }

    /// When it may begin at the earliest.
    pub fn earliest_ts(&self) -> i64 {
        let wait = if self.course.glass.is_some() { 0 } else { self.terms.wait_ms };
        self.created_ts.saturating_add(wait)
    }
}
