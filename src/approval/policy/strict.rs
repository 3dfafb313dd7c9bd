//! A tightened policy holds for what waits, a loosened one does not.

use super::{About, Rules};
use crate::approval::{Circle, Escalation, Terms};

impl Rules {
    /// The terms that a request has now which was made under `then`: field by field the stricter of both. Who approves
    /// must be entitled by both.
    pub fn in_force(&self, then: &Terms, about: &About<'_>) -> Terms {
        stricter(then, &self.terms[self.decides(about)])
    }
}

pub(super) fn stricter(then: &Terms, now: &Terms) -> Terms {
    let mut terms = Terms {
        rule: then.rule.clone(),
        approvals: then.approvals.max(now.approvals),
        approvers: then.approvers.clone(),
        also: then.also.clone(),
        power: then.power.max(now.power),
        self_approval: then.self_approval && now.self_approval,
        expiry_ms: then.expiry_ms.min(now.expiry_ms),
        wait_ms: then.wait_ms.max(now.wait_ms),
        second_factor: then.second_factor || now.second_factor,
        // Nobody is called whom one of the two would not call, nor earlier.
        escalation: then
            .escalation
            .as_ref()
            .zip(now.escalation.as_ref())
            .map(|(then, now)| Escalation { after_ms: then.after_ms.max(now.after_ms), to: then.to.clone() }),
    };
    let called = |of: &Terms| match (&terms.escalation, &of.escalation) {
        (Some(_), Some(called)) => called.to.clone(),
        _ => Vec::new(),
    };
    let first = Circle { approvers: then.approvers.clone(), escalated: called(then) };
    let now_first = Circle { approvers: now.approvers.clone(), escalated: called(now) };
    for circle in [&now_first].into_iter().chain(&now.also) {
        if *circle != first && !terms.also.contains(circle) {
            terms.also.push(circle.clone());
        }
    }
    terms
}
