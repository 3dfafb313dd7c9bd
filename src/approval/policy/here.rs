//! The rules as they are explained: all of them, and what each means for one person in one room.

use super::{Refusal, Rules};
use crate::approval::{Standing, Terms};
use crate::config::{Policy, Rule};

/// What a rule means for one person in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// Nobody is asked.
    Unasked,
    /// Their approval counts, also for what they asked for themselves; it takes this many others besides.
    Counts(u32),
    /// Their approval counts for what others ask for; their own requests take this many others.
    ForOthers(u32),
    /// Their approval counts once it has been escalated.
    WhenCalled,
    /// Their approval does not count.
    No(Refusal),
}

impl Rules {
    /// All rules in their order with their terms; at the end, without a rule, what holds for everything else, if anything
    /// is left.
    pub fn explained(&self) -> impl Iterator<Item = (Option<&Rule>, &Terms)> {
        let rest = !self.policy.rules.iter().any(Rule::is_about_everything);
        let rules = self.policy.rules.iter().map(Some).chain(rest.then_some(None));
        rules.zip(&self.terms)
    }

    /// The policy as it was written.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What these terms mean for somebody in a room.
    pub fn here(&self, terms: &Terms, user: &str, standing: &Standing) -> Here {
        let may = |escalated, requester| self.eligible(terms, escalated, requester, user, standing);
        match (may(false, user), may(false, "")) {
            _ if terms.approvals == 0 => Here::Unasked,
            (Ok(()), _) => Here::Counts(terms.approvals.saturating_sub(1)),
            (Err(_), Ok(())) => Here::ForOthers(terms.approvals),
            (Err(_), Err(_)) if may(true, "").is_ok() => Here::WhenCalled,
            (Err(_), Err(refusal)) => Here::No(refusal),
        }
    }
}
