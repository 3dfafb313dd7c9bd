//! A case: one operation as it stands inside a transaction, and what is decided about it. Deciding is pure; the store
//! carries the effects out, in their order, in the same transaction.

use super::mutants::{self, Mutant};
use super::{Freeze, Operation, State, Vote};
use crate::execution::Outcome;

/// One operation under decision.
#[derive(Debug)]
pub struct Case {
    /// The operation as it was read, with what was decided since.
    pub op: Operation,
    /// The votes on it.
    pub votes: Vec<Vote>,
    /// Milliseconds since the epoch, on our clock.
    pub now: i64,
    /// The freeze that is in the store, in force or over.
    pub freeze: Option<Freeze>,
    /// The token under which it holds all of its targets, if it does.
    pub lease: Option<i64>,
    /// Another operation that holds one of its targets.
    pub rival: Option<String>,
    /// Something of the proposal – its message, or a file beside it – is still on its way.
    pub unshown: bool,
    /// What is to be done, in order.
    effects: Vec<Effect>,
}

/// An entry for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// See [`crate::audit::New::kind`].
    pub kind: &'static str,
    /// Who: a Matrix id, or `ralf`.
    pub actor: String,
    /// The Matrix event behind it, or nothing.
    pub event_id: String,
    /// More.
    pub detail: String,
}

/// Who did something, and by which event.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A Matrix id, or `ralf`.
    pub actor: &'a str,
    /// The Matrix event behind it, or nothing.
    pub event: &'a str,
}

impl By<'static> {
    /// Ourselves, of our own accord.
    pub const RALF: Self = Self { actor: "ralf", event: "" };
}

/// Something the store does.
#[derive(Debug)]
pub enum Effect {
    /// Appends to the record.
    Audit(Note),
    /// Stores the new operation.
    Insert,
    /// Moves it on, by compare-and-swap.
    Move(State, State),
    /// Stores its terms, its course and its expiry.
    Keep,
    /// Stores a vote in place of the person's earlier one.
    Cast(Vote),
    /// Deletes the vote that was cast by this event.
    Withdraw(String),
    /// Deletes all votes.
    Void,
    /// Leases its targets under this token.
    Lease(i64),
    /// Gives its targets back.
    Release,
    /// Stores how it ended.
    Outcome(Outcome),
    /// Says something.
    Say(Say),
    /// Puts another operation to the vote: the one that takes its place.
    Propose(Box<Operation>),
}

/// Something to be said, where.
#[derive(Debug, Clone)]
pub enum Say {
    /// The proposal itself.
    Proposal,
    /// The proposal, edited to what is so now.
    Refresh,
    /// Something in the proposal's thread, mentioning some.
    Thread(Notice, Vec<String>),
    /// The answer to words, in the language and place of their talk.
    Answer(Notice, Box<Place>),
    /// The one report of an end: a new message that mentions the asker. With the log as a file where that is long.
    Report(Notice),
    /// Nobody knows how it ended: a person is asked. What is known, as people shall read it.
    Question(Outcome),
    /// The log, as a file in the thread.
    Log,
    /// The diff, as a file in the thread.
    Diff,
    /// The message that will tell of the progress, under this transaction id.
    Progress(String),
}

/// Where words are answered.
#[derive(Debug, Clone)]
pub struct Place {
    /// The room.
    pub room: String,
    /// The bot that speaks, by short name.
    pub bot: String,
    /// The message that is answered.
    pub event: String,
    /// The thread it stands in, if it does.
    pub thread: Option<String>,
    /// The language, `de` or `en`.
    pub lang: String,
}

