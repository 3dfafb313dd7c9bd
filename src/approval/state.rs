//! The states of an operation, and which follows which.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// Those in which an operation has not come to its end.
    pub const OPEN: [Self; 6] = [
        Self::AwaitingApproval,
        Self::Approved,
        Self::Dispatched,
        Self::Running,
        Self::Unknown,
        Self::NeedsOperator,
    ];

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

    /// Whether this change is one of the machine's: everything else is refused, wherever it comes from.
    ///
    /// ```text
    /// awaiting_approval ⇄ approved → dispatched → running → succeeded | failed | rolled_back
    ///         └────────────┴→ denied | expired | superseded | cancelled
    /// dispatched | running → unknown → succeeded | failed | rolled_back | needs_operator → succeeded | failed
    /// ```
    pub fn can_become(self, to: Self) -> bool {
        use State::*;
        match self {
            AwaitingApproval => matches!(to, Approved | Denied | Expired | Superseded | Cancelled),
            // What is found to be so already, or not as approved, ends without having been dispatched.
            Approved => matches!(
                to,
                AwaitingApproval
                    | Dispatched
                    | Denied
                    | Expired
                    | Superseded
                    | Cancelled
                    | Succeeded
                    | Failed
            ),
            Dispatched => matches!(to, Running | Succeeded | Failed | RolledBack | Unknown | NeedsOperator),
            Running => matches!(to, Succeeded | Failed | RolledBack | Unknown | NeedsOperator),
            Unknown => matches!(to, Succeeded | Failed | RolledBack | NeedsOperator),
            NeedsOperator => matches!(to, Succeeded | Failed),
            Succeeded | Failed | RolledBack | Denied | Expired | Superseded | Cancelled => false,
        }
    }

    /// Whether something may be happening, or may have happened, that has no end yet.
    pub fn is_dispatched(self) -> bool {
        matches!(self, Self::Dispatched | Self::Running | Self::Unknown)
    }

    /// Whether it can still be stopped before anything happened.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::AwaitingApproval | Self::Approved)
    }

    /// The state of this name.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_an_end_and_everything_else_can_end() {
        for from in State::ALL {
            let next: Vec<State> = State::ALL.into_iter().filter(|to| from.can_become(*to)).collect();
            assert_eq!(next.is_empty(), from.is_final(), "{from}: {next:?}");
            assert!(!from.can_become(from), "{from}");
        }
    }

    #[test]
    fn only_what_is_approved_is_dispatched() {
        let before: Vec<State> = State::ALL.into_iter().filter(|s| s.can_become(State::Dispatched)).collect();
        assert_eq!(before, [State::Approved]);
    }
}