/// What is said. The words are in [`crate::report`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A vote came when nothing could be decided any more.
    TooLate,
    /// This vote does not count.
    Refused(Refused, String),
    /// A vote counts, and more are wanted.
    Counted {
        /// Votes that hold.
        given: usize,
        /// Votes that it takes.
        needed: usize,
    },
    /// Enough people approved.
    Approved(Vec<String>),
    /// The glass was broken.
    Glass {
        /// Who did.
        by: String,
        /// Why.
        reason: String,
    },
    /// Somebody denied it, and why.
    Denied(String, String),
    /// Why it was denied, said afterwards.
    Reason(String, String),
    /// Nobody decided in time.
    Expired,
    /// Somebody took it back.
    Cancelled(String),
    /// Its room was replaced or left.
    RoomGone,
    /// Half of its time is over.
    Reminder,
    /// The second group is called.
    Escalated,
    /// The target changed; a new proposal follows.
    Superseded,
    /// It waits for another operation on its target.
    Queued(String),
    /// It waits because nothing is dispatched.
    Frozen(Freeze),
    /// It waits until its time has come.
    Waits,
    /// An approval fell away, so it waits again.
    Reopened,
    /// The policy got stricter.
    Tightened,
    /// Somebody stops it while it runs.
    Stopping(String),
    /// How it ended, as people shall read it.
    Ended(Outcome),
    /// A person said how it ended.
    Resolved(String),
}

impl Notice {
    /// Whether it tells of an operation's end.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Self::Denied(..)
                | Self::Expired
                | Self::Cancelled(_)
                | Self::RoomGone
                | Self::Superseded
                | Self::Ended(_)
                | Self::Resolved(_)
        )
    }
}

/// Why something is refused, besides what the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// What nobody was shown can't be approved.
    NotShown,
    /// The second factor is demanded, and can't be given yet.
    SecondFactor,
    /// Only for what a person asked for.
    NotForLoops,
    /// A reason is wanted.
    NoReason,
    /// The policy says no.
    Policy(super::Refusal),
}

impl Case {
    /// A case that was read.
    pub fn read(
        op: Operation,
        votes: Vec<Vote>,
        now: i64,
        freeze: Option<Freeze>,
        lease: Option<i64>,
        rival: Option<String>,
    ) -> Self {
        Self { op, votes, now, freeze, lease, rival, unshown: false, effects: Vec::new() }
    }

    /// A case of an operation that is not stored yet.
    pub fn new(op: Operation, now: i64) -> Self {
        Self::read(op, Vec::new(), now, None, None, None)
    }

    /// What is to be done, in order.
    pub fn into_effects(self) -> (Operation, Vec<Vote>, Vec<Effect>) {
        (self.op, self.votes, self.effects)
    }

    /// Adds an effect.
    pub(super) fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Adds an entry for the record.
    pub(super) fn note(&mut self, kind: &'static str, by: By<'_>, detail: impl Into<String>) {
        let (actor, event_id) = (by.actor.to_owned(), by.event.to_owned());
        self.effects.push(Effect::Audit(Note { kind, actor, event_id, detail: detail.into() }));
    }

    /// Moves on, the record first. What ends gives its targets back.
    ///
    /// Nothing happens when the machine has no such step; that is a mistake of ours, and told.
    pub(super) fn become_(&mut self, to: State, by: By<'_>, detail: impl Into<String>) -> bool {
        let from = self.op.state;
        if !from.can_become(to) {
            tracing::error!(operation = self.op.id, %from, %to, "there is no such step");
            return false;
        }
        if !(mutants::is(Mutant::AuditForgotten) && to == State::Approved) {
            self.note(to.as_str(), by, detail);
        }
        self.effects.push(Effect::Move(from, to));
        self.op.state = to;
        if to.is_final() || to == State::AwaitingApproval {
            self.effects.push(Effect::Release);
        }
        true
    }

    /// Says something.
    pub(super) fn say(&mut self, say: Say) {
        self.effects.push(Effect::Say(say));
    }

    /// Tells the story in the proposal's thread.
    pub(super) fn tell(&mut self, notice: Notice) {
        self.say(Say::Thread(notice, Vec::new()));
    }

    /// Answers words where they were said; what was said elsewhere is told in the proposal's thread, too.
    pub(super) fn answer(&mut self, notice: Notice, place: Option<&Place>) {
        match place {
            Some(place) => {
                if place.room != self.op.room_id {
                    self.tell(notice.clone());
                }
                self.say(Say::Answer(notice, Box::new(place.clone())));
            }
            None => self.tell(notice),
        }
    }

    /// Stores what changed of terms and course.
    pub(super) fn keep(&mut self) {
        self.effects.push(Effect::Keep);
    }

    /// Keeps the proposal true.
    pub(super) fn refresh(&mut self) {
        self.say(Say::Refresh);
    }
}
